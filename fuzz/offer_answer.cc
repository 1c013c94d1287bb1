#include "fuzz/common.h"
#include "jsep/negotiation.h"
#include "jsep/signaling.h"

// Two negotiations and every call there is, in any order, with descriptions as they were made or
// changed by the input. The state follows the table of W3C, and a call that fails changes nothing.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace jsep;

// The table of webrtc-pc 4.7 (RFC 9429 3.2), written down a second time.
std::optional<SignalingState> follow(SignalingState from, Side side, SdpType type) {
  using enum SignalingState;
  const bool isLocal = side == Side::local;
  const SignalingState offered = isLocal ? haveLocalOffer : haveRemoteOffer;
  const SignalingState answered = isLocal ? haveRemoteOffer : haveLocalOffer;
  const SignalingState provisional = isLocal ? haveLocalPranswer : haveRemotePranswer;
  switch (type) {
    case SdpType::offer:
      if (from == stable || from == offered) return offered;
      return std::nullopt;
    case SdpType::pranswer:
      if (from == answered || from == provisional) return provisional;
      return std::nullopt;
    case SdpType::answer:
      if (from == answered || from == provisional) return stable;
      return std::nullopt;
    case SdpType::rollback:
      if (from == haveLocalOffer || from == haveRemoteOffer) return stable;
      return std::nullopt;
  }
  return std::nullopt;
}

struct Peer {
  explicit Peer(char name_)
      : negotiation(Config{.sessionId = static_cast<unsigned char>(name_)}), name(name_) {}

  LocalParameters secrets() {
    const std::string number = std::to_string(1'000 + ++count);
    LocalParameters made;
    made.fresh = {std::string(1, name) + number, std::string(18, name) + number};
    made.fingerprints = {{.algorithm = "sha-256", .digest = ByteVector(32, 7)}};
    return made;
  }

  Negotiation negotiation;
  char name;
  int count = 0;
  std::string offer, answer;
};

class Game {
 public:
  explicit Game(Bytes input) : in_(input) {}

  void play() {
    if (in_.flag()) a_.negotiation.needDataChannels();
    for (int ops = 0; !in_.empty() && ops < 40; ++ops) oneOp();
    a_.negotiation.close();
    FUZZ_REQUIRE(a_.negotiation.state() == SignalingState::closed);
    FUZZ_REQUIRE(!a_.negotiation.setRemote(SdpType::offer, b_.offer));
  }

 private:
  std::string mutated(std::string text) {
    const std::uint8_t how = in_.u8();
    if (how < 128 || text.empty()) return text;
    for (std::size_t count = how % 4; count > 0; --count) {
      const std::size_t at = in_.u16() % text.size();
      const std::size_t line = std::min(text.find('\n', at), text.size() - 1) + 1;
      switch (in_.below(4)) {
        case 0:
          text[at] = static_cast<char>(in_.u8());
          break;
        case 1:  // a line goes
          text.erase(at, line - at);
          break;
        case 2:  // a line comes twice
          text.insert(at, text.substr(at, line - at));
          break;
        default:
          text.insert(line, textOf(in_.bytes(in_.u8() % 32)));
      }
      if (text.empty()) break;
    }
    return text;
  }
  static std::string shown(const std::optional<Description>& description) {
    return description ? description->sdp.serialize() : std::string();
  }

  void set(Peer& peer, Side side, SdpType type, const std::string& text) {
    const Negotiation& negotiation = peer.negotiation;
    const SignalingState before = negotiation.state();
    const std::string pendingLocal = shown(negotiation.pendingLocal());
    const std::string pendingRemote = shown(negotiation.pendingRemote());
    const bool isGlare =
        side == Side::remote && type == SdpType::offer && before == SignalingState::haveLocalOffer;
    const auto expected = follow(isGlare ? SignalingState::stable : before, side, type);
    const auto result = side == Side::local ? peer.negotiation.setLocal(type, text)
                                            : peer.negotiation.setRemote(type, text);
    if (result) {
      FUZZ_REQUIRE(expected && negotiation.state() == *expected);
    } else {
      FUZZ_REQUIRE(negotiation.state() == before);
      FUZZ_REQUIRE(shown(negotiation.pendingLocal()) == pendingLocal);
      FUZZ_REQUIRE(shown(negotiation.pendingRemote()) == pendingRemote);
      FUZZ_REQUIRE(!result.error().message.empty());
    }
    const bool isStable = negotiation.state() == SignalingState::stable;
    FUZZ_REQUIRE(!isStable || (!negotiation.pendingLocal() && !negotiation.pendingRemote()));
  }

  void candidate(Peer& peer) {
    RemoteCandidate candidate;
    const std::uint8_t how = in_.u8();
    if (how & 1) candidate.candidate = "candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host";
    if (how & 2) candidate.candidate += textOf(in_.bytes(how >> 4));
    if (how & 4) candidate.mid = std::to_string(in_.u8() % 3);
    if (how & 8) candidate.index = in_.u8() % 3;
    (void)peer.negotiation.addRemoteCandidate(candidate);
    (void)peer.negotiation.addLocalCandidate({in_.u8() % 2u}, "a1001",
                                             "candidate:1 1 udp 1 192.0.2.2 5 typ host");
  }

  void oneOp() {
    const std::uint8_t op = in_.u8();
    Peer& self = op & 1 ? a_ : b_;
    Peer& other = op & 1 ? b_ : a_;
    const auto type = SdpType{static_cast<std::uint8_t>(op >> 5 & 3)};
    switch (op >> 1 & 15) {
      case 0:
        return self.negotiation.needDataChannels();
      case 1:
        return self.negotiation.restartIce();
      case 2:
      case 3:
        if (const auto made = self.negotiation.createOffer({op >> 7 != 0}, self.secrets())) {
          self.offer = made->serialize();
        }
        return;
      case 4:
      case 5:
        if (const auto made = self.negotiation.createAnswer(self.secrets())) {
          self.answer = made->serialize();
        }
        return;
      case 6:
        return candidate(self);
      case 7:
        return set(self, op >> 7 ? Side::local : Side::remote, SdpType::rollback, {});
      case 8:
      case 9:
        return set(self, Side::local, SdpType::offer, self.offer);
      case 10:
        return set(self, Side::local, op >> 7 ? SdpType::pranswer : SdpType::answer, self.answer);
      case 11:
      case 12:
        return set(self, Side::remote, SdpType::offer, mutated(other.offer));
      case 13:
        return set(self, Side::remote, SdpType::answer, mutated(other.answer));
      case 14:
        return set(self, Side::remote, type,
                   mutated(type == SdpType::offer ? other.offer : other.answer));
      default:
        return set(self, Side::local, type,
                   mutated(type == SdpType::offer ? self.offer : self.answer));
    }
  }

  Input in_;
  Peer a_{'a'}, b_{'b'};
};

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 8u << 20);
  Game(input).play();
}

}  // namespace parley::fuzz
