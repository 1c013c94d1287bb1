#pragma once

#include <map>
#include <memory>
#include <string>

#include "tls/context.h"
#include "tls/stream_context.h"

namespace parley::session {

// Whom connections to TURN servers over TLS and DTLS trust: the system's authorities, or the ones
// of a PEM text. Reading them takes milliseconds, so it is done once for all sessions of a host.
class Trust {
 public:
  // Null where the text cannot be read. Empty: the system's.
  tls::Context::Shared in(const std::string& authoritiesPem) {
    return found(streams_, authoritiesPem, tls::Context::ofClient);
  }
  dtls::Context::Shared inDatagrams(const std::string& authoritiesPem) {
    return found(datagrams_, authoritiesPem, dtls::Context::ofClient);
  }

 private:
  static constexpr std::size_t kContexts = 16;

  template <class Shared>
  static Shared found(std::map<std::string, Shared>& contexts, const std::string& authoritiesPem,
                      Shared (*make)(const tls::ClientOptions&)) {
    const auto known = contexts.find(authoritiesPem);
    if (known != contexts.end()) return known->second;
    if (contexts.size() == kContexts) contexts.clear();
    const tls::Trust trust = authoritiesPem.empty() ? tls::Trust::system : tls::Trust::given;
    return contexts
        .emplace(authoritiesPem, make({.trust = trust, .authoritiesPem = authoritiesPem}))
        .first->second;
  }

  std::map<std::string, tls::Context::Shared> streams_;
  std::map<std::string, dtls::Context::Shared> datagrams_;
};

}  // namespace parley::session
