#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/packet.h"

namespace parley {

struct Step;

// Down is a call: the layer below takes one finished packet before it returns, and never calls
// back into the layer above. The packet has the headroom and tailroom of the pool left, so the
// layers below seal and frame it in place.
class PacketSink {
 public:
  virtual void sendPacket(Step& step, Packet packet) = 0;

 protected:
  ~PacketSink() = default;
};

// Up is a queue: what happened, by value, for the owner to drain once the core is consistent.
template <class Event>
class EventQueue {
 public:
  void push(Event event) { events_.push_back(std::move(event)); }

  std::optional<Event> pop() {
    if (head_ == events_.size()) {
      events_.clear();
      head_ = 0;
      return std::nullopt;
    }
    return std::move(events_[head_++]);
  }

  bool empty() const { return head_ == events_.size(); }

 private:
  std::vector<Event> events_;
  std::size_t head_ = 0;
};

}  // namespace parley
