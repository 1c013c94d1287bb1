#pragma once

#include <variant>

#include "turn/http_connect.h"
#include "turn/socks_connect.h"

namespace parley::turn {

// What is said with a proxy before the server is reached, over the connection to the proxy. Whoever
// owns that writes what is unsent, after construction and after receive(), and hands the rest of
// the bytes to the layer above once it is through.
class ProxyHandshake {
 public:
  ProxyHandshake(const ProxyConfig& proxy, const ProxyTarget& target)
      : way_(proxy.kind == ProxyConfig::Kind::http
                 ? Way(std::in_place_type<HttpConnect>, proxy, target)
                 : Way(std::in_place_type<SocksConnect>, proxy, target)) {}

  ByteVector takeUnsent() {
    return std::visit([](auto& way) { return way.takeUnsent(); }, way_);
  }
  std::size_t receive(Bytes bytes) {
    return std::visit([&](auto& way) { return way.receive(bytes); }, way_);
  }
  bool isThrough() const {
    return std::visit([](const auto& way) { return way.isThrough(); }, way_);
  }
  // Why there is no way; it names the proxy's answer and no secret.
  const std::optional<std::string>& failure() const {
    return std::visit([](const auto& way) -> const auto& { return way.failure(); }, way_);
  }

 private:
  using Way = std::variant<HttpConnect, SocksConnect>;
  Way way_;
};

}  // namespace parley::turn
