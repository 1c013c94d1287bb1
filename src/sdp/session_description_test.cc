#include "sdp/session_description.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/limits.h"
#include "sdp/test_vectors.h"

namespace parley::sdp {
namespace {

const std::string kHead = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
const std::string kData = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";
const std::string kAudio = "m=audio 9 UDP/TLS/RTP/SAVPF 96\r\n";

SessionDescription parsed(const std::string& text) {
  Result<SessionDescription, Error> result = SessionDescription::parse(text);
  EXPECT_TRUE(result) << (result ? "" : result.error().what) << " in\n" << text;
  return result ? *result : SessionDescription{};
}

std::string errorOf(const std::string& text) {
  const Result<SessionDescription, Error> result = SessionDescription::parse(text);
  return result ? "fine" : result.error().what;
}

MediaDescription sectionWith(const std::string& head, const std::string& attribute) {
  SessionDescription description = parsed(kHead + head + attribute + "\r\n");
  return description.media.empty() ? MediaDescription{} : description.media.front();
}

// Lines of each section sorted, with the spellings that the model makes one made one.
std::vector<std::vector<std::string>> linesOf(const std::string& text) {
  std::vector<std::vector<std::string>> sections(1);
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find('\n', at);
    if (end == std::string::npos) end = text.size();
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (line.starts_with("a=msid-semantic: ")) line.erase(16, 1);
    while (line.ends_with(' ')) line.pop_back();
    if (line.starts_with("m=")) sections.emplace_back();
    if (!line.empty()) sections.back().push_back(line);
  }
  for (std::vector<std::string>& section : sections) std::ranges::sort(section);
  return sections;
}

TEST(SessionDescription, KeepsEveryLineOfEveryBrowserDescription) {
  const auto vectors = test::allVectors();
  ASSERT_EQ(vectors.size(), 36u);
  for (const auto& [name, text] : vectors) {
    SCOPED_TRACE(name);
    const SessionDescription description = parsed(text);
    EXPECT_EQ(linesOf(description.serialize()), linesOf(text));
    EXPECT_EQ(parsed(description.serialize()), description);
  }
}

TEST(SessionDescription, ModelsADataChannelOffer) {
  const SessionDescription description = parsed(test::readVector("chromium-data-only-offer"));
  EXPECT_EQ(description.origin.sessionId, 1315930095785162131u);
  EXPECT_EQ(description.origin.sessionVersion, 2u);
  ASSERT_EQ(description.groups.size(), 1u);
  EXPECT_EQ(description.groups[0], (Group{"BUNDLE", {"0"}}));
  EXPECT_TRUE(description.extmapAllowMixed);
  ASSERT_EQ(description.media.size(), 1u);
  const MediaDescription& section = description.media[0];
  EXPECT_EQ(section.kind, "application");
  EXPECT_EQ(section.port, 50474);
  EXPECT_EQ(section.mid, "0");
  EXPECT_EQ(section.iceUfrag, "axPs");
  EXPECT_EQ(section.icePassword, "APvFNHW2yUSQcpnJpYBfk215");
  EXPECT_TRUE(section.hasIceOption("trickle"));
  EXPECT_FALSE(section.hasIceOption("ice2"));
  ASSERT_EQ(section.fingerprints.size(), 1u);
  EXPECT_EQ(section.fingerprints[0].algorithm, "sha-256");
  EXPECT_EQ(section.fingerprints[0].digest.size(), 32u);
  EXPECT_EQ(section.fingerprints[0].digest[0], 0x33);
  EXPECT_EQ(section.setup, Setup::actpass);
  EXPECT_EQ(section.sctpPort, 5000);
  EXPECT_EQ(section.maxMessageSize, 262144u);
  EXPECT_EQ(section.candidates.size(), 8u);
  EXPECT_TRUE(section.candidates[0].starts_with("candidate:2368884482 1 udp"));
  EXPECT_TRUE(section.isDataChannels());
  EXPECT_FALSE(section.isOldDataForm());
}

TEST(SessionDescription, ModelsMediaOfABrowser) {
  const SessionDescription description = parsed(test::readVector("chromium-av-data-offer"));
  const MediaDescription& video = description.media[1];
  EXPECT_EQ(video.rtpMaps.front(), (RtpMap{96, "VP8", 90000, 0}));
  EXPECT_EQ(description.media[0].rtpMaps.front(), (RtpMap{111, "opus", 48000, 2}));
  EXPECT_EQ(video.ssrcGroups.front().semantics, "FID");
  EXPECT_EQ(video.ssrcGroups.front().ssrcs.size(), 2u);
  EXPECT_TRUE(video.rtcpMux);
  EXPECT_TRUE(video.rtcpReducedSize);
  EXPECT_FALSE(video.extensions.empty());
  EXPECT_EQ(video.direction, Direction::sendrecv);
  EXPECT_EQ(video.rtcp->connection->address, "0.0.0.0");
}

TEST(SessionDescription, ModelsSimulcast) {
  const MediaDescription video =
      parsed(test::readVector("chromium-simulcast-to-pion-offer")).media.at(0);
  ASSERT_EQ(video.rids.size(), 3u);
  EXPECT_EQ(video.rids[0], (Rid{"q", true, ""}));
  ASSERT_TRUE(video.simulcast);
  EXPECT_EQ(video.simulcast->send.size(), 3u);
  EXPECT_TRUE(video.simulcast->receive.empty());
}

TEST(SessionDescription, UnderstandsPausedAndAlternativeStreams) {
  const MediaDescription video = sectionWith(kAudio, "a=simulcast:send a,~b;c recv d");
  ASSERT_TRUE(video.simulcast);
  ASSERT_EQ(video.simulcast->send.size(), 2u);
  EXPECT_EQ(video.simulcast->send[0][1], (Simulcast::Alternative{"b", true}));
  EXPECT_EQ(video.simulcast->receive[0][0], (Simulcast::Alternative{"d", false}));
  EXPECT_TRUE(sectionWith(kAudio, "a=simulcast: send rid=a;b").simulcast->oldForm);
}

TEST(SessionDescription, UnderstandsTheOldDataForm) {
  const SessionDescription description = parsed(test::readVector("chromium-answers-aiortc-offer"));
  const MediaDescription& data = description.media.at(2);
  EXPECT_EQ(data.protocol, "DTLS/SCTP");
  EXPECT_EQ(data.formats, std::vector<std::string>{"5000"});
  EXPECT_EQ(data.sctpMaps.at(0), (SctpMap{5000, "webrtc-datachannel", 65535}));
  EXPECT_TRUE(data.isDataChannels());
  EXPECT_TRUE(data.isOldDataForm());
}

TEST(SessionDescription, KnowsWhatIsNoDataChannel) {
  EXPECT_FALSE(sectionWith("m=application 9 UDP/DTLS/SCTP 5000\r\n", "a=mid:0").isDataChannels());
  EXPECT_FALSE(sectionWith("m=application 9 UDP/BFCP *\r\n", "a=setup:actpass").isDataChannels());
  EXPECT_FALSE(sectionWith(kAudio, "a=mid:0").isDataChannels());
  EXPECT_TRUE(sectionWith("m=application 9 TCP/DTLS/SCTP webrtc-datachannel\r\n", "a=mid:0")
                  .isDataChannels());
}

TEST(SessionDescription, InheritsTransportAttributesOfTheSession) {
  const SessionDescription description = parsed(test::readVector("firefox-data-only-offer"));
  EXPECT_TRUE(description.media[0].fingerprints.empty());
  const TransportAttributes transport = description.transportOf(description.media[0]);
  EXPECT_EQ(transport.fingerprints.size(), 1u);
  EXPECT_TRUE(transport.hasIceOption("trickle"));
  EXPECT_EQ(transport.iceUfrag, "c0fef495");
  EXPECT_EQ(transport.setup, Setup::actpass);
}

TEST(SessionDescription, AcceptsBareLineFeedsAndNoLastLineEnd) {
  std::string text = test::readVector("chromium-av-data-offer");
  const SessionDescription expected = parsed(text);
  std::erase(text, '\r');
  EXPECT_EQ(parsed(text), expected);
  text.pop_back();
  EXPECT_EQ(parsed(text), expected);
  EXPECT_EQ(parsed(text + "\n\n\n"), expected);
}

TEST(SessionDescription, KeepsWhatItDoesNotKnow) {
  const SessionDescription description = parsed(
      kHead + "i=about\r\nb=AS:5\r\nx=y\r\na=foo\r\na=bar:1:2\r\n" + kData +
      "i=title\r\nc=IN IP6 ::1\r\nk=clear:x\r\na=new-thing:with words\r\na=rtcp-mux:odd\r\n");
  EXPECT_EQ(description.others, (std::vector<Attribute>{{"foo", std::nullopt}, {"bar", "1:2"}}));
  EXPECT_EQ(description.lines, (std::vector<Line>{{'i', "about"}, {'x', "y"}}));
  EXPECT_EQ(description.media[0].others,
            (std::vector<Attribute>{{"new-thing", "with words"}, {"rtcp-mux", "odd"}}));
  EXPECT_FALSE(description.media[0].rtcpMux);
  EXPECT_EQ(parsed(description.serialize()), description);
}

TEST(SessionDescription, AcceptsWhatOthersHaveWritten) {
  EXPECT_EQ(errorOf("v=0\no=mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0\ns=\n"), "fine");
  EXPECT_EQ(errorOf(kHead + kAudio + "a=rtcp:9\r\n"), "fine");
  EXPECT_EQ(errorOf(kHead + kAudio + "a=rtcp-fb:* nack\r\n"), "fine");
  EXPECT_EQ(errorOf(kHead + kAudio + "a=extmap:255/sendonly urn:x a b\r\n"), "fine");
  EXPECT_EQ(errorOf(kHead + kAudio + "a=ssrc:1 msid:a b\r\na=ssrc-group:SIM 1 2\r\n"), "fine");
  EXPECT_EQ(errorOf(kHead + "m=video 0 what/ever 0\r\n"), "fine");
  EXPECT_EQ(errorOf(kHead + "m=video 4000/2 RTP/AVP 96\r\nc=IN IP4 1.2.3.4\r\n"), "fine");
  const MediaDescription lower = sectionWith(
      kData, "a=fingerprint:SHA-1 " + [] {
        std::string digest = "ab";
        for (int i = 1; i < 20; ++i) digest += ":cd";
        return digest;
      }());
  EXPECT_EQ(lower.fingerprints.at(0).algorithm, "sha-1");
  EXPECT_EQ(lower.fingerprints.at(0).digest.at(0), 0xab);
}

struct Broken {
  std::string name, text, what;
  std::size_t line;
};

class BrokenSdp : public testing::TestWithParam<Broken> {};

TEST_P(BrokenSdp, NamesTheLineAndTheReason) {
  const Result<SessionDescription, Error> result = SessionDescription::parse(GetParam().text);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, GetParam().what);
  EXPECT_EQ(result.error().line, GetParam().line);
}

