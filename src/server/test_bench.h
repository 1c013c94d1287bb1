#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/host.h"
#include "server/server.h"
#include "server/test_client.h"
#include "stun/channel_data.h"

// A host for one server: sockets that are numbers, a clock that is told, and all that was sent.
// The loop and whole networks have worlds of their own (tests/worlds).

namespace parley::server::test {

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline Address at(std::string_view text) { return Address::parse(text).value(); }

class SeededSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
  }

 private:
  Random random_{7};
};

class OneHost final : public Host {
 public:
  struct Sent {
    SocketId socket;
    Address from;
    Address to;
    ByteVector bytes;
  };

  Step& step() override { return step_; }
  void enter(Guest& guest) override { guest_ = &guest; }
  void leave(Guest&) override {
    guest_ = nullptr;
    sockets.clear();
    due = never();
  }
  void touch(Guest&) override {}
  void wakeAt(Guest&, Instant when) override { due = when; }
  void adopt(std::unique_ptr<Guest>) override {}
  void dismiss(Guest&) override {}
  Result<BoundUdp, OpenError> openUdp(Guest&, const UdpOptions& options) override {
    if (failOpen) return Unexpected(OpenError::outOfResources);
    const std::uint16_t first = options.portMin ? options.portMin : std::uint16_t{50'000};
    const std::uint16_t last = options.portMin ? options.portMax : std::uint16_t{65'535};
    for (unsigned port = first; port <= last; ++port) {
      const Address local{options.local, static_cast<std::uint16_t>(port)};
      if (std::ranges::find(sockets, local, [](const auto& each) { return each.second; }) !=
          sockets.end())
        continue;
      sockets[SocketId{++last_}] = local;
      return BoundUdp{SocketId{last_}, local};
    }
    return Unexpected(OpenError::addressInUse);
  }
  void handOver(SocketId, Guest&) override {}
  void close(SocketId socket) override { sockets.erase(socket); }
  void send(Datagram datagram) override {
    ASSERT_FALSE(datagram.packet.isLent());
    const auto socket = sockets.find(datagram.socket);
    ASSERT_NE(socket, sockets.end()) << "sent on a socket that is closed";
    ASSERT_EQ(datagram.local, socket->second);
    sent.push_back(
        {datagram.socket, socket->second, datagram.remote, toVector(datagram.packet.bytes())});
  }
  ResolveId resolve(Guest&, std::string) override { return {}; }
  std::vector<NetworkInterface> interfaces() override {
    return {{.name = "eth0", .address = ip("192.0.2.9")},
            {.name = "lo", .address = ip("127.0.0.1")}};
  }
  void queueTask(std::move_only_function<void()>) override {}

  void deliver(const Address& to, const Address& from, Bytes bytes) {
    const auto socket =
        std::ranges::find_if(sockets, [&](const auto& each) { return each.second == to; });
    if (socket == sockets.end()) return;
    ByteVector lent = toVector(bytes);
    guest_->onDatagram(step_, {.socket = socket->first,
                               .local = to,
                               .remote = from,
                               .arrival = step_.now,
                               .packet = Packet::lend(lent)});
    settle();
  }
  void settle() {
    if (!guest_) return;
    guest_->onStepEnd(step_);
    EXPECT_STREQ(guest_->inconsistency(), nullptr);
  }
  void pass(Duration time) {
    const Instant end = step_.now + time;
    while (guest_ && due <= end) {
      step_.now = std::max(step_.now, std::exchange(due, never()));
      guest_->onTimer(step_);
      settle();
      ASSERT_GT(due, step_.now) << "a timer that does not move on";
    }
    step_.now = end;
  }

  PacketPool pool{256};
  std::vector<Sent> sent;
  std::map<SocketId, Address> sockets;
  Instant due = never();
  bool failOpen = false;

 private:
  Guest* guest_ = nullptr;
  std::uint32_t last_ = 0;
  Random random_{1};
  SeededSecrets secrets_;
  NoTrace trace_;
  Step step_{Instant(1'000s), 0, pool, random_, secrets_, trace_};
};

// One client at one address.
struct Client {
  Client(OneHost& where, const Address& who, const Address& whom = at("192.0.2.9:3478"))
      : host(where), self(who), server(whom) {
    id[0] = static_cast<std::uint8_t>(who.port);
    id[1] = who.ip.bytes()[3];
  }

  // The bytes the server sent here since the last call of anything that speaks.
  std::vector<ByteVector> speak(Bytes bytes) {
    host.sent.clear();
    host.deliver(server, self, bytes);
    return heard();
  }
  std::vector<ByteVector> heard() const {
    std::vector<ByteVector> mine;
    for (const OneHost::Sent& each : host.sent)
      if (each.to == self) mine.push_back(each.bytes);
    return mine;
  }
  Reply ask(stun::Method method, const Fill& fill = {}) {
    ++id[11];
    return askAgain(method, fill);
  }
  Reply askAgain(stun::Method method, const Fill& fill = {}) {  // with the id of the last
    const Packet packet = script.write(host.pool, method, id, fill);
    const auto answers = speak(packet.bytes());
    EXPECT_LE(answers.size(), 1u);
    return answers.empty() ? Reply() : Reply(answers[0]);
  }
  // As a client does: once more after a challenge.
  Reply call(stun::Method method, const Fill& fill = {}) {
    Reply reply = ask(method, fill);
    return script.learn(reply) ? ask(method, fill) : reply;
  }
  Reply allocate(const Fill& more = {}) {
    return call(stun::Method::allocate, [&](stun::MessageBuilder& message) {
      askForUdp(message);
      if (more) more(message);
    });
  }
  Reply permit(const Address& peer) { return call(stun::Method::createPermission, withPeer(peer)); }
  Reply bind(std::uint16_t number, const Address& peer) {
    return call(stun::Method::channelBind, withChannel(number, peer));
  }
  void sendTo(const Address& peer, std::string_view text) {
    ++id[11];
    speak(writeSend(host.pool, id, peer, bytesOf(text)).bytes());
  }
  void sendOn(std::uint16_t number, std::string_view text) {
    Packet packet = host.pool.copyOf(bytesOf(text));
    stun::ChannelData::wrap(number, packet);
    speak(packet.bytes());
  }

  OneHost& host;
  Address self, server;
  Script script;
  stun::TransactionId id{};
};

struct ServerTest : testing::Test {
  static Config config() {
    Config made;
    made.listen = {at("192.0.2.9:3478")};
    made.authentication.users = {{"alice", "secret"}, {"bob", "hidden"}};
    return made;
  }
  void use(Config made) {
    server.reset();
    server = std::make_unique<Server>(host, std::move(made));
  }
  // What was sent from the relay to a peer since the last word of a client.
  std::vector<std::string> atPeer(const Address& who) const {
    std::vector<std::string> texts;
    for (const OneHost::Sent& each : host.sent)
      if (each.to == who) texts.emplace_back(textOf(each.bytes));
    return texts;
  }
  void fromPeer(const Address& relay, const Address& who, std::string_view text) {
    host.sent.clear();
    host.deliver(relay, who, bytesOf(text));
  }

  OneHost host;
  std::unique_ptr<Server> server = std::make_unique<Server>(host, config());
  Client alice{host, at("198.51.100.1:4000")};
  const Address peer = at("203.0.113.5:6000");
};

}  // namespace parley::server::test
