#pragma once

#include <cstddef>
#include <cstdint>

#include "core/time.h"

namespace parley::sim {

// Losses that come in bursts, after Gilbert and Elliott: a link is in a good or in a bad state.
struct BurstOptions {
  double start = 0;     // per datagram in the good state
  double packets = 10;  // mean length of the bad state, counted in datagrams,
  Duration time{};      // or, if not zero, in time
  double loss = 1;      // per datagram in the bad state
};

// Probabilities are per datagram, from 0 to 1.
struct LinkOptions {
  Duration latency = 20ms;
  Duration jitter{};  // up to this much more
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;  // delayed by another `reorderDelay`, so that others overtake
  Duration reorderDelay = 30ms;
  double corrupt = 0;               // one bit flips
  std::uint64_t bitsPerSecond = 0;  // 0: no limit
  std::size_t queueBytes = 64'000;  // waiting for the rate; the rest is dropped
  std::size_t mtu = 1'500;          // with 28 or 48 bytes of headers; larger ones vanish

  BurstOptions bursts{};
  std::size_t copiesMax = 1;        // of a duplicated one, besides itself
  std::size_t reorderDistance = 0;  // until so many have overtaken it, or `reorderDelay` is over
  bool keepsOrder = true;           // false: jitter alone lets later ones overtake
  double truncate = 0;              // cut at a random place
  double append = 0;                // random bytes behind its end
  std::size_t appendMax = 64;
  std::size_t queuePackets = 0;        // as queueBytes, counted; 0: no limit
  Instant blackHoleFrom = never();     // from then on what is larger than `blackHoleAbove`
  std::size_t blackHoleAbove = 1'280;  // vanishes, as behind a tunnel that sends no ICMP
};

}  // namespace parley::sim
