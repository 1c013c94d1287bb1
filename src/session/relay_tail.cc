#include "session/relay_tail.h"

#include <utility>
#include <variant>

#include "core/limits.h"
#include "core/planted.h"

namespace parley::session {

void RelayTail::leave(Host& host, Step& step, std::unique_ptr<Relay> relay, Duration limit,
                      std::uint32_t subject) {
  const SocketId socket = relay->socket();
  relay->client().release(step);
  if (relay->client().held() == turn::Held{} || limit <= Duration::zero() ||
      host.residents() >= limits::loop::kTails)
    return host.close(socket);
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
  PARLEY_TRACE(step, Topic::session, "relay_tail_begun", {"socket", relay_->socket().value});
}

void RelayTail::onDatagram(Step& step, Datagram datagram) {
  const TraceScope scope(step.trace, subject_);
  relay_->receive(step, std::move(datagram));
}

void RelayTail::onTimer(Step& step) {
  const TraceScope scope(step.trace, subject_);
  relay_->client().onTimer(step);
}

void RelayTail::onStepEnd(Step& step) {
  while (const auto event = relay_->client().nextEvent())
    if (std::holds_alternative<turn::Released>(*event)) isReleased_ = true;
  if (isPlanted(PlantedBug::relayTailOnce)) isReleased_ = true;
  if (isReleased_ || giveUp_.expire(step.now)) {
    const TraceScope scope(step.trace, subject_);
    PARLEY_TRACE(step, Topic::session, "relay_tail_ended",
                 {"trigger", isReleased_ ? "the allocation is gone" : "its time is over"});
    host_.dismiss(*this);
    return;
  }
  host_.wakeAt(*this, earliest(giveUp_.due(), relay_->client().deadline()));
}

Host::Guest::Holdings RelayTail::holdings() const { return holdingsOf(relay_->client().held()); }

}  // namespace parley::session
