#include "sim/link.h"

#include <algorithm>
#include <utility>

#include "sim/chance.h"
#include "sim/mangler.h"

namespace parley::sim {

namespace {

constexpr std::size_t kCopiesMax = 10;
constexpr std::size_t kHeldMax = 1'000;

std::size_t sizeOnWire(const WireDatagram& datagram) {
  const std::size_t ip = datagram.destination.ip.isV4() ? 20 : 40;
  return ip + 8 + datagram.bytes.size();
}

}  // namespace

void Pipe::carry(WireDatagram datagram) {
  ++stats_.sent;
  if (isCut_ || (filter_ && filter_(datagram)) || (tap_ && !tap_(datagram))) {
    ++stats_.blocked;
    return;
  }
  const std::size_t size = sizeOnWire(datagram);
  if (!fits(size)) {
    ++stats_.tooLarge;
    return;
  }
  if (losses_.loses(options_, random_, schedule_.now())) {
    ++stats_.lost;
    return;
  }
  const Instant leaving = shaper_.leaves(options_, size, schedule_.now());
  if (leaving == never()) {
    ++stats_.overflowed;
    return;
  }
  if (mangle(options_, random_, datagram.bytes)) ++stats_.mangled;
  const Instant arrival = leaving + options_.latency + upTo(random_, options_.jitter);
  if (happens(random_, options_.duplicate)) duplicate(arrival, datagram);
  if (happens(random_, options_.reorder)) {
    ++stats_.reordered;
    const Instant latest = arrival + options_.reorderDelay;
    if (options_.reorderDistance == 0) return arriveAt(latest, std::move(datagram));
    return hold(latest, std::move(datagram));
  }
  const Instant when = options_.keepsOrder ? std::max(lastInOrder_, arrival) : arrival;
  lastInOrder_ = std::max(lastInOrder_, when);
  arriveAt(when, std::move(datagram));
  letPass(when);
}

void Pipe::inject(WireDatagram datagram, Duration delay) {
  ++stats_.injected;
  arriveAt(schedule_.now() + delay, std::move(datagram));
}

bool Pipe::fits(std::size_t size) const {
  if (size > options_.mtu) return false;
  return schedule_.now() < options_.blackHoleFrom || size <= options_.blackHoleAbove;
}

void Pipe::duplicate(Instant arrival, const WireDatagram& datagram) {
  std::size_t copies = std::clamp<std::size_t>(options_.copiesMax, 1, kCopiesMax);
  if (copies > 1) copies = 1 + random_.below(copies);
  stats_.duplicated += copies;
  for (; copies > 0; --copies) arriveAt(arrival + upTo(random_, options_.latency), datagram);
}

// What is held arrives right behind the one that was the last to overtake it.
void Pipe::hold(Instant latest, WireDatagram datagram) {
  if (held_.size() >= kHeldMax) return arriveAt(latest, std::move(datagram));
  const std::uint64_t id = nextHeld_++;
  held_.push_back({std::move(datagram), options_.reorderDistance, id});
  ++underWay_;
  schedule_.at(latest, [this, id] {
    const auto found = std::ranges::find(held_, id, &Held::id);
    if (found == held_.end()) return;
    WireDatagram late = std::move(found->datagram);
    held_.erase(found);
    arrive(std::move(late));
  });
}

void Pipe::letPass(Instant arrival) {
  for (auto held = held_.begin(); held != held_.end();) {
    if (--held->toPass > 0) {
      ++held;
      continue;
    }
    --underWay_;
    arriveAt(arrival, std::move(held->datagram));
    held = held_.erase(held);
  }
}

void Pipe::arriveAt(Instant when, WireDatagram datagram) {
  ++underWay_;
  schedule_.at(when,
               [this, datagram = std::move(datagram)]() mutable { arrive(std::move(datagram)); });
}

void Pipe::arrive(WireDatagram datagram) {
  --underWay_;
  ++stats_.delivered;
  to_.arrive(std::move(datagram));
}

void Link::setOptions(const LinkOptions& there, const LinkOptions& back) {
  aToB_.options() = there;
  bToA_.options() = back;
}

}  // namespace parley::sim
