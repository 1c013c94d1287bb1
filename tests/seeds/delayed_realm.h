#pragma once

#include <memory>

#include "core/random.h"
#include "peer/loop_realm.h"
#include "peer/realm.h"
#include "peer/task_queue.h"
#include "sim/world.h"

namespace parley::seeds {

// W3C objects as they live on another thread than their packets, in one world: tasks run between
// the turns of the node, commands and batches of events travel for a random while, each way in
// order. What Node.js and LoopThread do, made repeatable.
class DelayedRealm final : public peer::Realm {
 public:
  DelayedRealm(sim::World& world, sim::Node& node, std::uint64_t seed, Duration longest);
  ~DelayedRealm() override;

  void queueTask(std::move_only_function<void()> task) override;
  std::shared_ptr<Microtasks> microtasks() override { return tasks_; }
  std::int64_t wallMicros() override;
  void fillSecrets(MutableBytes bytes) override { secrets_.fill(bytes); }
  std::shared_ptr<const crypto::Identity> identity() override;
  std::unique_ptr<session::Port> openSession(
      session::Config config, std::weak_ptr<session::Port::Listener> listener) override;

  void detach();

 private:
  class Road;
  class Engine;
  class Port;

  sim::Node& node_;
  sim::SeededSecrets secrets_;
  std::shared_ptr<peer::LoopRealm> engine_;
  std::shared_ptr<peer::TaskQueue> tasks_;
  std::shared_ptr<Road> down_;
  std::shared_ptr<Road> up_;
  crypto::Identity::Shared identity_;
};

}  // namespace parley::seeds
