#include "session/tail.h"

#include "core/limits.h"
#include "core/planted.h"
#include "session/demux.h"
#include "session/relay_tail.h"

namespace parley::session {
namespace {

// The farewell leaves at 0, 1, 3, 7 and 15 round trips: a wait that doubles, four times.
constexpr int kRepeats = 4;
constexpr int kLastRepeat = 7;  // through a relay, which waits for it
constexpr Duration kRoundTripUnknown = 100ms;
constexpr Duration kRoundTripMin = 10ms;
constexpr Duration kRoundTripMax = 500ms;

}  // namespace

Tail::Tail(Host& host, Step& step, Farewell farewell)
    : host_(host),
      farewell_(std::move(farewell)),
      roundTrip_(std::clamp(farewell_.roundTrip.value_or(kRoundTripUnknown), kRoundTripMin,
                            kRoundTripMax)),
      heardBy_(step.now + roundTrip_),
      latest_(step.now + farewell_.limit) {
  farewell_.leg->moveTo(*this);
  repeat_.start(step.now, roundTrip_);
  giveUp_.startAt(latest_);
  if (farewell_.relay)
    giveUp_.startAt(
        earliest(latest_, step.now + std::max(limits::turn::kFarewell, roundTrip_ * kLastRepeat)));
  PARLEY_TRACE(step, Topic::session, "tail_begun", {"trigger", "close()"},
               {"datagrams", static_cast<std::int64_t>(farewell_.datagrams.size())});
}

void Tail::onDatagram(Step& step, Datagram datagram) {
  const TraceScope scope(step.trace, farewell_.subject);
  if (farewell_.relay) {
    farewell_.relay->receive(step, std::move(datagram));
    hearRelay(step);
  } else if (datagram.remote == farewell_.remote) {
    hear(step, std::move(datagram.packet));
  }
}

void Tail::onStreamBytes(Step& step, SocketId, MutableBytes bytes) {
  const TraceScope scope(step.trace, farewell_.subject);
  if (farewell_.stream) {
    farewell_.stream->push(bytes);
    while (const auto packet = farewell_.stream->next()) hear(step, Packet::lend(*packet));
    if (farewell_.stream->isBroken()) giveUp_.startAt(step.now);
  } else if (farewell_.relay) {
    farewell_.relay->onStreamBytes(step, bytes);
    hearRelay(step);
  }
}

void Tail::onStreamClosed(Step& step, SocketId, StreamEnd reason) {
  if (farewell_.relay) farewell_.relay->onStreamClosed(step, reason);
  giveUp_.startAt(step.now);  // nobody is reached any more
}

void Tail::hearRelay(Step& step) {
  while (auto relayed = farewell_.relay->nextRelayed(step))
    if (relayed->peer == farewell_.remote) hear(step, std::move(relayed->payload));
}

void Tail::hear(Step& step, Packet record) {
  // STUN is never answered.
  if (record.size() == 0 || protocolOf(record.bytes()) != Protocol::dtls) return;
  dtls::Session& session = farewell_.leg->session();
  const std::uint64_t opened = session.stats().recordsReceived;
  session.receive(step, std::move(record));
  while (session.read()) {
  }
  while (const auto event = session.nextEvent())
    if (std::holds_alternative<dtls::Closed>(*event)) heardGoodbye_ = true;
  // A record that is really the peer's, sent because it has not heard yet.
  const bool isTalking = step.now > heardBy_ && session.stats().recordsReceived > opened;
  if (isTalking && !heardGoodbye_ && answered_ < limits::loop::kTailAnswers) {
    ++answered_;
    PARLEY_TRACE(step, Topic::session, "farewell_repeated", {"trigger", "the peer still talks"});
    sayFarewell(step);
  }
}

void Tail::onTimer(Step& step) {
  if (farewell_.relay) farewell_.relay->onTimer(step);
  if (!repeat_.expire(step.now)) return;
  const TraceScope scope(step.trace, farewell_.subject);
  ++repeated_;
  PARLEY_TRACE(step, Topic::session, "farewell_repeated", {"trigger", "no answer yet"});
  if (!isPlanted(PlantedBug::farewellOnce)) sayFarewell(step);
  if (repeated_ < kRepeats) repeat_.start(step.now, roundTrip_ * (1 << repeated_));
}

void Tail::onStepEnd(Step& step) {
  const bool isOver = heardGoodbye_ || giveUp_.expire(step.now);
  if (isOver && !isPlanted(PlantedBug::tailForEver)) {
    const TraceScope scope(step.trace, farewell_.subject);
    PARLEY_TRACE(step, Topic::session, "tail_ended",
                 {"trigger", heardGoodbye_ ? "the peer said goodbye" : "its time is over"});
    if (farewell_.relay)
      RelayTail::leave(host_, step, std::move(farewell_.relay), latest_ - step.now,
                       farewell_.subject);
    host_.dismiss(*this);
    return;
  }
  Instant due = earliest(repeat_.due(), giveUp_.due());
  if (farewell_.relay) due = earliest(due, farewell_.relay->deadline());
  host_.wakeAt(*this, due);
}

Host::Guest::Holdings Tail::holdings() const {
  return farewell_.relay ? holdingsOf(farewell_.relay->held()) : Holdings{};
}

void Tail::sendDatagram(Step& step, Packet datagram) {
  if (farewell_.relay) {
    farewell_.relay->send(step, farewell_.remote, std::move(datagram));
    return;
  }
  if (farewell_.stream) {
    farewell_.stream->send(std::move(datagram), limits::loop::kUnsentBytesPerStream);
    return;
  }
  host_.send({.socket = farewell_.socket,
              .local = farewell_.local,
              .remote = farewell_.remote,
              .packet = std::move(datagram)});
}

void Tail::sayFarewell(Step& step) {
  for (const ByteVector& datagram : farewell_.datagrams)
    if (Packet packet = step.packets.copyOf(datagram)) sendDatagram(step, std::move(packet));
}

}  // namespace parley::session
