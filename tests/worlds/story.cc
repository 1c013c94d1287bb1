#include "story.h"

#include <utility>

#include "core/limits.h"

namespace parley::worlds {
namespace {

constexpr Duration kSignalling = 30ms;
constexpr std::size_t kMuch = 200'000;  // more than leaves at once

std::string textOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& caught) {
    return caught.what();
  }
}

}  // namespace

// --- a party

Party::Party(sim::Node& at, std::string name)
    : node(at), label(std::move(name)), realm(std::make_shared<peer::LoopRealm>(at.host())) {
  pc = std::make_unique<RTCPeerConnection>(realm, RTCConfiguration{}, Tuning{});
  listen();
}

Party::~Party() {
  isOver_ = true;
  others.clear();
  pc.reset();
  realm->detach();
}

void Party::setTrap(std::string event, int nth, Trap trap) {
  trapEvent_ = std::move(event);
  trapNth_ = nth;
  trap_ = std::move(trap);
}

// Handlers come through here; after the end there must be none.
void Party::hear(const std::string& event) {
  if (isOver_) ++heardAfterEnd_;
  spring(event);
}

void Party::spring(const std::string& event) {
  const int nth = ++fired_[event];
  if (isSprung_ || event != trapEvent_ || nth != trapNth_) return;
  isSprung_ = true;
  trap_(*this);  // what it destroys includes the closure that called us, but not this party
}

void Party::listen() {
  pc->onnegotiationneeded = [this](const Event&) { hear("negotiationneeded"); };
  pc->onicecandidate = [this](const RTCPeerConnectionIceEvent& event) {
    if (event.candidate && onCandidate) onCandidate(event.candidate->toInit());
    hear("icecandidate");
  };
  pc->onicecandidateerror = [this](const Event&) { hear("icecandidateerror"); };
  pc->onsignalingstatechange = [this](const Event&) { hear("signalingstatechange"); };
  pc->oniceconnectionstatechange = [this](const Event&) { hear("iceconnectionstatechange"); };
  pc->onicegatheringstatechange = [this](const Event&) { hear("icegatheringstatechange"); };
  pc->onconnectionstatechange = [this](const Event&) { hear("connectionstatechange"); };
  pc->ondatachannel = [this](const RTCDataChannelEvent& event) {
    use(event.channel);
    hear("datachannel");
  };
}

void Party::use(std::shared_ptr<RTCDataChannel> made) {
  RTCDataChannel& channel = *channels.emplace_back(std::move(made));
  channel.onopen = [this, &channel](const Event&) {
    if (onChannelOpen) onChannelOpen(channel);
    hear("channel open");
  };
  channel.onmessage = [this, &channel](const MessageEvent& event) {
    if (onMessage) onMessage(channel, event.data);
    hear("channel message");
  };
  channel.onbufferedamountlow = [this](const Event&) { hear("channel bufferedamountlow"); };
  channel.onerror = [this](const RTCErrorEvent&) { hear("channel error"); };
  channel.onclosing = [this](const Event&) { hear("channel closing"); };
  channel.onclose = [this](const Event&) { hear("channel close"); };
}

void Party::listenToTransports() {
  const auto sctp = pc ? pc->sctp() : nullptr;
  if (!sctp || !known_.insert(sctp.get()).second) return;
  const auto dtls = sctp->transport();
  const auto ice = dtls->iceTransport();
  sctp->onstatechange = [this](const Event&) { hear("sctp statechange"); };
  dtls->onstatechange = [this](const Event&) { hear("dtls statechange"); };
  dtls->onerror = [this](const RTCErrorEvent&) { hear("dtls error"); };
  ice->onstatechange = [this](const Event&) { hear("ice statechange"); };
  ice->ongatheringstatechange = [this](const Event&) { hear("ice gatheringstatechange"); };
  ice->onselectedcandidatepairchange = [this](const Event&) { hear("ice selectedpairchange"); };
}

