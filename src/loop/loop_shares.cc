// Of the loop: shares of sockets, and which remote addresses are theirs.

#include <cstddef>

#include "core/assert.h"
#include "core/limits.h"
#include "loop/loop.h"

namespace parley::loop {
namespace {

// Drivers count from one and never come so far.
constexpr std::uint32_t kShareBit = 1u << 31;

}  // namespace

Result<BoundUdp, OpenError> Loop::shareUdp(Guest& guest, SocketId shared) {
  Seat* seat = seatOf(guest);
  const auto owner = owners_.find(shared);
  if (!seat || owner == owners_.end() || owner->second.place == 0)
    return Unexpected(OpenError::outOfResources);
  PARLEY_ASSERT(!owner->second.isTcp && owner->second.shared == SocketId{});
  if (owner->second.shares >= limits::mux::kShares) return Unexpected(OpenError::outOfResources);
  open();
  if (!routes_) routes_.emplace(step_.secrets.number<std::uint64_t>());
  ++owner->second.shares;
  ++shares_;
  const Address local = owner->second.local;
  const SocketId share{kShareBit | ++lastShare_};
  own(*seat, share, {.place = seat->place, .shared = shared, .local = local});
  PARLEY_TRACE(step_, Topic::loop, "share_opened", {"socket", share.value}, {"of", shared.value});
  return BoundUdp{share, local};
}

void Loop::closeShare(Owners::iterator share) {
  const SocketId id = share->first;
  const auto owner = owners_.find(share->second.shared);
  forget(share);
  routes_->remove(id);
  --shares_;
  --owner->second.shares;
  PARLEY_TRACE(step_, Topic::loop, "share_closed", {"socket", id.value},
               {"of", owner->first.value});
  if (owner->second.place != 0)
    seatAt(owner->second.place).guest->onShareClosed(id);
  else if (owner->second.shares == 0)
    shut(owner);
}

bool Loop::route(SocketId share, const Address& remote) {
  const auto owner = owners_.find(share);
  if (owner == owners_.end() || owner->second.shared == SocketId{}) return false;
  const bool isOurs = routes_->add(owner->second.shared, remote, share);
  if (!isOurs) ++routesRefused_;
  return isOurs;
}

bool Loop::isRouted(SocketId share, const Address& remote) const {
  const auto owner = owners_.find(share);
  return owner != owners_.end() && owner->second.shared != SocketId{} &&
         routes_->find(owner->second.shared, remote) == share;
}

void Loop::unroute(SocketId share) {
  if (routes_) routes_->remove(share);
}

SocketId Loop::recipientOf(SocketId socket, const Address& remote) const {
  if (shares_ == 0) return socket;
  return routes_->find(socket, remote).value_or(socket);
}

Loop::Seat* Loop::touchOwner(SocketId socket) {
  const auto owner = owners_.find(socket);
  if (owner == owners_.end() || owner->second.place == 0) return nullptr;
  Seat& seat = seatAt(owner->second.place);
  touchSeat(seat);
  return &seat;
}

void Loop::forward(SocketId share, Datagram datagram) {
  PARLEY_ASSERT(turning_);
  Seat* seat = touchOwner(share);
  if (!seat) {
    ++dropped_;
    return;
  }
  datagram.socket = share;
  seat->guest->onDatagram(step_, std::move(datagram));
}

}  // namespace parley::loop
