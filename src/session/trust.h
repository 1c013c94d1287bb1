#pragma once

#include <map>
#include <memory>
#include <string>

#include "tls/stream_context.h"

namespace parley::session {

// Whom connections to TURN servers over TLS trust: the system's authorities, or the ones of a PEM
// text. Reading them takes milliseconds, so it is done once for all sessions of a host.
class Trust {
 public:
  // Null where the text cannot be read. Empty: the system's.
  tls::Context::Shared in(const std::string& authoritiesPem) {
    const auto found = contexts_.find(authoritiesPem);
    if (found != contexts_.end()) return found->second;
    if (contexts_.size() == kContexts) contexts_.clear();
    const tls::Trust trust = authoritiesPem.empty() ? tls::Trust::system : tls::Trust::given;
    auto made = tls::Context::ofClient({.trust = trust, .authoritiesPem = authoritiesPem});
    return contexts_.emplace(authoritiesPem, std::move(made)).first->second;
  }

 private:
  static constexpr std::size_t kContexts = 16;
  std::map<std::string, tls::Context::Shared> contexts_;
};

}  // namespace parley::session
