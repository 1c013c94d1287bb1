#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ice/agent.h"
#include "stun/test_messages.h"

// A small network in virtual time for the tests of ICE: datagrams with delay and loss, walls
// between addresses, NATs, and peers that are an agent with some sockets.

namespace parley::ice::test {

inline constexpr TransportIndex kTransport{0};

inline Address at(std::string_view text) { return *Address::parse(text); }

class Peer;

class Net {
 public:
  explicit Net(std::uint64_t seed = 1) : random(seed), secrets(seed ^ 0x5eed) {}

  Step step() {
    return {.now = now, .packets = pool, .random = random, .secrets = secrets, .trace = trace};
  }

  // As the wire sees it: `from` and `to` are what the sender wrote, before any NAT.
  void send(Address from, Address to, Bytes bytes);
  void inject(const Address& from, const Address& to, Bytes bytes) {  // forged, now
    deliver({.from = from, .to = to, .bytes = toVector(bytes)});
  }
  // Everything sent from `inside` appears as `outside`; only those written to may answer.
  void addNat(const Address& inside, const Address& outside) { nats_[inside] = {outside, {}}; }
  void moveNat(const Address& inside, const Address& outside) { addNat(inside, outside); }

  void runFor(Duration duration);
  bool runUntil(const std::function<bool()>& done, Duration limit);

  Instant now{1h};
  PacketPool pool{4'096};
  Random random;
  stun::test::SeededSecrets secrets;
  NoTrace trace;
  Duration delay = 10ms;
  double loss = 0;
  std::function<bool(const Address& from, const Address& to)> passes;
  std::function<void(const Address& from, const Address& to, Bytes bytes)> tap;
  std::size_t sent = 0;
  std::size_t wakeUps = 0;
  std::vector<Peer*> peers;

 private:
  struct Flying {
    Address from;
    Address to;
    ByteVector bytes;
  };
  struct Nat {
    Address outside;
    std::set<Address> writtenTo;
  };

  void deliver(Flying datagram);
  bool turn(Instant until);

  std::multimap<Instant, Flying> flying_;
  std::map<Address, Nat> nats_;
};

// An agent, its sockets and what came out of it.
class Peer final : private PathSink {
 public:
  Peer(Net& net, Role role, Config config = {}) : net_(net), agent(withRole(config, role), *this) {
    net_.peers.push_back(this);
    Step step = net_.step();
    credentials = Credentials::generate(net_.secrets);
    agent.addTransport(step, kTransport, credentials);
  }
  ~Peer() { std::erase(net_.peers, this); }

  CandidateId open(const Address& address, unsigned rank = 0,
                   CandidateType type = CandidateType::host) {
    Candidate candidate;
    candidate.address = address;
    candidate.type = type;
    candidate.priority = candidatePriority(type, localPreference(address.ip.family(), rank), 1);
    Step step = net_.step();
    const auto id = agent.addLocal(step, kTransport, candidate);
    EXPECT_TRUE(id.has_value());
    sockets[*id] = address;
    return *id;
  }

  // What a signalling channel would carry, as lines and back.
  void signalTo(Peer& other, bool withCandidates = true) {
    Step step = net_.step();
    other.agent.setRemoteCredentials(step, kTransport, credentials);
    if (withCandidates) signalCandidatesTo(other);
    other.flush();
  }
  void signalCandidatesTo(Peer& other) {
    Step step = net_.step();
    for (const CandidateStats& local : agent.locals(kTransport)) {
      if (local.candidate.type == CandidateType::peerReflexive) continue;
      const auto parsed = Candidate::parse(local.candidate.toString());
      ASSERT_TRUE(parsed);
      (void)other.agent.addRemote(step, kTransport, *parsed);
    }
    other.agent.endOfRemotes(step, kTransport);
    agent.endOfLocals(step, kTransport);
    other.flush();
  }
  void restart() {
    credentials = Credentials::generate(net_.secrets);
    Step step = net_.step();
    agent.restart(step, kTransport, credentials);
  }

  void cancelRestart() {
    Step step = net_.step();
    agent.cancelRestart(step, kTransport);
    credentials = *agent.localCredentials(kTransport);
    flush();
  }

