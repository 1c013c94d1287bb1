#include <charconv>

#include "sdp/session_description.h"

namespace parley::sdp {

namespace {

// Builds the text. Every string of the model passes through put(), which lets no character
// through that would end the line it stands in.
class Writer {
 public:
  Writer& put(std::string_view text) {
    for (const char c : text) text_.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
    return *this;
  }
  Writer& put(std::uint64_t number) {
    char digits[20];
    const auto result = std::to_chars(digits, digits + sizeof digits, number);
    text_.append(digits, result.ptr);
    return *this;
  }
  Writer& put(const Connection& at) {
    return put(at.netType).put(" ").put(at.addressType).put(" ").put(at.address);
  }
  void end() { text_ += "\r\n"; }

  void line(char type, std::string_view value) {
    text_.push_back(type);
    text_.push_back('=');
    put(value).end();
  }
  void flag(bool set, std::string_view name) {
    if (set) put("a=").put(name).end();
  }
  void attribute(std::string_view name, std::string_view value) {
    if (!value.empty()) put("a=").put(name).put(":").put(value).end();
  }
  void attribute(const Attribute& attribute) {
    put("a=").put(attribute.name);
    if (attribute.value) put(":").put(*attribute.value);
    end();
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void writeFingerprint(Writer& out, const Fingerprint& fingerprint) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digest;
  for (const std::uint8_t byte : fingerprint.digest) {
    if (!digest.empty()) digest.push_back(':');
    digest.push_back(kDigits[byte >> 4]);
    digest.push_back(kDigits[byte & 15]);
  }
  out.put("a=fingerprint:").put(fingerprint.algorithm).put(" ").put(digest).end();
}

void writeTransport(Writer& out, const TransportAttributes& transport) {
  out.attribute("ice-ufrag", transport.iceUfrag);
  out.attribute("ice-pwd", transport.icePassword);
  if (!transport.iceOptions.empty()) {
    out.put("a=ice-options:");
    for (std::size_t i = 0; i < transport.iceOptions.size(); ++i)
      out.put(i == 0 ? "" : " ").put(transport.iceOptions[i]);
    out.end();
  }
  for (const Fingerprint& fingerprint : transport.fingerprints) writeFingerprint(out, fingerprint);
  if (transport.setup) out.attribute("setup", nameOf(*transport.setup));
  out.attribute("tls-id", transport.tlsId);
}

void writeExtensions(Writer& out, const std::vector<HeaderExtension>& extensions) {
  for (const HeaderExtension& extension : extensions) {
    out.put("a=extmap:").put(extension.id);
    if (extension.direction) out.put("/").put(nameOf(*extension.direction));
    out.put(" ").put(extension.uri);
    if (!extension.attributes.empty()) out.put(" ").put(extension.attributes);
    out.end();
  }
}

void writeLines(Writer& out, const std::vector<Line>& lines, bool preamble) {
  for (const Line& line : lines) {
    const bool first = line.type == 'i' || line.type == 'u' || line.type == 'e' || line.type == 'p';
    if (first == preamble) out.line(line.type, line.value);
  }
}

void writeBandwidths(Writer& out, const std::vector<Bandwidth>& bandwidths) {
  for (const Bandwidth& bandwidth : bandwidths)
    out.put("b=").put(bandwidth.type).put(":").put(bandwidth.value).end();
}

void writeCodecs(Writer& out, const MediaDescription& section) {
  for (const RtpMap& map : section.rtpMaps) {
    out.put("a=rtpmap:").put(map.payloadType).put(" ").put(map.codec).put("/").put(map.clockRate);
    if (map.channels != 0) out.put("/").put(map.channels);
    out.end();
  }
  for (const RtcpFeedback& feedback : section.feedback) {
    out.put("a=rtcp-fb:");
    if (feedback.payloadType)
      out.put(*feedback.payloadType);
    else
      out.put("*");
    out.put(" ").put(feedback.feedback).end();
  }
  for (const FormatParameters& format : section.formatParameters)
    out.put("a=fmtp:").put(format.payloadType).put(" ").put(format.parameters).end();
}

void writeStreams(Writer& out, std::string_view direction, const Simulcast::Streams& streams,
                  bool oldForm) {
  out.put(direction).put(oldForm ? " rid=" : " ");
  for (std::size_t i = 0; i < streams.size(); ++i) {
    if (i != 0) out.put(";");
    for (std::size_t j = 0; j < streams[i].size(); ++j)
      out.put(j == 0 ? "" : ",").put(streams[i][j].paused ? "~" : "").put(streams[i][j].rid);
  }
}

void writeSources(Writer& out, const MediaDescription& section) {
  for (const Msid& msid : section.msids) {
    out.put("a=msid:").put(msid.stream);
    if (!msid.track.empty()) out.put(" ").put(msid.track);
    out.end();
  }
  for (const SsrcGroup& group : section.ssrcGroups) {
    out.put("a=ssrc-group:").put(group.semantics);
    for (const std::uint32_t ssrc : group.ssrcs) out.put(" ").put(ssrc);
    out.end();
  }
  for (const SsrcAttribute& source : section.ssrcs) {
    out.put("a=ssrc:").put(source.ssrc).put(" ").put(source.attribute.name);
    if (source.attribute.value) out.put(":").put(*source.attribute.value);
    out.end();
  }
  for (const Rid& rid : section.rids) {
    out.put("a=rid:").put(rid.id).put(rid.send ? " send" : " recv");
    if (!rid.restrictions.empty()) out.put(" ").put(rid.restrictions);
    out.end();
  }
  if (const std::optional<Simulcast>& simulcast = section.simulcast) {
    out.put("a=simulcast:");
    if (!simulcast->send.empty()) writeStreams(out, "send", simulcast->send, simulcast->oldForm);
    if (!simulcast->receive.empty())
      writeStreams(out, simulcast->send.empty() ? "recv" : " recv", simulcast->receive,
                   simulcast->oldForm);
    out.end();
  }
}

void writeSctp(Writer& out, const MediaDescription& section) {
  if (section.sctpPort) out.put("a=sctp-port:").put(*section.sctpPort).end();
  for (const SctpMap& map : section.sctpMaps) {
    out.put("a=sctpmap:").put(map.port).put(" ").put(map.application);
    if (map.streams) out.put(" ").put(*map.streams);
    out.end();
  }
  if (section.maxMessageSize) out.put("a=max-message-size:").put(*section.maxMessageSize).end();
  out.attribute("sctp-init", section.sctpInit);
}

void writeMediaLine(Writer& out, const MediaDescription& section) {
  out.put("m=").put(section.kind).put(" ").put(section.port);
  if (section.portCount) out.put("/").put(*section.portCount);
  out.put(" ").put(section.protocol);
  for (const std::string& format : section.formats) out.put(" ").put(format);
  out.end();
  writeLines(out, section.lines, true);
  for (const Connection& connection : section.connections) out.put("c=").put(connection).end();
  writeBandwidths(out, section.bandwidths);
  writeLines(out, section.lines, false);
}

void writeSection(Writer& out, const MediaDescription& section) {
  writeMediaLine(out, section);
  if (section.rtcp) {
    out.put("a=rtcp:").put(section.rtcp->port);
    if (section.rtcp->connection) out.put(" ").put(*section.rtcp->connection);
    out.end();
  }
  for (const std::string& candidate : section.candidates) out.put("a=").put(candidate).end();
  out.flag(section.endOfCandidates, "end-of-candidates");
  writeTransport(out, section);
  out.attribute("mid", section.mid);
  out.flag(section.bundleOnly, "bundle-only");
  out.flag(section.extmapAllowMixed, "extmap-allow-mixed");
  writeExtensions(out, section.extensions);
  if (section.direction) out.flag(true, nameOf(*section.direction));
  out.flag(section.rtcpMux, "rtcp-mux");
  out.flag(section.rtcpMuxOnly, "rtcp-mux-only");
  out.flag(section.rtcpReducedSize, "rtcp-rsize");
  writeCodecs(out, section);
  writeSources(out, section);
  writeSctp(out, section);
  for (const Attribute& attribute : section.others) out.attribute(attribute);
}

void writeSessionLines(Writer& out, const SessionDescription& session) {
  const Origin& origin = session.origin;
  out.line('v', "0");
  out.put("o=").put(origin.username).put(" ").put(origin.sessionId).put(" ");
  out.put(origin.sessionVersion).put(" ").put(origin.netType).put(" ");
  out.put(origin.addressType).put(" ").put(origin.address).end();
  out.line('s', session.name);
  writeLines(out, session.lines, true);
  if (session.connection) out.put("c=").put(*session.connection).end();
  writeBandwidths(out, session.bandwidths);
  for (const std::string& timing : session.timings) out.line('t', timing);
  writeLines(out, session.lines, false);
}

}  // namespace

std::string SessionDescription::serialize() const {
  Writer out;
  writeSessionLines(out, *this);
  for (const Group& group : groups) {
    out.put("a=group:").put(group.semantics);
    for (const std::string& mid : group.mids) out.put(" ").put(mid);
    out.end();
  }
  out.flag(extmapAllowMixed, "extmap-allow-mixed");
  if (msidSemantic) {
    out.put("a=msid-semantic: ").put(msidSemantic->semantic);
    for (const std::string& stream : msidSemantic->streams) out.put(" ").put(stream);
    out.end();
  }
  out.flag(iceLite, "ice-lite");
  writeTransport(out, *this);
  if (direction) out.flag(true, nameOf(*direction));
  writeExtensions(out, extensions);
  for (const Attribute& attribute : others) out.attribute(attribute);
  for (const MediaDescription& section : media) writeSection(out, section);
  return out.take();
}

}  // namespace parley::sdp