template <class T>
Async Party::await(Party& self, std::string event, Promise<T> promise) {
  try {
    (void)co_await promise;
  } catch (const DOMException&) {
    event += " rejected";
  }
  self.spring(event);
}

// Reactions of a promise that was settled before the end still run, as in JavaScript.
template <class T>
void Party::watchAny(const char* what, const Promise<T>& promise) {
  const std::string name = what;
  promise.then([this, name](const T&) { spring("then " + name); },
               [this, name](const std::exception_ptr&) { spring("then " + name + " rejected"); });
  await(*this, "await " + name, promise);
}

void Party::watch(const char* what, const Promise<Undefined>& promise) { watchAny(what, promise); }
void Party::watch(const char* what, const Promise<RTCSessionDescriptionInit>& promise) {
  watchAny(what, promise);
}
void Party::watch(const char* what, const Promise<std::optional<MessageData>>& promise) {
  watchAny(what, promise);
}

void Party::close() {
  if (pc) pc->close();
  isOver_ = true;
}

void Party::drop() {
  isOver_ = true;
  pc.reset();
}

bool Party::hasOpenChannel() const {
  return std::ranges::any_of(channels, [](const auto& channel) {
    return channel->readyState() == RTCDataChannelState::open;
  });
}

// --- the story

Story::Story(StoryOptions options, std::uint64_t seed)
    : world(seed),
      nodeA(world.addNode("offerer")),
      nodeB(world.addNode("answerer")),
      options_(std::move(options)) {
  world.connect(nodeA, nodeB, {.latency = 5ms});
  offerer = std::make_unique<Party>(nodeA, "offerer");
  answerer = std::make_unique<Party>(nodeB, "answerer");
  trickle(*offerer, *answerer);
  trickle(*answerer, *offerer);
}

Story::~Story() {
  offerer.reset();
  answerer.reset();
}

// Runs on the party's node, as everything of it does.
void Story::post(Party& party, Duration after, std::function<void(Party&)> what) {
  world.at(after, [&party, what = std::move(what)] {
    party.node.post([&party, what] {
      if (party.pc && !party.isOver()) what(party);
    });
  });
}

void Story::trickle(Party& from, Party& to) {
  from.onCandidate = [this, &to](const RTCIceCandidateInit& init) {
    post(to, kSignalling,
         [init](Party& party) { party.watch("addIceCandidate", party.pc->addIceCandidate(init)); });
  };
}

void Story::begin() {
  talk();
  post(*offerer, 0ms, [this](Party& party) {
    RTCDataChannelInit negotiated;
    negotiated.negotiated = true;
    negotiated.id = 5;
    party.use(party.pc->createDataChannel("one"));
    party.use(party.pc->createDataChannel("two", negotiated));
    offer();
  });
  post(*answerer, 0ms, [](Party& party) {
    RTCDataChannelInit negotiated;
    negotiated.negotiated = true;
    negotiated.id = 5;
    party.use(party.pc->createDataChannel("two", negotiated));
  });
  if (options_.isShort) return;
  post(*answerer, 2s, [](Party& party) {
    for (const auto& channel : party.channels)
      if (channel && channel->label() == "one") channel->close();
  });
  post(*offerer, 3s, [this](Party& party) {
    party.pc->restartIce();
    offer();
  });
}

