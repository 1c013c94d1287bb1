#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "core/trace.h"

namespace parley::trace {

// Where bytes or text go: a file, a string, a pipe. The library opens none itself.
using Output = std::function<void(std::string_view)>;

// An event with what only its way through the recorder has told: which node and connection.
struct Event {
  Instant when;
  std::string_view node;      // of a world; empty on a real machine
  std::uint32_t subject = 0;  // the connection of the loop; 0: none
  Topic topic = Topic::loop;
  std::string_view name;
  std::span<const Field> fields;
};

// One form of recording. What it does not override it does not get.
class Writer {
 public:
  virtual ~Writer() = default;

  virtual bool wantsEvents() const { return false; }
  virtual void event(const Event&) {}
  virtual bool wantsPackets() const { return false; }
  virtual void packet(std::string_view, const TracedPacket&) {}  // node first
  virtual bool wantsKeys() const { return false; }
  virtual void keyLine(Instant, std::string_view) {}
};

}  // namespace parley::trace
