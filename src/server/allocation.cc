#include "server/allocation.h"

#include "core/limits.h"
#include "stun/channel_data.h"

namespace parley::server {

using stun::ErrorCode;

Result<void, ErrorCode> Allocation::permit(Instant now, std::span<const Address> peers,
                                           Instant expires) {
  expire(now);
  std::vector<IpAddress> fresh;
  for (const Address& peer : peers) {
    if (permissions_.contains(peer.ip) || std::ranges::find(fresh, peer.ip) != fresh.end())
      continue;
    fresh.push_back(peer.ip);
  }
  if (permissions_.size() + fresh.size() > limits::server::kPermissions)
    return Unexpected(ErrorCode::insufficientCapacity);
  for (const Address& peer : peers) permissions_[peer.ip] = expires;
  return {};
}

bool Allocation::permits(Instant now, const IpAddress& peer) const {
  const auto found = permissions_.find(peer);
  return found != permissions_.end() && now < found->second;
}

bool Allocation::canBind(Instant now, std::uint16_t number, const Address& peer) const {
  if (!stun::isChannelNumber(number)) return false;
  const Channel* ofNumber = channel(now, number);
  const Channel* ofPeer = channelTo(now, peer);
  return (!ofNumber || ofNumber->peer == peer) && (!ofPeer || ofPeer->number == number);
}

Result<void, ErrorCode> Allocation::bind(Instant now, const Channel& wanted, Instant permitted) {
  if (!canBind(now, wanted.number, wanted.peer)) return Unexpected(ErrorCode::badRequest);
  expire(now);
  const auto bound = std::ranges::find(channels_, wanted.number, &Channel::number);
  if (bound == channels_.end() && channels_.size() >= limits::server::kChannels)
    return Unexpected(ErrorCode::insufficientCapacity);
  const auto given = permit(now, {&wanted.peer, 1}, permitted);
  if (!given) return given;
  if (bound == channels_.end()) {
    channels_.push_back(wanted);
  } else {
    bound->expires = wanted.expires;
  }
  return {};
}

const Channel* Allocation::channel(Instant now, std::uint16_t number) const {
  const auto found = std::ranges::find(channels_, number, &Channel::number);
  return found != channels_.end() && now < found->expires ? &*found : nullptr;
}

const Channel* Allocation::channelTo(Instant now, const Address& peer) const {
  const auto found = std::ranges::find(channels_, peer, &Channel::peer);
  return found != channels_.end() && now < found->expires ? &*found : nullptr;
}

void Allocation::expire(Instant now) {
  std::erase_if(permissions_, [now](const auto& each) { return each.second <= now; });
  std::erase_if(channels_, [now](const Channel& each) { return each.expires <= now; });
}

Instant Allocation::deadline() const {
  Instant due = expires_;
  for (const auto& [peer, expires] : permissions_) due = std::min(due, expires);
  for (const Channel& each : channels_) due = std::min(due, each.expires);
  return due;
}

std::vector<IpAddress> Allocation::permissions(Instant now) const {
  std::vector<IpAddress> live;
  for (const auto& [peer, expires] : permissions_)
    if (now < expires) live.push_back(peer);
  return live;
}

std::size_t Allocation::memoryUsed() const {
  constexpr std::size_t kNode = sizeof(IpAddress) + sizeof(Instant) + 4 * sizeof(void*);
  return sizeof *this + origin_.user.capacity() + permissions_.size() * kNode +
         channels_.capacity() * sizeof(Channel);
}

}  // namespace parley::server
