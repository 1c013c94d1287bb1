#include <algorithm>

#include "core/limits.h"
#include "sdp/attributes.h"
#include "sdp/session_description.h"
#include "sdp/words.h"

namespace parley::sdp {

namespace {

// Lines of RFC 8866 5 that stand before "c="; what else we do not model stands after the rest.
bool isPreamble(const Line& line) {
  return line.type == 'i' || line.type == 'u' || line.type == 'e' || line.type == 'p';
}

void putPreambleFirst(std::vector<Line>& lines) {
  std::vector<Line> ordered;
  ordered.reserve(lines.size());
  for (const bool preamble : {true, false})
    for (const Line& line : lines)
      if (isPreamble(line) == preamble) ordered.push_back(line);
  lines = std::move(ordered);
}

// Goes through the text once, line by line, and fills in the model.
class Parser {
 public:
  Result<SessionDescription, Error> parse(std::string_view text);

 private:
  const char* takeLine(std::string_view line);
  const char* takeHead(char type, std::string_view value);
  const char* takeSessionLine(char type, std::string_view value);
  const char* takeSectionLine(char type, std::string_view value);
  const char* takeAttribute(std::string_view value);
  const char* takeOrigin(std::string_view value);
  const char* takeMedia(std::string_view value);
  void settleOrder();

