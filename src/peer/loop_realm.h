#pragma once

#include <memory>

#include "core/host.h"
#include "crypto/identity.h"
#include "peer/contexts.h"
#include "peer/realm.h"
#include "peer/task_queue.h"
#include "session/local_port.h"

namespace parley::peer {

// Objects and engine on one loop. Shared by all connections of the loop.
class LoopRealm final : public Realm {
 public:
  explicit LoopRealm(Host& host);

  void queueTask(std::move_only_function<void()> task) override;
  std::shared_ptr<Microtasks> microtasks() override { return tasks_; }
  std::int64_t wallMicros() override;
  void fillSecrets(MutableBytes bytes) override;
  std::shared_ptr<const crypto::Identity> identity() override;
  std::unique_ptr<session::Port> openSession(
      session::Config config, std::weak_ptr<session::Port::Listener> listener) override;
  std::shared_ptr<session::MuxHandle> openMux() override { return attachment_->openMux(); }
  std::shared_ptr<session::TcpMuxHandle> openTcpMux() override { return attachment_->openTcpMux(); }
  std::size_t muxes() const { return attachment_->openMuxes(); }
  Tracing tracing() override;
  std::uint32_t newSubject() override { return ++attachment_->subjects; }

  // The loop ends: sessions are closed, objects become inert.
  void detach();

 private:
  std::shared_ptr<session::Attachment> attachment_;
  std::shared_ptr<TaskQueue> tasks_;
  Contexts contexts_;
  crypto::Identity::Shared identity_;
};

}  // namespace parley::peer
