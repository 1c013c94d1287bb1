#pragma once

#include <cstdint>
#include <string>

namespace parley::turn {

// A proxy on the way to a server, and who we are to it.
struct ProxyConfig {
  enum class Kind : std::uint8_t { http, socks5 };

  Kind kind = Kind::http;
  std::string host;  // a name or a numeric address
  std::uint16_t port = 0;
  std::string username;  // empty: it is not told
  std::string password;
};

// Where the way is to lead: the proxy looks names up.
struct ProxyTarget {
  std::string host;  // a name or a numeric address, without brackets
  std::uint16_t port = 0;
};

}  // namespace parley::turn
