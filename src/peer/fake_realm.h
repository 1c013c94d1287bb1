#pragma once

#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "crypto/identity.h"
#include "crypto/secrets.h"
#include "peer/realm.h"

namespace parley::peer::testing {

// A session that does nothing but remember what it was told; the test says what happened.
struct FakeEngine {
  session::Config config;
  std::vector<session::Command> commands;
  std::weak_ptr<session::Port::Listener> listener;
  bool isOpen = false;

  template <class... Events>
  void tell(Events... events) {
    std::vector<session::Event> batch;
    (batch.push_back(std::move(events)), ...);
    if (const auto alive = listener.lock()) alive->onSession(std::move(batch));
  }

  template <class Command>
  std::vector<Command> all() const {
    std::vector<Command> found;
    for (const session::Command& command : commands)
      if (const auto* wanted = std::get_if<Command>(&command)) found.push_back(*wanted);
    return found;
  }
  template <class Command>
  Command last() const {
    return all<Command>().at(all<Command>().size() - 1);
  }
  template <class Command>
  std::size_t count() const {
    return all<Command>().size();
  }
};

// A realm without a loop: run() runs what was queued, microtasks after every task, and keeps what
// handlers threw.
class FakeRealm final : public Realm {
 public:
  explicit FakeRealm(std::uint64_t seed = 1) : random_(seed) {}

  void queueTask(std::move_only_function<void()> task) override {
    tasks.push_back(std::move(task));
  }
  std::shared_ptr<Microtasks> microtasks() override { return microtasks_; }
  std::int64_t wallMicros() override { return kWall; }
  void fillSecrets(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
  }
  std::shared_ptr<const crypto::Identity> identity() override { return sharedIdentity(); }
  std::unique_ptr<session::Port> openSession(
      session::Config config, std::weak_ptr<session::Port::Listener> listener) override {
    engine->config = std::move(config);
    engine->listener = std::move(listener);
    engine->isOpen = true;
    ++sessionsOpened;
    return std::make_unique<FakePort>(engine);
  }

  bool runOne() {
    runMicrotasks();
    if (tasks.empty()) return false;
    auto task = std::move(tasks.front());
    tasks.pop_front();
    guarded(task);
    runMicrotasks();
    return true;
  }
  void run() {
    while (runOne()) {
    }
  }
  void runMicrotasks() {
    while (!microtasks_->queue.empty()) {
      auto reaction = std::move(microtasks_->queue.front());
      microtasks_->queue.pop_front();
      guarded(reaction);
    }
  }

  static std::shared_ptr<const crypto::Identity> sharedIdentity() {
    static const auto identity = [] {
      crypto::SystemSecrets secrets;
      return crypto::Identity::generate(secrets, kWall).value();
    }();
    return identity;
  }

  static constexpr std::int64_t kWall = 1'800'000'000'000'000;

  std::shared_ptr<FakeEngine> engine = std::make_shared<FakeEngine>();
  std::deque<std::move_only_function<void()>> tasks;
  std::vector<std::exception_ptr> thrown;
  int sessionsOpened = 0;

 private:
  struct Queue final : Microtasks {
    void queueMicrotask(std::move_only_function<void()> reaction) override {
      queue.push_back(std::move(reaction));
    }
    std::deque<std::move_only_function<void()>> queue;
  };
  struct FakePort final : session::Port {
    explicit FakePort(std::shared_ptr<FakeEngine> engine_) : engine(std::move(engine_)) {}
    ~FakePort() override { engine->isOpen = false; }
    void execute(session::Command command) override {
      engine->commands.push_back(std::move(command));
    }
    std::shared_ptr<FakeEngine> engine;
  };

  template <class Callable>
  void guarded(Callable& callable) {
    try {
      callable();
    } catch (...) {
      thrown.push_back(std::current_exception());
    }
  }

  Random random_;
  std::shared_ptr<Queue> microtasks_ = std::make_shared<Queue>();
};

// The name of what a call throws, "" for nothing.
template <class Call>
std::string nameThrownBy(Call call) {
  try {
    call();
  } catch (const DOMException& error) {
    return error.name();
  }
  return "";
}

// How a promise has ended: "pending", "fulfilled" or the name it was rejected with.
template <class T>
class Outcome {
 public:
  explicit Outcome(const Promise<T>& promise) {
    promise.then(
        [state = state_](const T& value) {
          state->text = "fulfilled";
          state->value = value;
        },
        [state = state_](std::exception_ptr error) {
          state->text = nameThrownBy([&] { std::rethrow_exception(error); });
          state->error = error;
        });
  }
  const std::string& text() const { return state_->text; }
  const T& value() const { return state_->value.value(); }
  std::exception_ptr error() const { return state_->error; }

 private:
  struct State {
    std::string text = "pending";
    std::optional<T> value;
    std::exception_ptr error;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace parley::peer::testing
