#include "ice/candidate.h"

#include <charconv>

#include "core/bytes.h"

namespace parley::ice {
namespace {

constexpr std::size_t kLineMax = 1'024;
constexpr std::size_t kFoundationMax = 64;  // RFC 8839 says 32; longer ones are seen
constexpr std::size_t kNameMax = 253;       // RFC 1035 2.3.4, without the root

template <class Number>
std::optional<Number> parseNumber(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && rest == end ? std::optional(value) : std::nullopt;
}

bool equalNoCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Takes the next word off the front of the text; empty at its end.
std::string_view takeWord(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  return word;
}

bool isVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool isHostname(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  return !text.empty() && text.size() <= kNameMax && std::ranges::all_of(text, allowed);
}

std::optional<IpAddress> parseIp(std::string_view text) {
  return IpAddress::parse(text.substr(0, text.find('%')));  // some write an IPv6 zone
}

// RFC 8839 5.1: FQDN and address alike stand in connection-address.
bool parseHost(std::string_view text, Candidate& candidate) {
  if (const auto ip = parseIp(text)) {
    candidate.address.ip = *ip;
    return true;
  }
  if (!isHostname(text)) return false;
  candidate.hostname = text;
  return true;
}

std::optional<CandidateType> parseType(std::string_view text) {
  for (const CandidateType type : {CandidateType::host, CandidateType::serverReflexive,
                                   CandidateType::peerReflexive, CandidateType::relayed}) {
    if (equalNoCase(text, wireName(type))) return type;
  }
  return std::nullopt;
}

TcpType parseTcpType(std::string_view text) {
  for (const TcpType type : {TcpType::active, TcpType::passive, TcpType::simultaneousOpen}) {
    if (equalNoCase(text, wireName(type))) return type;
  }
  return TcpType::none;
}

struct Related {
  std::optional<IpAddress> ip;
  std::optional<std::uint16_t> port;
};

void readExtension(std::string_view name, std::string_view value, Candidate& candidate,
                   Related& related) {
  if (name == "raddr") {
    related.ip = parseIp(value);
  } else if (name == "rport") {
    related.port = parseNumber<std::uint16_t>(value);
  } else if (name == "tcptype") {
    candidate.tcpType = parseTcpType(value);
  } else if (name == "ufrag") {
    candidate.usernameFragment = value;
  } else if (name == "generation") {
    candidate.generation = parseNumber<std::uint32_t>(value);
  } else if (name == "network-id") {
    candidate.networkId = parseNumber<std::uint16_t>(value);
  } else if (name == "network-cost") {
    candidate.networkCost = parseNumber<std::uint16_t>(value);
  }
}

template <class Number>
void appendField(std::string& text, std::string_view name, Number value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(name).append(digits, end);
}

}  // namespace

std::string_view wireName(CandidateType type) {
  switch (type) {
    case CandidateType::host:
      return "host";
    case CandidateType::serverReflexive:
      return "srflx";
    case CandidateType::peerReflexive:
      return "prflx";
    case CandidateType::relayed:
      return "relay";
  }
  return {};
}

std::string_view wireName(TcpType type) {
  switch (type) {
    case TcpType::none:
      return "";
    case TcpType::active:
      return "active";
    case TcpType::passive:
      return "passive";
    case TcpType::simultaneousOpen:
      return "so";
  }
  return {};
}

Result<Candidate, ParseError> Candidate::parse(std::string_view text) {
  if (text.size() > kLineMax) return Unexpected(ParseError::tooLarge);
  if (text.starts_with("a=")) text.remove_prefix(2);
  if (!text.starts_with("candidate:")) return Unexpected(ParseError::malformed);
  text.remove_prefix(std::string_view("candidate:").size());
  const auto isPlain = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::ranges::all_of(text, isPlain)) return Unexpected(ParseError::malformed);

  Candidate candidate;
  candidate.foundation = takeWord(text);
  const auto component = parseNumber<std::uint16_t>(takeWord(text));
  const std::string_view transport = takeWord(text);
  const auto priority = parseNumber<std::uint32_t>(takeWord(text));
  const std::string_view host = takeWord(text);
  const auto port = parseNumber<std::uint16_t>(takeWord(text));
  const std::string_view typ = takeWord(text);
  const auto type = parseType(takeWord(text));

  const std::size_t foundationSize = candidate.foundation.size();
  if (foundationSize == 0 || foundationSize > kFoundationMax || !isVisible(candidate.foundation) ||
      !component || *component == 0 || *component > 256 || !priority || !port || typ != "typ") {
    return Unexpected(ParseError::malformed);
  }
  if (!type || !(equalNoCase(transport, "udp") || equalNoCase(transport, "tcp"))) {
    return Unexpected(ParseError::unsupported);
  }
  if (!parseHost(host, candidate)) return Unexpected(ParseError::malformed);
  candidate.component = *component;
  candidate.protocol = equalNoCase(transport, "udp") ? Protocol::udp : Protocol::tcp;
  candidate.priority = *priority;
  candidate.address.port = *port;
  candidate.type = *type;

  Related related;
  while (true) {
    const std::string_view name = takeWord(text);
    const std::string_view value = takeWord(text);
    if (value.empty()) break;
    readExtension(name, value, candidate, related);
  }
  if (related.ip) candidate.related = Address{*related.ip, related.port.value_or(0)};
  return candidate;
}

std::string Candidate::toString() const {
  std::string text = "candidate:" + foundation;
  appendField(text, " ", component);
  text += protocol == Protocol::udp ? " udp" : " tcp";
  appendField(text, " ", priority);
  text += ' ';
  text += hostname.empty() ? address.ip.toString() : hostname;
  appendField(text, " ", address.port);
  text.append(" typ ").append(wireName(type));
  if (related) {
    text.append(" raddr ").append(related->ip.toString());
    appendField(text, " rport ", related->port);
  }
  if (tcpType != TcpType::none) text.append(" tcptype ").append(wireName(tcpType));
  if (generation) appendField(text, " generation ", *generation);
  if (!usernameFragment.empty()) text.append(" ufrag ").append(usernameFragment);
  if (networkId) appendField(text, " network-id ", *networkId);
  if (networkCost) appendField(text, " network-cost ", *networkCost);
  return text;
}

}  // namespace parley::ice
