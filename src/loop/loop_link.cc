// What a loop keeps of the link it is on: names of its own, and who watches the interfaces.

#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/assert.h"
#include "core/limits.h"
#include "core/local_name.h"
#include "loop/loop.h"

namespace parley::loop {

std::string Loop::publishName(Guest& guest, const IpAddress& address) {
  Seat* seat = seatOf(guest);
  if (!seat || published_ >= limits::mdns::kPublished) return {};
  open();
  std::string name = makeCandidateName(step_.secrets);
  driver_.publishName(name, address);
  seat->names.push_back(name);
  ++published_;
  PARLEY_TRACE(step_, Topic::loop, "name_published", {"name", name, Field::Kind::secret},
               {"address", address.toString(), Field::Kind::secret});
  return name;
}

void Loop::withdrawName(Guest& guest, const std::string& name) {
  Seat* seat = seatOf(guest);
  if (!seat || std::ranges::find(seat->names, name) == seat->names.end()) return;
  open();
  withdraw(*seat, name);
}

// By value: the name may be the seat's own.
void Loop::withdraw(Seat& seat, std::string name) {
  std::erase(seat.names, name);
  --published_;
  driver_.withdrawName(name);
  PARLEY_TRACE(step_, Topic::loop, "name_withdrawn", {"name", name, Field::Kind::secret});
}

std::vector<NetworkInterface> Loop::interfaces() { return driver_.interfaces(); }

void Loop::watchInterfaces(Guest& guest) {
  Seat* seat = seatOf(guest);
  if (!seat || std::exchange(seat->isWatching, true)) return;
  open();
  if (++watching_ == 1) driver_.watchInterfaces(true);
}

// Who begins to watch meanwhile sees the new interfaces anyway.
void Loop::interfacesChanged() {
  PARLEY_ASSERT(turning_);
  std::vector<std::uint32_t> told;
  for (const Seat& seat : seats_)
    if (seat.guest && seat.isWatching) told.push_back(seat.place);
  for (const std::uint32_t place : told) {
    Seat& seat = seatAt(place);
    if (!seat.guest || !seat.isWatching) continue;  // another one has made it leave
    touchSeat(seat);
    seat.guest->onInterfacesChanged(step_);
    bury();
  }
}

}  // namespace parley::loop
