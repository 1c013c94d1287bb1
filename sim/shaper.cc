#include "sim/shaper.h"

#include <algorithm>

namespace parley::sim {

Instant Shaper::leaves(const LinkOptions& options, std::size_t bytes, Instant now) {
  const std::uint64_t rate = options.bitsPerSecond;
  if (rate == 0) return now;
  while (!leaving_.empty() && leaving_.front() <= now) leaving_.pop_front();
  const Instant from = std::max(idleFrom_, now);
  const auto waiting = static_cast<std::uint64_t>((from - now).count()) * rate / 8'000'000;
  if (waiting + bytes > options.queueBytes) return never();
  if (options.queuePackets != 0 && leaving_.size() >= options.queuePackets) return never();
  idleFrom_ = from + Duration(static_cast<Duration::rep>(bytes * 8'000'000 / rate));
  leaving_.push_back(idleFrom_);
  return idleFrom_;
}

}  // namespace parley::sim
