#include "sdp/session_description.h"

#include <algorithm>

#include "core/limits.h"
#include "sdp/words.h"

namespace parley::sdp {

namespace {

bool isAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// RFC 8839 5.4: ice-char. The four others are not in it, but are in use.
bool isIceText(std::string_view text, std::size_t shortest) {
  const auto isIceChar = [](char c) {
    return isAlphanumeric(c) || std::string_view("+/-_=#").find(c) != std::string_view::npos;
  };
  return text.size() >= shortest && text.size() <= limits::ice::kCredentialMax &&
         std::ranges::all_of(text, isIceChar);
}

}  // namespace

std::string_view nameOf(Direction direction) {
  switch (direction) {
    case Direction::sendrecv:
      return "sendrecv";
    case Direction::sendonly:
      return "sendonly";
    case Direction::recvonly:
      return "recvonly";
    case Direction::inactive:
      return "inactive";
  }
  return {};
}

std::string_view nameOf(Setup setup) {
  switch (setup) {
    case Setup::actpass:
      return "actpass";
    case Setup::active:
      return "active";
    case Setup::passive:
      return "passive";
    case Setup::holdconn:
      return "holdconn";
  }
  return {};
}

bool TransportAttributes::hasIceOption(std::string_view option) const {
  return std::ranges::find(iceOptions, option) != iceOptions.end();
}

bool MediaDescription::isRtp() const { return protocol.find("RTP/") != std::string::npos; }

bool MediaDescription::isOldDataForm() const {
  return !formats.empty() && formats.front() != "webrtc-datachannel";
}

bool MediaDescription::isDataChannels() const {
  static constexpr std::string_view kApplication = "webrtc-datachannel";
  if (kind != "application") return false;
  if (protocol != "UDP/DTLS/SCTP" && protocol != "TCP/DTLS/SCTP" && protocol != "DTLS/SCTP")
    return false;
  const auto carries = [](const SctpMap& map) { return map.application == kApplication; };
  return std::ranges::find(formats, kApplication) != formats.end() ||
         std::ranges::any_of(sctpMaps, carries);
}

TransportAttributes SessionDescription::transportOf(const MediaDescription& section) const {
  TransportAttributes merged = section;
  if (merged.iceUfrag.empty() && merged.icePassword.empty()) {
    merged.iceUfrag = iceUfrag;
    merged.icePassword = icePassword;
  }
  merged.iceOptions.insert(merged.iceOptions.end(), iceOptions.begin(), iceOptions.end());
  if (merged.fingerprints.empty()) merged.fingerprints = fingerprints;
  if (!merged.setup) merged.setup = setup;
  if (merged.tlsId.empty()) merged.tlsId = tlsId;
  return merged;
}

std::optional<std::size_t> SessionDescription::indexOf(std::string_view mid) const {
  const auto at = std::ranges::find(media, mid, &MediaDescription::mid);
  if (mid.empty() || at == media.end()) return {};
  return static_cast<std::size_t>(at - media.begin());
}

std::optional<CandidateView> CandidateView::parse(std::string_view text) {
  if (text.starts_with("a=")) text.remove_prefix(2);
  if (!text.starts_with("candidate:") || text.size() > limits::sdp::kLineLength) return {};
  // Foundation, component and priority are for ICE to read; here they must only be there.
  static constexpr std::string_view kBreaks("\r\n\0", 3);
  if (text.find_first_of(kBreaks) != std::string_view::npos) return {};
  Words words(text.substr(10));
  const std::string_view foundation = words.next();
  const bool component = parseNumber<std::uint32_t>(words.next()).has_value();
  CandidateView view;
  view.transport = words.next();
  const bool priority = parseNumber<std::uint64_t>(words.next()).has_value();
  view.address = words.next();
  const std::optional<std::uint16_t> port = parseNumber<std::uint16_t>(words.next());
  if (words.next() != "typ" || foundation.empty() || !component || !priority || !port) return {};
  view.type = words.next();
  if (view.type.empty()) return {};
  view.port = *port;
  while (!words.done()) {
    const std::string_view name = words.next();
    const std::string_view value = words.next();
    if (name == "ufrag") view.ufrag = value;
  }
  return view;
}

bool isIceUfrag(std::string_view text) { return isIceText(text, 4); }
bool isIcePassword(std::string_view text) { return isIceText(text, 22); }

bool isToken(std::string_view text) {
  const auto isTokenChar = [](char c) {
    return isAlphanumeric(c) ||
           std::string_view("!#$%&'*+-.^_`{|}~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, isTokenChar);
}

}  // namespace parley::sdp
