#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/server.h"
#include "server/test_client.h"
#include "server/test_host.h"
#include "stun/channel_data.h"

namespace parley::server::test {

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
  ~ServerTest() override { EXPECT_STREQ(host.complaint, nullptr); }
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

  PacketPool pool{256};
  OneHost host{pool};
  std::unique_ptr<Server> server = std::make_unique<Server>(host, config());
  Client alice{host, at("198.51.100.1:4000")};
  const Address peer = at("203.0.113.5:6000");
};

}  // namespace parley::server::test
