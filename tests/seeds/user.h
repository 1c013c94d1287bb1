#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "books.h"
#include "core/random.h"
#include "journal.h"
#include "parley/peer_connection.h"
#include "peer/realm.h"
#include "plan.h"

namespace parley::seeds {

struct Signal {
  std::optional<RTCSessionDescription> description;
  std::optional<RTCIceCandidateInit> candidate;
};

// A program that uses the public interface as the W3C text allows, with perfect negotiation
// (webrtc-pc 10.7), and that holds every event against what the text says may come: order and
// arrows of states, one close event and nothing after it, bufferedAmount to the byte, nothing at
// all after close(). What was sent and received goes into the books.
class User {
 public:
  struct Setting {
    int index = 0;  // 0 is impolite, 1 polite
    std::uint64_t seed = 0;
    std::shared_ptr<peer::Realm> realm;
    Journal* journal = nullptr;
    Books* books = nullptr;
    bool tolerates = false;  // honest failures may happen in this world
    bool rollsBack = false;  // somebody takes offers back by hand
    RTCConfiguration configuration;
    std::string turnAuthorities{};
    bool mayNotMeet = false;  // there is no way between the two
    bool hasRogue = false;    // what comes may be anything
    bool smallWindow = false;
    bool listens = false;                      // has passive TCP candidates
    bool hasSteadyPath = false;                // always there, and keeps nothing back as TCP does
    std::function<std::uint64_t()> bytesSent;  // of its node, on the wire
    std::function<void(Signal)> signal;
  };
  explicit User(Setting setting);
  ~User();
  User(const User&) = delete;
  User& operator=(const User&) = delete;

  // All of these run inside a task of the user's node.
  void act(const Act& act);
  void receive(Signal signal);
  void beCalm();     // faults are over: read everything, misbehave no more
  void keepAlive();  // from time to time, while calm: restart what has failed
  // A channel with this id, which the other side makes too. Where it renews itself, both make it
  // once more as soon as they have seen it close.
  struct Agreed {
    std::uint16_t id = 0;
    std::uint32_t options = 0;
    std::uint32_t reading = 0;
    bool renews = false;
    bool isRenewed = false;
  };
  void agree(const Agreed& agreed);
  void close();

  // What is still to come before this user may rest; empty: nothing. `other` is the other end.
  bool isGathering() const;
  std::string unfinished(const User& other) const;

  bool isClosed() const { return isClosed_; }
  // A channel is open at both ends, so the other one can see this one close.
  bool canBeSeenClosing(const User& other) const;
  bool closedInTalk(const User& other) const;  // it closed when that was so
  bool hasSeenClose() const;                   // every channel is closed
  bool sawAbort() const;                       // some channel had its error
  bool hasFailed() const;  // a failure was reported: DTLS, or the connection for good
  bool sawConnected() const { return sawConnected_; }
  bool isIceFailed() const { return iceFailed_; }
  RTCPeerConnectionState connectionState() const;
  std::uint64_t messageCount() const { return messages_; }
  // Events by emitter, in their order: what a port with delays must not change.
  const std::map<std::string, std::string>& sequences() const { return sequences_; }

 private:
  struct End;  // of a channel
  using Channel = std::shared_ptr<RTCDataChannel>;

  void watchConnection();
  void watch(Channel channel, std::uint32_t reading);
  void watchTransports();
  // One event that came. The trap springs when its handler has done its own work.
  struct Heard {
    User& user;
    bool isWelcome;
    ~Heard();
  };
  Heard hear(std::string_view emitter, std::string_view what);
  void spring();  // the trap
  void checkBuffered(End& end);
  void onMessage(End& end, const MessageData& data);
  void onClose(End& end);
  void open(std::uint32_t options, std::uint32_t reading);
  void send(std::uint32_t which, std::uint32_t how);
  void flood(std::uint32_t which);
  void sendOne(End& end, std::size_t size, bool isText);
  void misuse(std::uint32_t which);
  void closeChannel(End& end);
  void pause(End& end);
  bool isTooNew(const End& end) const;
  void drop();
  void noteOpen();
  void sayLastWords();
  Async offer();
  Async takeDescription(RTCSessionDescription description);
  Async takeCandidate(RTCIceCandidateInit candidate);
  Async rollBack();
  Async read(End& end);
  End* pick(std::uint32_t which, bool isOpen);
  void unexpected(const char* where, const DOMException& error);
  void expectSignaling(RTCSignalingState state, const char* after);
  void step(RTCSignalingState to);

  Setting setting_;
  Journal& journal_;
  Random random_;
  std::unique_ptr<RTCPeerConnection> pc_;
  std::vector<std::unique_ptr<End>> ends_;
  std::map<std::string, std::string> sequences_;
  std::optional<std::uint32_t> trap_;
  bool isClosed_ = false;
  bool isCalm_ = false;
  std::vector<std::string> openAtClose_;  // labels
  bool sawConnected_ = false;
  bool makingOffer_ = false;
  bool settingAnswer_ = false;
  bool ignoresOffer_ = false;
  bool dtlsFailed_ = false;
  bool iceFailed_ = false;
  std::shared_ptr<RTCDtlsTransport> watched_;
  int created_ = 0;
  std::size_t left_ = 0;  // bytes that had left the buffers of reliable channels, and when
  Instant leftAt_{};
  std::uint64_t messages_ = 0;
  RTCSignalingState signaling_ = RTCSignalingState::stable;
  RTCPeerConnectionState connection_ = RTCPeerConnectionState::new_;
  RTCIceGatheringState gathering_ = RTCIceGatheringState::new_;
};

}  // namespace parley::seeds
