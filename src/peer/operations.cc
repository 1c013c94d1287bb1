#include "peer/operations.h"

namespace parley::peer {

void Operations::end() {
  self_.reset();
  whenEmpty_ = nullptr;
  auto abandoned = std::exchange(queue_, {});
  for (Operation& operation : abandoned) operation.abandon();
}

void Operations::runFirst() {
  // It may end the chain, so it must not live in the queue while it runs.
  auto run = std::exchange(queue_.front().run, nullptr);
  run();
}

void Operations::finishFirst() {
  queue_.pop_front();
  if (!queue_.empty()) return runFirst();
  if (whenEmpty_) whenEmpty_();
}

}  // namespace parley::peer
