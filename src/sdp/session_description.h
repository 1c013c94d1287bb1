#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

// SDP (RFC 8866 with the attributes of WebRTC) as data. Whatever the model has no field for is
// kept verbatim in `others`. parse() and serialize() are each other's inverse on the model, and
// order inside every list is kept; serialize() writes lines in one canonical order. Nothing here
// knows offers and answers: that is jsep.

namespace parley::sdp {

enum class Direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };
enum class Setup : std::uint8_t { actpass, active, passive, holdconn };

std::string_view nameOf(Direction direction);
std::string_view nameOf(Setup setup);

// The first thing that made a text no SDP for us.
struct Error {
  std::size_t line;  // 1-based
  const char* what;  // a literal
};

// "a=name" or "a=name:value" that has no field of its own.
struct Attribute {
  std::string name;
  std::optional<std::string> value = {};
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

// Any other line ("i=", "u=", "k=", ...).
struct Line {
  char type;
  std::string value;
  friend bool operator==(const Line&, const Line&) = default;
};

struct Origin {
  std::string username = "-";
  std::uint64_t sessionId = 0;
  std::uint64_t sessionVersion = 0;
  std::string netType = "IN";
  std::string addressType = "IP4";
  std::string address = "127.0.0.1";
  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Connection {
  std::string netType = "IN";
  std::string addressType = "IP4";
  std::string address = "0.0.0.0";
  friend bool operator==(const Connection&, const Connection&) = default;
};

struct Bandwidth {
  std::string type;
  std::uint64_t value = 0;
  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;
};

struct Group {  // RFC 5888
  std::string semantics;
  std::vector<std::string> mids;
  friend bool operator==(const Group&, const Group&) = default;
};

struct MsidSemantic {
  std::string semantic;
  std::vector<std::string> streams;
  friend bool operator==(const MsidSemantic&, const MsidSemantic&) = default;
};

struct Fingerprint {      // RFC 8122
  std::string algorithm;  // lower case: "sha-256"
  ByteVector digest;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// What ICE and DTLS need to know of the other side. It may stand at session level, where it is
// the default of every section, or in a section (RFC 8839 5.4, RFC 8122 5, RFC 4145 4).
struct TransportAttributes {
  std::string iceUfrag;     // empty: absent
  std::string icePassword;  // empty: absent
  std::vector<std::string> iceOptions;
  std::vector<Fingerprint> fingerprints;
  std::optional<Setup> setup;
  std::string tlsId;  // RFC 8842 4; empty: absent
  friend bool operator==(const TransportAttributes&, const TransportAttributes&) = default;

  bool hasIceOption(std::string_view option) const;
};

struct Rtcp {  // RFC 3605
  std::uint16_t port = 9;
  std::optional<Connection> connection;
  friend bool operator==(const Rtcp&, const Rtcp&) = default;
};

struct RtpMap {
  std::uint8_t payloadType = 0;
  std::string codec;
  std::uint32_t clockRate = 0;
  std::uint8_t channels = 0;  // 0: not said
  friend bool operator==(const RtpMap&, const RtpMap&) = default;
};

struct FormatParameters {  // a=fmtp
  std::uint8_t payloadType = 0;
  std::string parameters;  // verbatim
  friend bool operator==(const FormatParameters&, const FormatParameters&) = default;
};

struct RtcpFeedback {                       // RFC 4585 4.2
  std::optional<std::uint8_t> payloadType;  // none: "*"
  std::string feedback;                     // "nack pli"
  friend bool operator==(const RtcpFeedback&, const RtcpFeedback&) = default;
};

struct HeaderExtension {  // RFC 8285 5
  std::uint16_t id = 0;
  std::optional<Direction> direction;
  std::string uri;
  std::string attributes;  // after the URI; nearly always empty
  friend bool operator==(const HeaderExtension&, const HeaderExtension&) = default;
};

struct Msid {          // RFC 8830
  std::string stream;  // "-": none
  std::string track;   // may be empty
  friend bool operator==(const Msid&, const Msid&) = default;
};

struct SsrcAttribute {  // RFC 5576 4.1
  std::uint32_t ssrc = 0;
  Attribute attribute;
  friend bool operator==(const SsrcAttribute&, const SsrcAttribute&) = default;
};

struct SsrcGroup {  // RFC 5576 4.2
  std::string semantics;
  std::vector<std::uint32_t> ssrcs;
  friend bool operator==(const SsrcGroup&, const SsrcGroup&) = default;
};

struct Rid {  // RFC 8851
  std::string id;
  bool send = true;
  std::string restrictions;  // "pt=97,98;max-width=1280"
  friend bool operator==(const Rid&, const Rid&) = default;
};

struct Simulcast {  // RFC 8853
  struct Alternative {
    std::string rid;
    bool paused = false;
    friend bool operator==(const Alternative&, const Alternative&) = default;
  };
  using Streams = std::vector<std::vector<Alternative>>;  // ";" between, "," inside

