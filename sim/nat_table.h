#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "core/address.h"
#include "core/random.h"
#include "core/time.h"

namespace parley::sim {

// What a mapping or a filter looks at, in the words of RFC 4787 4.1 and 5.
enum class NatDependence : std::uint8_t {
  endpointIndependent,
  addressDependent,
  addressAndPortDependent,
};

enum class NatPorts : std::uint8_t { preserved, sequential, random };

struct NatOptions {
  NatDependence mapping = NatDependence::endpointIndependent;
  NatDependence filtering = NatDependence::addressAndPortDependent;
  bool hairpins = false;
  NatPorts ports = NatPorts::preserved;  // as long as the port is free
  Duration lifetime = 5min;              // RFC 4787 4.3; without outbound traffic
  Duration lifetimeOfTcp = 124min;       // RFC 5382 5
  bool inboundRefreshes = false;
  std::size_t mappingsMax = 1'024;
  std::size_t remotesMax = 128;  // remembered for the filter of one mapping
  std::uint16_t portMin = 1'024;
  std::uint16_t portMax = 65'535;
};

// Who inside is seen outside as whom, and whom each of them has talked to. With no outside address
// nothing is translated and the table is that of a firewall.
class NatTable {
 public:
  struct Mapping {
    Address inside;
    Address outside;
    Address towards;  // as far as the mapping depends on it
    Instant used;
    std::map<Address, Instant> remotes;  // when something was last sent there
  };
  enum class Verdict : std::uint8_t { passes, unknown, filtered };

  explicit NatTable(std::uint64_t seed) : dice_(seed) {}

  // What `inside` is to `remote`; made if there is none. Null: the table or its ports are full.
  const Mapping* outbound(const NatOptions& options, const Address& inside, const Address& remote,
                          std::optional<IpAddress> outside, Instant now);
  Verdict inbound(const NatOptions& options, const Address& outside, const Address& remote,
                  Instant now);
  const Mapping* find(const Address& outside) const;
  std::optional<Address> outsideOf(const Address& inside) const;  // the first there is

  // Every translated mapping gets another port of this address.
  void rebind(const NatOptions& options, const IpAddress& outside);
  void forget() { byInside_.clear(), byOutside_.clear(); }
  void sweep(const NatOptions& options, Instant now);
  std::size_t size() const { return byOutside_.size(); }
  std::uint64_t expired() const { return expired_; }

 private:
  using Key = std::pair<Address, Address>;  // inside, towards

  Mapping* make(const NatOptions& options, const Key& key, std::optional<IpAddress> outside,
                Instant now);
  std::optional<std::uint16_t> choosePort(const NatOptions& options, const IpAddress& outside,
                                          std::uint16_t wanted);
  void erase(std::map<Key, Address>::iterator entry);
  void remember(const NatOptions& options, Mapping& mapping, const Address& remote, Instant now);

  Random dice_;
  std::map<Key, Address> byInside_;  // to the outside address
  std::map<Address, Mapping> byOutside_;
  std::uint16_t lastPort_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace parley::sim
