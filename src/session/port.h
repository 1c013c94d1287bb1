#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "channel/channels.h"
#include "core/address.h"
#include "core/bytes.h"
#include "core/step.h"
#include "core/strong.h"
#include "crypto/fingerprint.h"
#include "crypto/identity.h"
#include "ice/candidate.h"
#include "ice/credentials.h"
#include "turn/proxy_config.h"

// Between the W3C layer and the engine only these values travel. On the same loop a command is a
// call; from another thread it is a message. The peer layer cannot tell, because nothing here
// returns anything. Commands are obeyed in order; events come in order, one batch per step.

namespace parley::session {

// Chosen by the peer layer; the highest ones are those of the session's pool.
using TransportId = Strong<struct TransportIdTag, std::uint16_t>;
using channel::ChannelId;  // of local channels chosen by the peer layer; top bit: announced ones

// One URL of RTCIceServer, taken apart.
struct IceServer {
  enum class Transport : std::uint8_t { udp, tcp, tls, dtls };

  bool isRelay = false;  // turn and turns; every one that speaks UDP answers STUN too
  Transport transport = Transport::udp;
  std::string host;  // a name or a numeric address
  std::uint16_t port = 0;
  std::string username;
  std::string password;
  std::string url;  // as the application wrote it

  friend bool operator==(const IceServer&, const IceServer&) = default;
};

struct MuxHandle;
struct TcpMuxHandle;

// Of TCP candidates (RFC 6544). Active ones are untold unless it is all of them.
enum class TcpGathering : std::uint8_t { none, active, all };

// What a session is made with. Only relayOnly and servers may change afterwards, by
// SetGatherPolicy.
struct GatherConfig {
  std::uint16_t portMin = 0;
  std::uint16_t portMax = 0;
  std::vector<std::string> interfaces;  // names; empty: all
  bool includeLoopback = false;
  bool includeLinkLocal = false;
  bool ipv6 = true;
  std::function<bool(const std::string& interface, const IpAddress& address)> filter{};
  bool hideAddresses = false;      // host candidates are names
  bool gatherContinually = false;  // when interfaces change
  TcpGathering tcp = TcpGathering::none;
  bool onlyListens = false;                // no active ones: ICE-lite
  std::shared_ptr<TcpMuxHandle> tcpMux{};  // passive candidates on its listeners
  bool ipv6Relays = false;
  bool relayOnly = false;
  std::vector<IceServer> servers;
  std::optional<turn::ProxyConfig> turnProxy{};  // of TURN over TCP and TLS
  std::string authoritiesPem;        // whom TURN over TLS trusts; empty: whom the system trusts
  std::shared_ptr<MuxHandle> mux{};  // host candidates on its sockets, none on those of our own
  std::vector<std::pair<IpAddress, IpAddress>> addressMappings;  // local to external
};

struct Config {
  std::shared_ptr<const crypto::Identity> identity;
  GatherConfig gather;
  bool iceLite = false;
  std::size_t messageMax = 0;  // largest message to receive, bytes
  std::size_t receiveWindow = 0;
  Duration tail{};
  // For worlds with a rogue in them: changes SCTP packets before they are sealed. Empty elsewhere.
  std::function<void(Step&, MutableBytes packet)> mangle{};
  std::uint32_t subject = 0;  // which connection of the loop, in traces; 0: the next number
};

// --- commands

// Makes a transport and gathers its candidates.
struct CreateTransport {
  TransportId id;
  ice::Credentials local;
};
struct CloseTransport {
  TransportId id;
};
struct SetIceRole {
  bool controlling;
};
struct SetRemoteIce {
  TransportId id;
  ice::Credentials remote;
  bool lite;
};
struct AddRemoteCandidate {
  TransportId id;
  ice::Candidate candidate;
};
struct EndRemoteCandidates {
  TransportId id;
};
struct RestartIce {
  TransportId id;
  ice::Credentials local;
};  // gathers again
// Before the peer answered: the generation before, its candidates and its paths hold again.
struct CancelIceRestart {
  TransportId id;
};
struct SetGatherPolicy {
  bool relayOnly;
  std::vector<IceServer> servers;
};  // from the next gathering on; with other servers the pool is gathered anew
// For how many transports to gather ahead of need (RFC 9429 3.5.4), limits::ice::kPool at the most.
// Nothing is told of it until CreateTransport takes from it.
struct SetPool {
  std::size_t size;
};
struct StartDtls {
  TransportId id;
  bool client;
  std::vector<crypto::Fingerprint> fingerprints;
};
struct StartSctp {
  TransportId id;
  std::uint16_t localPort;
  std::uint16_t remotePort;
  std::uint64_t messageMax;       // the peer's limit; 0: none
  std::uint32_t association = 0;  // which one of this connection, repeated in SctpStateChanged
};
// The data section went away: every channel closes, the association with them.
struct StopSctp {};
struct OpenChannel {
  ChannelId id;
  channel::Parameters parameters;
};
struct SendMessage {
  ChannelId id;
  ByteVector data;
  bool binary;
};
struct CloseChannel {
  ChannelId id;
};
// The application has taken a message: its share of the receive window may reopen.
struct Consumed {
  ChannelId id;
  std::size_t payload;
};
// The last command. SCTP ABORT and DTLS close_notify leave in this step; the loop's tail goes on.
// With time to flush, what was sent before is delivered first and SCTP says SHUTDOWN instead: the
// session goes on for it, unheard, and ends in ABORT when the time is over.
struct Close {
  Duration flush{};
  std::function<void()> flushed{};  // called on the loop's thread when that is over
};

using Command = std::variant<CreateTransport, CloseTransport, SetIceRole, SetRemoteIce,
                             AddRemoteCandidate, EndRemoteCandidates, RestartIce, CancelIceRestart,
                             SetGatherPolicy, SetPool, StartDtls, StartSctp, StopSctp, OpenChannel,
                             SendMessage, CloseChannel, Consumed, Close>;

// --- events

enum class IceState : std::uint8_t { new_, checking, connected, completed, disconnected, failed };
enum class DtlsState : std::uint8_t { connecting, connected, closed, failed };
enum class SctpState : std::uint8_t { connected, closed };

// usernameFragment of the candidate, and `ufrag`, name the generation it belongs to.
struct CandidateFound {
  TransportId id;
  ice::Candidate candidate;
  std::string url{};                                     // of the server that told it
  std::optional<IceServer::Transport> relayTransport{};  // of a relayed one: towards the server
};
// A server that gave no candidate (webrtc-pc 4.8.3). The local address is absent where no candidate
// shows it.
struct CandidateError {
  TransportId id;
  std::optional<Address> local;
  std::string url;
  std::uint16_t code = 0;  // of STUN; 701: the server could not be reached
  std::string text;
};
struct GatheringEnded {
  TransportId id;
  std::string ufrag;
};
struct IceStateChanged {
  TransportId id;
  IceState state;
};
struct PairSelected {
  TransportId id;
  ice::Candidate local, remote;
};
struct IceRoleChanged {
  bool controlling;
};
struct DtlsStateChanged {
  TransportId id;
  DtlsState state{};
  ByteVector remoteCertificate{};    // DER, when connected
  bool closedByPeer = false;         // a close_notify came
  bool fingerprintMismatch = false;  // with failed
  std::optional<std::uint8_t> alertSent{}, alertReceived{};
  std::string reason{};  // with failed: a sentence for people
};
struct SctpStateChanged {
  SctpState state{};
  std::uint32_t association = 0;             // of StartSctp: an event may be late for its own
  std::uint16_t channelsMax = 0;             // with connected: the lower of both stream counts
  bool closedByPeer = false;                 // with closed: ABORT or SHUTDOWN came
  std::optional<std::uint16_t> causeCode{};  // RFC 9260 3.3.10
  std::string reason{};
};
struct ChannelEvent {
  channel::Event event;
};

using Event =
    std::variant<CandidateFound, CandidateError, GatheringEnded, IceStateChanged, PairSelected,
                 IceRoleChanged, DtlsStateChanged, SctpStateChanged, ChannelEvent>;

class Port {
 public:
  // Called on the thread of the W3C objects with what happened in one step, in order.
  class Listener {
   public:
    virtual void onSession(std::vector<Event> events) = 0;
    // The loop below is ending: no event and no obeyed command follows.
    virtual void onEngineGone() {}

   protected:
    ~Listener() = default;
  };

  virtual ~Port() = default;  // without a Close before it: the same as Close
  virtual void execute(Command command) = 0;
};

}  // namespace parley::session
