#pragma once

#include <memory>
#include <utility>

#include "core/random.h"
#include "peer/realm.h"

namespace parley::seeds {

// How often a rogue breaks a packet; the faults of the plan turn it up and down.
struct Mischief {
  double share = 0;
};

// The outside of a peer that has the right keys and breaks its SCTP packets before they are
// sealed: lengths, counts, numbers, flags, whole chunks, with a checksum that is right again.
class RogueRealm final : public peer::Realm {
 public:
  RogueRealm(std::shared_ptr<peer::Realm> inner, std::shared_ptr<Mischief> mischief,
             std::uint64_t seed)
      : inner_(std::move(inner)), mischief_(std::move(mischief)), seed_(seed) {}

  void queueTask(std::move_only_function<void()> task) override {
    inner_->queueTask(std::move(task));
  }
  std::shared_ptr<Microtasks> microtasks() override { return inner_->microtasks(); }
  std::int64_t wallMicros() override { return inner_->wallMicros(); }
  void fillSecrets(MutableBytes bytes) override { inner_->fillSecrets(bytes); }
  std::shared_ptr<const crypto::Identity> identity() override { return inner_->identity(); }
  std::unique_ptr<session::Port> openSession(
      session::Config config, std::weak_ptr<session::Port::Listener> listener) override;

 private:
  std::shared_ptr<peer::Realm> inner_;
  std::shared_ptr<Mischief> mischief_;
  std::uint64_t seed_;
};

// One SCTP packet, broken somewhere, with its checksum set right.
void breakPacket(Random& random, MutableBytes packet);

}  // namespace parley::seeds
