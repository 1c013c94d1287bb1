#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "jsep/types.h"

// What a description asks of the world, as values. The owner applies them in the order given.
// Each is sent once: applying the same description again asks for nothing.

namespace parley::jsep {

// Make a transport and gather. Comes with our offer, or with our answer to theirs.
struct OpenTransport {
  TransportId transport;
  MediaLine line;  // whose candidates these will be
  Credentials local;
  bool controlling = true;
};

// Gather anew under new credentials. The old pair stays in use until SetRemoteIce with `restart`.
struct RestartIce {
  TransportId transport;
  Credentials local;
};

// Our offer that asked for a restart was rolled back: forget the new generation.
struct CancelIceRestart {
  TransportId transport;
  Credentials local;  // what holds again
};

// The other side's half of ICE: checks may begin. Candidates follow as effects of their own.
struct SetRemoteIce {
  TransportId transport;
  Credentials remote;
  bool lite = false;
  bool trickle = false;       // "trickle" stands in its ice-options
  bool renomination = false;  // both sides want it
  bool controlling = true;    // ours
  bool restart = false;       // a new generation of a transport that had one
};

struct AddRemoteCandidate {
  TransportId transport;
  std::string candidate;  // "candidate:..."
  std::string ufrag;      // the generation it belongs to
};

struct EndOfRemoteCandidates {
  TransportId transport;
  std::string ufrag;
};

// Role and fingerprints are settled: the handshake may begin once ICE has a pair. Any one
// fingerprint that matches suffices; only algorithms this library accepts are listed.
struct StartDtls {
  TransportId transport;
  DtlsRole role = DtlsRole::client;
  std::vector<sdp::Fingerprint> fingerprints;
  std::string remoteTlsId;
};

// Make the association over the transport. `maxMessageSize` is the other side's: 65,536 when it
// said nothing, 0 when it takes any size. `role` decides who has even stream ids (RFC 8832 6).
struct StartSctp {
  TransportId transport;
  std::uint16_t localPort = 5000;
  std::uint16_t remotePort = 5000;
  std::uint64_t maxMessageSize = limits::sctp::kMessageMaxUnannounced;
  DtlsRole role = DtlsRole::client;
  std::string localInit;  // SNAP: both are set or none
  std::string remoteInit;
};

// A later description changed the other side's maximum; the association goes on.
struct SetMaxMessageSize {
  std::uint64_t maxMessageSize = 0;
};

// The data section was rejected or removed: every channel closes. Its transport may live on.
struct StopSctp {};

struct CloseTransport {
  TransportId transport;
};

// signalingState has this value now; fire signalingstatechange.
struct StateChanged {
  SignalingState state = SignalingState::stable;
};

using Effect = std::variant<OpenTransport, RestartIce, CancelIceRestart, SetRemoteIce,
                            AddRemoteCandidate, EndOfRemoteCandidates, StartDtls, StartSctp,
                            SetMaxMessageSize, StopSctp, CloseTransport, StateChanged>;
using Effects = std::vector<Effect>;

}  // namespace parley::jsep
