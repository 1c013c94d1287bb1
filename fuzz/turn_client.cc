#include <set>

#include "fuzz/common.h"
#include "stun/builder.h"
#include "stun/channel_data.h"
#include "stun/credentials.h"
#include "turn/client.h"

// A client meets a server that is the input: answers that are right, wrong, unsigned and made up,
// data, silence and time, while its owner calls what it likes. Nothing is believed that is not
// signed, no transaction id has two bodies and no channel number two peers, data comes only from
// whom it was asked for, and a release ends, once, and says nothing but what gives back.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace turn;
using stun::Attribute;
using stun::Class;
using stun::Method;

class Game final : private Client::Sink {
 public:
  explicit Game(Bytes input) : in_(input), client_(configOf(in_), *this) {}

  void play() {
    for (int ops = 0; !in_.empty() && ops < 100; ++ops) {
      oneOp();
      check();
    }
    Step step = world_.step();
    client_.release(step);
    isReleasing_ = true;
    pass(limits::loop::kTail);
    check();
    FUZZ_REQUIRE(released_ == 1 && client_.deadline() == never());
    FUZZ_REQUIRE(client_.held().transactions == 0 && client_.held().permissions == 0);
  }

 private:
  struct Asked {
    stun::TransactionId id{};
    Method method{};
    bool isSigned = false;
  };

  static Config configOf(Input& in) {
    const std::uint8_t how = in.u8();
    Config config{.username = "alice", .password = "secret"};
    config.overStream = (how & 1) != 0;
    if (how & 2) config.family = stun::AddressFamily::v4;
    if (how & 4) config.lifetime = std::chrono::seconds(how);
    return config;
  }

  // What the client says.
  void sendToServer(Step&, Packet packet) override {
    const Bytes bytes = packet.bytes();
    FUZZ_REQUIRE(!bytes.empty() && bytes.size() <= limits::turn::kMessage);
    if (stun::ChannelData::looksLike(bytes)) {
      const auto data = stun::ChannelData::parse(bytes);
      FUZZ_REQUIRE(data && !isReleasing_ && numbers_.contains(data->number));
      return;
    }
    const auto message = stun::MessageView::parse(bytes, limits::turn::kMessage);
    FUZZ_REQUIRE(message.has_value());
    if (message->messageClass() == Class::indication) {
      const auto peer = message->findXorAddress(Attribute::xorPeerAddress);
      FUZZ_REQUIRE(!isReleasing_ && peer && message->has(Attribute::data));
      return;
    }
    FUZZ_REQUIRE(message->messageClass() == Class::request && message->checkFingerprint());
    onRequest(*message, bytes);
  }
  void onRequest(const stun::MessageView& message, Bytes bytes) {
    const auto [said, isNew] = bodies_.try_emplace(message.transaction(), toVector(bytes));
    FUZZ_REQUIRE(equal(said->second, bytes));
    const bool isGivingBack =
        message.method() == Method::allocate ||
        (message.method() == Method::refresh && message.findU32(Attribute::lifetime) == 0u);
    FUZZ_REQUIRE(!isReleasing_ || isGivingBack);
    const auto peers = message.findXorAddresses(Attribute::xorPeerAddress);
    FUZZ_REQUIRE(peers.isWhole);
    for (std::size_t i = 0; i < peers.count; ++i) asksFor_.insert(peers.list[i].ip);
    if (message.method() == Method::channelBind) {
      const std::uint16_t number = message.findChannelNumber().value();
      FUZZ_REQUIRE(stun::isChannelNumber(number) && peers.count == 1);
      FUZZ_REQUIRE(numbers_.try_emplace(number, peers.list[0]).first->second == peers.list[0]);
    }
    if (isNew)
      asked_.push_back({message.transaction(), message.method(),
                        message.hasIntegrity() || message.hasIntegritySha256()});
    if (asked_.size() > 16) asked_.erase(asked_.begin());
  }

