#include "peer/loop_realm.h"

#include "crypto/secrets.h"

namespace parley::peer {

LoopRealm::LoopRealm(Host& host)
    : attachment_(std::make_shared<session::Attachment>()),
      tasks_(std::make_shared<TaskQueue>(
          [&host](TaskQueue::Task task) { host.queueTask(std::move(task)); })) {
  attachment_->host = &host;
}

void LoopRealm::queueTask(std::move_only_function<void()> task) {
  tasks_->queueTask(std::move(task));
}

std::int64_t LoopRealm::wallMicros() {
  return attachment_->host ? attachment_->host->step().wallMicros : 0;
}

void LoopRealm::fillSecrets(MutableBytes bytes) {
  if (attachment_->host) attachment_->host->step().secrets.fill(bytes);
}

std::shared_ptr<const crypto::Identity> LoopRealm::identity() {
  if (!attachment_->host) return identity_;
  Step& step = attachment_->host->step();
  if (!identity_ || identity_->isExpired(step.wallMicros))
    identity_ = crypto::Identity::generate(step.secrets, step.wallMicros).value_or(nullptr);
  return identity_;
}

std::unique_ptr<session::Port> LoopRealm::openSession(
    session::Config config, std::weak_ptr<session::Port::Listener> listener) {
  auto context = contexts_.of(config.identity);
  return std::make_unique<session::LocalPort>(attachment_, std::move(context), std::move(config),
                                              std::move(listener));
}

Realm::Tracing LoopRealm::tracing() {
  if (!attachment_->host) return Realm::tracing();
  Step& step = attachment_->host->step();
  return {.now = step.now, .trace = step.trace};
}

void LoopRealm::detach() {
  attachment_->detach();
  tasks_->close();
}

}  // namespace parley::peer
