#include "turn/peer_book.h"

#include <algorithm>

#include "core/limits.h"
#include "core/planted.h"
#include "stun/channel_data.h"

namespace parley::turn {

namespace bounds = limits::turn;

Standing PeerBook::want(Instant now, const Address& peer) {
  Permission* permission = permissionFor(now, peer);
  if (!permission) return Standing::full;
  permission->used = now;
  permission->peer = peer;
  if (now < permission->refusedUntil) return Standing::refused;
  if (now < permission->expires) return Standing::granted;
  if (!permission->isBusy()) wantPermission(peer.ip, *permission);
  return Standing::asking;
}

Standing PeerBook::wantChannel(Instant now, const Address& peer) {
  Permission* permission = permissionFor(now, peer);
  if (!permission) return Standing::full;
  if (now < permission->refusedUntil) return Standing::refused;
  Channel* channel = channelSlot(now, peer);
  if (!channel) return Standing::full;
  permission->used = channel->used = now;
  if (channel->isRefused) return Standing::refused;
  if (channel->isBound && now < channel->expires) return Standing::granted;
  if (!channel->isBusy()) wantAgain(peer, *channel, *permission);
  return Standing::asking;
}

PeerBook::Permission* PeerBook::permissionFor(Instant now, const Address& peer) {
  const auto found = permissions_.find(peer.ip);
  if (found != permissions_.end()) return &found->second;
  if (permissions_.size() >= bounds::kPeers && !makeRoom(now)) return nullptr;
  Permission& made = permissions_[peer.ip];
  made.peer = peer;
  made.used = now;
  return &made;
}

// Who was refused goes first, and then whoever is idle.
bool PeerBook::makeRoom(Instant now) {
  auto worst = permissions_.end();
  for (auto at = permissions_.begin(); at != permissions_.end(); ++at) {
    const Permission& each = at->second;
    const bool isInUse = now < each.expires && now - each.used < bounds::kPeerIdle;
    if (each.isBusy() || isInUse) continue;
    if (worst == permissions_.end() || each.used < worst->second.used) worst = at;
  }
  if (worst == permissions_.end()) return false;
  takeHeld(worst->first);
  permissions_.erase(worst);
  reschedule();
  return true;
}

PeerBook::Channel* PeerBook::channelSlot(Instant now, const Address& peer) {
  const auto found = channels_.find(peer);
  if (found != channels_.end()) return &found->second;
  if (channels_.size() >= bounds::kPeers || !stun::isChannelNumber(nextNumber_)) return nullptr;
  Channel& made = channels_[peer];
  made.number = nextNumber_++;
  made.used = now;
  byNumber_[made.number] = peer;
  return &made;
}

void PeerBook::wantPermission(const IpAddress& peer, Permission& permission) {
  permission.isWanted = true;
  wanted_.push_back(peer);
}

void PeerBook::unwantPermission(const IpAddress& peer, Permission& permission) {
  if (!std::exchange(permission.isWanted, false)) return;
  std::erase(wanted_, peer);
}

// The permission comes with the channel.
void PeerBook::wantAgain(const Address& peer, Channel& channel, Permission& permission) {
  channel.isWanted = true;
  wantedChannels_.push_back(peer);
  ++permission.wantedChannels;
  unwantPermission(peer.ip, permission);
}

std::optional<std::uint16_t> PeerBook::channelFor(Instant now, const Address& peer) {
  const auto found = channels_.find(peer);
  if (found == channels_.end()) return std::nullopt;
  Channel& channel = found->second;
  if (!channel.isBound || now >= channel.expires) return std::nullopt;
  channel.used = now;
  return channel.number;
}

std::optional<Address> PeerBook::peerOf(std::uint16_t number) const {
  const auto found = byNumber_.find(number);
  if (found == byNumber_.end()) return std::nullopt;
  // The server may use a channel before its answer has come.
  const Channel& channel = channels_.at(found->second);
  return channel.isBound || channel.isAsking ? std::optional(found->second) : std::nullopt;
}

bool PeerBook::mayHear(const IpAddress& peer) const {
  const auto found = permissions_.find(peer);
  return found != permissions_.end() &&
         (found->second.asking > 0 || found->second.expires != Instant::min());
}

std::vector<Address> PeerBook::takeWanted(std::size_t most) {
  std::vector<Address> taken;
  std::size_t used = 0;
  for (const IpAddress& each : wanted_) {
    Permission& permission = permissions_.at(each);
    if (used > 0 && (permission.isAlone || used >= most)) break;
    ++used;
    permission.isWanted = false;
    ++permission.asking;
    taken.push_back(permission.peer);
    if (std::exchange(permission.isAlone, false)) break;
  }
  wanted_.erase(wanted_.begin(), wanted_.begin() + static_cast<std::ptrdiff_t>(used));
  reschedule();
  return taken;
}

std::optional<std::pair<Address, std::uint16_t>> PeerBook::takeWantedChannel(Instant now) {
  if (wantedChannels_.empty()) return std::nullopt;
  const Address peer = wantedChannels_.front();
  wantedChannels_.erase(wantedChannels_.begin());
  Channel& channel = channels_.at(peer);
  channel.isWanted = false;
  channel.isAsking = true;
  channel.kept = std::max(channel.kept == never() ? now : channel.kept,
                          now + bounds::kChannelLifetime + bounds::kChannelHold);
  Permission& permission = permissions_.at(peer.ip);
  --permission.wantedChannels;
  ++permission.asking;
  reschedule();
  return std::pair(peer, channel.number);
}

void PeerBook::grant(const IpAddress& peer, Instant since) {
  const auto found = permissions_.find(peer);
  if (found == permissions_.end()) return;
  Permission& permission = found->second;
  --permission.asking;
  permission.refusedUntil = Instant::min();
  permission.expires = std::max(permission.expires, since + bounds::kPermissionLifetime);
  permission.refreshAt = since + bounds::kPermissionRefresh;
  if (isPlanted(PlantedBug::turnPermissionForgotten)) permission.expires = never();
  unwantPermission(peer, permission);
  reschedule();
}

void PeerBook::bind(const Address& peer, Instant since) {
  Channel& channel = channels_.at(peer);
  channel.isAsking = false;
  channel.isBound = true;
  channel.expires = since + bounds::kChannelLifetime;
  channel.refreshAt = since + bounds::kChannelRefresh;
  grant(peer.ip, since);
}

void PeerBook::refuse(Instant now, const IpAddress& peer) {
  const auto found = permissions_.find(peer);
  if (found == permissions_.end()) return;
  Permission& permission = found->second;
  if (permission.asking > 0) --permission.asking;
  unwantPermission(peer, permission);
  permission.expires = Instant::min();
  permission.refreshAt = never();
  permission.refusedUntil = now + bounds::kRefusalHold;
  takeHeld(peer);
  reschedule();
}

void PeerBook::forgive(Instant now) {
  for (auto& [peer, permission] : permissions_) permission.refusedUntil = Instant::min();
  for (auto& [peer, channel] : channels_) channel.isRefused = false;
  onTimer(now);
}

// Without the channel the permission is still to be asked for; indications carry the data.
void PeerBook::failChannel(Instant now, const Address& peer, bool isForGood) {
  Channel& channel = channels_.at(peer);
  channel.isAsking = false;
  channel.isRefused = isForGood;
  if (!isForGood && now < channel.expires) channel.refreshAt = now + bounds::kRefreshRetry;
  const auto found = permissions_.find(peer.ip);
  if (found != permissions_.end()) {
    Permission& permission = found->second;
    --permission.asking;
    if (now >= permission.over() && !permission.isBusy() && isForGood)
      wantPermission(peer.ip, permission);
  }
  onTimer(now);
}

void PeerBook::leaveUnanswered(Instant now, const IpAddress& peer) {
  const auto found = permissions_.find(peer);
  if (found == permissions_.end()) return;
  --found->second.asking;
  if (now < found->second.expires) found->second.refreshAt = now + bounds::kRefreshRetry;
  onTimer(now);
}

void PeerBook::wantAlone(const IpAddress& peer) {
  const auto found = permissions_.find(peer);
  if (found == permissions_.end()) return;
  --found->second.asking;
  if (found->second.isWanted) return;
  found->second.isAlone = true;
  wantPermission(peer, found->second);
}

void PeerBook::hold(Instant now, const Address& peer, Bytes packet) {
  if (packet.size() > bounds::kHeldPacket) return;
  if (held_.size() >= bounds::kPeers && !held_.contains(peer)) return;
  held_[peer] = {peer, toVector(packet), now};
}

std::vector<PeerBook::HeldPacket> PeerBook::takeHeld(const IpAddress& peer) {
  std::vector<HeldPacket> taken;
  auto at = held_.lower_bound({peer, 0});  // in the order of addresses, ports last
  while (at != held_.end() && at->first.ip == peer) {
    taken.push_back(std::move(at->second));
    at = held_.erase(at);
  }
  return taken;
}

void PeerBook::refreshChannels(Instant now) {
  for (auto& [peer, channel] : channels_) {
    if (channel.expires <= now) channel.isBound = false;
    if (channel.refreshAt > now) continue;
    channel.refreshAt = never();
    const bool isInUse = now - channel.used < bounds::kPeerIdle;
    const auto permission = permissions_.find(peer.ip);
    if (!isInUse || channel.isBusy() || permission == permissions_.end()) continue;
    wantAgain(peer, channel, permission->second);
  }
  std::erase_if(channels_, [&](const auto& each) {
    if (each.second.isBusy() || each.second.kept > now) return false;
    byNumber_.erase(each.second.number);
    return true;
  });
}

void PeerBook::onTimer(Instant now) {
  refreshChannels(now);
  for (auto& [peer, permission] : permissions_) {
    if (permission.refreshAt > now) continue;
    permission.refreshAt = never();
    const bool isInUse = now - permission.used < bounds::kPeerIdle;
    if (isPlanted(PlantedBug::turnPermissionForgotten)) continue;
    if (isInUse && !permission.isBusy()) wantPermission(peer, permission);
  }
  std::erase_if(permissions_, [&](const auto& each) {
    if (each.second.isBusy() || each.second.over() > now) return false;
    takeHeld(each.first);
    return true;
  });
  reschedule();
}

void PeerBook::reschedule() {
  due_ = never();
  for (const auto& [peer, channel] : channels_) {
    due_ = earliest(due_, channel.refreshAt);
    if (channel.isBound) due_ = earliest(due_, channel.expires);
    if (!channel.isBusy()) due_ = earliest(due_, channel.kept);
  }
  for (const auto& [peer, permission] : permissions_) {
    due_ = earliest(due_, permission.refreshAt);
    if (!permission.isBusy()) due_ = earliest(due_, permission.over());
  }
}

std::size_t PeerBook::permissionCount() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      permissions_, [](const auto& each) { return each.second.expires != Instant::min(); }));
}

