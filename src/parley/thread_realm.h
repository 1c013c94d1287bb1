#pragma once

#include <memory>

#include "crypto/identity.h"
#include "parley/engine_link.h"
#include "peer/realm.h"
#include "peer/task_queue.h"

namespace parley {

// Objects on one thread, engine on another. Commands and batches of events cross as values.
class ThreadRealm final : public peer::Realm, public std::enable_shared_from_this<ThreadRealm> {
 public:
  ThreadRealm(std::shared_ptr<EngineLink> engine, Dispatcher dispatcher);

  void queueTask(std::move_only_function<void()> task) override {
    tasks_->queueTask(std::move(task));
  }
  std::shared_ptr<Microtasks> microtasks() override { return tasks_; }
  std::int64_t wallMicros() override;
  void fillSecrets(MutableBytes bytes) override;
  std::shared_ptr<const crypto::Identity> identity() override;
  std::unique_ptr<session::Port> openSession(
      session::Config config, std::weak_ptr<session::Port::Listener> listener) override;

 private:
  std::shared_ptr<EngineLink> engine_;
  Dispatcher dispatcher_;
  std::shared_ptr<peer::TaskQueue> tasks_;
  crypto::Identity::Shared identity_;
};

}  // namespace parley
