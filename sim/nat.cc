#include "sim/nat.h"

#include <utility>

#include "core/assert.h"
#include "sim/world.h"

namespace parley::sim {

Nat::Inside::Inside(Nat& nat, Realm realm)
    : Station(nat.world(), nat.name() + " inside", realm), nat_(nat) {}

Nat::Nat(World& world, std::string name, Realm outer, Realm inner, std::optional<IpAddress> outside,
         const NatOptions& options, std::uint64_t seed)
    : Station(world, std::move(name), outer),
      options_(options),
      outside_(outside),
      table_(seed),
      tcpTable_(~seed),
      inside_(*this, inner) {
  PARLEY_ASSERT(!outside_ || outside_->isV4());
  if (outside_) world.claim(*outside_, *this, outer);
}

Nat::~Nat() {
  if (outside_) world().release(*outside_, *this, realm());
}

std::size_t Nat::mappings() {
  table_.sweep(options_, world().now());
  tcpTable_.sweep(optionsFor(Protocol::tcp), world().now());
  return table_.size() + tcpTable_.size();
}

NatOptions Nat::optionsFor(Protocol protocol) const {
  NatOptions options = options_;
  if (protocol == Protocol::tcp) options.lifetime = options.lifetimeOfTcp;
  return options;
}

void Nat::rebind() {
  if (!outside_) return;
  table_.rebind(options_, *outside_);
  tcpTable_.rebind(optionsFor(Protocol::tcp), *outside_);
}

void Nat::rebind(const IpAddress& outside) {
  PARLEY_ASSERT(outside_ && outside.isV4());
  world().release(*outside_, *this, realm());
  outside_ = outside;
  world().claim(outside, *this, realm());
  table_.rebind(options_, outside);
  tcpTable_.rebind(optionsFor(Protocol::tcp), outside);
}

Station& Nat::sideTowards(const Station& other) {
  if (other.isIn(inner())) return inside_;
  return *this;
}

void Nat::receive(WireDatagram datagram) {
  switch (tableOf(datagram).inbound(optionsFor(datagram.protocol), datagram.destination,
                                    datagram.source, world().now())) {
    case NatTable::Verdict::unknown:
      ++stats_.unknown;
      return;
    case NatTable::Verdict::filtered:
      ++stats_.filtered;
      return;
    case NatTable::Verdict::passes:
      ++stats_.inbound;
      return letIn(std::move(datagram));
  }
}

void Nat::receiveFromInside(WireDatagram datagram) {
  if (outside_ && datagram.destination.ip == *outside_) return hairpin(std::move(datagram));
  const bool isV4 = datagram.source.ip.isV4();
  if (isV4 && !outside_) {
    ++stats_.unroutable;
    return;
  }
  const auto* mapping = tableOf(datagram).outbound(optionsFor(datagram.protocol), datagram.source,
                                                   datagram.destination,
                                                   isV4 ? outside_ : std::nullopt, world().now());
  if (mapping == nullptr) {
    ++stats_.full;
    return;
  }
  ++stats_.outbound;
  datagram.source = mapping->outside;
  world().transmit(*this, std::move(datagram));
}

// RFC 4787 6: the receiver sees the outside address of the sender.
void Nat::hairpin(WireDatagram datagram) {
  if (!options_.hairpins) {
    ++stats_.hairpinRefused;
    return;
  }
  const auto* mapping = tableOf(datagram).outbound(optionsFor(datagram.protocol), datagram.source,
                                                   datagram.destination, outside_, world().now());
  if (mapping == nullptr) {
    ++stats_.full;
    return;
  }
  ++stats_.hairpinned;
  datagram.source = mapping->outside;
  receive(std::move(datagram));
}

void Nat::letIn(WireDatagram datagram) {
  datagram.destination = tableOf(datagram).find(datagram.destination)->inside;
  world().transmit(inside_, std::move(datagram));
}

}  // namespace parley::sim
