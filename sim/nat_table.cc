#include "sim/nat_table.h"

#include <algorithm>

namespace parley::sim {

namespace {

Address partOf(const Address& remote, NatDependence dependence) {
  switch (dependence) {
    case NatDependence::endpointIndependent:
      return {};
    case NatDependence::addressDependent:
      return {remote.ip, 0};
    case NatDependence::addressAndPortDependent:
      return remote;
  }
  return remote;
}

}  // namespace

const NatTable::Mapping* NatTable::outbound(const NatOptions& options, const Address& inside,
                                            const Address& remote, std::optional<IpAddress> outside,
                                            Instant now) {
  const auto dependence = outside ? options.mapping : NatDependence::endpointIndependent;
  const Key key{inside, partOf(remote, dependence)};
  auto entry = byInside_.find(key);
  if (entry != byInside_.end() && now - byOutside_.at(entry->second).used >= options.lifetime) {
    ++expired_;
    erase(entry);
    entry = byInside_.end();
  }
  Mapping* mapping =
      entry == byInside_.end() ? make(options, key, outside, now) : &byOutside_.at(entry->second);
  if (mapping == nullptr) return nullptr;
  mapping->used = now;
  remember(options, *mapping, remote, now);
  return mapping;
}

NatTable::Verdict NatTable::inbound(const NatOptions& options, const Address& outside,
                                    const Address& remote, Instant now) {
  const auto found = byOutside_.find(outside);
  if (found == byOutside_.end()) return Verdict::unknown;
  Mapping& mapping = found->second;
  if (now - mapping.used >= options.lifetime) {
    ++expired_;
    erase(byInside_.find({mapping.inside, mapping.towards}));
    return Verdict::unknown;
  }
  if (options.filtering != NatDependence::endpointIndependent) {
    const bool isByPort = options.filtering == NatDependence::addressAndPortDependent;
    auto known = mapping.remotes.lower_bound({remote.ip, isByPort ? remote.port : std::uint16_t{}});
    const auto fits = [&] {
      return known != mapping.remotes.end() && known->first.ip == remote.ip &&
             (!isByPort || known->first.port == remote.port);
    };
    while (fits() && now - known->second >= options.lifetime) ++known;
    if (!fits()) return Verdict::filtered;
    if (options.inboundRefreshes) known->second = now;
  }
  if (options.inboundRefreshes) mapping.used = now;
  return Verdict::passes;
}

const NatTable::Mapping* NatTable::find(const Address& outside) const {
  const auto found = byOutside_.find(outside);
  return found == byOutside_.end() ? nullptr : &found->second;
}

std::optional<Address> NatTable::outsideOf(const Address& inside) const {
  const auto found = byInside_.lower_bound({inside, Address{}});
  if (found == byInside_.end() || found->first.first != inside) return std::nullopt;
  return found->second;
}

NatTable::Mapping* NatTable::make(const NatOptions& options, const Key& key,
                                  std::optional<IpAddress> outside, Instant now) {
  if (size() >= options.mappingsMax) sweep(options, now);
  if (size() >= options.mappingsMax) return nullptr;
  Address seen = key.first;
  if (outside) {
    const auto port = choosePort(options, *outside, key.first.port);
    if (!port) return nullptr;
    seen = {*outside, *port};
  }
  byInside_.emplace(key, seen);
  return &byOutside_.insert_or_assign(seen, Mapping{key.first, seen, key.second, now, {}})
              .first->second;
}

std::optional<std::uint16_t> NatTable::choosePort(const NatOptions& options,
                                                  const IpAddress& outside, std::uint16_t wanted) {
  const auto isFree = [&](std::uint16_t port) { return !byOutside_.contains({outside, port}); };
  const bool preserves = options.ports == NatPorts::preserved;
  if (preserves && wanted >= options.portMin && wanted <= options.portMax && isFree(wanted)) {
    return wanted;
  }
  const std::uint32_t count = options.portMax - options.portMin + 1u;
  std::uint32_t offset = lastPort_ < options.portMin ? 0 : lastPort_ - options.portMin + 1u;
  if (options.ports != NatPorts::sequential)
    offset = static_cast<std::uint32_t>(dice_.below(count));
  for (std::uint32_t tried = 0; tried < count; ++tried, ++offset) {
    const auto port = static_cast<std::uint16_t>(options.portMin + offset % count);
    if (!isFree(port)) continue;
    lastPort_ = port;
    return port;
  }
  return std::nullopt;
}

void NatTable::erase(std::map<Key, Address>::iterator entry) {
  byOutside_.erase(entry->second);
  byInside_.erase(entry);
}

// A full filter forgets whom it has not talked to for longest.
void NatTable::remember(const NatOptions& options, Mapping& mapping, const Address& remote,
                        Instant now) {
  if (!mapping.remotes.contains(remote) && mapping.remotes.size() >= options.remotesMax) {
    const auto oldest = std::ranges::min_element(mapping.remotes, {},
                                                 [](const auto& known) { return known.second; });
    if (oldest != mapping.remotes.end()) mapping.remotes.erase(oldest);
  }
  mapping.remotes[remote] = now;
}

// In the order of the inside addresses, with the old ports still taken: nobody gets one of them.
void NatTable::rebind(const NatOptions& options, const IpAddress& outside) {
  NatOptions anyPort = options;
  if (anyPort.ports == NatPorts::preserved) anyPort.ports = NatPorts::random;
  std::map<Address, Mapping> old = byOutside_;
  for (auto entry = byInside_.begin(); entry != byInside_.end();) {
    Mapping mapping = old.at(entry->second);
    const bool isTranslated = mapping.inside != mapping.outside;
    const auto port = isTranslated ? choosePort(anyPort, outside, 0) : std::nullopt;
    if (isTranslated && !port) {
      entry = byInside_.erase(entry);
      continue;
    }
    if (port) {
      mapping.outside = {outside, *port};
      entry->second = mapping.outside;
      byOutside_.insert_or_assign(mapping.outside, mapping);
    }
    ++entry;
  }
  for (const auto& [seen, mapping] : old) {
    if (mapping.inside != mapping.outside) byOutside_.erase(seen);
  }
}

void NatTable::sweep(const NatOptions& options, Instant now) {
  for (auto entry = byInside_.begin(); entry != byInside_.end();) {
    const auto next = std::next(entry);
    if (now - byOutside_.at(entry->second).used >= options.lifetime) {
      ++expired_;
      erase(entry);
    }
    entry = next;
  }
}

}  // namespace parley::sim
