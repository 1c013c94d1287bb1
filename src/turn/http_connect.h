#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.h"
#include "turn/proxy_config.h"

namespace parley::turn {

// Asks an HTTP proxy for a tunnel to a server by CONNECT (RFC 9110 9.3.6), with Basic
// authentication (RFC 7617) where there is a user. Of the answer it holds one line. It has no
// clock: how long to wait for the answer is its owner's to say.
class HttpConnect {
 public:
  HttpConnect(const ProxyConfig& proxy, const ProxyTarget& target);

  ByteVector takeUnsent() { return std::exchange(unsent_, {}); }  // what is to be said now
  // How many of the bytes were the proxy's: all, unless its answer ends in them and it is through.
  std::size_t receive(Bytes bytes);

  bool isThrough() const { return isThrough_; }
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  void take(char letter);
  void onLine(std::string_view line);
  void onStatus(std::string_view line);
  void fail(std::string reason);
  std::string refusal(std::string_view status) const;

  std::string token_;  // of Basic
  std::string password_;
  ByteVector unsent_;
  std::string line_;
  std::size_t taken_ = 0;
  bool isInFields_ = false;
  bool isInterim_ = false;  // RFC 9110 15.2: another answer follows
  bool isThrough_ = false;
  std::optional<std::string> failure_;
};

}  // namespace parley::turn