std::vector<Broken> brokenTexts() {
  const auto inData = [](std::string attribute) { return kHead + kData + attribute + "\r\n"; };
  const auto inAudio = [](std::string attribute) { return kHead + kAudio + attribute + "\r\n"; };
  return {
      {"Empty", "", "description ends too early", 1},
      {"Garbage", "hello\r\n", "not a line of SDP", 1},
      {"NoOrigin", "v=0\r\ns=-\r\n", "description must begin with v=, o= and s=", 2},
      {"Version", "v=1\r\n", "unknown version", 1},
      {"ShortOrigin", "v=0\r\no=- 1 IN IP4 127.0.0.1\r\n", "malformed o=", 2},
      {"NegativeOrigin", "v=0\r\no=- -1 2 IN IP4 x\r\ns=-\r\n", "malformed o=", 2},
      {"SecondVersion", kHead + "v=0\r\n", "line out of order", 5},
      {"NoEquals", kHead + "aXmid\r\n", "not a line of SDP", 5},
      {"NoName", kHead + "a=:x\r\n", "malformed attribute name", 5},
      {"NulByte", kHead + std::string("a=x:\0y\r\n", 8), "control character in line", 5},
      {"LoneReturn", kHead + "a=x:\ra=y\r\n", "control character in line", 5},
      {"NoFormat", kHead + "m=audio 9 RTP/AVP\r\n", "malformed m=", 5},
      {"PortTooBig", kHead + "m=audio 65536 RTP/AVP 0\r\n", "malformed m=", 5},
      {"NoPort", kHead + "m=audio x RTP/AVP 0\r\n", "malformed m=", 5},
      {"Connection", kHead + kData + "c=IN IP4\r\n", "malformed c=", 6},
      {"Bandwidth", kHead + kData + "b=AS\r\n", "malformed b=", 6},
      {"Mid", inData("a=mid:a b"), "malformed mid", 6},
      {"MidWithoutValue", inData("a=mid"), "attribute without a value", 6},
      {"LongMid", inData("a=mid:" + std::string(65, 'x')), "malformed mid", 6},
      {"ShortUfrag", inData("a=ice-ufrag:abc"), "malformed ice-ufrag", 6},
      {"OddUfrag", inData("a=ice-ufrag:ab:cd"), "malformed ice-ufrag", 6},
      {"ShortPassword", inData("a=ice-pwd:" + std::string(21, 'p')), "malformed ice-pwd", 6},
      {"Setup", inData("a=setup:maybe"), "malformed setup", 6},
      {"FingerprintHex", inData("a=fingerprint:sha-256 zz"), "malformed fingerprint", 6},
      {"FingerprintSize", inData("a=fingerprint:sha-256 AB:CD"), "malformed fingerprint", 6},
      {"FingerprintNone", inData("a=fingerprint:sha-256"), "malformed fingerprint", 6},
      {"SctpPort", inData("a=sctp-port:70000"), "malformed sctp-port", 6},
      {"SctpMap", inData("a=sctpmap:5000"), "malformed sctpmap", 6},
      {"SizeOverflow", inData("a=max-message-size:18446744073709551616"),
       "malformed max-message-size", 6},
      {"NegativeSize", inData("a=max-message-size:-1"), "malformed max-message-size", 6},
      {"SctpInit", inData("a=sctp-init:not base64!"), "malformed sctp-init", 6},
      {"Group", kHead + "a=group:BUNDLE a,b c/d\r\n", "malformed group", 5},
      {"Extmap", inAudio("a=extmap:0 urn:x"), "malformed extmap", 6},
      {"ExtmapBig", inAudio("a=extmap:256 urn:x"), "malformed extmap", 6},
      {"ExtmapDirection", inAudio("a=extmap:1/both urn:x"), "malformed extmap", 6},
      {"ExtmapNoUri", inAudio("a=extmap:1"), "malformed extmap", 6},
      {"Ssrc", inAudio("a=ssrc:4294967296 cname:x"), "malformed ssrc", 6},
      {"SsrcGroup", inAudio("a=ssrc-group:FID x"), "malformed ssrc-group", 6},
      {"Rid", inAudio("a=rid:a:b send"), "malformed rid", 6},
      {"RidDirection", inAudio("a=rid:a both"), "malformed rid", 6},
      {"Simulcast", inAudio("a=simulcast:send a;;b"), "malformed simulcast", 6},
      {"SimulcastTwice", inAudio("a=simulcast:send a send b"), "malformed simulcast", 6},
      {"Feedback", inAudio("a=rtcp-fb:x nack"), "malformed rtcp-fb", 6},
      {"J4DuplicateMid", inData("a=mid:0\r\na=mid:0"), "duplicate mid", 7},
      {"J4DuplicateUfrag", inData("a=ice-ufrag:abcd\r\na=ice-ufrag:efgh"), "duplicate ice-ufrag",
       7},
      {"J4DuplicateSetup", inData("a=setup:active\r\na=setup:passive"), "duplicate setup", 7},
      {"J4DuplicateDirection", inData("a=sendrecv\r\na=inactive"), "duplicate direction", 7},
      {"J4DuplicateSctpPort", inData("a=sctp-port:1\r\na=sctp-port:2"), "duplicate sctp-port", 7},
  };
}

