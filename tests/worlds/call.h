#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/peer_connection.h"
#include "peer/loop_realm.h"
#include "sim/world.h"

namespace parley::worlds {

// One end of a call: a connection on a node, and what it has seen.
struct End {
  End(sim::Node& at, const Tuning& tuning, const RTCConfiguration& configuration);
  ~End();

  void use(std::shared_ptr<RTCDataChannel> opened);
  bool isOpen() const { return channel && channel->readyState() == RTCDataChannelState::open; }

  sim::Node& node;
  std::shared_ptr<peer::LoopRealm> realm;
  std::unique_ptr<RTCPeerConnection> pc;
  std::shared_ptr<RTCDataChannel> channel;
  std::vector<std::string> states;          // of the connection, as they came
  std::vector<std::string> received;        // text messages
  int closes = 0;                           // close events of the channel
  int errors = 0;                           // error events of the channel
  std::vector<RTCIceCandidate> candidates;  // of its own, as they came
  std::vector<RTCPeerConnectionIceErrorEvent> candidateErrors;
};

// Two ends over a simulated network, signalled with a delay. The first offers and makes a channel.
class Call {
 public:
  using Rewrite = std::function<std::string(std::string sdp)>;

  Call(sim::World& world, sim::Node& a, sim::Node& b, RTCDataChannelInit init = {},
       Tuning tuning = {}, RTCConfiguration configuration = {},
       std::optional<Tuning> answerersTuning = {});

  void start(Rewrite rewriteOffer = {}, Rewrite rewriteAnswer = {});
  bool isOpen() const { return offerer.isOpen() && answerer.isOpen(); }
  bool connect(Duration limit = 30s);  // start() and run the world

  sim::World& world;
  End offerer;
  End answerer;
  Duration signallingDelay = 50ms;
  Rewrite rewriteCandidate;  // of those that are signalled one by one
  std::string failure;       // what negotiation threw

 private:
  Async offer(Rewrite rewriteOffer, Rewrite rewriteAnswer);
  Async answer(std::string sdp, Rewrite rewriteAnswer);
  Async accept(std::string sdp);
  void trickle(End& from, End& to);
  void deliver(End& to, std::function<void()> what);
};

}  // namespace parley::worlds
