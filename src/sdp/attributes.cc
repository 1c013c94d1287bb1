#include "sdp/attributes.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/limits.h"
#include "sdp/words.h"

namespace parley::sdp {

namespace {

using Problem = const char*;
constexpr Problem kFine = nullptr;

// For values that may stand once. A second one is always an error: two readers that chose
// differently between them would disagree about who is spoken to.
Problem once(std::string& field, std::string_view value, Problem duplicate) {
  if (!field.empty()) return duplicate;
  field = value;
  return kFine;
}

std::optional<std::uint8_t> hexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return {};
}

std::optional<ByteVector> parseDigest(std::string_view text) {
  if (text.size() % 3 != 2) return {};
  ByteVector digest;
  digest.reserve(text.size() / 3 + 1);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::optional<std::uint8_t> high = hexDigit(text[i]);
    const std::optional<std::uint8_t> low = hexDigit(text[i + 1]);
    if (!high || !low || (i + 2 < text.size() && text[i + 2] != ':')) return {};
    digest.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return digest;
}

std::size_t digestSizeOf(std::string_view algorithm) {  // 0: not known here
  if (algorithm == "sha-1") return 20;
  if (algorithm == "sha-256") return 32;
  if (algorithm == "sha-384") return 48;
  if (algorithm == "sha-512") return 64;
  return 0;
}

std::optional<Direction> parseDirection(std::string_view name) {
  for (const Direction direction :
       {Direction::sendrecv, Direction::sendonly, Direction::recvonly, Direction::inactive})
    if (name == nameOf(direction)) return direction;
  return {};
}

// ---- transport: session level or section ----

Problem addUfrag(TransportAttributes& to, std::string_view value) {
  if (!isIceUfrag(value)) return "malformed ice-ufrag";
  return once(to.iceUfrag, value, "duplicate ice-ufrag");
}

Problem addPassword(TransportAttributes& to, std::string_view value) {
  if (!isIcePassword(value)) return "malformed ice-pwd";
  return once(to.icePassword, value, "duplicate ice-pwd");
}

Problem addIceOptions(TransportAttributes& to, std::string_view value) {
  Words words(value);
  if (words.done()) return "malformed ice-options";
  while (!words.done()) to.iceOptions.emplace_back(words.next());
  return kFine;
}

Problem addFingerprint(TransportAttributes& to, std::string_view value) {
  if (to.fingerprints.size() >= limits::dtls::kFingerprints) return "too many fingerprints";
  Words words(value);
  Fingerprint fingerprint{.algorithm = std::string(words.next()), .digest = {}};
  std::ranges::transform(fingerprint.algorithm, fingerprint.algorithm.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  std::optional<ByteVector> digest = parseDigest(words.next());
  const std::size_t expected = digestSizeOf(fingerprint.algorithm);
  if (!digest || !words.done() || !isToken(fingerprint.algorithm) ||
      (expected != 0 && digest->size() != expected))
    return "malformed fingerprint";
  fingerprint.digest = std::move(*digest);
  to.fingerprints.push_back(std::move(fingerprint));
  return kFine;
}

Problem addSetup(TransportAttributes& to, std::string_view value) {
  if (to.setup) return "duplicate setup";
  for (const Setup setup : {Setup::actpass, Setup::active, Setup::passive, Setup::holdconn})
    if (value == nameOf(setup)) to.setup = setup;
  return to.setup ? kFine : "malformed setup";
}

Problem addTlsId(TransportAttributes& to, std::string_view value) {
  // RFC 8842 4: letters, digits, "+", "/", "-" and "_"; shorter ones than its 20 do no harm.
  const bool isPlain = std::ranges::all_of(value, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '-' || c == '_';
  });
  if (value.empty() || value.size() > 255 || !isPlain) return "malformed tls-id";
  return once(to.tlsId, value, "duplicate tls-id");
}

Problem parseExtension(std::vector<HeaderExtension>& to, std::string_view value) {
  if (to.size() >= limits::sdp::kExtensions) return "too many extmap lines";
  Words words(value);
  std::string_view tail = words.next();
  const bool directed = tail.find('/') != std::string_view::npos;
  const std::optional<std::uint16_t> id = parseNumber<std::uint16_t>(takeUntil(tail, '/'));
  // RFC 8285 5 and 6: 1 to 255 on the wire, 4096 to 4351 while too many are offered.
  if (!id || *id == 0 || (*id > 255 && (*id < 4096 || *id > 4351))) return "malformed extmap";
  HeaderExtension extension{.id = *id, .direction = {}, .uri = {}, .attributes = {}};
  if (directed) {
    extension.direction = parseDirection(tail);
    if (!extension.direction) return "malformed extmap";
  }
  extension.uri = words.next();
  if (extension.uri.empty()) return "malformed extmap";
  extension.attributes = words.rest();
  to.push_back(std::move(extension));
  return kFine;
}

// ---- session level ----

Problem addGroup(SessionDescription& to, std::string_view value) {
  Words words(value);
  Group group{.semantics = std::string(words.next()), .mids = {}};
  if (!isToken(group.semantics)) return "malformed group";
  while (!words.done()) {
    const std::string_view mid = words.next();
    if (!isToken(mid) || group.mids.size() >= limits::sdp::kSections) return "malformed group";
    group.mids.emplace_back(mid);
  }
  to.groups.push_back(std::move(group));
  return kFine;
}

Problem addMsidSemantic(SessionDescription& to, std::string_view value) {
  if (to.msidSemantic) return "duplicate msid-semantic";
  Words words(value);
  MsidSemantic semantic{.semantic = std::string(words.next()), .streams = {}};
  while (!words.done()) semantic.streams.emplace_back(words.next());
  to.msidSemantic = std::move(semantic);
  return kFine;
}

Problem addSessionExtension(SessionDescription& to, std::string_view value) {
  return parseExtension(to.extensions, value);
}

// ---- sections ----

Problem addMid(MediaDescription& to, std::string_view value) {
  if (!isToken(value) || value.size() > limits::sdp::kMid) return "malformed mid";
  return once(to.mid, value, "duplicate mid");
}

Problem addCandidate(MediaDescription& to, std::string_view value) {
  to.candidates.push_back("candidate:" + std::string(value));
  return kFine;
}

Problem addRtcp(MediaDescription& to, std::string_view value) {
  Words words(value);
  const std::optional<std::uint16_t> port = parseNumber<std::uint16_t>(words.next());
  if (!port) return "malformed rtcp";
  if (to.rtcp) return "duplicate rtcp";
  Rtcp rtcp{.port = *port, .connection = {}};
  if (!words.done()) {
    Connection at{.netType = std::string(words.next()),
                  .addressType = std::string(words.next()),
                  .address = std::string(words.next())};
    if (at.address.empty() || !words.done()) return "malformed rtcp";
    rtcp.connection = std::move(at);
  }
  to.rtcp = std::move(rtcp);
  return kFine;
}

Problem addRtpMap(MediaDescription& to, std::string_view value) {
  if (to.rtpMaps.size() >= limits::sdp::kCodecs) return "too many rtpmap lines";
  Words words(value);
  const std::optional<std::uint8_t> type = parsePayloadType(words.next());
  std::string_view encoding = words.rest();
  const std::string_view codec = takeUntil(encoding, '/');
  const std::optional<std::uint32_t> rate = parseNumber<std::uint32_t>(takeUntil(encoding, '/'));
  std::optional<std::uint8_t> channels = 0;
  if (!encoding.empty()) channels = parseNumber<std::uint8_t>(encoding);
  if (!type || !isToken(codec) || !rate || !channels) return "malformed rtpmap";
  to.rtpMaps.push_back({*type, std::string(codec), *rate, *channels});
  return kFine;
}

Problem addFormatParameters(MediaDescription& to, std::string_view value) {
  if (to.formatParameters.size() >= limits::sdp::kCodecs) return "too many fmtp lines";
  Words words(value);
  const std::optional<std::uint8_t> type = parsePayloadType(words.next());
  if (!type) return "malformed fmtp";
  to.formatParameters.push_back({*type, std::string(words.rest())});
  return kFine;
}

Problem addFeedback(MediaDescription& to, std::string_view value) {
  Words words(value);
  const std::string_view format = words.next();
  RtcpFeedback feedback{.payloadType = parsePayloadType(format), .feedback = {}};
  feedback.feedback = words.rest();
  if ((!feedback.payloadType && format != "*") || feedback.feedback.empty())
    return "malformed rtcp-fb";
  to.feedback.push_back(std::move(feedback));
  return kFine;
}

Problem addExtension(MediaDescription& to, std::string_view value) {
  return parseExtension(to.extensions, value);
}

Problem addMsid(MediaDescription& to, std::string_view value) {
  Words words(value);
  Msid msid{.stream = std::string(words.next()), .track = {}};
  if (msid.stream.empty()) return "malformed msid";
  msid.track = words.rest();
  to.msids.push_back(std::move(msid));
  return kFine;
}

Problem addSsrc(MediaDescription& to, std::string_view value) {
  if (to.ssrcs.size() >= limits::sdp::kSsrcs) return "too many ssrc lines";
  Words words(value);
  const std::optional<std::uint32_t> ssrc = parseNumber<std::uint32_t>(words.next());
  std::string_view tail = words.rest();
  const bool valued = tail.find(':') != std::string_view::npos;
  const std::string_view name = takeUntil(tail, ':');
  if (!ssrc || !isToken(name)) return "malformed ssrc";
  SsrcAttribute attribute{.ssrc = *ssrc, .attribute = {.name = std::string(name)}};
  if (valued) attribute.attribute.value = std::string(tail);
  to.ssrcs.push_back(std::move(attribute));
  return kFine;
}

Problem addSsrcGroup(MediaDescription& to, std::string_view value) {
  Words words(value);
  SsrcGroup group{.semantics = std::string(words.next()), .ssrcs = {}};
  if (!isToken(group.semantics)) return "malformed ssrc-group";
  while (!words.done()) {
    const std::optional<std::uint32_t> ssrc = parseNumber<std::uint32_t>(words.next());
    if (!ssrc) return "malformed ssrc-group";
    group.ssrcs.push_back(*ssrc);
  }
  to.ssrcGroups.push_back(std::move(group));
  return kFine;
}

bool isRidId(std::string_view text) {  // RFC 8851 10
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

Problem addRid(MediaDescription& to, std::string_view value) {
  Words words(value);
  const std::string_view id = words.next();
  const std::string_view direction = words.next();
  if (!isRidId(id) || (direction != "send" && direction != "recv")) return "malformed rid";
  to.rids.push_back({std::string(id), direction == "send", std::string(words.rest())});
  return kFine;
}

std::optional<Simulcast::Streams> parseStreams(std::string_view list) {
  Simulcast::Streams streams;
  while (!list.empty()) {
    std::string_view alternatives = takeUntil(list, ';');
    std::vector<Simulcast::Alternative>& stream = streams.emplace_back();
    do {
      std::string_view rid = takeUntil(alternatives, ',');
      const bool paused = rid.starts_with('~');
      if (paused) rid.remove_prefix(1);
      if (!isRidId(rid)) return {};
      stream.push_back({std::string(rid), paused});
    } while (!alternatives.empty());
  }
  return streams;
}

Problem addSimulcast(MediaDescription& to, std::string_view value) {
  if (to.simulcast) return "duplicate simulcast";
  Simulcast simulcast;
  Words words(value);
  do {
    const std::string_view direction = words.next();
    std::string_view list = words.next();
    if (list.starts_with("rid=")) {
      simulcast.oldForm = true;
      list.remove_prefix(4);
    }
    Simulcast::Streams& streams = direction == "send" ? simulcast.send : simulcast.receive;
    std::optional<Simulcast::Streams> parsed = parseStreams(list);
    if ((direction != "send" && direction != "recv") || !streams.empty() || !parsed ||
        parsed->empty())
      return "malformed simulcast";
    streams = std::move(*parsed);
  } while (!words.done());
  to.simulcast = std::move(simulcast);
  return kFine;
}

Problem addSctpPort(MediaDescription& to, std::string_view value) {
  if (to.sctpPort) return "duplicate sctp-port";
  to.sctpPort = parseNumber<std::uint16_t>(value);
  return to.sctpPort ? kFine : "malformed sctp-port";
}

Problem addSctpMap(MediaDescription& to, std::string_view value) {
  Words words(value);
  const std::optional<std::uint16_t> port = parseNumber<std::uint16_t>(words.next());
  SctpMap map{.port = port.value_or(0), .application = std::string(words.next()), .streams = {}};
  if (!port || map.application.empty()) return "malformed sctpmap";
  if (!words.done()) {
    map.streams = parseNumber<std::uint32_t>(words.next());
    if (!map.streams) return "malformed sctpmap";
  }
  to.sctpMaps.push_back(std::move(map));
  return kFine;
}

Problem addMaxMessageSize(MediaDescription& to, std::string_view value) {
  if (to.maxMessageSize) return "duplicate max-message-size";
  to.maxMessageSize = parseNumber<std::uint64_t>(value);
  return to.maxMessageSize ? kFine : "malformed max-message-size";
}

Problem addSctpInit(MediaDescription& to, std::string_view value) {
  const auto isBase64 = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/' || c == '=';
  };
  if (value.empty() || !std::ranges::all_of(value, isBase64)) return "malformed sctp-init";
  return once(to.sctpInit, value, "duplicate sctp-init");
}

// ---- tables, sorted by name ----

template <class To>
struct Entry {
  std::string_view name;
  Problem (*add)(To&, std::string_view);
};

template <class To>
struct Flag {
  std::string_view name;
  bool To::* field;
};

constexpr std::array<Entry<TransportAttributes>, 6> kTransport{{
    {"fingerprint", addFingerprint},
    {"ice-options", addIceOptions},
    {"ice-pwd", addPassword},
    {"ice-ufrag", addUfrag},
    {"setup", addSetup},
    {"tls-id", addTlsId},
}};

constexpr std::array<Entry<SessionDescription>, 3> kSession{{
    {"extmap", addSessionExtension},
    {"group", addGroup},
    {"msid-semantic", addMsidSemantic},
}};

constexpr std::array<Flag<SessionDescription>, 2> kSessionFlags{{
    {"extmap-allow-mixed", &SessionDescription::extmapAllowMixed},
    {"ice-lite", &SessionDescription::iceLite},
}};

constexpr std::array<Entry<MediaDescription>, 7> kSection{{
    {"candidate", addCandidate},
    {"max-message-size", addMaxMessageSize},
    {"mid", addMid},
    {"rtcp", addRtcp},
    {"sctp-init", addSctpInit},
    {"sctp-port", addSctpPort},
    {"sctpmap", addSctpMap},
}};

// Meaningful, and checked, only where payload types are.
constexpr std::array<Entry<MediaDescription>, 9> kRtpSection{{
    {"extmap", addExtension},
    {"fmtp", addFormatParameters},
    {"msid", addMsid},
    {"rid", addRid},
    {"rtcp-fb", addFeedback},
    {"rtpmap", addRtpMap},
    {"simulcast", addSimulcast},
    {"ssrc", addSsrc},
    {"ssrc-group", addSsrcGroup},
}};

constexpr std::array<Flag<MediaDescription>, 6> kSectionFlags{{
    {"bundle-only", &MediaDescription::bundleOnly},
    {"end-of-candidates", &MediaDescription::endOfCandidates},
    {"extmap-allow-mixed", &MediaDescription::extmapAllowMixed},
    {"rtcp-mux", &MediaDescription::rtcpMux},
    {"rtcp-mux-only", &MediaDescription::rtcpMuxOnly},
    {"rtcp-rsize", &MediaDescription::rtcpReducedSize},
}};

template <class Table>
auto find(const Table& table, std::string_view name) {
  const auto at = std::ranges::lower_bound(table, name, {}, &Table::value_type::name);
  return at != table.end() && at->name == name ? &*at : nullptr;
}

// What both levels share. Nothing if the name is none of these.
template <class To>
std::optional<Problem> addShared(To& to, std::string_view name,
                                 std::optional<std::string_view> value) {
  if (const auto* entry = find(kTransport, name))
    return value ? entry->add(to, *value) : "attribute without a value";
  if (!value) {
    if (const std::optional<Direction> direction = parseDirection(name)) {
      if (to.direction) return "duplicate direction";
      to.direction = direction;
      return kFine;
    }
  }
  return {};
}

template <class To>
void keep(To& to, std::string_view name, std::optional<std::string_view> value) {
  Attribute& kept = to.others.emplace_back();
  kept.name = name;
  if (value) kept.value = std::string(*value);
}

}  // namespace

const char* addAttribute(SessionDescription& session, std::string_view name,
                         std::optional<std::string_view> value) {
  if (const std::optional<Problem> shared = addShared(session, name, value)) return *shared;
  if (const auto* entry = find(kSession, name))
    return value ? entry->add(session, *value) : "attribute without a value";
  const auto* flag = find(kSessionFlags, name);
  if (flag && !value)
    session.*flag->field = true;
  else
    keep(session, name, value);
  return nullptr;
}

const char* addAttribute(MediaDescription& section, std::string_view name,
                         std::optional<std::string_view> value) {
  if (const std::optional<Problem> shared = addShared(section, name, value)) return *shared;
  const auto* entry = find(kSection, name);
  if (!entry && section.isRtp()) entry = find(kRtpSection, name);
  if (entry) return value ? entry->add(section, *value) : "attribute without a value";
  const auto* flag = find(kSectionFlags, name);
  if (flag && !value)
    section.*flag->field = true;
  else
    keep(section, name, value);
  return nullptr;
}

}  // namespace parley::sdp