  Address peer() {
    const std::uint8_t choice = in_.u8();
    const auto port = static_cast<std::uint16_t>(6'000 + choice % 2);
    if (choice == 255) return {IpAddress::v6({0x20, 1, 0xd, 0xb8}), port};
    return {IpAddress::v4({203, 0, 113, static_cast<std::uint8_t>(choice / 2)}), port};
  }
  void call() {
    Step step = world_.step();
    const std::uint8_t how = in_.u8();
    if (how % 8 == 0) return client_.allocate(step);
    if (how % 8 == 1 && how >= 128) {
      client_.release(step);
      isReleasing_ = true;
      return;
    }
    if (how % 8 == 2) {
      for (int i = 0; i < how / 8; ++i) {
        client_.permit(step, {IpAddress::v4({203, 0, 114, static_cast<std::uint8_t>(i)}), 1});
      }
      return;
    }
    const Address to = peer();
    if (how % 8 == 3) return client_.permit(step, to);
    if (how % 8 == 4) return client_.bindChannel(step, to);
    const bool isSent = client_.send(step, to, packets().copyOf(in_.bytes(how / 8)));
    FUZZ_REQUIRE(!isSent || client_.isAllocated());
  }

  void give(Bytes bytes) {
    Step step = world_.step();
    const auto relayed = client_.receive(step, packets().copyOf(bytes));
    if (!relayed) return;
    FUZZ_REQUIRE(client_.isAllocated() && asksFor_.contains(relayed->peer.ip));
    FUZZ_REQUIRE(relayed->payload.size() <= bytes.size());
  }
  // An answer to something that was asked, right or nearly so.
  void answer() {
    if (asked_.empty()) return;
    const Asked asked = asked_[in_.below(asked_.size())];
    const std::uint8_t how = in_.u8();
    const bool isSuccess = (how & 1) != 0;
    stun::MessageBuilder message(packets().take(), isSuccess ? Class::success : Class::error,
                                 asked.method, asked.id);
    if (isSuccess) {
      if (asked.method == Method::allocate)
        message.addXorAddress(Attribute::xorRelayedAddress, kRelayed)
            .addXorAddress(Attribute::xorMappedAddress, kMapped);
      if (how & 2) message.addU32(Attribute::lifetime, in_.u16());
    } else {
      constexpr std::array kCodes{401, 438, 300, 400, 403, 437, 441, 443, 486, 500, 508, 699};
      message.addError(stun::ErrorCode(kCodes[in_.below(kCodes.size())]), "reason");
      message.addText(Attribute::realm, how & 2 ? "realm" : "other");
      const std::string nonce(1, static_cast<char>('a' + in_.u8() % 8));
      const bool hasFeatures = (how & 4) != 0;
      message.addText(
          Attribute::nonce,
          hasFeatures ? stun::nonceWithFeatures({.passwordAlgorithms = true}, nonce) : nonce);
      if (hasFeatures)
        message.addAlgorithms(Attribute::passwordAlgorithms, {stun::PasswordAlgorithm::sha256});
      if (how & 8) message.addAddress(Attribute::alternateServer, kMapped);
    }
    const Packet packet = sign(message, how);
    if (!packet) return;
    mayBeAllocated_ |= isSuccess && asked.method == Method::allocate && isRightlySigned(how);
    give(packet.bytes());
  }
  static bool isRightlySigned(std::uint8_t how) { return (how & 0x30) != 0 && (how & 0x40) == 0; }
  static Packet sign(stun::MessageBuilder& message, std::uint8_t how) {
    const bool isSha256 = (how & 0x20) != 0;
    const auto key =
        stun::longTermKey(isSha256 ? stun::PasswordAlgorithm::sha256 : stun::PasswordAlgorithm::md5,
                          "alice", how & 0x80 ? "other" : "realm", how & 0x40 ? "guess" : "secret");
    if ((how & 0x30) == 0) return message.finish();
    return message.finish(isSha256 ? stun::Integrity::sha256 : stun::Integrity::sha1, key);
  }
  void data() {
    const std::uint8_t how = in_.u8();
    const Bytes bytes = in_.bytes(how / 8);
    if (how & 1) {
      Packet packet = packets().copyOf(bytes);
      stun::ChannelData::wrap(static_cast<std::uint16_t>(0x3fff + in_.u8() % 8), packet);
      return give(packet.bytes());
    }
    const Packet packet =
        stun::MessageBuilder(packets().take(), Class::indication, Method::data, {})
            .addXorAddress(Attribute::xorPeerAddress, peer())
            .add(Attribute::data, bytes)
            .finish(stun::Integrity::none, {}, false);
    give(packet.bytes());
  }

  void pass(Duration time) {
    const Instant end = world_.now + time;
    while (client_.deadline() <= end) {
      world_.now = std::max(world_.now, client_.deadline());
      Step step = world_.step();
      client_.onTimer(step);
      FUZZ_REQUIRE(client_.deadline() > world_.now);
      check();
    }
    world_.now = end;
  }
  void check() {
    FUZZ_REQUIRE(client_.inconsistency() == nullptr);
    while (const auto event = client_.nextEvent()) {
      FUZZ_REQUIRE(released_ == 0);
      if (std::holds_alternative<Released>(*event)) ++released_;
      if (std::holds_alternative<Allocated>(*event)) FUZZ_REQUIRE(mayBeAllocated_ && !isReleasing_);
      if (const auto* failed = std::get_if<Failed>(&*event))
        FUZZ_REQUIRE(failed->code >= 300 && failed->reason.size() <= limits::turn::kReason);
    }
    FUZZ_REQUIRE(!client_.isAllocated() || mayBeAllocated_);
    FUZZ_REQUIRE(client_.held().transactions <= limits::turn::kTransactions);
    FUZZ_REQUIRE(client_.held().permissions <= limits::turn::kPeers);
    FUZZ_REQUIRE(client_.memoryUsed() < kMemory);
  }

  void oneOp() {
    switch (in_.u8() % 8) {
      case 0:
        return give(in_.bytes(in_.u8() % 64));
      case 1:
        return pass(std::chrono::milliseconds(in_.u8() * 10));
      case 2:
        return pass(std::chrono::seconds(in_.u8() * 4));
      case 3:
        return data();
      case 4:
      case 5:
        return call();
      default:
        return answer();
    }
  }

  static constexpr Address kRelayed{IpAddress::v4({192, 0, 2, 9}), 50'000};
  static constexpr Address kMapped{IpAddress::v4({198, 51, 100, 1}), 4'000};
  static constexpr std::size_t kMemory = 512u << 10;

  Input in_;
  World world_;
  Client client_;
  std::vector<Asked> asked_;
  std::map<stun::TransactionId, ByteVector> bodies_;
  std::map<std::uint16_t, Address> numbers_;
  std::set<IpAddress> asksFor_;
  bool mayBeAllocated_ = false;
  bool isReleasing_ = false;
  int released_ = 0;
};

}  // namespace

void oneInput(Bytes input) { playFrugally<Game>(input, 1u << 20); }

}  // namespace parley::fuzz