  SessionDescription session_;
  std::size_t head_ = 0;        // of v=, o=, s=: how many have been read
  std::size_t attributes_ = 0;  // in this section
};

std::optional<Connection> parseConnection(std::string_view value) {
  Words words(value);
  Connection connection{.netType = std::string(words.next()),
                        .addressType = std::string(words.next()),
                        .address = std::string(words.next())};
  if (connection.address.empty() || !words.done()) return {};
  return connection;
}

std::optional<Bandwidth> parseBandwidth(std::string_view value) {
  const std::string_view type = takeUntil(value, ':');
  const std::optional<std::uint64_t> number = parseNumber<std::uint64_t>(value);
  if (!isToken(type) || !number) return {};
  return Bandwidth{.type = std::string(type), .value = *number};
}

Result<SessionDescription, Error> Parser::parse(std::string_view text) {
  if (text.size() > limits::sdp::kBytes) return Unexpected<Error>({1, "description too long"});
  session_.timings.clear();
  session_.name.clear();
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::string_view line = takeUntil(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    const char* problem = nullptr;
    if (number > limits::sdp::kLines)
      problem = "too many lines";
    else if (!line.empty())
      problem = takeLine(line);
    if (problem) return Unexpected<Error>({number, problem});
  }
  if (head_ < 3) return Unexpected<Error>({number + 1, "description ends too early"});
  settleOrder();
  return std::move(session_);
}

const char* Parser::takeLine(std::string_view line) {
  if (line.size() > limits::sdp::kLineLength) return "line too long";
  if (line.size() < 2 || line[1] != '=' || line[0] < 'a' || line[0] > 'z')
    return "not a line of SDP";
  // A line break of one system inside a line of another, or the end of somebody's C string.
  if (line.find('\r') != std::string_view::npos || line.find('\0') != std::string_view::npos)
    return "control character in line";
  const char type = line[0];
  const std::string_view value = line.substr(2);
  if (head_ < 3) return takeHead(type, value);
  switch (type) {
    case 'v':
    case 'o':
    case 's':
      return "line out of order";
    case 'm':
      return takeMedia(value);
    case 'a':
      return takeAttribute(value);
    default:
      return session_.media.empty() ? takeSessionLine(type, value) : takeSectionLine(type, value);
  }
}

const char* Parser::takeHead(char type, std::string_view value) {
  static constexpr std::string_view kHead = "vos";
  if (type != kHead[head_]) return "description must begin with v=, o= and s=";
  ++head_;
  if (type == 'o') return takeOrigin(value);
  if (type == 's') session_.name = value;
  return type == 'v' && value != "0" ? "unknown version" : nullptr;
}

const char* Parser::takeOrigin(std::string_view value) {
  Words words(value);
  Origin& origin = session_.origin;
  origin.username = words.next();
  const std::optional<std::uint64_t> id = parseNumber<std::uint64_t>(words.next());
  const std::optional<std::uint64_t> version = parseNumber<std::uint64_t>(words.next());
  origin.netType = words.next();
  origin.addressType = words.next();
  origin.address = words.next();
  if (!id || !version || origin.address.empty() || !words.done()) return "malformed o=";
  origin.sessionId = *id;
  origin.sessionVersion = *version;
  return nullptr;
}

const char* Parser::takeSessionLine(char type, std::string_view value) {
  if (type == 'c') {
    if (session_.connection) return "duplicate c=";
    session_.connection = parseConnection(value);
    return session_.connection ? nullptr : "malformed c=";
  }
  if (type == 'b') {
    const std::optional<Bandwidth> bandwidth = parseBandwidth(value);
    if (!bandwidth) return "malformed b=";
    session_.bandwidths.push_back(*bandwidth);
    return nullptr;
  }
  if (type == 't')
    session_.timings.emplace_back(value);
  else
    session_.lines.push_back({type, std::string(value)});
  return nullptr;
}

const char* Parser::takeSectionLine(char type, std::string_view value) {
  MediaDescription& section = session_.media.back();
  if (++attributes_ > limits::sdp::kAttributesPerSection) return "too many lines in a section";
  if (type == 'c') {
    const std::optional<Connection> connection = parseConnection(value);
    if (!connection) return "malformed c=";
    section.connections.push_back(*connection);
  } else if (type == 'b') {
    const std::optional<Bandwidth> bandwidth = parseBandwidth(value);
    if (!bandwidth) return "malformed b=";
    section.bandwidths.push_back(*bandwidth);
  } else {
    section.lines.push_back({type, std::string(value)});
  }
  return nullptr;
}

const char* Parser::takeAttribute(std::string_view line) {
  if (++attributes_ > limits::sdp::kAttributesPerSection) return "too many attributes";
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (!isToken(name)) return "malformed attribute name";
  std::optional<std::string_view> value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  return session_.media.empty() ? addAttribute(session_, name, value)
                                : addAttribute(session_.media.back(), name, value);
}

const char* Parser::takeMedia(std::string_view value) {
  if (session_.media.size() >= limits::sdp::kSections) return "too many sections";
  Words words(value);
  MediaDescription section;
  section.kind = words.next();
  std::string_view ports = words.next();
  const bool counted = ports.find('/') != std::string_view::npos;
  const std::optional<std::uint16_t> port = parseNumber<std::uint16_t>(takeUntil(ports, '/'));
  if (counted) section.portCount = parseNumber<std::uint16_t>(ports);
  section.protocol = words.next();
  while (!words.done() && section.formats.size() <= limits::sdp::kCodecs)
    section.formats.emplace_back(words.next());

  if (!isToken(section.kind) || !port || (counted && !section.portCount) || section.formats.empty())
    return "malformed m=";
  if (section.formats.size() > limits::sdp::kCodecs) return "too many formats";
  const auto isPayloadType = [](const std::string& format) {
    return parsePayloadType(format).has_value();
  };
  if (section.isRtp() && !std::ranges::all_of(section.formats, isPayloadType))
    return "malformed payload type";
  section.port = *port;
  session_.media.push_back(std::move(section));
  attributes_ = 0;
  return nullptr;
}

// The order serialize() writes, so that a description read back is the same value.
void Parser::settleOrder() {
  putPreambleFirst(session_.lines);
  for (MediaDescription& section : session_.media) putPreambleFirst(section.lines);
}

}  // namespace

Result<SessionDescription, Error> SessionDescription::parse(std::string_view text) {
  return Parser().parse(text);
}

}  // namespace parley::sdp
