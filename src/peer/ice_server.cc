#include "peer/ice_server.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/address.h"
#include "core/limits.h"
#include "peer/errors.h"
#include "peer/utf8.h"

namespace parley::peer {
namespace {

using Scheme = IceServerUrl::Scheme;

constexpr std::size_t kUsernameMax = 508;  // RFC 8489 14.3: fewer than 509 bytes

[[noreturn]] void refuse(std::string_view url, const char* why) {
  throw syntaxError("ICE server URL \"" + std::string(url) + "\": " + why);
}

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<Scheme> schemeOf(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Scheme>, 4> kSchemes{
      {{"stun", Scheme::stun},
       {"stuns", Scheme::stuns},
       {"turn", Scheme::turn},
       {"turns", Scheme::turns}}};
  for (const auto& [text, scheme] : kSchemes)
    if (equalIgnoringCase(name, text)) return scheme;
  return std::nullopt;
}

std::uint16_t defaultPort(Scheme scheme) {  // RFC 7064 3.2, RFC 7065 3.2
  return scheme == Scheme::stuns || scheme == Scheme::turns ? 5349 : 3478;
}

// WHATWG URL "forbidden domain code points"; bytes above 0x7f are for IDNA and let through.
bool isForbidden(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte <= 0x20 || byte == 0x7f || std::string_view("#/:<>?@[\\]^|%").contains(letter);
}

// A host that ends in a number is an IPv4 address or nothing (WHATWG URL 3.5).
bool isHost(std::string_view host) {
  if (host.empty() || std::ranges::any_of(host, isForbidden)) return false;
  std::string_view stem = host;
  if (stem.ends_with('.')) stem.remove_suffix(1);
  const std::string_view last = stem.substr(stem.rfind('.') + 1);
  const bool isNumber =
      !last.empty() && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
  return !isNumber || IpAddress::parse(stem).has_value();
}

std::optional<std::uint16_t> parsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

IceServerUrl IceServerUrl::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto scheme = colon == text.npos ? std::nullopt : schemeOf(text.substr(0, colon));
  if (!scheme) refuse(text, "the scheme must be stun, stuns, turn or turns");
  std::string_view path = text.substr(colon + 1);
  if (path.contains('#')) refuse(text, "no fragment is allowed");
  std::optional<std::string_view> query;
  if (const std::size_t mark = path.find('?'); mark != path.npos) {
    query = path.substr(mark + 1);
    path = path.substr(0, mark);
  }
  if (path.find_first_of("/@") != path.npos) refuse(text, "no path and no user are allowed");

  IceServerUrl url;
  url.scheme = *scheme;
  url.port = defaultPort(*scheme);
  if (query && !url.isRelay()) refuse(text, "no query is allowed");
  if (query && *query != "transport=udp" && *query != "transport=tcp")
    refuse(text, "the query must be transport=udp or transport=tcp");
  url.isTcp = query ? *query == "transport=tcp"
                    : url.scheme == Scheme::turns || url.scheme == Scheme::stuns;

  std::string_view rest;
  if (path.starts_with('[')) {
    const std::size_t end = path.find(']');
    if (end == path.npos) refuse(text, "a bracket is missing");
    url.host = path.substr(1, end - 1);
    rest = path.substr(end + 1);
    const auto ip = IpAddress::parse(url.host);
    if (!ip || !ip->isV6()) refuse(text, "not an IPv6 address");
  } else {
    const std::size_t end = path.find(':');
    url.host = path.substr(0, end);
    rest = end == path.npos ? std::string_view() : path.substr(end);
    if (!isHost(url.host)) refuse(text, "not a host");
  }
  if (rest.empty() || rest == ":") return url;
  const auto port = rest.front() == ':' ? parsePort(rest.substr(1)) : std::nullopt;
  if (!port) refuse(text, "not a port");
  url.port = *port;
  return url;
}

void validate(const RTCIceServer& server) {
  if (server.urls.empty()) throw syntaxError("an ICE server without a URL");
  for (const std::string& text : server.urls) {
    if (!IceServerUrl::parse(text).isRelay()) continue;
    if (!server.username || !server.credential)
      throw invalidAccess("a TURN server needs username and credential");
    // RFC 8489 14.3 and RFC 8265 4.1: UTF-8, not empty, the name within 508 bytes.
    const auto& [username, credential] = std::tie(*server.username, *server.credential);
    if (username.empty() || username.size() > kUsernameMax || !isUtf8(username))
      throw invalidAccess("a TURN user name must be 1 to 508 bytes of UTF-8");
    if (credential.empty() || !isUtf8(credential))
      throw invalidAccess("a TURN credential must be UTF-8 and not empty");
  }
}

std::vector<session::IceServer> takenApart(const std::vector<RTCIceServer>& servers) {
  using Transport = session::IceServer::Transport;
  using Scheme = IceServerUrl::Scheme;
  std::vector<session::IceServer> all;
  for (const RTCIceServer& server : servers) {
    for (const std::string& text : server.urls) {
      if (all.size() == limits::ice::kServers) return all;
      IceServerUrl url = IceServerUrl::parse(text);
      const bool isSecure = url.scheme == Scheme::turns || url.scheme == Scheme::stuns;
      session::IceServer one;
      one.isRelay = url.isRelay();
      one.transport = isSecure ? (url.isTcp ? Transport::tls : Transport::dtls)
                               : (url.isTcp ? Transport::tcp : Transport::udp);
      one.host = std::move(url.host);
      one.port = url.port;
      if (one.isRelay) {
        one.username = server.username.value_or("");
        one.password = server.credential.value_or("");
      }
      one.url = text;
      all.push_back(std::move(one));
    }
  }
  return all;
}

}  // namespace parley::peer
