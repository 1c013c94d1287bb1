#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "jsep/negotiation.h"

// A peer of tests: a negotiation whose secrets are numbered, with one-line offers and answers.

namespace parley::jsep::test {

inline sdp::Fingerprint fingerprint(std::uint8_t byte) {
  return {.algorithm = "sha-256", .digest = ByteVector(32, byte)};
}

template <class Kind>
std::vector<Kind> only(const Effects& effects) {
  std::vector<Kind> found;
  for (const Effect& effect : effects)
    if (const Kind* kind = std::get_if<Kind>(&effect)) found.push_back(*kind);
  return found;
}

class Peer {
 public:
  explicit Peer(char name, Config config = {.sessionId = 77})
      : negotiation(std::move(config)), name_(name) {}

  // Different every time, so that a description that ought to be the same has to keep them.
  LocalParameters secrets() {
    ++secrets_;
    const std::string number = std::to_string(1000 + secrets_);
    return {.fresh = {std::string(1, name_) + number, std::string(18, name_) + number},
            .fingerprints = {fingerprint(static_cast<std::uint8_t>(name_))},
            .tlsId = tlsId,
            .sctpInit = sctpInit};
  }

  std::string offer(OfferOptions options = {}) {
    const auto made = negotiation.createOffer(options, secrets());
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? made->serialize() : std::string();
  }
  std::string answer() {
    const auto made = negotiation.createAnswer(secrets());
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? made->serialize() : std::string();
  }
  Effects setLocal(SdpType type, const std::string& text = {}) {
    return taken(negotiation.setLocal(type, text));
  }
  Effects setRemote(SdpType type, const std::string& text = {}) {
    return taken(negotiation.setRemote(type, text));
  }
  std::string refusedLocal(SdpType type, const std::string& text = {}) {
    return refusal(negotiation.setLocal(type, text));
  }
  std::string refusedRemote(SdpType type, const std::string& text = {}) {
    return refusal(negotiation.setRemote(type, text));
  }
  SignalingState state() const { return negotiation.state(); }

  Negotiation negotiation;
  std::string tlsId, sctpInit;

 private:
  static Effects taken(Result<Effects, Failure> result) {
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? std::move(*result) : Effects{};
  }
  // "InvalidStateError: ..." or "fine".
  static std::string refusal(const Result<Effects, Failure>& result) {
    if (result) return "fine";
    return std::string(nameOf(result.error().kind)) + ": " + result.error().message;
  }

  char name_;
  int secrets_ = 0;
};

struct Exchange {
  std::string offer, answer;
  Effects offererOnOffer, answererOnOffer, answererOnAnswer, offererOnAnswer;
};

// One whole round, both final.
inline Exchange exchange(Peer& offerer, Peer& answerer, OfferOptions options = {}) {
  Exchange done;
  done.offer = offerer.offer(options);
  done.offererOnOffer = offerer.setLocal(SdpType::offer, done.offer);
  done.answererOnOffer = answerer.setRemote(SdpType::offer, done.offer);
  done.answer = answerer.answer();
  done.answererOnAnswer = answerer.setLocal(SdpType::answer, done.answer);
  done.offererOnAnswer = offerer.setRemote(SdpType::answer, done.answer);
  return done;
}

inline sdp::SessionDescription parsed(const std::string& text) {
  auto result = sdp::SessionDescription::parse(text);
  EXPECT_TRUE(result) << (result ? "" : result.error().what) << "\n" << text;
  return result ? std::move(*result) : sdp::SessionDescription{};
}

// `text` with the first `from` replaced by `to`.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " is not in\n" << text;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// An offer of audio, video and data, all bundled, as a browser would make it.
inline std::string mediaOffer(const std::string& group = "a=group:BUNDLE 0 1 2\r\n") {
  const std::string transport =
      "c=IN IP4 0.0.0.0\r\na=ice-ufrag:remo\r\na=ice-pwd:remotepasswordremotepa\r\n"
      "a=fingerprint:sha-256 " +
      [] {
        std::string digest = "11";
        for (int i = 1; i < 32; ++i) digest += ":11";
        return digest;
      }() +
      "\r\na=setup:actpass\r\n";
  return "v=0\r\no=- 9 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-options:trickle\r\n" + group +
         "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + transport +
         "a=mid:0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
         "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" +
         transport + "a=mid:1\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" +
         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" + transport +
         "a=mid:2\r\na=sctp-port:5000\r\na=max-message-size:100000\r\n";
}

}  // namespace parley::jsep::test