// "one" carries messages both ways and more than its buffer's threshold; "two" is pulled.
void Story::talk() {
  offerer->onChannelOpen = [this](RTCDataChannel& channel) {
    if (channel.label() == "two") return channel.send("pulled");
    channel.setBufferedAmountLowThreshold(1'000);
    channel.send("hello");
    if (options_.isShort) return;
    channel.send(std::vector<std::uint8_t>(kMuch, 7));
    offerer->watch("drained", channel.drained());
  };
  answerer->onChannelOpen = [this](RTCDataChannel& channel) {
    if (channel.label() == "two") answerer->watch("receive", channel.receive());
  };
  answerer->onMessage = [](RTCDataChannel& channel, const MessageData& data) {
    const bool isOpen = channel.readyState() == RTCDataChannelState::open;
    if (isOpen && std::holds_alternative<std::string>(data)) channel.send("echo");
  };
}

void Story::offer() {
  Party& party = *offerer;
  auto made = party.pc->createOffer();
  party.watch("createOffer", made);
  if (!party.pc) return;
  auto set = party.pc->setLocalDescription();
  party.watch("setLocalDescription", set);
  set.then(
      [this, &party](const Undefined&) {
        if (!party.pc || !party.pc->localDescription()) return;
        std::string sdp = party.pc->localDescription()->sdp;
        if (options_.rewriteOffer) sdp = options_.rewriteOffer(sdp);
        post(*answerer, kSignalling, [this, sdp](Party&) { answer(sdp); });
      },
      [&party](const std::exception_ptr& error) { party.failures.push_back(textOf(error)); });
}

void Story::answer(const std::string& sdp) {
  Party& party = *answerer;
  const auto note = [&party](const std::exception_ptr& error) {
    party.failures.push_back(textOf(error));
  };
  auto set = party.pc->setRemoteDescription({RTCSdpType::offer, sdp});
  party.watch("setRemoteDescription", set);
  set.then(
      [this, &party, note](const Undefined&) {
        if (!party.pc) return;
        auto made = party.pc->createAnswer();
        party.watch("createAnswer", made);
        if (!party.pc) return;
        auto local = party.pc->setLocalDescription();
        party.watch("setLocalDescription", local);
        local.then(
            [this, &party](const Undefined&) {
              if (!party.pc || !party.pc->localDescription()) return;
              const std::string reply = party.pc->localDescription()->sdp;
              post(*offerer, kSignalling, [this, reply](Party&) { accept(reply); });
            },
            note);
      },
      note);
}

void Story::accept(const std::string& sdp) {
  Party& party = *offerer;
  auto set = party.pc->setRemoteDescription({RTCSdpType::answer, sdp});
  party.watch("setRemoteDescription", set);
  set.then({},
           [&party](const std::exception_ptr& error) { party.failures.push_back(textOf(error)); });
}

void Story::runStep() {
  try {
    world.schedule().runNext();
  } catch (const std::exception& error) {
    thrown.emplace_back(error.what());
  }
  offerer->listenToTransports();
  answerer->listenToTransports();
}

void Story::run(Duration time) {
  const Instant end = world.now() + time;
  while (world.schedule().next() <= end) runStep();
  world.schedule().moveTo(end);
}

void Story::play() {
  begin();
  // A certificate that was not announced is given up on after that.
  run(options_.rewriteOffer ? limits::dtls::kSecondOpinion + 5s : 5s);
  if (offerer->isOver() || answerer->isOver()) return;
  post(*offerer, 0ms, [](Party& party) { party.close(); });
  run(1s);
  post(*answerer, 0ms, [](Party& party) { party.close(); });
  run(1s);
}

void Story::end() {
  for (Party* party : {offerer.get(), answerer.get()}) {
    party->others.clear();
    party->drop();
    party->channels.clear();
  }
  run(12s);
}

std::string Story::holdings() const {
  std::string text;
  for (const sim::Node* node : {&nodeA, &nodeB}) {
    const loop::LoopReport held = node->report();
    const std::pair<const char*, std::size_t> all[] = {{"guests", held.guests},
                                                       {"residents", held.residents},
                                                       {"sockets", held.sockets},
                                                       {"timers", held.timersArmed},
                                                       {"look-ups", held.resolving},
                                                       {"packets", held.packetsInUse},
                                                       {"tasks", held.tasksQueued},
                                                       {"batched", held.datagramsBatched},
                                                       {"transactions", held.transactions},
                                                       {"allocations", held.allocations},
                                                       {"permissions", held.permissions},
                                                       {"channels", held.channels}};
    for (const auto& [name, count] : all)
      if (count != 0) text += node->name() + ": " + name + " " + std::to_string(count) + "; ";
  }
  return text;
}

bool Story::isReleased() const { return holdings().empty(); }

}  // namespace parley::worlds
