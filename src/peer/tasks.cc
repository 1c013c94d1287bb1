#include "peer/tasks.h"

#include <utility>

namespace parley::peer {

void Tasks::queue(Task task) {
  if (ended_) return;
  later_.push_back(std::move(task));
  schedule();
}

void Tasks::next(Task task) {
  if (ended_) return;
  soon_.push_back(std::move(task));
  schedule();
}

void Tasks::end() {
  ended_ = true;
  // Destroying a task may destroy the user's objects, which may come back here.
  const auto soon = std::exchange(soon_, {});
  const auto later = std::exchange(later_, {});
}

// One turn of the realm per task of ours. Which task a turn runs is decided when it comes, so that
// what next() was given overtakes what was queued, and the number of turns still fits.
void Tasks::schedule() {
  realm_->queueTask([weak = self_] {
    if (const auto self = weak.lock()) self->runOne();
  });
}

void Tasks::runOne() {
  std::deque<Task>& from = soon_.empty() ? later_ : soon_;
  if (from.empty()) return;
  Task task = std::move(from.front());
  from.pop_front();
  task();
}

}  // namespace parley::peer