  bool sendData(std::size_t size = 100) {
    Step step = net_.step();
    Packet packet = net_.pool.take();
    std::ranges::fill(packet.append(size), std::uint8_t{0x80});
    return agent.send(step, kTransport, std::move(packet));
  }
  void receive(const Address& from, const Address& to, Bytes bytes) {
    for (const auto& [id, address] : sockets) {
      if (address != to) continue;
      const Path path{id, from};
      Step step = net_.step();
      if (!bytes.empty() && bytes[0] < 4) {
        agent.receive(step, path, bytes);
      } else if (agent.isKnown(path)) {
        agent.countReceived(step, path, bytes.size());
        ++dataReceived;
      } else {
        ++dataRefused;
      }
      flush();
      return;
    }
  }
  void onTimer() {
    Step step = net_.step();
    agent.onTimer(step);
    flush();
  }
  void flush() {
    Step step = net_.step();
    agent.flush(step);
    while (auto event = agent.nextEvent()) {
      const Event& e = *event;
      if (const auto* changed = std::get_if<StateChanged>(&e)) states.push_back(changed->state);
      if (const auto* role = std::get_if<RoleChanged>(&e)) roles.push_back(role->role);
      if (const auto* chosen = std::get_if<PathSelected>(&e)) selections.push_back(chosen->path);
      if (const auto* valid = std::get_if<PathValidated>(&e)) validated.push_back(valid->path);
      if (const auto* found = std::get_if<PeerReflexiveFound>(&e)) reflexive.push_back(*found);
      if (const auto* gone = std::get_if<Retired>(&e)) retired.push_back(*gone);
    }
  }

  State state() const { return agent.state(kTransport); }
  bool isSelected() const { return agent.selected(kTransport).has_value(); }
  Address selectedRemote() const {
    const auto path = agent.selected(kTransport);
    return path ? path->remote : Address{};
  }

 private:
  static Config withRole(Config config, Role role) {
    config.role = role;
    return config;
  }
  void sendOn(Step&, const Path& path, Packet packet) override {
    ASSERT_TRUE(sockets.contains(path.local));
    net_.send(sockets[path.local], path.remote, packet.bytes());
  }

  Net& net_;

 public:
  std::map<CandidateId, Address> sockets;
  Agent agent;
  Credentials credentials;
  std::vector<State> states;
  std::vector<Role> roles;
  std::vector<Path> selections;
  std::vector<Path> validated;
  std::vector<PeerReflexiveFound> reflexive;
  std::vector<Retired> retired;
  std::size_t dataReceived = 0;
  std::size_t dataRefused = 0;
};

inline void Net::send(Address from, Address to, Bytes bytes) {
  ++sent;
  if (tap) tap(from, to, bytes);
  if (const auto nat = nats_.find(from); nat != nats_.end()) {
    nat->second.writtenTo.insert(to);
    from = nat->second.outside;
  }
  if (passes && !passes(from, to)) return;
  if (loss > 0 && random.unit() < loss) return;
  flying_.emplace(now + delay, Flying{from, to, toVector(bytes)});
}

inline void Net::deliver(Flying datagram) {
  for (auto& [inside, nat] : nats_) {
    if (nat.outside == datagram.to) {
      if (!nat.writtenTo.contains(datagram.from)) return;
      datagram.to = inside;
    } else if (inside == datagram.to) {
      return;  // nobody outside reaches an inside address
    }
  }
  for (Peer* peer : std::vector<Peer*>(peers)) {
    peer->receive(datagram.from, datagram.to, datagram.bytes);
  }
}

// One thing that happens; false when nothing does until then.
inline bool Net::turn(Instant until) {
  const auto first = flying_.begin();
  Instant due = first == flying_.end() ? never() : first->first;
  Peer* sleeper = nullptr;
  for (Peer* peer : peers) {
    if (peer->agent.deadline() >= due) continue;
    due = peer->agent.deadline();
    sleeper = peer;
  }
  if (due > until) return false;
  now = std::max(now, due);
  if (sleeper) {
    ++wakeUps;
    sleeper->onTimer();
    EXPECT_GT(sleeper->agent.deadline(), now) << "would spin";
    return sleeper->agent.deadline() > now;
  }
  Flying datagram = std::move(first->second);
  flying_.erase(first);
  deliver(std::move(datagram));
  return true;
}

inline void Net::runFor(Duration duration) {
  const Instant until = now + duration;
  while (turn(until)) {
  }
  now = until;
}

inline bool Net::runUntil(const std::function<bool()>& done, Duration limit) {
  const Instant until = now + limit;
  while (!done()) {
    if (!turn(until)) return done();
  }
  return true;
}

}  // namespace parley::ice::test
