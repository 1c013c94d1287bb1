#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/strong.h"
#include "sdp/session_description.h"

// The words of negotiation: states, kinds of description, what the owner supplies and how things
// fail.

namespace parley::jsep {

enum class SignalingState : std::uint8_t {
  stable,
  haveLocalOffer,
  haveRemoteOffer,
  haveLocalPranswer,
  haveRemotePranswer,
  closed
};
enum class SdpType : std::uint8_t { offer, pranswer, answer, rollback };
enum class Side : std::uint8_t { local, remote };
enum class BundlePolicy : std::uint8_t { balanced, maxCompat, maxBundle };
enum class DtlsRole : std::uint8_t { client, server };  // client: "active", sends the first hello

// The strings of W3C: "have-local-offer", "pranswer", ...
std::string_view nameOf(SignalingState state);
std::string_view nameOf(SdpType type);

// One ICE and DTLS transport of this peer, for life. Several sections may share one (BUNDLE).
using TransportId = Strong<struct TransportIdTag, std::uint32_t>;

struct Credentials {
  std::string ufrag;
  std::string password;
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

struct Config {
  std::uint64_t sessionId = 0;  // random; the lower 62 bits are used (RFC 9429 5.2.1)
  BundlePolicy bundlePolicy = BundlePolicy::balanced;
  std::uint16_t sctpPort = 5000;
  std::uint64_t maxMessageSize = limits::sctp::kMessageMax;  // what we announce
  bool iceLite = false;                                      // announced, too
  bool iceRenomination = false;                              // announce "renomination"
};

// What a new description may need and only the owner has. Hand in fresh credentials every time:
// they are used only by transports that are new or restart; otherwise they are ignored. A second
// new transport in one description gets the same password and a ufrag with its index appended.
struct LocalParameters {
  Credentials fresh;
  std::vector<sdp::Fingerprint> fingerprints;
  std::string tlsId;     // for new transports (RFC 8842 4); empty: none is written
  std::string sctpInit;  // base64 for a=sctp-init (SNAP); empty: none is written
};

struct OfferOptions {
  bool iceRestart = false;
};

struct Description {
  SdpType type = SdpType::offer;
  sdp::SessionDescription sdp;
};

// What the promise is rejected with. `syntax` is an RTCError "sdp-syntax-error" with
// sdpLineNumber = line; the others are DOMExceptions of these names.
enum class FailureKind : std::uint8_t {
  invalidState,
  invalidModification,
  invalidAccess,
  operation,
  syntax,
  type  // TypeError
};

struct Failure {
  FailureKind kind;
  std::string message;
  std::size_t line = 0;  // of `syntax`
};

std::string_view nameOf(FailureKind kind);  // "InvalidStateError", ..., "OperationError"

// Where a candidate belongs: what onicecandidate shows as sdpMid and sdpMLineIndex.
struct MediaLine {
  std::string mid;
  std::uint16_t index = 0;
  friend bool operator==(const MediaLine&, const MediaLine&) = default;
};

// An RTCIceCandidateInit. An empty `candidate` means end of candidates (of one generation if
// `ufrag` is given, of one section if mid or index is, of everything else).
struct RemoteCandidate {
  std::string candidate;
  std::optional<std::string> mid;
  std::optional<std::uint16_t> index;
  std::optional<std::string> ufrag;
};

}  // namespace parley::jsep
