#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/secrets.h"
#include "tls/session.h"

// For tests of this folder: sessions on both ends of a wire in virtual time.

namespace parley::dtls::testing {

inline constexpr std::int64_t kWall = 1'795'000'000'000'000;

// A clock that stands still until told, a pool, dice.
struct Bench {
  Instant now{Duration(1'000'000)};
  PacketPool pool{4'096};
  Random random{1};
  crypto::SystemSecrets secrets;
  NoTrace trace;

  Step step() { return {now, kWall, pool, random, secrets, trace}; }
};

inline crypto::Identity::Shared makeIdentity(crypto::KeyType key = crypto::KeyType::ecdsaP256) {
  crypto::SystemSecrets secrets;
  return crypto::Identity::generate(secrets, kWall, {.key = key}).value();
}

inline Context::Shared makeContext(std::vector<crypto::SrtpProfile> srtp = {},
                                   crypto::KeyType key = crypto::KeyType::ecdsaP256) {
  return Context::make(makeIdentity(key), {.srtp = std::move(srtp)});
}

// One session, what it sent and what it said.
struct End final : Session::Lower {
  End(Context::Shared context_) : context(std::move(context_)), session(context, *this) {}

  void sendDatagram(Step&, Packet packet) override {
    sent.push_back(toVector(packet.bytes()));
    ++sentInAll;
  }

  void collect() {
    while (auto packet = session.read()) received.push_back(toVector(packet->bytes()));
    while (auto event = session.nextEvent()) {
      if (auto* got = std::get_if<Connected>(&*event)) connected.push_back(std::move(*got));
      if (std::holds_alternative<Closed>(*event)) ++closed;
      if (auto* got = std::get_if<Failed>(&*event)) failed.push_back(std::move(*got));
    }
  }

  void receive(Step& step, Bytes datagram) {
    ByteVector copy = toVector(datagram);
    session.receive(step, Packet::lend(copy));
    collect();
  }

  void sendText(Step& step, Bytes text) {
    Packet packet = step.packets.copyOf(text);
    session.sendPacket(step, std::move(packet));
  }

  crypto::Fingerprint fingerprint() const { return context->identity().fingerprint(); }

  Context::Shared context;
  Session session;
  std::vector<ByteVector> sent;  // not yet on the wire
  std::size_t sentInAll = 0;
  std::vector<ByteVector> received;
  std::vector<Connected> connected;
  std::vector<Failed> failed;
  int closed = 0;
};

// What becomes of a datagram: how many copies arrive, and how much later than the latency.
struct Fate {
  int copies = 1;
  Duration extra = Duration::zero();
};

// Two ends, called client and server after the roles they are started in.
struct Link {
  using Rule = std::function<Fate(const End& from, std::size_t index, Bytes datagram)>;

  Link() : Link(usual(0), usual(1)) {}
  Link(Context::Shared a, Context::Shared b) : client(std::move(a)), server(std::move(b)) {}

  void start(Duration roundTrip = 20ms) {
    startServer(roundTrip);
    startClient(roundTrip);
  }
  void startClient(Duration roundTrip = 20ms) {
    Step step = bench.step();
    client.session.start(step, Role::client, {server.fingerprint()}, roundTrip);
    carry(client);
  }
  void startServer(Duration roundTrip = 20ms) {
    Step step = bench.step();
    server.session.start(step, Role::server, {client.fingerprint()}, roundTrip);
    carry(server);
  }

  // Puts what an end has sent on the wire.
  void carry(End& from) {
    from.collect();
    for (ByteVector& datagram : std::exchange(from.sent, {})) {
      const Fate fate = rule ? rule(from, counts[&from]++, datagram) : Fate{};
      for (int i = 0; i < fate.copies; ++i) {
        wire.emplace(bench.now + latency + fate.extra,
                     std::pair(&from == &client ? &server : &client, datagram));
      }
    }
  }

  // Events in order of time, until none is left before `until`.
  void runUntil(Instant until) {
    while (true) {
      const Instant timer = earliest(client.session.deadline(), server.session.deadline());
      const Instant arrival = wire.empty() ? never() : wire.begin()->first;
      const Instant next = earliest(timer, arrival);
      if (next > until) break;
      bench.now = std::max(bench.now, next);
      Step step = bench.step();
      if (arrival <= timer) {
        auto [to, datagram] = wire.extract(wire.begin()).mapped();
        to->receive(step, datagram);
      } else {
        client.session.onTimer(step);
        server.session.onTimer(step);
      }
      carry(client);
      carry(server);
    }
    bench.now = std::max(bench.now, until);
  }
  void runFor(Duration time) { runUntil(bench.now + time); }

  bool isConnected() const { return client.session.isConnected() && server.session.isConnected(); }

  void connect() {
    start();
    runFor(1s);
    ASSERT_TRUE(isConnected());
  }

  // Made once: most tests do not care who the ends are.
  static const Context::Shared& usual(std::size_t which) {
    static const Context::Shared contexts[] = {makeContext(), makeContext()};
    return contexts[which];
  }

  Bench bench;
  Duration latency = 10ms;
  End client;
  End server;
  Rule rule;
  std::map<const End*, std::size_t> counts;
  std::multimap<Instant, std::pair<End*, ByteVector>> wire;
};

}  // namespace parley::dtls::testing
