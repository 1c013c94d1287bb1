#include "tls/session.h"

#include <utility>

#include "core/planted.h"

namespace parley::dtls {

namespace {

constexpr std::uint8_t kWarning = 1;
constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kCloseNotify = 0;  // RFC 5246 7.2

struct DropName {
  std::uint64_t Stats::* count;
  const char* why;
};
constexpr DropName kDrops[] = {
    {&Stats::malformed, "malformed"},       {&Stats::tooLarge, "too large"},
    {&Stats::notExpected, "unexpected"},    {&Stats::plaintextAlerts, "alert without proof"},
    {&Stats::replayed, "replayed"},         {&Stats::badTag, "bad tag"},
    {&Stats::overflow, "too much held"},    {&Stats::forged, "not signed by the certificate"},
    {&Stats::noBuffer, "packet pool empty"}};

constexpr std::uint8_t kSayCloseNotify[] = {kWarning, kCloseNotify};

// The same bytes as a packet of their own: the datagram itself when nothing follows in it, else a
// second view of its block, or of what was lent.
Packet sliceOf(Packet& owner, MutableBytes part, bool isLast) {
  if (owner.isLent()) return Packet::lend(part);
  Packet slice = isLast ? std::move(owner) : owner.share();
  slice.trimFront(static_cast<std::size_t>(part.data() - slice.bytes().data()));
  slice.trimBack(slice.size() - part.size());
  return slice;
}

}  // namespace

Session::Session(Context::Shared context, Lower& lower)
    : context_(std::move(context)), lower_(lower) {}

Session::~Session() = default;

const char* Session::stateName() const {
  constexpr const char* kNames[] = {"new", "connecting", "connected", "closing", "ended"};
  static_assert(std::size(kNames) == std::variant_size_v<State>);
  return kNames[state_.index()];
}

void Session::end(Step& step, State state, const char* name, std::string_view trigger) {
  PARLEY_TRACE(step, Topic::dtls, "connection_state_updated", {"old", stateName()}, {"new", name},
               {"trigger", trigger});
  state_ = std::move(state);
}

void Session::receive(Step& step, Packet datagram) {
  if (!step.trace.wants(Topic::dtls)) return receiveAny(step, std::move(datagram));
  const Stats before = stats_;
  receiveAny(step, std::move(datagram));
  for (const auto& [count, why] : kDrops) {
    if (stats_.*count == before.*count) continue;
    PARLEY_TRACE(step, Topic::dtls, "packet_dropped", {"trigger", why},
                 {"count", static_cast<std::int64_t>(stats_.*count)});
  }
}

void Session::receiveAny(Step& step, Packet datagram) {
  if (!datagram) return;
  ++stats_.datagramsIn;
  if (datagram.size() > limits::dtls::kDatagramIn) {
    ++stats_.tooLarge;
    return;
  }
  if (auto* waiting = std::get_if<Waiting>(&state_)) return hold(*waiting, datagram.bytes());
  receiveRecords(step, datagram.mutableBytes(), &datagram);
}

// Only what may be a first flight is worth keeping: handshake records of epoch 0.
void Session::hold(Waiting& waiting, Bytes datagram) {
  const auto first = RecordHeader::parse(datagram);
  if (!first) {
    ++stats_.malformed;
  } else if (first->type != ContentType::handshake || first->epoch != 0) {
    ++stats_.notExpected;
  } else if (!waiting.held.hold(datagram)) {
    ++stats_.overflow;
  }
}

void Session::receiveRecords(Step& step, MutableBytes datagram, Packet* owner) {
  while (!datagram.empty()) {
    const auto record = takeRecord(datagram);
    if (!record) {
      ++stats_.malformed;
      break;
    }
    receiveRecord(step, *record, datagram.empty(), owner);
  }
  if (auto* handshaking = std::get_if<Handshaking>(&state_)) onDatagramEnd(step, *handshaking);
}

void Session::receiveRecord(Step& step, const RecordView& record, bool isLast, Packet* owner) {
  if (auto* handshaking = std::get_if<Handshaking>(&state_)) {
    receiveInHandshake(step, *handshaking, record);
  } else if (auto* open = std::get_if<Open>(&state_)) {
    receiveOpen(step, *open, record, isLast, owner);
  } else if (auto* closing = std::get_if<Closing>(&state_)) {
    receiveClosing(step, *closing, record);
  } else {
    ++stats_.notExpected;
  }
}

std::optional<MutableBytes> Session::openRecord(RecordOpener& opener, const RecordView& record) {
  if (record.header.epoch != 1 || record.header.version != kDtls12 ||
      record.header.type == ContentType::changeCipherSpec) {
    if (record.header.epoch == 0 && record.header.type == ContentType::alert) {
      ++stats_.plaintextAlerts;
    } else {
      ++stats_.notExpected;
    }
    return std::nullopt;
  }
  // A peer that repeats its Finished byte for byte has to be understood as well; what it can bring
  // about is one more copy of ours.
  const auto replay = record.header.type == ContentType::handshake ? RecordOpener::Replay::ignore
                                                                   : RecordOpener::Replay::check;
  const auto text = opener.open(record, replay);
  if (text) return *text;
  switch (text.error()) {
    case RecordOpener::Refusal::badSize:
      ++stats_.malformed;
      break;
    case RecordOpener::Refusal::replayed:
      ++stats_.replayed;
      break;
    case RecordOpener::Refusal::badTag:
      ++stats_.badTag;
      break;
  }
  return std::nullopt;
}

void Session::receiveOpen(Step& step, Open& open, const RecordView& record, bool isLast,
                          Packet* owner) {
  const auto text = openRecord(open.opener, record);
  if (!text) return;
  switch (record.header.type) {
    case ContentType::applicationData:
      open.lastFlight.clear();  // nobody sends data before the handshake is over
      ++stats_.recordsReceived;
      stats_.bytesReceived += text->size();
      if (!text->empty()) deliver(step, *text, isLast, owner);
      break;
    case ContentType::alert:
      receiveAlert(step, open, *text);
      break;
    // A Finished that came again: the peer has missed our last flight. Anything else would be a
    // renegotiation, which does not exist here.
    case ContentType::handshake:
      sendLastFlight(step, open);
      break;
    case ContentType::changeCipherSpec:
      break;
  }
}

void Session::deliver(Step& step, MutableBytes plain, bool isLast, Packet* owner) {
  if (unread_ >= limits::dtls::kUnreadRecords) {
    ++stats_.overflow;
    return;
  }
  Packet packet;
  if (owner == nullptr) {
    packet = step.packets.copyOf(plain);
  } else {
    packet = sliceOf(*owner, plain, isLast);
  }
  if (!packet) {
    ++stats_.noBuffer;
    return;
  }
  ++unread_;
  plaintext_.push(std::move(packet));
}

std::optional<Packet> Session::read() {
  auto packet = plaintext_.pop();
  if (packet) --unread_;
  return packet;
}

void Session::receiveAlert(Step& step, Open& open, Bytes alert) {
  if (alert.size() != 2) {
    ++stats_.malformed;
    return;
  }
  if (alert[1] == kCloseNotify) {
    // RFC 5246 7.2.1: answered with the same, and nothing after it.
    ByteVector answer = open.sealer.seal(ContentType::alert, kSayCloseNotify);
    if (!answer.empty()) send(step, answer);
    PARLEY_TRACE(step, Topic::dtls, "alert_received", {"description", kCloseNotify});
    end(step, Ended{std::move(answer)}, "closed", "close_notify of the peer, answered");
    events_.push(Closed{});
  } else if (alert[0] == kFatal) {
    PARLEY_TRACE(step, Topic::dtls, "alert_received", {"description", alert[1]});
    fail(step, {.reason = FailureReason::alert, .alertReceived = alert[1]});
  } else {
    ++stats_.notExpected;  // another warning means nothing to us
  }
}

void Session::receiveClosing(Step& step, Closing& closing, const RecordView& record) {
  const bool isData = record.header.type == ContentType::applicationData;
  if (!isData && record.header.type != ContentType::alert) {
    ++stats_.notExpected;
    return;
  }
  const auto text = openRecord(closing.opener, record);
  if (!text) return;
  if (isData) {  // nobody reads it, but it tells the owner that the peer has not heard us yet
    ++stats_.recordsReceived;
    return;
  }
  if (text->size() != 2 || (*text)[1] != kCloseNotify) return;
  end(step, Ended{std::move(closing.closeNotify)}, "closed", "close_notify of the peer");
  events_.push(Closed{});
}

void Session::sendLastFlight(Step& step, Open& open) {
  if (open.lastFlight.isEmpty() || isPlanted(PlantedBug::lastFlightOnce) ||
      step.now < open.lastFlightSent + limits::dtls::kRetransmitFirstMin) {
    ++stats_.notExpected;
    return;
  }
  open.lastFlightSent = step.now;
  ++stats_.handshakeRetransmits;
  PARLEY_TRACE(step, Topic::dtls, "flight_resent", {"trigger", "the peer missed our last flight"});
  for (Packet& packet : open.lastFlight.pack(step, context_->options().mtu, &open.sealer)) {
    ++stats_.handshakeDatagramsOut;
    lower_.sendDatagram(step, std::move(packet));
  }
}

void Session::sendPacket(Step& step, Packet plaintext) {
  auto* open = std::get_if<Open>(&state_);
  if (open == nullptr) {
    ++stats_.notConnected;
    return;
  }
  const std::size_t size = plaintext.size();
  if (!open->sealer.seal(ContentType::applicationData, plaintext)) {
    return fail(step, {.reason = FailureReason::sequenceExhausted});
  }
  ++stats_.recordsSent;
  stats_.bytesSent += size;
  lower_.sendDatagram(step, std::move(plaintext));
}

void Session::send(Step& step, Bytes datagram) {
  Packet packet = step.packets.copyOf(datagram);
  if (!packet) {
    ++stats_.noBuffer;
    return;
  }
  ++stats_.recordsSent;
  lower_.sendDatagram(step, std::move(packet));
}

void Session::close(Step& step) {
  if (auto* open = std::get_if<Open>(&state_)) {
    ByteVector last = open->sealer.seal(ContentType::alert, kSayCloseNotify);
    if (!last.empty()) send(step, last);
    end(step, Closing{std::move(open->opener), std::move(last)}, "closing",
        "close(), close_notify sent");
  } else if (auto* handshaking = std::get_if<Handshaking>(&state_)) {
    RecordSealer* sealer = handshaking->attempt ? handshaking->attempt->sealer() : nullptr;
    ByteVector last;
    if (sealer != nullptr) {
      last = sealer->seal(ContentType::alert, kSayCloseNotify);
    } else if (!handshaking->flight.isEmpty()) {
      last = handshaking->flight.plaintext(
          {.type = ContentType::alert, .body = toVector(kSayCloseNotify)});
    }
    if (!last.empty()) send(step, last);
    end(step, Ended{std::move(last)}, "closed", "close() during the handshake");
  } else if (std::holds_alternative<Waiting>(state_)) {
    end(step, Ended{}, "closed", "close() before the handshake");
  }
}

Bytes Session::closeNotify() const {
  if (const auto* closing = std::get_if<Closing>(&state_)) return closing->closeNotify;
  if (const auto* ended = std::get_if<Ended>(&state_)) return ended->closeNotify;
  return {};
}

void Session::fail(Step& step, Failed failed) {
  end(step, Ended{}, "failed", describe(failed.reason));
  events_.push(std::move(failed));
}

void Session::onTimer(Step& step) {
  if (auto* handshaking = std::get_if<Handshaking>(&state_)) onHandshakeTimer(step, *handshaking);
}

Instant Session::deadline() const {
  const auto* handshaking = std::get_if<Handshaking>(&state_);
  if (handshaking == nullptr) return never();
  Instant next = never();
  if (handshaking->attempt) {
    next = handshaking->retransmit.due();
  } else if (handshaking->role == Role::client) {
    next = handshaking->restarts.nextAllowed();
  }
  return earliest(next, earliest(handshaking->giveUp.due(), handshaking->secondOpinion.due()));
}

}  // namespace parley::dtls
