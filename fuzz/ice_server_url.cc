#include "fuzz/common.h"
#include "parley/dom_exception.h"
#include "peer/ice_server.h"

// A URL that is taken comes back from its parts as the same one; a refusal is a SyntaxError.
// max_len: 64

namespace parley::fuzz {
namespace {

std::string textOf(const peer::IceServerUrl& url) {
  using Scheme = peer::IceServerUrl::Scheme;
  static constexpr const char* kNames[] = {"stun", "stuns", "turn", "turns"};
  std::string text = kNames[static_cast<std::size_t>(url.scheme)];
  const bool isIpv6 = url.host.find(':') != url.host.npos;
  text += isIpv6 ? ":[" + url.host + "]" : ":" + url.host;
  text += ":" + std::to_string(url.port);
  if (url.isRelay()) text += url.isTcp ? "?transport=tcp" : "?transport=udp";
  if (!url.isRelay()) FUZZ_REQUIRE(url.isTcp == (url.scheme == Scheme::stuns));
  return text;
}

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  peer::IceServerUrl first;
  try {
    first = peer::IceServerUrl::parse(parley::textOf(input));
  } catch (const DOMException& error) {
    FUZZ_REQUIRE(error.name() == "SyntaxError");
    return;
  }
  const auto second = peer::IceServerUrl::parse(textOf(first));
  FUZZ_REQUIRE(second.scheme == first.scheme && second.host == first.host);
  FUZZ_REQUIRE(second.port == first.port && second.isTcp == first.isTcp);
}

}  // namespace parley::fuzz
