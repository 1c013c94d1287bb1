#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
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

// The return type of a coroutine that nobody waits for: it starts at once and destroys itself at
// its end. An exception that leaves it is given to the loop's onUnhandled by the task it ran in;
// one that leaves it before its first co_await is thrown at the caller.
struct Async {
  struct promise_type;

  // Held by who resumes such a coroutine. What leaves it is kept here and not thrown through it:
  // compilers do not agree on what is left of a frame that was unwound.
  class Escape {
   public:
    explicit Escape(promise_type& from) : from_(&from) { from.escape = this; }
    Escape(const Escape&) = delete;
    Escape& operator=(const Escape&) = delete;
    ~Escape() {
      if (from_) from_->escape = nullptr;
    }
    void rethrow() const {
      if (error_) std::rethrow_exception(error_);
    }

   private:
    friend promise_type;
    promise_type* from_;  // null once the coroutine is gone
    std::exception_ptr error_;
  };

  struct promise_type {
    promise_type() = default;
    promise_type(const promise_type&) = delete;
    promise_type& operator=(const promise_type&) = delete;
    ~promise_type() {
      if (escape) escape->from_ = nullptr;
    }
    Async get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {
      if (!escape) throw;
      escape->error_ = std::current_exception();
    }

    Escape* escape = nullptr;
  };
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
      Async::promise_type* async = nullptr;
      if constexpr (std::is_same_v<Waiter, Async::promise_type>) async = &waiter.promise();
      state->react({.waiter = waiter, .async = async});
    }
    T await_resume() {
      if (state->error) std::rethrow_exception(state->error);
      return *state->value;
    }
  };

  struct State : std::enable_shared_from_this<State> {
    explicit State(std::shared_ptr<Microtasks> queue) : microtasks(std::move(queue)) {}

    struct Reaction {
      Fulfilled fulfilled{};
      Rejected rejected{};
      std::coroutine_handle<> waiter{};
      Async::promise_type* async = nullptr;  // of the waiter, when nobody else holds it
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
    static void resume(Reaction& reaction) {
      if (!reaction.async) return reaction.waiter.resume();
      Async::Escape escape(*reaction.async);
      reaction.waiter.resume();
      escape.rethrow();
    }

    std::shared_ptr<Microtasks> microtasks;
    std::optional<T> value;
    std::exception_ptr error;
    std::vector<Reaction> reactions;
    bool abandoned = false;
  };

  explicit Promise(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace parley
