#include "session/relay_tail.h"

#include <utility>
#include <variant>

#include "core/limits.h"
#include "core/planted.h"

namespace parley::session {

void RelayTail::leave(Host& host, Step& step, std::unique_ptr<Relay> relay, Duration limit,
                      std::uint32_t subject) {
  const SocketId socket = relay->id();
  relay->release(step);
  const bool isGone = relay->held() == turn::Held{};
  if (isGone || limit <= Duration::zero() || host.residents() >= limits::loop::kTails) {
    relay->sayGoodbye(step);
    return host.close(socket);
  }
  auto tail = std::make_unique<RelayTail>(host, step, std::move(relay), limit, subject);
  RelayTail& resident = *tail;
  host.adopt(std::move(tail));
  host.handOver(socket, resident);
  host.touch(resident);
}

RelayTail::RelayTail(Host& host, Step& step, std::unique_ptr<Relay> relay, Duration limit,
                     std::uint32_t subject)
    : host_(host), relay_(std::move(relay)), subject_(subject) {
  giveUp_.start(step.now, limit);
  PARLEY_TRACE(step, Topic::session, "relay_tail_begun", {"socket", relay_->id().value});
}

void RelayTail::onDatagram(Step& step, Datagram datagram) {
  const TraceScope scope(step.trace, subject_);
  relay_->receive(step, std::move(datagram));
  hear(step);
}

void RelayTail::onStreamBytes(Step& step, SocketId, MutableBytes bytes) {
  const TraceScope scope(step.trace, subject_);
  relay_->onStreamBytes(step, bytes);
  hear(step);
}

void RelayTail::onStreamClosed(Step& step, SocketId, StreamEnd reason) {
  relay_->onStreamClosed(step, reason);
}

// What peers still send concerns nobody.
void RelayTail::hear(Step& step) {
  while (relay_->nextRelayed(step)) {
  }
}

void RelayTail::onTimer(Step& step) {
  const TraceScope scope(step.trace, subject_);
  relay_->onTimer(step);
}

void RelayTail::onStepEnd(Step& step) {
  while (const auto event = relay_->nextEvent())
    if (std::holds_alternative<turn::Released>(*event)) isReleased_ = true;
  if (isPlanted(PlantedBug::relayTailOnce)) isReleased_ = true;
  if (isReleased_ || giveUp_.expire(step.now)) {
    const TraceScope scope(step.trace, subject_);
    PARLEY_TRACE(step, Topic::session, "relay_tail_ended",
                 {"trigger", isReleased_ ? "the allocation is gone" : "its time is over"});
    relay_->sayGoodbye(step);
    host_.dismiss(*this);
    return;
  }
  host_.wakeAt(*this, earliest(giveUp_.due(), relay_->deadline()));
}

Host::Guest::Holdings RelayTail::holdings() const { return holdingsOf(relay_->held()); }

}  // namespace parley::session
