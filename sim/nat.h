#pragma once

#include <cstdint>
#include <optional>

#include "sim/nat_table.h"
#include "sim/station.h"

namespace parley::sim {

struct NatStats {
  std::uint64_t outbound = 0;
  std::uint64_t inbound = 0;
  std::uint64_t hairpinned = 0;
  std::uint64_t unknown = 0;   // inbound, and there is no mapping
  std::uint64_t filtered = 0;  // inbound, and the filter has not heard of the sender
  std::uint64_t hairpinRefused = 0;
  std::uint64_t full = 0;        // outbound, and no room in the table
  std::uint64_t unroutable = 0;  // IPv4 without an outside address
};

// A router with a realm of its own behind it, in which addresses are private: two of them may both
// have a 192.168.1.2 inside. IPv4 is translated and filtered (RFC 4787); IPv6 keeps its addresses
// and is only filtered, as by a home router's firewall (RFC 6092). What stands outside sees one
// address; its inner side is a station too, so that links lead to either.
class Nat final : public Station {
 public:
  Nat(World& world, std::string name, Realm outer, Realm inner, std::optional<IpAddress> outside,
      const NatOptions& options, std::uint64_t seed);
  ~Nat() override;

  NatOptions& options() { return options_; }  // may be changed at any time
  const NatStats& stats() const { return stats_; }
  std::size_t mappings();
  std::uint64_t expired() const { return table_.expired(); }
  std::optional<Address> outsideOf(const Address& inside) const { return table_.outsideOf(inside); }
  Realm inner() const { return inside_.realm(); }

  void rebind();                          // all mappings move to other ports,
  void rebind(const IpAddress& outside);  // or the NAT to another address as well
  void reboot() { table_.forget(), tcpTable_.forget(); }

  Station& inside() { return inside_; }
  Station& sideTowards(const Station& other) override;
  void receive(WireDatagram datagram) override;  // from outside

 private:
  class Inside final : public Station {
   public:
    Inside(Nat& nat, Realm realm);
    Station& machine() override { return nat_; }
    const Station& machine() const override { return nat_; }
    void receive(WireDatagram datagram) override { nat_.receiveFromInside(std::move(datagram)); }

   private:
    Nat& nat_;
  };

  void receiveFromInside(WireDatagram datagram);
  NatTable& tableOf(const WireDatagram& datagram) {
    return datagram.protocol == Protocol::tcp ? tcpTable_ : table_;
  }
  NatOptions optionsFor(Protocol protocol) const;
  void hairpin(WireDatagram datagram);
  void letIn(WireDatagram datagram);

  NatOptions options_;
  std::optional<IpAddress> outside_;
  NatTable table_;
  NatTable tcpTable_;  // its ports are others than those of UDP
  Inside inside_;
  NatStats stats_;
};

}  // namespace parley::sim