std::size_t PeerBook::channelCount() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(channels_, [](const auto& each) { return each.second.isBound; }));
}

std::size_t PeerBook::memoryUsed() const {
  constexpr std::size_t kNode = 4 * sizeof(void*);
  std::size_t used = permissions_.size() * (sizeof(IpAddress) + sizeof(Permission) + kNode) +
                     channels_.size() * (sizeof(Address) + sizeof(Channel) + kNode) +
                     byNumber_.size() * (sizeof(std::uint16_t) + sizeof(Address) + kNode) +
                     wanted_.capacity() * sizeof(IpAddress) +
                     wantedChannels_.capacity() * sizeof(Address);
  for (const auto& [peer, packet] : held_)
    used += sizeof(peer) + sizeof(packet) + kNode + packet.bytes.capacity();
  return used;
}

const char* PeerBook::inconsistency() const {
  if (permissions_.size() > bounds::kPeers || channels_.size() > bounds::kPeers)
    return "more peers than there may be";
  if (held_.size() > bounds::kPeers) return "more packets held than there may be";
  if (byNumber_.size() != channels_.size()) return "numbers and channels are not one to one";
  for (const auto& [peer, channel] : channels_) {
    const auto found = byNumber_.find(channel.number);
    if (found == byNumber_.end() || found->second != peer) return "a number of another channel";
    if (channel.isBusy() && !permissions_.contains(peer.ip)) return "a channel nobody permits";
    if (channel.isWanted != (std::ranges::count(wantedChannels_, peer) == 1))
      return "a channel is wanted and not in the queue, or twice";
  }
  for (const auto& [peer, permission] : permissions_) {
    if (permission.asking < 0 || permission.wantedChannels < 0)
      return "more answers than requests for a permission";
    if (permission.isWanted != (std::ranges::count(wanted_, peer) == 1))
      return "a permission is wanted and not in the queue, or twice";
  }
  for (const auto& [peer, packet] : held_)
    if (!permissions_.contains(peer.ip)) return "a packet is held for nobody";
  return nullptr;
}

}  // namespace parley::turn
