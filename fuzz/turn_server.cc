#include "server/server.h"

#include "fuzz/common.h"
#include "server/test_client.h"
#include "server/test_host.h"
#include "stun/channel_data.h"

// A server meets requests that are right, wrong, changed and made up, data from clients and peers,
// faults and time, all of the input. A naive model grants what the answers say: nothing is relayed
// that it would not relay, both hold the same, and after close() nothing is held. max_len: 256

namespace parley::fuzz {
namespace {

using namespace server;
using stun::Attribute;
using stun::Method;

constexpr Address kServer{IpAddress::v4({192, 0, 2, 9}), 3'478};
constexpr std::size_t kClients = 4;  // the last knows no password

// What one client has, from what was answered.
struct Granted {
  Address relay;
  Instant expires{};
  std::map<IpAddress, Instant> permissions;
  std::map<std::uint16_t, std::pair<Address, Instant>> channels;
};

bool mayNeverBeReached(const Address& peer) {
  const Bytes bytes = peer.ip.bytes();
  return peer.ip.isV6() || bytes[0] == 127 || bytes[0] == 0 || bytes[0] >= 224 ||
         (bytes[0] == 169 && bytes[1] == 254);
}

class Game {
 public:
  explicit Game(Bytes input) : in_(input), host_(packets()), server_(host_, config()) {
    for (std::size_t i = 0; i < kClients; ++i) {
      scripts_[i].user = i % 2 ? "bob" : "alice";
      scripts_[i].password = i + 1 == kClients ? "guess" : i % 2 ? "hidden" : "secret";
    }
  }

  void play() {
    for (int ops = 0; !in_.empty() && ops < 80; ++ops) {
      oneOp();
      check();
    }
    server_.close();
    FUZZ_REQUIRE(server_.held() == Held{} && host_.sockets.empty() && host_.due == never());
    FUZZ_REQUIRE(server_.inconsistency() == nullptr);
  }

 private:
  static Config config() {
    Config made;
    made.listen = {kServer};
    made.authentication.users = {{"alice", "secret"}, {"bob", "hidden"}};
    made.allocationsPerUserMax = 2;
    return made;
  }
  Instant now() { return host_.step().now; }
  static Address client(std::size_t i) {
    return {IpAddress::v4({198, 51, 100, static_cast<std::uint8_t>(i)}), 4'000};
  }
  Address peer() {
    const std::uint8_t choice = in_.u8();
    const auto low = static_cast<std::uint8_t>(choice % 8);
    const auto port = static_cast<std::uint16_t>(6'000 + choice / 64);
    if (choice % 64 < 32) return {IpAddress::v4({203, 0, 113, low}), port};
    if (choice % 64 < 48) return Address{kServer.ip, static_cast<std::uint16_t>(50'000 + low)};
    if (choice % 64 < 56) return {IpAddress::v4({127, 0, 0, low}), port};
    constexpr std::array<std::uint8_t, 4> kFirst{0, 224, 255, 169};
    return {IpAddress::v4({kFirst[low % 4], 254, 0, low}), port};
  }

  void check() {
    FUZZ_REQUIRE(host_.complaint == nullptr && server_.inconsistency() == nullptr);
    std::erase_if(granted_, [this](const auto& each) { return each.second.expires <= now(); });
    FUZZ_REQUIRE(server_.held().allocations == granted_.size());
    std::size_t permissions = 0, channels = 0;
    for (auto& [who, has] : granted_) {
      std::erase_if(has.permissions, [this](const auto& each) { return each.second <= now(); });
      std::erase_if(has.channels, [this](const auto& each) { return each.second.second <= now(); });
      permissions += has.permissions.size();
      channels += has.channels.size();
      FUZZ_REQUIRE(host_.sockets.size() == 1 + granted_.size());
    }
    FUZZ_REQUIRE(server_.held().permissions == permissions);
    FUZZ_REQUIRE(server_.held().channels == channels);
  }

  // Gives the server a datagram of a client; what it answered, at most one.
  std::optional<test::Reply> speak(std::size_t who, Bytes bytes) {
    host_.sent.clear();
    host_.deliver(kServer, client(who), bytes);
    FUZZ_REQUIRE(host_.sent.size() <= 1);
    if (host_.sent.empty() || host_.sent[0].to != client(who)) return std::nullopt;
    FUZZ_REQUIRE(host_.sent[0].from == kServer);
    return test::Reply(host_.sent[0].bytes);
  }

  struct Asked {
    Method method{};
    std::vector<Address> peers = {};
    std::uint16_t number = 0;
  };
  // Attributes that belong to the method, and now and then some that do not.
  Asked describe(stun::MessageBuilder& message) {
    constexpr std::array kMethods{Method::allocate, Method::refresh, Method::createPermission,
                                  Method::channelBind, Method::binding};
    Asked asked{.method = kMethods[method_ % kMethods.size()]};
    if (asked.method == Method::allocate) test::askForUdp(message);
    const std::uint8_t how = in_.u8();
    if (how & 1) message.addU32(Attribute::lifetime, in_.u8() * 16u);
    const bool names =
        asked.method == Method::createPermission || asked.method == Method::channelBind;
    const int peers = names ? 1 + (how >> 1 & 1) : 0;
    for (int i = 0; i < peers; ++i) {
      asked.peers.push_back(peer());
      message.addXorAddress(Attribute::xorPeerAddress, asked.peers.back());
    }
    if (asked.method == Method::channelBind) {
      asked.peers.resize(1);  // the first counts
      asked.number = static_cast<std::uint16_t>(0x3fff + in_.u8() % 8);
      message.addChannelNumber(asked.number);
    }
    if (how >> 2 == 1) message.add(Attribute{in_.u16()}, in_.bytes(in_.u8() % 12));
    return asked;
  }
  void request(bool isChanged) {
    const std::size_t who = in_.below(kClients);
    method_ = in_.u8();
    stun::TransactionId id{};
    id[0] = in_.u8();
    Asked asked;
    const Packet packet = scripts_[who].write(
        packets(), Method{std::array<std::uint16_t, 5>{3, 4, 8, 9, 1}[method_ % 5]}, id,
        [&](stun::MessageBuilder& message) { asked = describe(message); });
    if (!packet) return;
    if (asked.method == Method::createPermission) {  // with what may have come behind them
      const auto peers = stun::MessageView::parse(packet.bytes())
                             .value_or(stun::MessageView())
                             .findXorAddresses(Attribute::xorPeerAddress);
      asked.peers.assign(peers.list.begin(), peers.list.begin() + peers.count);
    }
    ByteVector bytes = toVector(packet.bytes());
    // What stands behind the integrity is not heard, so that FINGERPRINT may lose its name.
    const std::size_t at = isChanged ? in_.below(bytes.size()) : bytes.size();
    if (isChanged) bytes[at] ^= static_cast<std::uint8_t>(1 << in_.below(8));
    const bool isHeard = at + 8 < bytes.size();
    const auto reply = speak(who, bytes);
    if (!reply) return;
    const auto view = reply->view();
    FUZZ_REQUIRE(view && (!view->hasFingerprint() || view->checkFingerprint()));
    if (view->method() == Method::binding) return;
    if (reply->isSuccess()) {
      FUZZ_REQUIRE(!isHeard && who + 1 < kClients);
      FUZZ_REQUIRE(view->checkIntegrity(scripts_[who].key()));
      return grant(who, asked, *reply);
    }
    scripts_[who].learn(*reply);
  }
  void grant(std::size_t who, const Asked& asked, const test::Reply& reply) {
    Granted& has = granted_[who];
    const Instant expires = now() + std::chrono::seconds(reply.lifetime());
    if (asked.method == Method::allocate) {
      FUZZ_REQUIRE(has.relay.port == 0 || has.relay == reply.relayed());
      if (has.relay.port == 0) has.expires = expires;
      has.relay = reply.relayed().value();
      return;
    }
    FUZZ_REQUIRE(has.relay.port != 0);
    if (asked.method == Method::refresh) has.expires = expires;
    const Faults& faults = server_.faults();
    for (const Address& each : asked.peers)
      has.permissions[each.ip] = now() + faults.permissionLifetime.value_or(300s);
    if (asked.method != Method::channelBind) return;
    for (const auto& [number, channel] : has.channels)  // RFC 8656 12: one to one
      FUZZ_REQUIRE((number == asked.number) == (channel.first == asked.peers[0]));
    has.channels[asked.number] = {asked.peers[0], now() + faults.channelLifetime.value_or(600s)};
  }

  bool isRelay(const Address& address) const {
    return std::ranges::any_of(granted_,
                               [&](const auto& each) { return each.second.relay == address; });
  }
  void toPeer() {
    const std::size_t who = in_.below(kClients);
    const bool onChannel = in_.flag();
    const Bytes data = in_.bytes(in_.u8() % 32);
    const auto found = granted_.find(who);
    Address to = peer();
    bool isBound = true;
    if (onChannel) {
      const auto number = static_cast<std::uint16_t>(0x3fff + in_.u8() % 8);
      Packet packet = packets().copyOf(data);
      stun::ChannelData::wrap(number, packet);
      isBound = found != granted_.end() && found->second.channels.contains(number);
      if (isBound) to = found->second.channels[number].first;
      speak(who, packet.bytes());
    } else {
      speak(who, test::writeSend(packets(), {}, to, data).bytes());
    }
    const bool isOwn = to.ip == kServer.ip;
    const bool expected = !isStalled() && isBound && found != granted_.end() &&
                          found->second.permissions.contains(to.ip) && (!isOwn || isRelay(to));
    FUZZ_REQUIRE(host_.sent.size() == (expected ? 1u : 0u));
    if (!expected) return;
    const test::OneHost::Sent& sent = host_.sent[0];
    FUZZ_REQUIRE(!mayNeverBeReached(sent.to) && sent.to == to && equal(sent.bytes, data));
    FUZZ_REQUIRE(sent.from == found->second.relay);
  }
  void fromPeer() {
    const std::size_t who = in_.below(kClients);
    const auto found = granted_.find(who);
    if (found == granted_.end()) return;
    const Address from = peer();
    const Bytes data = in_.bytes(in_.u8() % 32);
    host_.sent.clear();
    host_.deliver(found->second.relay, from, data);
    const bool expected = !isStalled() && found->second.permissions.contains(from.ip);
    FUZZ_REQUIRE(host_.sent.size() == (expected ? 1u : 0u));
    if (!expected) return;
    FUZZ_REQUIRE(host_.sent[0].to == client(who));
    const Bytes bytes = host_.sent[0].bytes;
    const auto onChannel = stun::ChannelData::parse(bytes);
    if (onChannel) {
      FUZZ_REQUIRE(found->second.channels.at(onChannel->number).first == from);
      FUZZ_REQUIRE(equal(onChannel->data, data));
    } else {
      const test::Reply indication(bytes);
      FUZZ_REQUIRE(indication.address(Attribute::xorPeerAddress) == from);
      FUZZ_REQUIRE(equal(indication.view()->find(Attribute::data).value(), data));
    }
  }
  bool isStalled() { return now() < stalledUntil_; }

  void misbehave() {
    const std::uint8_t how = in_.u8();
    Faults faults;
    if (how & 1) faults.lifetimeMax = std::chrono::seconds(1 + in_.u8() % 32);
    if (how & 2) faults.permissionLifetime = std::chrono::seconds(1 + in_.u8() % 32);
    if (how & 4) faults.channelLifetime = std::chrono::seconds(1 + in_.u8() % 32);
    faults.oneNoncePerRequest = (how & 8) != 0;
    constexpr std::array kCodes{300, 401, 403, 437, 438, 441, 486, 508};
    if (how & 16)
      faults.errors.push_back({.code = stun::ErrorCode(kCodes[how >> 5]),
                               .next = in_.u8() % 4u,
                               .isBeforeCredentials = in_.flag()});
    server_.setFaults(faults);
  }
  void disturb() {
    const std::uint8_t how = in_.u8();
    if (how % 4 == 0) server_.rotateNonces();
    if (how % 4 == 1) {
      const Duration time = std::chrono::seconds(how / 16);
      server_.stall(time);
      stalledUntil_ = now() + time;
    }
    if (how % 8 == 2) {
      server_.restart();
      granted_.clear();
      host_.settle();
    }
    host_.failOpen = how % 8 == 3;
  }

  void oneOp() {
    switch (in_.u8() % 12) {
      case 0: {
        speak(in_.below(kClients), in_.bytes(in_.u8() % 64));
        return;
      }
      case 1:
        return request(true);
      case 2:
      case 3:
        return toPeer();
      case 4:
      case 5:
        return fromPeer();
      case 6:
        return host_.pass(std::chrono::milliseconds(in_.u8() * 1'500));
      case 7:
        return in_.u8() % 4 == 0 ? misbehave() : disturb();
      default:
        return request(false);
    }
  }

  Input in_;
  test::OneHost host_;
  Server server_;
  std::array<test::Script, kClients> scripts_;
  std::map<std::size_t, Granted> granted_;
  std::uint8_t method_ = 0;
  Instant stalledUntil_{};
};

}  // namespace

void oneInput(Bytes input) { playFrugally<Game>(input, 1u << 20); }

}  // namespace parley::fuzz
