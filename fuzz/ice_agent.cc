#include "ice/agent.h"

#include "fuzz/common.h"
#include "stun/builder.h"

// An agent meets datagrams, candidates, credentials, restarts and time of the input. Checks are
// paced, pairs and memory bounded, an answer is never longer than its question may cause, and data
// leaves only towards an address that has proved the password.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace ice;

constexpr TransportIndex kTransport{0};

class Game final : private PathSink {
 public:
  explicit Game(Bytes input) : in_(input), agent_({}, *this) {}

  void play() {
    Step step = world_.step();
    local_ = Credentials::generate(world_.secrets);
    remote_ = Credentials::generate(world_.secrets);
    agent_.setRole(in_.flag() ? Role::controlling : Role::controlled);
    agent_.addTransport(step, kTransport, local_);
    addLocal();
    if (in_.flag()) agent_.setRemoteCredentials(step, kTransport, remote_);
    for (int ops = 0; !in_.empty() && ops < 150; ++ops) {
      oneOp();
      settle();
      check();
    }
    agent_.removeTransport(kTransport);
    FUZZ_REQUIRE(agent_.deadline() == never() && agent_.pairs(kTransport).empty());
  }

 private:
  struct Asked {
    Path path;
    stun::TransactionId id;
  };

  void sendOn(Step&, const Path& path, Packet packet) override {
    const Bytes bytes = packet.bytes();
    FUZZ_REQUIRE(!bytes.empty() && bytes.size() <= limits::ice::kStunMessage);
    if (bytes[0] >= 4) {  // data
      FUZZ_REQUIRE(inData_ && agent_.isKnown(path));
      return;
    }
    const auto message = stun::MessageView::parse(bytes);
    FUZZ_REQUIRE(message && message->checkFingerprint());
    if (message->messageClass() == stun::Class::request) {
      FUZZ_REQUIRE(message->hasIntegrity());
      asked_.push_back({path, message->transaction()});
      if (asked_.size() > 16) asked_.erase(asked_.begin());
      ++requests_;
    } else {
      ++answers_;
    }
  }

  void check() {
    FUZZ_REQUIRE(agent_.pairs(kTransport).size() <= limits::ice::kPairs);
    FUZZ_REQUIRE(agent_.remotes(kTransport).size() <=
                 limits::ice::kRemoteCandidates + limits::ice::kPeerReflexive);
    FUZZ_REQUIRE(agent_.memoryUsed() <= 1u << 20);
    // Triggered checks at 5 ms are the fastest there is; consent and the first check of each
    // generation come on top.
    const auto elapsed = static_cast<std::size_t>((world_.now - begun_) / 5ms);
    FUZZ_REQUIRE(requests_ <= elapsed + 16 + 8 * generations_);
    FUZZ_REQUIRE(answers_ <= datagrams_);
  }
  void settle() {
    Step step = world_.step();
    agent_.flush(step);
    while (agent_.nextEvent()) {
    }
  }

