#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "core/bytes.h"
#include "turn/proxy_config.h"

namespace parley::turn {

// Asks a SOCKS 5 proxy for a connection to a server (RFC 1928 CONNECT), with a user name and a
// password (RFC 1929) where there are some. It has no clock: how long to wait for the answers is
// its owner's to say.
class SocksConnect {
 public:
  SocksConnect(ProxyConfig proxy, ProxyTarget target);

  ByteVector takeUnsent() { return std::exchange(unsent_, {}); }  // what is to be said now
  // How many of the bytes were the proxy's: all, unless its answer ends in them and it is through.
  std::size_t receive(Bytes bytes);

  bool isThrough() const { return state_ == State::through; }
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  enum class State : std::uint8_t { method, login, reply, through };

  void onMethod();
  void onLogin();
  void onReply();
  void logIn();
  void ask();
  void fail(std::string reason) { failure_ = std::move(reason); }

  const ProxyConfig proxy_;
  const ProxyTarget target_;
  ByteVector unsent_;
  ByteVector answer_;  // the one that is coming in
  State state_ = State::method;
  std::optional<std::string> failure_;
};

}  // namespace parley::turn
