#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "crypto/identity.h"
#include "parley/runtime.h"

namespace parley {

namespace peer {
class LoopRealm;
}

// The way from other threads to an engine that may end at any time: what is posted after its end
// is dropped. It also keeps the one identity that all connections over this engine share.
class EngineLink {
 public:
  explicit EngineLink(Loop& loop) : loop_(&loop) {}

  void postToRealm(std::move_only_function<void(peer::LoopRealm&)> task);
  void post(std::move_only_function<void()> task);
  void stop();
  void cut();  // before the loop goes
  // On the loop's thread, once its sessions have ended. What was dropped since the cut may hold
  // parts of them, so it is kept until here; from now on it may die on any thread.
  void bury();

  crypto::Identity::Shared identity(Secrets& secrets, std::int64_t wallMicros);

 private:
  std::mutex mutex_;
  Loop* loop_;
  std::vector<std::shared_ptr<void>> dropped_;
  bool isBuried_ = false;
  crypto::Identity::Shared identity_;
};

}  // namespace parley
