#include "call.h"

#include "parley/names.h"

namespace parley::worlds {

End::End(sim::Node& at, const Tuning& tuning, const RTCConfiguration& configuration)
    : node(at),
      realm(std::make_shared<peer::LoopRealm>(at.host())),
      pc(std::make_unique<RTCPeerConnection>(realm, configuration, tuning)) {
  pc->onconnectionstatechange = [this](const Event&) {
    states.emplace_back(toString(pc->connectionState()));
  };
  pc->onicecandidateerror = [this](const RTCPeerConnectionIceErrorEvent& event) {
    candidateErrors.push_back(event);
  };
  pc->ondatachannel = [this](const RTCDataChannelEvent& event) { use(event.channel); };
}

End::~End() {
  pc.reset();
  realm->detach();
}

void End::use(std::shared_ptr<RTCDataChannel> opened) {
  channel = std::move(opened);
  channel->onmessage = [this](const MessageEvent& event) {
    received.push_back(std::get<std::string>(event.data));
  };
  channel->onclose = [this](const Event&) { ++closes; };
  channel->onerror = [this](const RTCErrorEvent&) { ++errors; };
}

Call::Call(sim::World& in, sim::Node& a, sim::Node& b, RTCDataChannelInit init, Tuning tuning,
           RTCConfiguration configuration, std::optional<Tuning> answerersTuning)
    : world(in),
      offerer(a, tuning, configuration),
      answerer(b, answerersTuning.value_or(tuning), configuration) {
  trickle(offerer, answerer);
  trickle(answerer, offerer);
  offerer.use(offerer.pc->createDataChannel("call", init));
}

// Signalling is a network too: what one end says reaches the other later, in order.
void Call::deliver(End& to, std::function<void()> what) {
  world.at(signallingDelay, [&to, what = std::move(what)] { to.node.post(what); });
}

void Call::trickle(End& from, End& to) {
  from.pc->onicecandidate = [this, &from, &to](const RTCPeerConnectionIceEvent& event) {
    if (!event.candidate) return;
    if (!event.candidate->candidate().empty()) from.candidates.push_back(*event.candidate);
    RTCIceCandidateInit candidate = event.candidate->toInit();
    if (rewriteCandidate) candidate.candidate = rewriteCandidate(candidate.candidate);
    deliver(to, [&to, init = std::move(candidate)] {
      if (to.pc) to.pc->addIceCandidate(init);
    });
  };
}

void Call::start(Rewrite rewriteOffer, Rewrite rewriteAnswer) {
  offerer.node.post([this, rewriteOffer, rewriteAnswer] { offer(rewriteOffer, rewriteAnswer); });
}

Async Call::offer(Rewrite rewriteOffer, Rewrite rewriteAnswer) {
  try {
    co_await offerer.pc->setLocalDescription();
    std::string sdp = offerer.pc->localDescription()->sdp;
    if (rewriteOffer) sdp = rewriteOffer(sdp);
    deliver(answerer, [this, sdp, rewriteAnswer] {
      if (answerer.pc) answer(sdp, rewriteAnswer);
    });
  } catch (const DOMException& error) {
    failure = error.what();
  }
}

Async Call::answer(std::string sdp, Rewrite rewriteAnswer) {
  try {
    co_await answerer.pc->setRemoteDescription({RTCSdpType::offer, sdp});
    co_await answerer.pc->setLocalDescription();
    std::string reply = answerer.pc->localDescription()->sdp;
    if (rewriteAnswer) reply = rewriteAnswer(reply);
    deliver(offerer, [this, reply] {
      if (offerer.pc) accept(reply);
    });
  } catch (const DOMException& error) {
    failure = error.what();
  }
}

Async Call::accept(std::string sdp) {
  try {
    co_await offerer.pc->setRemoteDescription({RTCSdpType::answer, sdp});
  } catch (const DOMException& error) {
    failure = error.what();
  }
}

bool Call::connect(Duration limit) {
  start();
  return world.runUntil([this] { return isOpen(); }, limit);
}

}  // namespace parley::worlds
