#include "turn/socks_connect.h"

#include "core/address.h"

namespace parley::turn {
namespace {

constexpr std::uint8_t kVersion = 5;
constexpr std::uint8_t kLoginVersion = 1;  // RFC 1929 2
constexpr std::uint8_t kNoLogin = 0;       // RFC 1928 3: methods
constexpr std::uint8_t kUserAndPassword = 2;
constexpr std::uint8_t kConnect = 1;  // RFC 1928 4
constexpr std::uint8_t kV4 = 1;       // RFC 1928 5: types of addresses
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kV6 = 4;
constexpr std::size_t kTextMax = 255;
constexpr const char* kNotSocks = "the proxy does not speak SOCKS 5";

const char* describe(std::uint8_t reply) {  // RFC 1928 6
  switch (reply) {
    case 1:
      return "general failure (1)";
    case 2:
      return "not allowed by its rules (2)";
    case 3:
      return "network unreachable (3)";
    case 4:
      return "host unreachable (4)";
    case 5:
      return "connection refused (5)";
    case 6:
      return "TTL expired (6)";
    case 7:
      return "command not supported (7)";
    case 8:
      return "address type not supported (8)";
    default:
      return "a failure that has no name";
  }
}

void put(ByteVector& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void putText(ByteVector& to, const std::string& text) {
  to.push_back(static_cast<std::uint8_t>(text.size()));
  put(to, bytesOf(text));
}

// Of the reply as far as it is known: its type of address says how long it is (RFC 1928 6).
std::optional<std::size_t> sizeOf(Bytes reply) {
  constexpr std::size_t kHead = 4;
  constexpr std::size_t kPort = 2;
  switch (reply[3]) {
    case kV4:
      return kHead + 4 + kPort;
    case kV6:
      return kHead + 16 + kPort;
    case kName:
      return kHead + 1 + (reply.size() > kHead ? reply[kHead] : 0u) + kPort;
    default:
      return std::nullopt;
  }
}

}  // namespace

SocksConnect::SocksConnect(ProxyConfig proxy, ProxyTarget target)
    : proxy_(std::move(proxy)), target_(std::move(target)) {
  if (target_.host.empty() || target_.host.size() > kTextMax) {
    fail("the server's name cannot be told to a proxy");
  } else if (proxy_.username.size() > kTextMax || proxy_.password.size() > kTextMax) {
    fail("the user name or the password is too long for the proxy");
  } else if (proxy_.username.empty()) {
    unsent_ = {kVersion, 1, kNoLogin};
  } else {
    unsent_ = {kVersion, 2, kNoLogin, kUserAndPassword};
  }
}

std::size_t SocksConnect::receive(Bytes bytes) {
  std::size_t count = 0;
  while (count < bytes.size() && state_ != State::through && !failure_) {
    answer_.push_back(bytes[count++]);
    switch (state_) {
      case State::method:
        onMethod();
        break;
      case State::login:
        onLogin();
        break;
      case State::reply:
        onReply();
        break;
      case State::through:
        break;
    }
  }
  return failure_ ? bytes.size() : count;
}

void SocksConnect::onMethod() {
  if (answer_[0] != kVersion) return fail(kNotSocks);
  if (answer_.size() < 2) return;
  const std::uint8_t method = answer_[1];
  answer_.clear();
  if (method == kNoLogin) return ask();
  if (method == kUserAndPassword && !proxy_.username.empty()) return logIn();
  fail(proxy_.username.empty() ? "the proxy asks for a user name and a password"
                               : "the proxy takes no user name and password");
}

void SocksConnect::logIn() {
  state_ = State::login;
  unsent_.push_back(kLoginVersion);
  putText(unsent_, proxy_.username);
  putText(unsent_, proxy_.password);
}

void SocksConnect::onLogin() {
  if (answer_[0] != kLoginVersion) return fail(kNotSocks);
  if (answer_.size() < 2) return;
  const bool isWelcome = answer_[1] == 0;
  answer_.clear();
  if (!isWelcome) return fail("the proxy refused the user name or the password");
  ask();
}

void SocksConnect::ask() {
  state_ = State::reply;
  put(unsent_, ByteVector{kVersion, kConnect, 0});
  if (const auto ip = IpAddress::parse(target_.host)) {
    unsent_.push_back(ip->isV4() ? kV4 : kV6);
    put(unsent_, ip->bytes());
  } else {
    unsent_.push_back(kName);
    putText(unsent_, target_.host);
  }
  unsent_.push_back(static_cast<std::uint8_t>(target_.port >> 8));
  unsent_.push_back(static_cast<std::uint8_t>(target_.port & 0xff));
}

// A refusal is heard before the rest of it, which some proxies never send.
void SocksConnect::onReply() {
  if (answer_[0] != kVersion) return fail(kNotSocks);
  if (answer_.size() == 2 && answer_[1] != 0)
    return fail("the proxy answered: " + std::string(describe(answer_[1])));
  if (answer_.size() < 4) return;
  const auto size = sizeOf(answer_);
  if (answer_[2] != 0 || !size) return fail(kNotSocks);
  if (answer_.size() == *size) state_ = State::through;
}

}  // namespace parley::turn