  Address address(std::uint8_t choice) {
    Address made;
    made.ip = IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(choice % 16)});
    made.port = static_cast<std::uint16_t>(1'000 + choice / 16);
    return made;
  }
  void addLocal() {
    Candidate candidate;
    candidate.address = address(in_.u8());
    candidate.priority = in_.flag() ? in_.u32() : 0;
    Step step = world_.step();
    if (const auto id = agent_.addLocal(step, kTransport, candidate)) bases_.push_back(*id);
  }
  void addRemote() {
    Candidate candidate;
    candidate.address = address(in_.u8());
    candidate.foundation = std::to_string(in_.u8() % 4);
    candidate.priority = in_.u32();
    candidate.type = CandidateType{static_cast<std::uint8_t>(in_.below(4))};
    if (in_.u8() % 8 == 1) candidate.usernameFragment = "other";
    Step step = world_.step();
    (void)agent_.addRemote(step, kTransport, candidate);
  }
  Path anyPath() {
    const CandidateId base = bases_.empty() ? CandidateId{} : bases_[in_.u8() % bases_.size()];
    return {base, address(in_.u8())};
  }
  void receive(const Path& path, Bytes bytes) {
    Step step = world_.step();
    ++datagrams_;
    agent_.receive(step, path, bytes);
  }

  void request() {
    const Path path = anyPath();
    const std::uint8_t how = in_.u8();
    stun::TransactionId id{};
    id[0] = in_.u8();
    stun::MessageBuilder builder(packets().take(), stun::Class::request, stun::Method::binding, id);
    if ((how & 1) == 0)
      builder.addText(stun::Attribute::username, local_.ufrag + ":" + remote_.ufrag);
    if ((how & 2) == 0) builder.addU32(stun::Attribute::priority, in_.u32());
    if (how & 4) builder.add(stun::Attribute::useCandidate);
    builder.addU64(how & 8 ? stun::Attribute::iceControlling : stun::Attribute::iceControlled,
                   std::uint64_t{in_.u8()} << 56);
    if (how & 16) builder.add(stun::Attribute{in_.u16()}, in_.bytes(4));
    const std::string& key = how & 32 ? remote_.password : local_.password;
    const Packet packet = builder.finish(how & 64 ? stun::Integrity::none : stun::Integrity::sha1,
                                         bytesOf(key), (how & 128) == 0);
    if (packet) receive(path, packet.bytes());
  }
  void answer() {
    if (asked_.empty()) return;
    const std::uint8_t how = in_.u8();
    const Asked asked = asked_[(how >> 4) % asked_.size()];
    const bool isError = how & 1;
    stun::MessageBuilder builder(packets().take(),
                                 isError ? stun::Class::error : stun::Class::success,
                                 stun::Method::binding, asked.id);
    if (isError)
      builder.addError(how & 2 ? stun::ErrorCode::roleConflict : stun::ErrorCode::badRequest);
    builder.addXorAddress(stun::Attribute::xorMappedAddress, address(in_.u8()));
    const std::string& key = (how & 12) == 12 ? local_.password : remote_.password;
    const Packet packet = builder.finish(stun::Integrity::sha1, bytesOf(key));
    Path path = asked.path;
    if ((how & 12) == 8) path.remote = address(in_.u8());
    if (packet) receive(path, packet.bytes());
  }
  void passTime() {
    const std::uint8_t how = in_.u8();
    world_.now += Duration(how < 200 ? how * 1'000 : (how - 199) * 500'000);
    for (int i = 0; i < 20 && agent_.deadline() <= world_.now; ++i) {
      Step step = world_.step();
      agent_.onTimer(step);
      agent_.flush(step);
      FUZZ_REQUIRE(agent_.deadline() > world_.now);
    }
  }
  void sendData() {
    Packet packet = packets().copyOf(bytesOf("\x80 data"));
    Step step = world_.step();
    const auto path = agent_.sendPath(kTransport);
    inData_ = true;
    const bool isSent = agent_.send(step, kTransport, std::move(packet));
    inData_ = false;
    FUZZ_REQUIRE(!isSent || path.has_value());
  }
  void restart() {
    if (generations_ > 8) return;
    Step step = world_.step();
    ++generations_;
    local_ = Credentials::generate(world_.secrets);
    agent_.restart(step, kTransport, local_);
    if (in_.flag()) {
      remote_ = Credentials::generate(world_.secrets);
      agent_.setRemoteCredentials(step, kTransport, remote_);
    } else if (in_.flag()) {
      agent_.cancelRestart(step, kTransport);
      if (const auto* now = agent_.localCredentials(kTransport)) local_ = *now;
    }
  }
  void oneOp() {
    Step step = world_.step();
    switch (in_.u8() % 16) {
      case 0:
        return addLocal();
      case 1:
      case 2:
        return addRemote();
      case 3:
      case 4:
      case 5:
        return request();
      case 6:
      case 7:
      case 8:
        return answer();
      case 9:
      case 10:
        return passTime();
      case 11:
        return sendData();
      case 12: {
        const Path path = anyPath();
        return receive(path, in_.bytes(in_.u8() % 80));
      }
      case 13:
        if (in_.u8() % 4 == 1) restart();
        return;
      case 14:
        return agent_.setRemoteCredentials(step, kTransport, remote_);
      default: {
        const std::uint8_t how = in_.u8();
        if (how % 8 == 0) agent_.endOfRemotes(step, kTransport);
        if (how % 8 == 1) agent_.endOfLocals(step, kTransport);
        if (how % 8 == 2 && !bases_.empty()) {
          agent_.removeLocal(step, bases_.back());
          bases_.pop_back();
        }
        if (how % 8 == 3) agent_.setRole(how & 8 ? Role::controlling : Role::controlled);
        if (how % 8 == 4) agent_.setRemoteLite((how & 8) != 0);
      }
    }
  }

  Input in_;
  World world_;
  Instant begun_ = world_.now;
  Agent agent_;
  Credentials local_, remote_;
  std::vector<CandidateId> bases_;
  std::vector<Asked> asked_;
  std::size_t requests_ = 0, answers_ = 0, datagrams_ = 0, generations_ = 1;
  bool inData_ = false;
};

}  // namespace

void oneInput(Bytes input) { playFrugally<Game>(input, 1u << 20); }

}  // namespace parley::fuzz
