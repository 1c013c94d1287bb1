#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/address.h"
#include "core/time.h"

namespace parley::server {

// How many answers a source may cause that has not proved who it is (T-5). The sources share a
// table whose size never changes (T-6), under a hash that nobody outside knows: a flood of forged
// sources costs no memory, and can at worst take answers from somebody whose slot it hits.
class Limiter {
 public:
  Limiter(std::uint32_t perSecond, std::size_t slots, std::uint64_t seed)
      : perSecond_(perSecond), seed_(seed), slots_(slots) {}

  // Ports do not count: who forges a source has 65,535 of them.
  bool take(Instant now, const IpAddress& source);

 private:
  struct Slot {
    Instant fullAt = Instant::min();  // when it will again hold a second's worth
  };

  std::uint32_t perSecond_;
  std::uint64_t seed_;
  std::vector<Slot> slots_;
};

}  // namespace parley::server
