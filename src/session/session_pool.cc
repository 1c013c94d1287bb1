// Of the session: candidates gathered ahead of need (RFC 9429 3.5.4). Each discovery of the pool
// has a transport's id of its own until a transport adopts it.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/limits.h"
#include "session/session.h"

namespace parley::session {
namespace {

TransportId idOfSlot(std::size_t slot) { return {static_cast<std::uint16_t>(UINT16_MAX - slot)}; }

}  // namespace

void Session::apply(Step& step, SetPool& command) { resizePool(step, command.size); }

void Session::apply(Step& step, SetGatherPolicy& command) {
  config_.gather.relayOnly = command.relayOnly;
  if (config_.iceLite || config_.gather.servers == command.servers) return;
  config_.gather.servers = std::move(command.servers);
  const std::size_t size = poolSize();  // RFC 9429 4.1.18
  resizePool(step, 0);
  resizePool(step, size);
}

std::size_t Session::poolSize() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(discoveries_, [](const auto& each) { return each->isPooled(); }));
}

void Session::resizePool(Step& step, std::size_t wanted) {
  const std::size_t size = std::min(wanted, limits::ice::kPool);
  std::size_t held = poolSize();
  if (size != held)
    PARLEY_TRACE(step, Topic::session, "pool_resized", {"old", static_cast<std::int64_t>(held)},
                 {"new", static_cast<std::int64_t>(size)});
  for (std::size_t slot = limits::ice::kPool; slot-- > 0 && held > size;) {
    if (!discoveryOf(idOfSlot(slot))) continue;
    forget(step, idOfSlot(slot));
    --held;
  }
  for (std::size_t slot = 0; slot < limits::ice::kPool && held < size; ++slot) {
    if (discoveryOf(idOfSlot(slot))) continue;
    discover(idOfSlot(slot)).pool(step);
    ++held;
  }
}

// The one that was begun first has had the most time.
Discovery* Session::nextPooled() const {
  const auto found =
      std::ranges::find_if(discoveries_, [](const auto& each) { return each->isPooled(); });
  return found == discoveries_.end() ? nullptr : found->get();
}

}  // namespace parley::session
