#include "session/own_names.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace parley::session {

// A reflexive candidate that is an address of this machine means that there is no NAT before the
// server, which may be on the link. The draft (3.1.2.2) would tell it as a public address; we have
// promised to show none.
bool OwnNames::cover(ice::Candidate& candidate) {
  if (!config_.hideAddresses) return true;
  if (candidate.related) candidate.related = hidden(*candidate.related);
  if (isMapped(candidate.address.ip)) return true;
  if (candidate.type != ice::CandidateType::host) return !isOurs(candidate.address.ip);
  candidate.hostname = nameOf(candidate.address.ip);
  return !candidate.hostname.empty();
}

ice::Candidate OwnNames::shown(ice::Candidate candidate) const {
  if (config_.hideAddresses && candidate.type == ice::CandidateType::host &&
      !isMapped(candidate.address.ip))
    candidate.address.ip = hidden(candidate.address).ip;
  return candidate;
}

void OwnNames::keepOnly(const Bases& bases) {
  std::erase_if(names_, [&](const auto& each) {
    const bool isStoodOn = std::ranges::any_of(
        bases.all(), [&](const auto& base) { return base->socket.local.ip == each.first; });
    if (!isStoodOn) host_.withdrawName(owner_, each.second);
    return !isStoodOn;
  });
}

// What the application maps an address of ours to is to be told.
bool OwnNames::isMapped(const IpAddress& address) const {
  return std::ranges::any_of(config_.addressMappings,
                             [&](const auto& mapping) { return mapping.second == address; });
}

bool OwnNames::isOurs(const IpAddress& address) const {
  const std::vector<NetworkInterface> all = host_.interfaces();
  return std::ranges::find(all, address, &NetworkInterface::address) != all.end();
}

// Two families are two addresses, so they never share a name (3.1.1).
std::string OwnNames::nameOf(const IpAddress& address) {
  const auto known = names_.find(address);
  if (known != names_.end()) return known->second;
  if (names_.size() >= limits::ice::kOwnNames) return {};
  std::string name = host_.publishName(owner_, address);
  if (!name.empty()) names_.emplace(address, name);
  return name;
}

}  // namespace parley::session
