#include "peer/contexts.h"

namespace parley::peer {

dtls::Context::Shared Contexts::of(const crypto::Identity::Shared& identity) {
  if (auto known = contexts_[identity.get()].lock()) return known;
  std::erase_if(contexts_, [](const auto& entry) { return entry.second.expired(); });
  auto made = dtls::Context::make(identity);
  if (made) contexts_[identity.get()] = made;
  last_ = made;
  return made;
}

}  // namespace parley::peer
