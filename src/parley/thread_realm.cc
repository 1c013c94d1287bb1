#include "parley/thread_realm.h"

#include "crypto/secrets.h"
#include "parley/thread_port.h"
#include "runtime/clock.h"

namespace parley {

ThreadRealm::ThreadRealm(std::shared_ptr<EngineLink> engine, Dispatcher dispatcher)
    : engine_(std::move(engine)),
      dispatcher_(std::move(dispatcher)),
      tasks_(std::make_shared<peer::TaskQueue>(dispatcher_)) {}

std::int64_t ThreadRealm::wallMicros() { return runtime::readClock().wallMicros; }

void ThreadRealm::fillSecrets(MutableBytes bytes) { crypto::SystemSecrets().fill(bytes); }

std::shared_ptr<const crypto::Identity> ThreadRealm::identity() {
  if (!identity_ || identity_->isExpired(wallMicros())) {
    crypto::SystemSecrets secrets;
    identity_ = engine_->identity(secrets, wallMicros());
  }
  return identity_;
}

std::unique_ptr<session::Port> ThreadRealm::openSession(
    session::Config config, std::weak_ptr<session::Port::Listener> listener) {
  return std::make_unique<ThreadPort>(engine_, dispatcher_, std::move(config), std::move(listener));
}

}  // namespace parley