  Streams send;
  Streams receive;
  bool oldForm = false;  // "send rid=a;b", as Firefox wrote it before RFC 8853
  friend bool operator==(const Simulcast&, const Simulcast&) = default;
};

struct SctpMap {  // the form before RFC 8841: "a=sctpmap:5000 webrtc-datachannel 1024"
  std::uint16_t port = 5000;
  std::string application;
  std::optional<std::uint32_t> streams;
  friend bool operator==(const SctpMap&, const SctpMap&) = default;
};

// One m= section.
struct MediaDescription : TransportAttributes {
  std::string kind;  // "audio", "video", "application", ...
  std::uint16_t port = 9;
  std::optional<std::uint16_t> portCount;  // "m=video 4000/2"
  std::string protocol;                    // "UDP/TLS/RTP/SAVPF"
  std::vector<std::string> formats;
  std::vector<Line> lines;  // i=, k= of this section
  std::vector<Connection> connections;
  std::vector<Bandwidth> bandwidths;

  std::string mid;  // empty: absent
  std::optional<Direction> direction;
  bool bundleOnly = false;  // RFC 9143 6

  std::vector<std::string> candidates;  // "candidate:1 1 udp ...", as RTCIceCandidate has it
  bool endOfCandidates = false;

  std::optional<Rtcp> rtcp;
  bool rtcpMux = false;
  bool rtcpMuxOnly = false;
  bool rtcpReducedSize = false;
  bool extmapAllowMixed = false;

  std::vector<RtpMap> rtpMaps;
  std::vector<FormatParameters> formatParameters;
  std::vector<RtcpFeedback> feedback;
  std::vector<HeaderExtension> extensions;
  std::vector<Msid> msids;
  std::vector<SsrcGroup> ssrcGroups;
  std::vector<SsrcAttribute> ssrcs;
  std::vector<Rid> rids;
  std::optional<Simulcast> simulcast;

  std::optional<std::uint16_t> sctpPort;  // RFC 8841 5
  std::vector<SctpMap> sctpMaps;
  std::optional<std::uint64_t> maxMessageSize;  // RFC 8841 6; 0: any size
  std::string sctpInit;                         // base64; empty: absent

  std::vector<Attribute> others;
  friend bool operator==(const MediaDescription&, const MediaDescription&) = default;

  bool isRtp() const;           // the protocol ends in an RTP profile
  bool isDataChannels() const;  // SCTP with webrtc-datachannel, in the new form or the old
  bool isOldDataForm() const;   // "DTLS/SCTP 5000" with a=sctpmap
};

// A whole description. The transport attributes here are those at session level.
struct SessionDescription : TransportAttributes {
  Origin origin;
  std::string name = "-";
  std::vector<Line> lines;  // i=, u=, e=, p=, r=, z=, k=
  std::optional<Connection> connection;
  std::vector<Bandwidth> bandwidths;
  std::vector<std::string> timings = {"0 0"};

  std::vector<Group> groups;
  bool extmapAllowMixed = false;
  std::optional<MsidSemantic> msidSemantic;
  bool iceLite = false;
  std::optional<Direction> direction;
  std::vector<HeaderExtension> extensions;
  std::vector<Attribute> others;

  std::vector<MediaDescription> media;
  friend bool operator==(const SessionDescription&, const SessionDescription&) = default;

  // Never more work than the text is long; limits are core/limits.h. Accepts what browsers do:
  // LF alone, no last line end, lines it does not know.
  static Result<SessionDescription, Error> parse(std::string_view text);

  // CRLF lines. A field that holds a line break or NUL cannot break out of its line.
  std::string serialize() const;

  // The section's transport attributes with what it inherits from the session level.
  TransportAttributes transportOf(const MediaDescription& section) const;
  std::optional<std::size_t> indexOf(std::string_view mid) const;
};

// The pieces of an "a=candidate" value that others than ICE look at (RFC 8839 5.1). Views into
// the text given; extension attributes are skipped.
struct CandidateView {
  std::string_view transport;
  std::string_view address;
  std::uint16_t port = 0;
  std::string_view type;   // "host", "srflx", "prflx", "relay"
  std::string_view ufrag;  // the "ufrag" extension, empty if absent

  // Takes "candidate:..." with or without "a=" before it; nothing if it is no candidate.
  static std::optional<CandidateView> parse(std::string_view text);
};

// RFC 8839 5.4: ufrag 4 to 256, password 22 to 256 of ALPHA / DIGIT / "+" / "/".
bool isIceUfrag(std::string_view text);
bool isIcePassword(std::string_view text);
bool isToken(std::string_view text);  // RFC 8866 9

}  // namespace parley::sdp
