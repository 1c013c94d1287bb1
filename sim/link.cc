#include "sim/link.h"

#include <algorithm>
#include <utility>

namespace parley::sim {

namespace {

std::size_t sizeOnWire(const WireDatagram& datagram) {
  const std::size_t ip = datagram.destination.ip.isV4() ? 20 : 40;
  return ip + 8 + datagram.bytes.size();
}

Duration upTo(Random& random, Duration most) {
  return Duration(
      static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace

void Pipe::carry(WireDatagram datagram) {
  ++stats_.sent;
  const std::size_t size = sizeOnWire(datagram);
  if (isCut_ || (filter_ && filter_(datagram))) {
    ++stats_.blocked;
    return;
  }
  if (size > options_.mtu) {
    ++stats_.tooLarge;
    return;
  }
  if (happens(options_.loss)) {
    ++stats_.lost;
    return;
  }
  const Instant leaving = leaves(size);
  if (leaving == never()) {
    ++stats_.overflowed;
    return;
  }
  if (happens(options_.corrupt) && !datagram.bytes.empty()) {
    datagram.bytes[random_.below(datagram.bytes.size())] ^=
        static_cast<std::uint8_t>(1u << random_.below(8));
  }
  const Instant arrival = leaving + options_.latency + upTo(random_, options_.jitter);
  if (happens(options_.duplicate)) arriveAt(arrival + upTo(random_, options_.latency), datagram);
  if (happens(options_.reorder)) return arriveAt(arrival + options_.reorderDelay, datagram);
  lastInOrder_ = std::max(lastInOrder_, arrival);
  arriveAt(lastInOrder_, std::move(datagram));
}

// When the last bit is out, after what is queued before it; never() when the queue is full.
Instant Pipe::leaves(std::size_t bytes) {
  const Instant now = schedule_.now();
  if (options_.bitsPerSecond == 0) return now;
  const std::uint64_t rate = options_.bitsPerSecond;
  const Instant from = std::max(idleFrom_, now);
  const auto waiting = static_cast<std::uint64_t>((from - now).count()) * rate / 8'000'000;
  if (waiting + bytes > options_.queueBytes) return never();
  idleFrom_ = from + Duration(static_cast<Duration::rep>(bytes * 8'000'000 / rate));
  return idleFrom_;
}

void Pipe::arriveAt(Instant when, WireDatagram datagram) {
  schedule_.at(when, [this, datagram = std::move(datagram)]() mutable {
    ++stats_.delivered;
    to_.receive(std::move(datagram));
  });
}

}  // namespace parley::sim
