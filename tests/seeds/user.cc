#include "user.h"

#include <algorithm>
#include <utility>

#include "parley/names.h"
#include "user_end.h"

namespace parley::seeds {
namespace {

using Sig = RTCSignalingState;

constexpr std::size_t kLargest = 65'536;  // what a peer with a small window takes

constexpr Duration kRenewed = 8s;  // until both sides have surely seen a channel close

// webrtc-pc 4.3.1: which states a description leads to.
bool isArrow(Sig from, Sig to) {
  switch (from) {
    case Sig::stable:
      return to == Sig::haveLocalOffer || to == Sig::haveRemoteOffer;
    case Sig::haveLocalOffer:
      return to == Sig::stable || to == Sig::haveRemotePranswer;
    case Sig::haveRemoteOffer:
      return to == Sig::stable || to == Sig::haveLocalPranswer;
    default:
      return to == Sig::stable;
  }
}

std::size_t sizeFrom(std::uint32_t dice, const RTCDataChannelInit& init) {
  // What may come out of order or not at all has to say its number.
  const bool isPlain = init.ordered && !init.maxRetransmits && !init.maxPacketLifeTime;
  const std::size_t least = isPlain ? 0 : 24;
  switch (dice % 8) {
    case 0:
      return least;
    case 1:
    case 2:
    case 3:
      return least + dice / 8 % 200;
    case 4:
      return 1'100 + dice / 8 % 200;
    case 5:
      return least + dice / 8 % 4'000;
    case 6:
      return least + dice / 8 % 16'000;
    default:
      return dice / 8 % 16 == 0 ? 100'000 : 6'000;
  }
}

RTCDataChannelInit initFrom(std::uint32_t dice) {
  RTCDataChannelInit init;
  init.ordered = dice % 3 != 0;
  if (dice / 3 % 4 == 0) init.maxRetransmits = static_cast<std::uint16_t>(dice / 16 % 4);
  if (dice / 3 % 4 == 1) init.maxPacketLifeTime = static_cast<std::uint16_t>(dice / 16 % 2'000);
  if (dice % 5 == 0) init.protocol = "p" + std::to_string(dice % 7);
  return init;
}

}  // namespace

namespace {

Tuning tuningOf(const User::Setting& setting) {
  Tuning tuning;
  if (setting.listens) tuning.tcpCandidates = TcpCandidates::all;
  if (!setting.turnAuthorities.empty()) tuning.turnAuthorities = setting.turnAuthorities;
  if (!setting.smallWindow) return tuning;
  tuning.maxMessageSize = 65'536;
  tuning.receiveWindow = 131'072;
  return tuning;
}

}  // namespace

User::User(Setting setting)
    : setting_(std::move(setting)),
      journal_(*setting_.journal),
      random_(setting_.seed),
      pc_(std::make_unique<RTCPeerConnection>(setting_.realm, setting_.configuration,
                                              tuningOf(setting_))) {
  watchConnection();
}

User::~User() = default;

// --- what comes

User::Heard::~Heard() {
  if (isWelcome) user.spring();
}

User::Heard User::hear(std::string_view emitter, std::string_view what) {
  std::string line(emitter);
  line += ' ';
  line += what;
  journal_.note(setting_.index, line);
  if (isClosed_) {
    journal_.violate("INV-7", "event after close: " + line);
    return {*this, false};
  }
  std::string& sequence = sequences_[std::string(emitter)];
  sequence += what;
  sequence += ' ';
  return {*this, true};
}

void User::spring() {
  if (!trap_ || isClosed_) return;
  const std::uint32_t what = *std::exchange(trap_, std::nullopt);
  journal_.note(setting_.index, "the trap springs: " + std::to_string(what));
  switch (what) {
    case 0:
      return open(random_.u32(), random_.u32());
    case 1:
      return send(random_.u32(), random_.u32());
    case 2:
      if (End* end = pick(random_.u32(), true)) closeChannel(*end);
      return;
    case 3:
      return pc_->restartIce();
    case 4:
      return close();
    default:
      return drop();
  }
}

void User::watchConnection() {
  pc_->onnegotiationneeded = [this](const Event&) {
    const Heard heard = hear("negotiation", "needed");
    if (!heard.isWelcome) return;
    // webrtc-pc 4.7.3: it fires in the stable state only.
    if (pc_->signalingState() != Sig::stable)
      journal_.violate("W3C", "negotiationneeded outside of stable");
    offer();
  };
  pc_->onicecandidate = [this](const RTCPeerConnectionIceEvent& event) {
    const bool isLast = !event.candidate || event.candidate->candidate().empty();
    const Heard heard = hear("candidates", isLast ? "end" : "candidate");
    if (!heard.isWelcome) return;
    if (event.candidate) setting_.signal({{}, event.candidate->toInit()});
  };
  pc_->onsignalingstatechange = [this](const Event&) {
    const Heard heard = hear("signaling", toString(pc_->signalingState()));
    if (!heard.isWelcome) return;
    step(pc_->signalingState());
    if (pc_->signalingState() == Sig::stable &&
        (pc_->pendingLocalDescription() || pc_->pendingRemoteDescription()))
      journal_.violate("J-7", "stable, and a description is still pending");
    watchTransports();
  };
  pc_->onicegatheringstatechange = [this](const Event&) {
    const Heard heard = hear("gathering", toString(pc_->iceGatheringState()));
    if (!heard.isWelcome) return;
    if (pc_->iceGatheringState() == gathering_)
      journal_.violate("INV-7", "iceGatheringState changed to itself");
    gathering_ = pc_->iceGatheringState();
  };
  pc_->oniceconnectionstatechange = [this](const Event&) {
    const Heard heard = hear("ice", toString(pc_->iceConnectionState()));
    if (heard.isWelcome && pc_->iceConnectionState() == RTCIceConnectionState::failed)
      iceFailed_ = true;
  };
  pc_->onconnectionstatechange = [this](const Event&) {
    const Heard heard = hear("connection", toString(pc_->connectionState()));
    if (!heard.isWelcome) return;
    const RTCPeerConnectionState now = pc_->connectionState();
    if (now == connection_) journal_.violate("INV-7", "connectionState changed to itself");
    if (now == RTCPeerConnectionState::closed)
      journal_.violate("INV-7", "connectionState told of closed");
    connection_ = now;
    sawConnected_ |= now == RTCPeerConnectionState::connected;
  };
  pc_->ondatachannel = [this](const RTCDataChannelEvent& event) {
    const Heard heard = hear("datachannel", event.channel->label());
    if (!heard.isWelcome) return;
    if (event.channel->readyState() != RTCDataChannelState::open)
      journal_.violate("W3C", "a channel was announced that is not open");
    watch(event.channel, random_.u32());
    ends_.back()->wasOpen = false;  // its open event is still to come
  };
}

void User::watchTransports() {
  if (isClosed_ || !pc_->sctp()) return;
  const auto dtls = pc_->sctp()->transport();
  if (std::exchange(watched_, dtls) == dtls) return;  // a rollback may have brought another one
  RTCDtlsTransport* raw = dtls.get();
  dtls->onstatechange = [this, raw](const Event&) {
    const Heard heard = hear("dtls", toString(raw->state()));
    if (!heard.isWelcome) return;
    dtlsFailed_ |= raw->state() == RTCDtlsTransportState::failed;
  };
}

void User::step(RTCSignalingState to) {
  if (!isArrow(signaling_, to))
    journal_.violate("J-7", "signalingState went from " + std::string(toString(signaling_)) +
                                " to " + std::string(toString(to)));
  signaling_ = to;
}

void User::watch(Channel channel, std::uint32_t reading) {
  auto made = std::make_unique<End>();
  End& end = *made;
  ends_.push_back(std::move(made));
  end.channel = std::move(channel);
  RTCDataChannel& it = *end.channel;
  end.init.ordered = it.ordered();
  end.init.maxPacketLifeTime = it.maxPacketLifeTime();
  end.init.maxRetransmits = it.maxRetransmits();
  end.name = it.label() + "/" + std::to_string(setting_.index);
  end.peerName = it.label() + "/" + std::to_string(1 - setting_.index);
  it.setBufferedAmountLowThreshold(reading % 4 == 0 ? reading / 8 % 50'000 : 0);
  end.greets = reading / 4 % 3 == 0;
  const std::string emitter = "channel " + it.label();
  it.onopen = [this, &end, emitter](const Event&) {
    const Heard heard = hear(emitter, "open");
    if (!heard.isWelcome) return;
    end.openedAt = journal_.now();
    if (std::exchange(end.wasOpen, true)) journal_.violate("C-8", emitter + " opened twice");
    checkBuffered(end);
    if (end.greets) sendOne(end, 200, true);
  };
  it.onbufferedamountlow = [this, &end, emitter](const Event&) {
    const Heard heard = hear(emitter + " out", "low");
    if (!heard.isWelcome) return;
    ++end.lows;
    if (end.channel->bufferedAmount() > end.channel->bufferedAmountLowThreshold())
      journal_.violate("INV-3", emitter + " is told to be low and is not");
    if (end.lows > end.crossings) journal_.violate("INV-3", emitter + " is told to be low twice");
    checkBuffered(end);
  };
  it.onerror = [this, &end, emitter](const RTCErrorEvent& event) {
    const Heard heard = hear(emitter, "error");
    if (!heard.isWelcome) return;
    journal_.note(setting_.index, event.error.what());
    end.failed = true;
  };
  it.onclosing = [this, &end, emitter](const Event&) {
    const Heard heard = hear(emitter, "closing");
    if (!heard.isWelcome) return;
    end.sawClosing = true;
  };
  it.onclose = [this, &end, emitter](const Event&) {
    const Heard heard = hear(emitter, "close");
    if (heard.isWelcome) onClose(end);
  };
  if (reading % 5 == 0) {
    end.isPulled = true;
    read(end);
  } else {
    it.onmessage = [this, &end, emitter](const MessageEvent& event) {
      const Heard heard = hear(emitter, "message");
      if (heard.isWelcome) onMessage(end, event.data);
    };
  }
}

Async User::read(End& end) {
  try {
    while (true) {
      const auto data = co_await end.channel->receive();
      if (!data || isClosed_) co_return;
      const Heard heard = hear("channel " + end.channel->label(), "message");
      onMessage(end, *data);
    }
  } catch (const DOMException&) {  // the connection was closed
  }
}

void User::onMessage(End& end, const MessageData& data) {
  ++messages_;
  if (!end.wasOpen && !end.isPulled)
    journal_.violate("C-8", end.name + " has a message before it opened");
  if (end.wasClosed && !end.isPulled)
    journal_.violate("INV-7", end.name + " has a message after its close event");
  if (setting_.hasRogue) return checkBuffered(end);
  std::string wrong = setting_.books->line(end.channel->label(), 1 - setting_.index, end.init)
                          .deliver(end.peerName, data);
  if (!wrong.empty()) journal_.violate("INV-1", end.peerName + " delivered " + wrong);
  checkBuffered(end);
}

void User::onClose(End& end) {
  if (std::exchange(end.wasClosed, true))
    journal_.violate("INV-7", end.name + " had two close events");
  if (end.channel->readyState() != RTCDataChannelState::closed)
    journal_.violate("W3C", end.name + " had its close event and is not closed");
  if (!end.agreed || !end.agreed->renews || end.agreed->isRenewed || end.failed) return;
  Agreed again = *end.agreed;
  again.isRenewed = true;
  agree(again);
}

// Between two send() it only falls.
void User::checkBuffered(End& end) {
  const std::size_t now = end.channel->bufferedAmount();
  if (now > end.buffered) journal_.violate("INV-3", end.name + ": bufferedAmount grew by itself");
  end.buffered = now;
  // What has left bufferedAmount was sent, so there is no less of it on the wire once the step in
  // which it left is over.
  if (setting_.hasSteadyPath && journal_.now() > leftAt_ && left_ > setting_.bytesSent())
    journal_.violate("INV-3", "more has left bufferedAmount than was ever sent");
  std::size_t left = 0;
  for (const auto& each : ends_) {
    const bool isReliable = !each->init.maxRetransmits && !each->init.maxPacketLifeTime;
    if (isReliable && each->channel->readyState() == RTCDataChannelState::open)
      left += each->accepted - std::min(each->accepted, each->channel->bufferedAmount());
  }
  left_ = left;
  leftAt_ = journal_.now();
}

// --- what it does

void User::act(const Act& act) {
  if (isClosed_) return;
  using Verb = Act::Verb;
  journal_.note(setting_.index, "act " + std::to_string(static_cast<int>(act.verb)) + " " +
                                    std::to_string(act.a) + " " + std::to_string(act.b));
  switch (act.verb) {
    case Verb::open:
      return open(act.a, act.b);
    case Verb::send:
      return send(act.a, act.b);
    case Verb::flood:
      return flood(act.a);
    case Verb::closeChannel:
      if (End* end = pick(act.a, false)) closeChannel(*end);
      return;
    case Verb::pause:
      if (End* end = pick(act.a, true)) pause(*end);
      return;
    case Verb::pauseAll:
      for (const auto& end : ends_) pause(*end);
      return;
    case Verb::resume:
      for (const auto& end : ends_) end->channel->resumeReceiving();
      return;
    case Verb::restartIce:
      return pc_->restartIce();
    case Verb::negotiate:
      if (pc_->signalingState() == Sig::stable && !makingOffer_) offer();
      return;
    case Verb::rollback:
      if (pc_->signalingState() == Sig::haveLocalOffer) rollBack();
      return;
    case Verb::misuse:
      return misuse(act.a);
    case Verb::trap:
      trap_ = act.a;
      return;
    case Verb::close:
      return close();
    case Verb::drop:
      return drop();
    case Verb::openAgreed:  // both ends at once: the run sees to it
    case Verb::count:
      return;
  }
}

void User::open(std::uint32_t options, std::uint32_t reading) {
  const std::string label = "c" + std::to_string(setting_.index) + "-" + std::to_string(created_++);
  try {
    watch(pc_->createDataChannel(label, initFrom(options)), reading);
  } catch (const DOMException& error) {
    unexpected("createDataChannel", error);
  }
}

void User::agree(const Agreed& agreed) {
  if (isClosed_) return;
  RTCDataChannelInit init = initFrom(agreed.options);
  init.negotiated = true;
  init.id = agreed.id;
  try {
    const std::string label = "n" + std::to_string(agreed.id) + (agreed.isRenewed ? "+" : "");
    watch(pc_->createDataChannel(label, init), agreed.reading);
    ends_.back()->agreed = agreed;
    ends_.back()->greets &= !agreed.renews;
  } catch (const DOMException& error) {
    unexpected("createDataChannel, negotiated", error);
  }
}

// What is sent on an id that the other side does not use again yet would be thrown away.
bool User::isTooNew(const End& end) const {
  return end.agreed && end.agreed->isRenewed && journal_.now() < end.openedAt + kRenewed;
}

User::End* User::pick(std::uint32_t which, bool isOpen) {
  std::vector<End*> some;
  for (const auto& end : ends_) {
    const RTCDataChannelState state = end->channel->readyState();
    const bool isUsable =
        state == RTCDataChannelState::open || (!isOpen && state == RTCDataChannelState::connecting);
    if (isUsable && !isTooNew(*end)) some.push_back(end.get());
  }
  return some.empty() ? nullptr : some[which % some.size()];
}

void User::send(std::uint32_t which, std::uint32_t how) {
  End* end = pick(which, true);
  if (!end) return;
  const std::uint32_t count = 1 + how % 12;
  for (std::uint32_t i = 0; i < count; ++i)
    sendOne(*end,
            std::min<std::size_t>(sizeFrom(how / 16 + i * 2'654'435'761u, end->init), kLargest),
            (how + i) % 3 == 0);
}

void User::flood(std::uint32_t which) {
  End* end = pick(which, true);
  if (!end) return;
  for (int i = 0; i < 16; ++i) sendOne(*end, 15'000, false);
}

void User::sendOne(End& end, std::size_t size, bool isText) {
  Books::Line& line = setting_.books->line(end.channel->label(), setting_.index, end.init);
  isText &= !setting_.hasRogue;  // it may have spoilt the label, which is part of what is sent
  const MessageData message = line.next(end.name, size, isText);
  const std::size_t before = end.channel->bufferedAmount();
  try {
    if (const auto* text = std::get_if<std::string>(&message))
      end.channel->send(std::string_view(*text));
    else
      end.channel->send(
          std::span<const std::uint8_t>(std::get<std::vector<std::uint8_t>>(message)));
  } catch (const DOMException& error) {
    if (error.name() != "OperationError") unexpected("send", error);
    return;
  }
  line.sent(size, isText);
  end.accepted += size;
  if (end.channel->bufferedAmount() != before + size)
    journal_.violate("INV-3", end.name + ": send() of " + std::to_string(size) +
                                  " bytes made bufferedAmount " +
                                  std::to_string(end.channel->bufferedAmount()) + " of " +
                                  std::to_string(before));
  const std::size_t threshold = end.channel->bufferedAmountLowThreshold();
  end.crossings += before <= threshold && before + size > threshold;
  end.buffered = end.channel->bufferedAmount();
}

// A reader that takes nothing does not see its channel close either.
void User::pause(End& end) {
  if (!end.agreed || !end.agreed->renews) end.channel->pauseReceiving();
}

void User::closeChannel(End& end) {
  // One that is renewed has to be known to both: the wire does not tell one from the next.
  if (end.agreed && end.agreed->renews &&
      (end.agreed->isRenewed || !end.wasOpen || journal_.now() < end.openedAt + 3s))
    return;
  end.closedHere = true;
  end.closedAt = journal_.now();
  end.channel->close();
}

// Calls that the text says must fail, and that must leave everything as it was.
void User::misuse(std::uint32_t which) {
  const Sig before = pc_->signalingState();
  const auto mustThrow = [&](const char* what, const char* name, auto call) {
    try {
      call();
      journal_.violate("W3C", std::string(what) + " did not throw");
    } catch (const DOMException& error) {
      if (error.name() != name) unexpected(what, error);
    }
  };
  switch (which % 4) {
    case 0:
      mustThrow("a label too long", "TypeError",
                [&] { pc_->createDataChannel(std::string(70'000, 'x')); });
      break;
    case 1: {
      RTCDataChannelInit both;
      both.maxRetransmits = 1;
      both.maxPacketLifeTime = 1;
      mustThrow("two kinds of unreliability", "TypeError",
                [&] { pc_->createDataChannel("x", both); });
      break;
    }
    case 2:
      for (const auto& end : ends_)
        if (end->channel->readyState() == RTCDataChannelState::closed)
          mustThrow("send on a closed channel", "InvalidStateError",
                    [&] { end->channel->send("x"); });
      break;
    default:
      // In have-local-offer it would rightly roll that back first.
      if (before == Sig::stable && !makingOffer_)
        pc_->setRemoteDescription({RTCSdpType::offer, "v=0\r\nnonsense\r\n"});
      pc_->addIceCandidate(RTCIceCandidateInit("candidate:nonsense", "0"));
      break;
  }
  if (pc_->signalingState() != before) journal_.violate("J-7", "a call that failed changed state");
}

bool User::canBeSeenClosing(const User& other) const {
  if (isClosed_ || other.isClosed_) return false;
  return std::ranges::any_of(ends_, [&](const auto& end) {
    return end->channel->readyState() == RTCDataChannelState::open &&
           std::ranges::any_of(other.ends_, [&](const auto& twin) {
             return twin->channel->label() == end->channel->label() &&
                    twin->channel->readyState() == RTCDataChannelState::open;
           });
  });
}

bool User::closedInTalk(const User& other) const {
  return isClosed_ && !other.isClosed_ &&
         std::ranges::any_of(openAtClose_, [&](const std::string& label) {
           return std::ranges::any_of(other.ends_, [&](const auto& twin) {
             return twin->channel->label() == label && twin->wasOpen;
           });
         });
}

bool User::hasSeenClose() const {
  return std::ranges::all_of(ends_, [](const auto& end) {
    return end->channel->readyState() == RTCDataChannelState::closed;
  });
}

bool User::sawAbort() const {
  return std::ranges::any_of(ends_, [](const auto& end) { return end->failed; });
}

void User::noteOpen() {
  for (const auto& end : ends_)
    if (end->channel->readyState() == RTCDataChannelState::open)
      openAtClose_.push_back(end->channel->label());
}

void User::close() {
  if (isClosed_) return;
  noteOpen();
  pc_->close();
  isClosed_ = true;
  journal_.note(setting_.index, "closed");
  if (pc_->connectionState() != RTCPeerConnectionState::closed ||
      pc_->signalingState() != Sig::closed ||
      pc_->iceConnectionState() != RTCIceConnectionState::closed)
    journal_.violate("W3C", "close() returned and not every state is closed");
  for (const auto& end : ends_)
    if (end->channel->readyState() != RTCDataChannelState::closed)
      journal_.violate("W3C", "close() returned and a channel is not closed");
}

void User::drop() {
  if (isClosed_) return;
  noteOpen();
  pc_.reset();
  isClosed_ = true;
  journal_.note(setting_.index, "dropped");
}

}  // namespace parley::seeds
