#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "session/local_port.h"
#include "session/session.h"
#include "session/test_host.h"
#include "tls/context.h"

// Sessions as the W3C layer drives them, and two of them signalled to each other.

namespace parley::session::test {

inline constexpr TransportId kTransport{3};

inline crypto::Identity::Shared makeIdentity(std::uint64_t seed) {
  SeededSecrets secrets(seed);
  return crypto::Identity::generate(secrets, 1'795'000'000'000'000).value();
}

inline Config makeConfig(crypto::Identity::Shared identity) {
  Config config;
  config.identity = std::move(identity);
  config.messageMax = 262'144;
  config.receiveWindow = 1u << 20;
  config.tail = 8s;
  return config;
}

// A session, its host and everything it said.
class Peer final : private Session::Listener {
 public:
  Peer(Net& network, std::string address, bool isClient, crypto::Identity::Shared identity_ = {},
       std::function<void(Config&)> adjust = {})
      : net(network),
        host(network, {std::move(address)}),
        identity(identity_ ? identity_ : usual(isClient)),
        client(isClient),
        config(makeConfig(identity)) {
    if (adjust) adjust(config);
    session = std::make_unique<Session>(host, dtls::Context::make(identity), config,
                                        static_cast<Session::Listener&>(*this));
  }

  // Both identities are made once for all tests of the process.
  static crypto::Identity::Shared usual(bool isClient) {
    static const crypto::Identity::Shared all[] = {makeIdentity(10), makeIdentity(11)};
    return all[isClient ? 1 : 0];
  }

  template <class C>
  void execute(C command) {
    session->execute(std::move(command));
    host.settle();
  }

  void create() {
    credentials = ice::Credentials::generate(net.secrets);
    execute(SetIceRole{client});
    execute(CreateTransport{kTransport, credentials});
  }
  // What a description of the other side brings.
  void applyRemote(const Peer& other) {
    execute(SetRemoteIce{kTransport, other.credentials, false});
    for (const CandidateFound& found : other.all<CandidateFound>())
      if (found.candidate.usernameFragment == other.credentials.ufrag)
        execute(AddRemoteCandidate{kTransport, found.candidate});
    execute(EndRemoteCandidates{kTransport});
  }
  void startSecure(const Peer& other) {
    const auto& shown = announces ? *announces : *other.identity;
    execute(StartDtls{kTransport, client, {shown.fingerprint()}});
    execute(StartSctp{kTransport, 5'000, 5'000, 262'144});
  }
  void restart() {
    credentials = ice::Credentials::generate(net.secrets);
    execute(RestartIce{kTransport, credentials});
  }
  void open(std::uint32_t id) {
    channel::Parameters parameters;
    parameters.label = "channel " + std::to_string(id);
    execute(OpenChannel{ChannelId{id}, std::move(parameters)});
  }
  void send(ChannelId id, std::string_view text) {
    execute(SendMessage{id, toVector(bytesOf(text)), false});
  }

  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const Event& event : events)
      if (const auto* one = std::get_if<E>(&event)) found.push_back(*one);
    return found;
  }
  template <class E>
  std::vector<E> allOfChannels() const {
    std::vector<E> found;
    for (const ChannelEvent& event : all<ChannelEvent>())
      if (const auto* one = std::get_if<E>(&event.event)) found.push_back(*one);
    return found;
  }
  template <class E>
  std::size_t count() const {
    return all<E>().size();
  }
  bool isConnected() const {
    for (const SctpStateChanged& change : all<SctpStateChanged>())
      if (change.state == SctpState::connected) return true;
    return false;
  }
  std::optional<DtlsState> dtls() const {
    const auto changes = all<DtlsStateChanged>();
    return changes.empty() ? std::nullopt : std::optional(changes.back().state);
  }
  std::optional<IceState> ice() const {
    const auto changes = all<IceStateChanged>();
    return changes.empty() ? std::nullopt : std::optional(changes.back().state);
  }
  std::vector<std::string> messages() const {
    std::vector<std::string> texts;
    for (const auto& message : allOfChannels<channel::MessageArrived>())
      texts.emplace_back(textOf(message.data));
    return texts;
  }

  Net& net;
  TestHost host;
  crypto::Identity::Shared identity;
  crypto::Identity::Shared announces;  // instead of the other's: a lie of signalling
  bool client;
  Config config;
  ice::Credentials credentials;
  std::vector<Event> events;
  std::size_t batches = 0;
  std::unique_ptr<Session> session;

 private:
  void onEvents(std::vector<Event> batch) override {
    ++batches;
    EXPECT_FALSE(batch.empty());
    for (Event& event : batch) events.push_back(std::move(event));
  }
};

// Alice offers, answers checks as controlling, and is the DTLS client.
struct Couple {
  Net net;
  Peer alice{net, "10.0.0.1", true};
  Peer bob{net, "10.0.0.2", false};

  void signal() {
    alice.create();
    bob.create();
    exchange();
    alice.startSecure(bob);
    bob.startSecure(alice);
  }
  void exchange() {
    bob.applyRemote(alice);
    alice.applyRemote(bob);
  }
  bool connect() {
    signal();
    return net.runUntil([this] { return alice.isConnected() && bob.isConnected(); }, 5s);
  }
  // Channel 1 of alice, and its name at bob.
  bool openChannel() {
    alice.open(1);
    if (!net.runUntil([this] { return bob.allOfChannels<channel::Announced>().size() == 1; }, 5s))
      return false;
    announced = bob.allOfChannels<channel::Announced>()[0].channel;
    return true;
  }

  ChannelId announced{};
};

}  // namespace parley::session::test