INSTANTIATE_TEST_SUITE_P(Sdp, BrokenSdp, testing::ValuesIn(brokenTexts()),
                         [](const auto& test) { return test.param.name; });

TEST(SessionDescription, J1RefusesPayloadTypesThatAreNone) {
  for (const std::string type : {"0", "63", "95", "96", "127"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(errorOf(kHead + "m=audio 9 RTP/SAVPF " + type + "\r\na=rtpmap:" + type +
                      " opus/48000/2\r\na=fmtp:" + type + " x=1\r\n"),
              "fine");
  }
  for (const std::string type :
       {"128", "255", "256", "65535", "-1", "100000000000000000000", "096", "+1", "0x1", "1.0"}) {
    SCOPED_TRACE(type);
    EXPECT_EQ(errorOf(kHead + "m=audio 9 RTP/SAVPF " + type + "\r\n"), "malformed payload type");
    EXPECT_EQ(errorOf(kHead + kAudio + "a=rtpmap:" + type + " a/1\r\n"), "malformed rtpmap");
    EXPECT_EQ(errorOf(kHead + kAudio + "a=fmtp:" + type + " x\r\n"), "malformed fmtp");
    EXPECT_EQ(errorOf(kHead + kAudio + "a=rtcp-fb:" + type + " nack\r\n"), "malformed rtcp-fb");
  }
}

std::string repeated(std::string_view line, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += line;
  return text;
}

TEST(SessionDescription, J2StopsAtEveryLimitAndNotBefore) {
  using namespace limits::sdp;
  struct Case {
    std::string head, line;
    std::size_t limit;
    std::string what;
  };
  const Case cases[] = {
      {kHead, "a=x\n", kAttributesPerSection, "too many attributes"},
      {kHead + kData, "a=x\n", kAttributesPerSection, "too many attributes"},
      {kHead + kData, "a=candidate:x\n", kAttributesPerSection, "too many attributes"},
      {kHead + kData, "i=x\n", kAttributesPerSection, "too many lines in a section"},
      {kHead + kAudio, "a=rtpmap:96 a/1\n", kCodecs, "too many rtpmap lines"},
      {kHead + kAudio, "a=fmtp:96 a\n", kCodecs, "too many fmtp lines"},
      {kHead + kAudio, "a=extmap:1 a\n", kExtensions, "too many extmap lines"},
      {kHead + kAudio, "a=ssrc:1 a\n", kSsrcs, "too many attributes"},
      {kHead, "m=x 9 y z\n", kSections, "too many sections"},
      {kHead + kData, "a=fingerprint:x AB\n", limits::dtls::kFingerprints, "too many fingerprints"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.line);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, one.limit - 1, one.limit})
      EXPECT_EQ(errorOf(one.head + repeated(one.line, count)), "fine") << count;
    EXPECT_EQ(errorOf(one.head + repeated(one.line, one.limit + 1)), one.what);
  }
  EXPECT_EQ(errorOf(kHead + "m=audio 9 RTP/AVP" + repeated(" 96", kCodecs) + "\n"), "fine");
  EXPECT_EQ(errorOf(kHead + "m=audio 9 RTP/AVP" + repeated(" 96", kCodecs + 1) + "\n"),
            "too many formats");
}

