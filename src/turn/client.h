#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/address.h"
#include "core/packet.h"
#include "core/ports.h"
#include "core/step.h"
#include "core/time.h"
#include "core/timer.h"
#include "stun/message.h"
#include "stun/protocol.h"
#include "turn/challenge.h"
#include "turn/config.h"
#include "turn/peer_book.h"
#include "turn/requests.h"

namespace parley::turn {

// The allocation stands. `mapped` is our own address as the server sees it: a server-reflexive
// candidate for free (RFC 8656 7.3).
struct Allocated {
  Address relayed;
  Address mapped;

  friend bool operator==(const Allocated&, const Allocated&) = default;
};
// There is no allocation and there will be none. `code`: of STUN, 701 where nothing answered.
struct Failed {
  std::uint16_t code = 0;
  std::string reason;
};
// 300: the same user may try there (RFC 8489 10); nothing was allocated here.
struct Redirected {
  Address server;
  std::string domain;
};
// An allocation that stood is gone: the server forgot it or no refresh was answered.
struct Lost {
  std::string reason;
  bool isGone = false;  // the server has said so
};
// The server will not relay to this peer, whatever its port (403, 443, 508 …); what is sent there
// is dropped.
struct PeerRefused {
  Address peer;
  std::uint16_t code = 0;
};
// After release(): the server has confirmed that nothing is left, or never had anything, or will
// not say: nothing is to be done any more.
struct Released {
  bool confirmed = false;
};
using Event = std::variant<Allocated, Failed, Redirected, Lost, PeerRefused, Released>;

// Data that came through the relay: who sent it, and the same block trimmed to the payload.
struct Relayed {
  Address peer;
  Packet payload;
};

// What the client has with the server as far as it knows, for the release report.
struct Held {
  std::size_t allocations = 0;  // one that stands, or that an unanswered request may have made
  std::size_t permissions = 0;
  std::size_t channels = 0;
  std::size_t transactions = 0;

  friend bool operator==(const Held&, const Held&) = default;
};

// One allocation on one TURN server (RFC 8656), over anything that carries its messages: the owner
// feeds it what comes from the server's address and sends what it says to `lower`. It asks for
// permissions and channels, keeps all of them fresh, answers challenges, and gives everything back
// on release(). It knows no sockets, no names and no ICE.
class Client final {
 public:
  // Takes one finished message before it returns and never calls back.
  class Sink {
   public:
    virtual void sendToServer(Step& step, Packet message) = 0;

   protected:
    ~Sink() = default;
  };

  Client(Config config, Sink& lower);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void allocate(Step& step);  // once
  // Gives the allocation back: Refresh with lifetime 0, repeated until it is answered, with a new
  // nonce when told so (RFC 8656 8). Legal in any state and more than once; while the Allocate is
  // under way its answer is awaited first, for a lost success must not leave anything behind.
  // Nothing else is sent or handed out from here on. Released is the last event.
  void release(Step& step);

  // Permission for a peer ahead of the first packet. send() asks on its own.
  void permit(Step& step, const Address& peer);
  // A channel for a peer that more than a few packets will go to: four bytes a packet instead of
  // thirty-six. send() uses it once the server has confirmed it.
  void bindChannel(Step& step, const Address& peer);

  // Wraps in the packet's own headroom and sends. False, and it is dropped and counted, while
  // there is no allocation, and where the server has refused the peer.
  bool send(Step& step, const Address& peer, Packet payload);

  // Asks at once whether the allocation still stands: who sends through one that the server has
  // forgotten hears nothing. Lost, or nothing. Peers that were refused are asked for again.
  void prove(Step& step);
  bool isProving() const;

  // One message from the server. Data of peers that we have no permission for is dropped, and so
  // is every answer whose integrity does not hold.
  std::optional<Relayed> receive(Step& step, Packet message);

  void onTimer(Step& step);
  Instant deadline() const;
  std::optional<Event> nextEvent() { return events_.pop(); }

  bool isAllocated() const;
  const std::optional<Duration>& roundTrip() const { return roundTrip_; }
  Held held() const;
  const Stats& stats() const { return stats_; }
  std::size_t memoryUsed() const;
  const char* inconsistency() const;

 private:
  enum class State : std::uint8_t { idle, allocating, allocated, over };

  void ask(Step& step, Question question);
  void transmit(Step& step, Request& request);
  stun::ClientTransaction transactionFor(const stun::TransactionId& id,
                                         const Question& question) const;
  bool canAskForPeers() const;
  void askForWanted(Step& step);
  void refresh(Step& step);
  Standing want(Step& step, const Address& peer);
  void sendData(Step& step, const Address& peer, Packet payload);

  std::optional<Relayed> onChannelData(Step& step, Packet message);
  std::optional<Relayed> onData(Step& step, const stun::MessageView& view, Packet message);

  // client_answers.cc
  void onAnswer(Step& step, const stun::MessageView& answer);
  bool isBelieved(const Request& request, const stun::MessageView& answer) const;
  bool isWholeSuccess(const Request& request, const stun::MessageView& answer) const;
  void onChallenge(Step& step, Question question, std::uint16_t code, bool mayHaveBeenMade);
  void onSuccess(Step& step, const Request& request, const stun::MessageView& answer);
  void onAllocateSuccess(Step& step, const Request& request, const stun::MessageView& answer);
  void onPeersGranted(Step& step, const Request& request);
  void onError(Step& step, const Request& request, const stun::MessageView& answer,
               const stun::ErrorView& error);
  void onAllocateError(Step& step, const stun::MessageView& answer, const stun::ErrorView& error);
  void onRefreshError(Step& step, const Question& question, const stun::ErrorView& error);
  void onPeersRefused(Step& step, const Question& question, const stun::ErrorView& error);
  void onUnanswered(Step& step, const Request& request);
  void startRefreshing(Instant now, Instant since, Duration lifetime);

  void fail(Step& step, std::uint16_t code, std::string reason);
  void lose(Step& step, std::string reason, bool isGone);
  void endWith(Step& step, Event event);

  // client_release.cc
  void releaseAllocation(Step& step);
  void onAllocateEndedInRelease(Step& step);
  void finishRelease(Step& step, bool isConfirmed);
  bool awaitsSignedAllocate() const;

  Config config_;
  Sink& lower_;
  State state_ = State::idle;
  bool isReleasing_ = false;  // for good
  bool isReleased_ = false;
  bool mayBeLeft_ = false;  // what ended without an answer may stand at the server
  IpAddress relayed_;       // without its port
  Challenge challenge_;
  Requests requests_;
  PeerBook peers_;
  Timer refreshTimer_;
  Instant expires_ = never();
  Timer releaseTimer_;
  Instant wantedSince_ = never();  // permissions wanted and not asked for in the same step
  EventQueue<Event> events_;
  std::optional<Duration> roundTrip_;
  Stats stats_;
};

}  // namespace parley::turn
