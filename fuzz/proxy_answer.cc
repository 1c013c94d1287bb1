#include <optional>
#include <string>

#include "core/limits.h"
#include "fuzz/common.h"
#include "turn/proxy.h"

// What a proxy's answer comes to does not depend on where the stream is cut: what was said, how
// much of it was the proxy's, whether there is a way. Nothing that it says brings a secret into the
// reason, and nothing is heard once it is decided.
// max_len: 9000

namespace parley::fuzz {
namespace {

using turn::ProxyConfig;

constexpr std::string_view kPassword = "open sesame";
constexpr std::string_view kToken = "QWxhZGRpbjpvcGVuIHNlc2FtZQ==";  // of RFC 7617 2

struct Outcome {
  ByteVector said;
  std::size_t taken = 0;
  bool isThrough = false;
  std::optional<std::string> failure;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome hear(const ProxyConfig& proxy, Bytes answer, std::size_t width) {
  turn::ProxyHandshake handshake(proxy, {"turn.example", 443});
  Outcome outcome;
  for (;;) {
    const ByteVector said = handshake.takeUnsent();
    outcome.said.insert(outcome.said.end(), said.begin(), said.end());
    outcome.isThrough = handshake.isThrough();
    outcome.failure = handshake.failure();
    FUZZ_REQUIRE(!outcome.isThrough || !outcome.failure);
    if (answer.empty() || outcome.isThrough || outcome.failure) break;
    const Bytes piece = answer.first(std::min(width, answer.size()));
    const std::size_t taken = handshake.receive(piece);
    FUZZ_REQUIRE(taken == piece.size() || (taken < piece.size() && handshake.isThrough()));
    outcome.taken += taken;
    answer = answer.subspan(piece.size());
  }
  if (outcome.isThrough) FUZZ_REQUIRE(outcome.taken <= limits::turn::kProxyAnswer);
  if (outcome.failure) outcome.taken = 0;  // nobody looks at it
  FUZZ_REQUIRE(outcome.isThrough ? handshake.receive(bytesOf("more")) == 0 : true);
  return outcome;
}

}  // namespace

void oneInput(Bytes bytes) {
  const Frugal frugal(bytes.size());
  Input input(bytes);
  const std::uint8_t choice = input.u8();
  const std::size_t width = 1 + input.below(32);
  ProxyConfig proxy{.kind = choice & 1 ? ProxyConfig::Kind::socks5 : ProxyConfig::Kind::http,
                    .host = "proxy.example",
                    .port = 1'080};
  if (choice & 2) {
    proxy.username = "Aladdin";
    proxy.password = kPassword;
  }
  const Bytes answer = input.rest();
  const Outcome outcome = hear(proxy, answer, std::max<std::size_t>(answer.size(), 1));
  FUZZ_REQUIRE(outcome == hear(proxy, answer, width));
  if (outcome.failure && choice & 2)
    FUZZ_REQUIRE(!outcome.failure->contains(kPassword) && !outcome.failure->contains(kToken));
}

}  // namespace parley::fuzz
