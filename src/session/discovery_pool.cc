// Discovery ahead of need, for a transport that is still to come.

#include <algorithm>
#include <utility>

#include "session/discovery.h"

namespace parley::session {

void Discovery::pool(Step& step) {
  isPooled_ = true;
  gather(step);
}

// Nothing has been told, so ranks are given anew. "Any necessary filtering can still be done on any
// pooled candidates" (RFC 9429 4.1.18).
void Discovery::adopt(Step& step, TransportId transport, std::string ufrag) {
  for (const auto& base : bases_.all())
    if (base->transport == transport_) base->transport = transport;
  transport_ = transport;
  ufrag_ = std::move(ufrag);
  isPooled_ = false;
  isRunning_ = true;
  const std::vector<IpAddress> ours = Gatherer(host_, owner_, config_).addresses();
  leaveLost(step, ours);
  if (config_.relayOnly) leave([](const Base& base) { return !base.relay; });
  sockets_.clear();
  openHosts(step);
  openTcp(step);
  tellWhatStands();
  const auto unanswered = std::erase_if(
      probed_, [this](const auto& each) { return !reflexive_.isAsked(each.first, each.second); });
  const bool isOther = askedFrom_ != ours || askedRelayOnly_ != config_.relayOnly;
  if (std::exchange(isIncomplete_, false) || isOther || unanswered > 0) askServers(step);
}

void Discovery::tellWhatStands() {
  for (Reflexive::Mapped& mapped : reflexive_.known())
    events_.push(
        ReflexiveFound{mapped.socket, mapped.mapped, mapped.server, std::move(mapped.url)});
  for (const auto& base : bases_.all()) {
    const bool stands = base->transport == transport_ && base->relay &&
                        base->relay->isAllocated() && base->allocated != turn::Allocated{};
    if (stands && std::ranges::find(gone_, base->id()) == gone_.end())
      events_.push(RelayFound{base->id(), base->allocated.relayed, base->allocated.mapped});
  }
}

}  // namespace parley::session
