#pragma once

#include <map>
#include <string>

#include "core/address.h"
#include "core/host.h"
#include "ice/candidate.h"
#include "session/bases.h"
#include "session/port.h"

namespace parley::session {

// Names in place of our own addresses (draft-ietf-mmusic-mdns-ice-candidates 3.1): one for each
// address, for as long as something of ours stands on it. The agent knows the addresses all the
// same; what leaves it upwards goes through shown(). Without hideAddresses nothing is changed.
class OwnNames {
 public:
  OwnNames(Host& host, Host::Guest& owner, const GatherConfig& config)
      : host_(host), owner_(owner), config_(config) {}

  // Before the agent is given a candidate. False: it is not to be told to anybody, for it shows an
  // address of this machine and no name can be had in its place.
  bool cover(ice::Candidate& candidate);
  ice::Candidate shown(ice::Candidate candidate) const;
  void keepOnly(const Bases& bases);  // names of addresses that nothing stands on are withdrawn
  std::size_t size() const { return names_.size(); }

 private:
  bool isMapped(const IpAddress& address) const;
  bool isOurs(const IpAddress& address) const;
  std::string nameOf(const IpAddress& address);

  Host& host_;
  Host::Guest& owner_;
  const GatherConfig& config_;
  std::map<IpAddress, std::string> names_;
};

// webrtc-pc 4.2.2, RFC 8828: the address is of the family it would have, and says nothing.
inline Address hidden(const Address& address) {
  return {address.ip.isV4() ? IpAddress() : IpAddress::v6({}), 0};
}

}  // namespace parley::session
