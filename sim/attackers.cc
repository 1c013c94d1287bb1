#include "sim/attackers.h"

#include <algorithm>
#include <utility>

#include "sim/chance.h"
#include "sim/world.h"

namespace parley::sim {

namespace {

// At no fixed beat, so that it meets no other by rule.
Duration gap(Random& dice, double perSecond) {
  const double mean = 1e6 / perSecond;
  return Duration(std::max<Duration::rep>(1, static_cast<Duration::rep>(2 * mean * dice.unit())));
}

Forgery choose(Random& dice, const std::vector<Forgery>& forgeries) {
  if (forgeries.empty()) return kForgeries[dice.below(kForgeries.size())];
  return forgeries[dice.below(forgeries.size())];
}

}  // namespace

OffPath::OffPath(World& world, std::string name, const IpAddress& address, std::uint64_t seed)
    : Station(world, std::move(name)), address_(address), forger_(seed) {
  world.claim(address_, *this, realm());
}

OffPath::~OffPath() { world().release(address_, *this, realm()); }

void OffPath::attack(Aims aims, OffPathOptions options) {
  ++campaign_;
  aims_ = std::move(aims);
  options_ = std::move(options);
  if (options_.perSecond > 0) scheduleNext();
}

void OffPath::scheduleNext() {
  world().schedule().after(gap(forger_.dice(), options_.perSecond), [this, mine = campaign_] {
    if (mine != campaign_) return;
    hit();
    scheduleNext();
  });
}

void OffPath::hit() {
  Random& dice = forger_.dice();
  const std::optional<Aim> aim = aims_(dice);
  if (!aim) return;
  const auto port = static_cast<std::uint16_t>(1'024 + dice.below(64'512));
  WireDatagram datagram{aim->as.value_or(Address{address_, port}), aim->target, 0, bytes()};
  ++sent_;
  bytesSent_ += datagram.bytes.size();
  world().transmit(*this, std::move(datagram));
}

ByteVector OffPath::bytes() {
  Random& dice = forger_.dice();
  const auto& recordings = options_.recordings;
  if (recordings.empty() || happens(dice, 0.5)) {
    return forger_.make(choose(dice, options_.forgeries));
  }
  const ByteVector& real = recordings[dice.below(recordings.size())];
  return happens(dice, options_.spoils) ? forger_.spoil(real) : real;
}

void OffPath::receive(WireDatagram datagram) {
  ++answers_;
  answerBytes_ += datagram.bytes.size();
}

OnPath::OnPath(World& world, Link& link, const OnPathOptions& options, std::uint64_t seed)
    : world_(world), link_(link), forger_(seed) {
  for (Pipe* pipe : link_.pipes()) {
    pipe->setTap([this, pipe](WireDatagram& datagram) { return onDatagram(*pipe, datagram); });
  }
  setOptions(options);
}

void OnPath::setOptions(const OnPathOptions& options) {
  ++campaign_;
  options_ = options;
  if (options_.injectsPerSecond > 0) scheduleInjection();
}

void OnPath::leave() {
  ++campaign_;
  for (Pipe* pipe : link_.pipes()) pipe->setTap({});
}

bool OnPath::onDatagram(Pipe& pipe, WireDatagram& datagram) {
  Random& dice = forger_.dice();
  seen_.push_back({&pipe, datagram});
  if (seen_.size() > kSeen) seen_.pop_front();
  if (happens(dice, options_.replay)) replay();
  if (happens(dice, options_.drop)) {
    ++stats_.dropped;
    return false;
  }
  if (happens(dice, options_.mutate)) {
    ++stats_.mutated;
    datagram.bytes = forger_.spoil(datagram.bytes);
  }
  if (happens(dice, options_.delay)) {
    ++stats_.delayed;
    pipe.inject(std::move(datagram), pipe.options().latency + upTo(dice, options_.delayMost));
    return false;
  }
  return true;
}

// In the direction it went before.
void OnPath::replay() {
  Random& dice = forger_.dice();
  Seen again = seen_[dice.below(seen_.size())];
  ++stats_.replayed;
  if (happens(dice, options_.spoilsReplay)) {
    again.datagram.bytes = forger_.spoil(again.datagram.bytes);
  }
  again.pipe->inject(std::move(again.datagram), upTo(dice, options_.delayMost));
}

void OnPath::scheduleInjection() {
  world_.schedule().after(gap(forger_.dice(), options_.injectsPerSecond), [this, mine = campaign_] {
    if (mine != campaign_) return;
    injectOne();
    scheduleInjection();
  });
}

// With the addresses of something seen, so that it looks like the rest of the conversation.
void OnPath::injectOne() {
  if (seen_.empty()) return;
  Random& dice = forger_.dice();
  Seen forged = seen_[dice.below(seen_.size())];
  forged.datagram.bytes = forger_.make(choose(dice, options_.forgeries));
  ++stats_.injected;
  forged.pipe->inject(std::move(forged.datagram), forged.pipe->options().latency);
}

}  // namespace parley::sim