TEST(SessionDescription, J3RefusesBombs) {
  EXPECT_EQ(errorOf(kHead + repeated("a=x\n", 1 << 18)), "description too long");
  EXPECT_EQ(errorOf(kHead + "a=" + std::string(1 << 20, 'x')), "description too long");
  EXPECT_EQ(errorOf(kHead + "a=" + std::string(10'000, 'x')), "line too long");
  EXPECT_EQ(errorOf(kHead + repeated("t=0 0\n", 10'000)), "too many lines");
  EXPECT_EQ(errorOf(kHead + repeated("m=x 9 y z\n", 10'000)), "too many sections");
}

// Whatever a string of the model holds, it stays inside its line.
TEST(SessionDescription, J5LetsNoValueEndItsLine) {
  const std::string evil = std::string("x\r\na=setup:active\nb\0c", 20);
  SessionDescription description = parsed(test::readVector("chromium-data-only-offer"));
  description.name = evil;
  description.origin.username = "u\r\nv";
  description.groups[0].mids.push_back("m\nm");
  MediaDescription& section = description.media[0];
  section.mid = "a\r\na=ice-lite";
  section.candidates = {"candidate:" + evil};
  section.others.push_back({"fine", evil});
  section.formats.push_back("f\nf");
  const std::string text = description.serialize();
  std::size_t lines = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_NE(text[i], '\0');
    if (text[i] != '\n') continue;
    ++lines;
    EXPECT_EQ(text[i - 1], '\r');
  }
  EXPECT_EQ(text.find("\r\na=ice-lite"), std::string::npos);
  // 7 session lines, m= and c=, the candidate, ufrag, pwd, options, fingerprint, setup, mid,
  // port, size and the other one.
  EXPECT_EQ(lines, 19u);
}

TEST(CandidateView, SeesThePartsOfACandidate) {
  const std::string text =
      "candidate:1 1 udp 2122194687 192.0.2.1 36809 typ srflx raddr 0.0.0.0 rport 0 ufrag abcd";
  const std::optional<CandidateView> view = CandidateView::parse(text);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->transport, "udp");
  EXPECT_EQ(view->address, "192.0.2.1");
  EXPECT_EQ(view->port, 36809);
  EXPECT_EQ(view->type, "srflx");
  EXPECT_EQ(view->ufrag, "abcd");
  EXPECT_TRUE(CandidateView::parse("a=" + text));
}

TEST(CandidateView, RefusesWhatIsNone) {
  for (const std::string text :
       {"", "candidate:", "1 1 udp 1 a 1 typ host", "candidate:1 1 udp 1 a 70000 typ host",
        "candidate:1 x udp 1 a 1 typ host", "candidate:1 1 udp 1 a 1 host",
        "candidate:1 1 udp 1 a 1 typ", "candidate:1 1 udp 1 a 1 typ host\r\na=x"})
    EXPECT_FALSE(CandidateView::parse(text)) << text;
}

}  // namespace
}  // namespace parley::sdp
