// How a client gives back what it has: RFC 8656 8, with all that may go wrong on the way.

#include "core/planted.h"
#include "turn/client.h"

namespace parley::turn {

using stun::Method;

void Client::release(Step& step) {
  if (std::exchange(isReleasing_, true)) return;
  PARLEY_TRACE(step, Topic::turn, "release",
               {"held", static_cast<std::int64_t>(held().allocations)});
  refreshTimer_.stop();
  releaseTimer_.start(step.now, limits::loop::kTail);
  if (!awaitsSignedAllocate()) return onAllocateEndedInRelease(step);
  // A lost success must not leave anything behind: the Allocate is asked for at another pace, with
  // the same words.
  Request& request = *requests_.find(Method::allocate);
  request.transaction = transactionFor(request.transaction.id(), request.question);
  request.transaction.start(step.now);
  if (config_.overStream) {
    request.transaction.stopResending(step.now, limits::turn::kReliableWait);
  } else {
    transmit(step, request);
  }
}

bool Client::awaitsSignedAllocate() const {
  return state_ == State::allocating && challenge_.isKnown();
}

void Client::onAllocateEndedInRelease(Step& step) {
  if (state_ == State::allocated || mayBeLeft_) return releaseAllocation(step);
  finishRelease(step, true);
}

void Client::releaseAllocation(Step& step) {
  mayBeLeft_ = true;  // until the server has said otherwise
  state_ = State::over;
  requests_.clear();
  if (isPlanted(PlantedBug::turnNotReleased)) return finishRelease(step, true);
  ask(step, {.method = Method::refresh, .lifetime = Duration{}});
}

void Client::finishRelease(Step& step, bool isConfirmed) {
  PARLEY_TRACE(step, Topic::turn, "released", {"confirmed", isConfirmed ? 1 : 0});
  if (isConfirmed) {
    mayBeLeft_ = false;
  } else {
    mayBeLeft_ = held().allocations > 0;
  }
  state_ = State::over;
  isReleased_ = true;
  releaseTimer_.stop();
  requests_.clear();
  peers_.clear();
  events_.push(Released{isConfirmed});
}

}  // namespace parley::turn
