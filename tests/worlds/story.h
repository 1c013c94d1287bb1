#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "parley/peer_connection.h"
#include "peer/loop_realm.h"
#include "sim/world.h"

namespace parley::worlds {

// One end of a story: a connection on a node, its channels, and every event it hears by name, as
// "channel message" or "await setLocalDescription". A trap may wait for the n-th of a name and do
// anything there, destroying the connection included.
class Party {
 public:
  using Trap = std::function<void(Party&)>;

  Party(sim::Node& at, std::string label);
  ~Party();

  void setTrap(std::string event, int nth, Trap trap);
  bool isTrapSprung() const { return isSprung_; }
  const std::map<std::string, int>& fired() const { return fired_; }

  void listen();                                   // to the connection and what hangs on it
  void use(std::shared_ptr<RTCDataChannel> made);  // and listen to it
  void listenToTransports();                       // to those that exist by now
  void watch(const char* what, const Promise<Undefined>& promise);
  void watch(const char* what, const Promise<RTCSessionDescriptionInit>& promise);
  void watch(const char* what, const Promise<std::optional<MessageData>>& promise);

  // From now on no handler may run.
  void close();
  void drop();
  bool isOver() const { return isOver_; }
  int heardAfterEnd() const { return heardAfterEnd_; }

  bool hasOpenChannel() const;

  sim::Node& node;
  const std::string label;
  std::shared_ptr<peer::LoopRealm> realm;
  std::unique_ptr<RTCPeerConnection> pc;
  std::vector<std::shared_ptr<RTCDataChannel>> channels;
  std::vector<std::unique_ptr<RTCPeerConnection>> others;  // that a trap made
  std::function<void(const RTCIceCandidateInit&)> onCandidate;
  std::function<void(RTCDataChannel&)> onChannelOpen;
  std::function<void(RTCDataChannel&, const MessageData&)> onMessage;
  std::vector<std::string> failures;  // what a promise of the script was rejected with

 private:
  void hear(const std::string& event);
  void spring(const std::string& event);
  template <class T>
  void watchAny(const char* what, const Promise<T>& promise);
  template <class T>
  static Async await(Party& self, std::string event, Promise<T> promise);

  std::map<std::string, int> fired_;
  std::set<const void*> known_;  // transports that are listened to
  std::string trapEvent_;
  int trapNth_ = 0;
  Trap trap_;
  bool isSprung_ = false;
  bool isOver_ = false;
  int heardAfterEnd_ = 0;
};

struct StoryOptions {
  std::function<std::string(std::string sdp)> rewriteOffer{};
  bool isShort = false;  // connect and talk, no more
};

// Two parties that use all there is: channels of both kinds, messages, a full send buffer,
// receive() and drained(), a channel closed by the peer, an ICE restart, and the end of it all.
// One seed gives the same story to the byte, so the n-th event of one run is that of every run.
class Story {
 public:
  explicit Story(StoryOptions options = {}, std::uint64_t seed = 5);
  ~Story();

  void begin();
  // Runs what is left of the story, rethrowing nothing: exceptions of handlers are counted.
  void run(Duration time);
  void runStep();  // one event of the world

  void play();  // begin() to the goodbyes, or to what a trap brings about
  void end();   // everything is closed and destroyed, and the tails come to their ends
  bool isReleased() const;
  std::string holdings() const;

  sim::World world;
  sim::Node& nodeA;
  sim::Node& nodeB;
  std::unique_ptr<Party> offerer;
  std::unique_ptr<Party> answerer;
  std::vector<std::string> thrown;

 private:
  void post(Party& party, Duration after, std::function<void(Party&)> what);
  void trickle(Party& from, Party& to);
  void offer();
  void answer(const std::string& sdp);
  void accept(const std::string& sdp);
  void talk();

  StoryOptions options_;
};

}  // namespace parley::worlds
