#include "wire_watch.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/limits.h"

namespace parley::seeds {
namespace {

constexpr std::size_t kPayloadV4 = 1'280 - 28;
constexpr std::size_t kPayloadV6 = 1'280 - 48;
constexpr std::size_t kSendIndication = 36, kChannelData = 4;
constexpr Duration kConsent = limits::ice::kConsentExpires + 1s;
constexpr Duration kRateWindow = 10s;
// Ta, and what leaves out of turn: triggered checks, consent, first retransmissions.
constexpr std::size_t kRequestsPerWindow = 200 + 100;
constexpr std::uint64_t kWakesPerSecond = 1'000;

bool isStun(const ByteVector& bytes) {
  return bytes.size() >= 20 && bytes[0] < 4 && bytes[4] == 0x21 && bytes[5] == 0x12 &&
         bytes[6] == 0xa4 && bytes[7] == 0x42;
}

bool isDtls(const ByteVector& bytes) {  // RFC 7983
  return !bytes.empty() && bytes[0] >= 20 && bytes[0] < 64;
}

// RFC 6347 4.1, 4.2.2: a record of epoch 0 that begins with a HelloVerifyRequest.
bool asksForCookie(const ByteVector& bytes) {
  return bytes.size() > 13 && bytes[0] == 22 && bytes[3] == 0 && bytes[4] == 0 && bytes[13] == 3;
}

std::string textOf(const sim::WireDatagram& datagram) {
  return datagram.source.toString() + " -> " + datagram.destination.toString();
}

}  // namespace

WireWatch::WireWatch(sim::World& world, Journal& journal, const Network& network, bool isForged)
    : world_(world),
      journal_(journal),
      nodes_{&network.node(0), &network.node(1)},
      server_(network.serverNode()),
      isForged_(isForged),
      hasNats_(network.nat(0) && network.nat(1)) {
  world.observe([this](const sim::Station& from, const sim::WireDatagram& datagram) {
    onDatagram(from, datagram);
  });
}

void WireWatch::onDatagram(const sim::Station& from, const sim::WireDatagram& datagram) {
  journal_.moveTo(world_.now());
  journal_.mix(datagram.bytes);
  ++datagrams_;
  if (datagram.protocol == sim::Protocol::tcp) return;  // a segment is no packet
  // Forgeries borrow a machine's place on the link, not its turn.
  const bool isNode = &from == nodes_[0] || &from == nodes_[1];
  if (&from == server_) return onRelayed(datagram);
  if (!isNode) return noteAnswer(datagram);  // a NAT hands on what a machine has sent
  const std::size_t index = &from == nodes_[1] ? 1 : 0;
  if (!nodes_[index]->isSending()) return;
  countWakes();
  std::size_t most = datagram.destination.ip.isV4() ? kPayloadV4 : kPayloadV6;
  // Sizes leave room for ChannelData; what goes before there is a channel is larger than that.
  if (Network::isServer(datagram.destination)) most += kSendIndication - kChannelData;
  if (datagram.protocol == sim::Protocol::udp && datagram.bytes.size() > most)
    journal_.violate("INV-10",
                     textOf(datagram) + " has " + std::to_string(datagram.bytes.size()) + " bytes");
  if (tellsSecret(datagram.bytes)) journal_.violate("INV-14", "a password is on the wire");
  if (datagram.protocol == sim::Protocol::tcp) return;  // all of it is between a server and us
  if (Network::isServer(datagram.destination)) return;  // ServerWatch
  isStun(datagram.bytes) ? onStun(index, datagram) : onData(datagram);
}

void WireWatch::onRelayed(const sim::WireDatagram& datagram) {
  if (datagram.protocol == sim::Protocol::tcp) return;
  noteAnswer(datagram);
  const bool isOwn = Network::isServer(datagram.source) || !server_->isSending();
  // A check that somebody has damaged on its way to the relay is no data for that.
  const bool mayBeDamaged = isForged_ && !isDtls(datagram.bytes);
  if (!isOwn && !isStun(datagram.bytes) && !mayBeDamaged) onData(datagram);
}

void WireWatch::keepsSecret(int user, std::string password) {
  secrets_[static_cast<std::size_t>(user)] = std::move(password);
}

bool WireWatch::tellsSecret(const ByteVector& bytes) const {
  const bool isSealed = bytes.size() > 4 && bytes[0] >= 20 && bytes[4] != 0;
  if (isSealed) return false;
  return std::ranges::any_of(secrets_, [&](const std::string& secret) {
    return !secret.empty() && !std::ranges::search(bytes, secret).empty();
  });
}

void WireWatch::noteAnswer(const sim::WireDatagram& datagram) {
  if (datagram.protocol == sim::Protocol::tcp) return;
  const ByteVector& bytes = datagram.bytes;
  const bool isSuccess = isStun(bytes) && (bytes[0] & 1) != 0 && (bytes[1] & 0x10) == 0;
  if (isSuccess) answered_[{datagram.destination, datagram.source}] = world_.now();
}

void WireWatch::onStun(std::size_t from, const sim::WireDatagram& datagram) {
  noteAnswer(datagram);
  const bool isRequest = (datagram.bytes[0] & 1) == 0 && (datagram.bytes[1] & 0x10) == 0;
  if (!isRequest) return;
  std::deque<Instant>& recent = requests_[from];
  recent.push_back(world_.now());
  while (recent.front() + kRateWindow < world_.now()) recent.pop_front();
  if (recent.size() > kRequestsPerWindow * (hasNats_ ? 2 : 1))
    journal_.violate("INV-11", nodes_[from]->name() + " sent " + std::to_string(recent.size()) +
                                   " requests in ten seconds");
}

void WireWatch::onData(const sim::WireDatagram& datagram) {
  if (!isForged_ && asksForCookie(datagram.bytes))
    journal_.violate("INV-9", textOf(datagram) + " doubts a hello: it has heard a stranger");
  const auto found = answered_.find({datagram.source, datagram.destination});
  if (found == answered_.end())
    return journal_.violate("INV-9", textOf(datagram) + " has never answered a check");
  if (world_.now() - found->second > kConsent + limits::loop::kTail)
    journal_.violate("INV-9", textOf(datagram) + " has not answered for too long");
}

void WireWatch::countWakes() {
  const Duration time = world_.now() - second_;
  if (time < 1s) return;
  second_ = world_.now();
  const auto most = kWakesPerSecond * static_cast<std::uint64_t>(time / 1s + 1);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t wakes = nodes_[i]->timerTurns();
    if (wakes - wakes_[i] > most) journal_.violate("INV-13", nodes_[i]->name() + " woke too often");
    wakes_[i] = wakes;
  }
}

}  // namespace parley::seeds
