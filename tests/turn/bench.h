#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "server/server.h"
#include "server/test_host.h"
#include "turn/client.h"

// A client and a real server in memory, with a clock that is told and a way between them that
// loses what it is told to. Whoever the relay sends to is a peer that answers nothing by itself.

namespace parley::turn::test {

using server::test::at;
using server::test::ip;

struct Bench : testing::Test, Client::Sink {
  ~Bench() override {
    EXPECT_STREQ(host.complaint, nullptr);
    EXPECT_EQ(complaint, nullptr) << complaint;
  }

  static server::Config serverConfig() {
    server::Config made;
    made.listen = {at("192.0.2.9:3478")};
    made.authentication.users = {{"alice", "secret"}};
    return made;
  }
  static Config config() { return {.username = "alice", .password = "secret"}; }

  void useServer(server::Config made) {
    server.reset();
    server = std::make_unique<server::Server>(host, std::move(made));
  }
  void useClient(Config made) {
    client = std::make_unique<Client>(std::move(made), *this);
    events.clear();
  }

  void sendToServer(Step&, Packet message) override {
    EXPECT_TRUE(message);
    up.push_back(toVector(message.bytes()));
    ++sentUp;
  }

  // Carries everything until nobody says any more.
  void settle() {
    while (!up.empty()) {
      const ByteVector bytes = std::move(up.front());
      up.pop_front();
      if (isLost(lossUp, loseUp)) continue;
      host.sent.clear();
      host.deliver(serverAt, self, bytes);
      carryDown();
    }
    while (auto event = client->nextEvent()) events.push_back(std::move(*event));
    if (const char* found = client->inconsistency()) complain(found);
  }
  void carryDown() {
    const auto sent = std::exchange(host.sent, {});
    for (const auto& each : sent) {
      if (each.to != self) {
        atPeers.push_back({each.to, std::string(textOf(each.bytes))});
      } else if (!isLost(lossDown, loseDown)) {
        give(each.bytes);
      }
    }
  }
  void give(Bytes bytes) {
    auto relayed = client->receive(host.step(), host.pool.copyOf(bytes));
    if (relayed) got.push_back({relayed->peer, std::string(textOf(relayed->payload.bytes()))});
  }
  void pass(Duration time) {
    const Instant end = now() + time;
    settle();
    for (int turns = 0;; ++turns) {
      const Instant due = std::min(client->deadline(), end);
      if (turns > 100'000) return complain("a timer that does not move on");
      host.pass(std::max(due - now(), Duration{}));
      if (client->deadline() <= now()) {
        client->onTimer(host.step());
        settle();
      } else if (now() >= end) {
        return;
      }
    }
  }

  void allocate() {
    client->allocate(host.step());
    settle();
  }
  bool send(const Address& to, std::string_view text) {
    const bool taken = client->send(host.step(), to, host.pool.copyOf(bytesOf(text)));
    settle();
    return taken;
  }
  void release() {
    client->release(host.step());
    settle();
  }
  void fromPeer(const Address& who, std::string_view text) {
    host.sent.clear();
    host.deliver(relayed(), who, bytesOf(text));
    carryDown();
  }

  Instant now() { return host.step().now; }
  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const Event& each : events)
      if (const auto* one = std::get_if<Kind>(&each)) found.push_back(*one);
    return found;
  }
  Address relayed() const {
    const auto made = all<Allocated>();
    return made.empty() ? Address() : made[0].relayed;
  }
  bool isReleased(bool confirmed) const {
    return !events.empty() && std::holds_alternative<Released>(events.back()) &&
           all<Released>().size() == 1 && all<Released>()[0].confirmed == confirmed;
  }
  std::vector<std::string> textsAt(const Address& who) const {
    std::vector<std::string> texts;
    for (const auto& each : atPeers)
      if (each.who == who) texts.push_back(each.text);
    return texts;
  }
  void force(stun::ErrorCode code, std::optional<stun::Method> method = {}, unsigned next = 1) {
    server::Faults made = server->faults();
    made.errors.push_back({.code = code, .method = method, .next = next});
    server->setFaults(std::move(made));
  }
  std::size_t serverHolds() const { return server->held().allocations; }

  struct Said {
    Address who;
    std::string text;
    friend bool operator==(const Said&, const Said&) = default;
  };

  const Address self = at("198.51.100.1:4000");
  const Address serverAt = at("192.0.2.9:3478");
  const Address peer = at("203.0.113.5:6000");
  const Address other = at("203.0.113.6:6000");

  PacketPool pool{512};
  server::test::OneHost host{pool};
  std::unique_ptr<server::Server> server = std::make_unique<server::Server>(host, serverConfig());
  std::unique_ptr<Client> client = std::make_unique<Client>(config(), *this);
  std::deque<ByteVector> up;
  std::vector<Event> events;
  std::vector<Said> got, atPeers;
  double lossUp = 0, lossDown = 0;
  int loseUp = 0, loseDown = 0;  // so many of the next
  std::size_t sentUp = 0;
  const char* complaint = nullptr;
  Random dice{11};

 private:
  bool isLost(double rate, int& next) {
    if (next > 0) return --next >= 0;
    return rate > 0 && dice.unit() < rate;
  }
  void complain(const char* what) {
    if (!complaint) complaint = what;
  }
};

}  // namespace parley::turn::test
