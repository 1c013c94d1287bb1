#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "parley/dom_exception.h"
#include "parley/export.h"

namespace parley {

// The value of a promise that has none.
struct Undefined {};

// Where reactions of promises run: after the current task, before the next (HTML "microtasks").
class PARLEY_API Microtasks {
 public:
  virtual void queueMicrotask(std::move_only_function<void()> reaction) = 0;

 protected:
  ~Microtasks() = default;
};

// A W3C promise on one thread. Each reaction is a microtask of its own, in the order in which they
// were added, never inside the call that made or settled the promise. A promise that is pending
// when its connection is closed never settles for then(); a coroutine that awaits it is resumed
// with AbortError, because a dropped coroutine frame would leak.
template <class T>
class Promise {
  struct State;

 public:
  using Fulfilled = std::move_only_function<void(const T&)>;
  using Rejected = std::move_only_function<void(std::exception_ptr)>;

  // Both functions are optional. A rejection nobody handles is dropped.
  const Promise& then(Fulfilled fulfilled, Rejected rejected = {}) const {
    state_->react({.fulfilled = std::move(fulfilled), .rejected = std::move(rejected)});
    return *this;
  }

  bool isPending() const { return !state_->value && !state_->error; }

  // co_await promise: the value, or the exception it was rejected with.
  auto operator co_await() const { return Awaiter{state_}; }

  // The settling side; held by whoever made the promise.
  class Resolver {
   public:
    explicit Resolver(std::shared_ptr<Microtasks> microtasks)
        : state_(std::make_shared<State>(std::move(microtasks))) {}
    Promise promise() const { return Promise(state_); }
    bool isSettled() const { return state_->value || state_->error; }
    void resolve(T value) {
      if (isSettled()) return;
      state_->value.emplace(std::move(value));
      state_->settle();
    }
    void reject(std::exception_ptr error) {
      if (isSettled()) return;
      state_->error = std::move(error);
      state_->settle();
    }
    template <class E>
    void rejectWith(E error) {
      reject(std::make_exception_ptr(std::move(error)));
    }
    // close(): functions are dropped, coroutines resume with AbortError.
    void abandon() {
      if (!isSettled()) state_->abandon();
    }

   private:
    std::shared_ptr<typename Promise::State> state_;
  };

 private:
  struct Awaiter {
    std::shared_ptr<State> state;
    bool await_ready() const { return false; }  // always a microtask later, as in JavaScript
    template <class Waiter>
    void await_suspend(std::coroutine_handle<Waiter> waiter) {
      state->react({.waiter = waiter, .isDetached = requires { typename Waiter::IsDetached;
    }});
} T await_resume() {
  if (state->error) std::rethrow_exception(state->error);
  return *state->value;
}
};  // namespace parley

struct State : std::enable_shared_from_this<State> {
  explicit State(std::shared_ptr<Microtasks> queue) : microtasks(std::move(queue)) {}

  struct Reaction {
    Fulfilled fulfilled{};
    Rejected rejected{};
    std::coroutine_handle<> waiter{};
    bool isDetached = false;  // nobody holds the coroutine: its frame is ours to destroy
  };

  // Each reaction is a microtask of its own, so one that throws stops no other.
  void react(Reaction reaction) {
    if (abandoned && !reaction.waiter) return;
    if (value || error)
      queue(std::move(reaction));
    else
      reactions.push_back(std::move(reaction));
  }
  void settle() {
    for (Reaction& reaction : std::exchange(reactions, {})) queue(std::move(reaction));
  }
  void abandon() {
    abandoned = true;
    error = std::make_exception_ptr(DOMException("AbortError", "the connection was closed"));
    auto dropped = std::exchange(reactions, {});
    for (Reaction& reaction : dropped)
      if (reaction.waiter) queue(std::move(reaction));
  }
  void queue(Reaction reaction) {
    microtasks->queueMicrotask(
        [self = this->shared_from_this(), reaction = std::move(reaction)]() mutable {
          if (reaction.waiter) return resume(reaction);
          if (self->value && reaction.fulfilled) reaction.fulfilled(*self->value);
          if (self->error && reaction.rejected) reaction.rejected(self->error);
        });
  }
  // A coroutine that an exception leaves stays suspended at its end.
  static void resume(Reaction& reaction) {
    try {
      reaction.waiter.resume();
    } catch (...) {
      if (reaction.isDetached) reaction.waiter.destroy();
      throw;
    }
  }

  std::shared_ptr<Microtasks> microtasks;
  std::optional<T> value;
  std::exception_ptr error;
  std::vector<Reaction> reactions;
  bool abandoned = false;
};

explicit Promise(std::shared_ptr<State> state) : state_(std::move(state)) {}
std::shared_ptr<State> state_;
}
;

// The return type of a coroutine that nobody waits for: it starts at once and destroys itself at
// its end. An exception that leaves it is given to the loop's onUnhandled by the task it ran in;
// one that leaves it before its first co_await is thrown at the caller.
struct Async {
  struct promise_type {
    using IsDetached = void;
    Async get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };
};

}  // namespace parley
