#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace parley {

// The event that carries nothing but its type (DOM "Event"). `type` is the W3C name, for example
// "open"; it is a literal and lives for ever.
struct Event {
  const char* type = "";
};

// An event handler attribute: assign a callable to it, nullptr to clear it. The callable may
// replace or clear the handler, close or destroy the object that fires it, and throw; an
// exception ends its task and reaches LoopConfig::onUnhandled. Not thread-safe: use it on the
// thread of the object it belongs to.
template <class E>
class EventHandler {
 public:
  EventHandler() = default;
  EventHandler(const EventHandler&) = delete;
  EventHandler& operator=(const EventHandler&) = delete;

  EventHandler& operator=(std::nullptr_t) {
    callable_.reset();
    return *this;
  }
  template <class F>
    requires std::invocable<F&, const E&>
  EventHandler& operator=(F callable) {
    callable_ = std::make_shared<std::move_only_function<void(const E&)>>(std::move(callable));
    return *this;
  }

  explicit operator bool() const { return callable_ != nullptr; }

  // Clears the handler and hands out the callable, for who must choose when it is destroyed.
  std::shared_ptr<void> release() { return std::exchange(callable_, nullptr); }

  // Calls the handler, if there is one; it stays alive for the call even when it replaces itself.
  void operator()(const E& event) const {
    if (const auto pinned = callable_) (*pinned)(event);
  }

 private:
  std::shared_ptr<std::move_only_function<void(const E&)>> callable_;
};

}  // namespace parley
