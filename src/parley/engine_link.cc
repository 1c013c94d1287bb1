#include "parley/engine_link.h"

#include "parley/loop_state.h"

namespace parley {

void EngineLink::post(std::move_only_function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (loop_) loop_->post(std::move(task));
}

void EngineLink::postToRealm(std::move_only_function<void(peer::LoopRealm&)> task) {
  const std::lock_guard lock(mutex_);
  if (!loop_) {
    if (!isBuried_) dropped_.push_back(std::make_shared<decltype(task)>(std::move(task)));
    return;
  }
  peer::LoopRealm& realm = *loop_->state().realm;  // lives as long as the loop that runs the task
  loop_->post([&realm, task = std::move(task)]() mutable { task(realm); });
}

void EngineLink::stop() {
  const std::lock_guard lock(mutex_);
  if (loop_) loop_->stop();
}

void EngineLink::cut() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

void EngineLink::bury() {
  std::vector<std::shared_ptr<void>> dropped;
  const std::lock_guard lock(mutex_);
  isBuried_ = true;
  dropped.swap(dropped_);
}

crypto::Identity::Shared EngineLink::identity(Secrets& secrets, std::int64_t wallMicros) {
  const std::lock_guard lock(mutex_);
  if (!identity_ || identity_->isExpired(wallMicros))
    identity_ = crypto::Identity::generate(secrets, wallMicros).value_or(nullptr);
  return identity_;
}

}  // namespace parley
