#include "runtime/loop_runner.h"

#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <deque>
#include <thread>
#include <utility>

#include "core/assert.h"
#include "runtime/asio_driver.h"

namespace parley::runtime {

namespace {

namespace asio = boost::asio;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr Duration kLongestSleep = 1h;  // keeps far deadlines within what the timer can say
constexpr int kTurnsPerPoll = 16;

SteadyTime steadyOf(Instant instant) { return SteadyTime{instant.time_since_epoch()}; }

}  // namespace

class LoopRunner::Implementation {
 public:
  Implementation(asio::io_context* foreign, const RunnerConfig& config)
      : own_(foreign ? nullptr : std::make_unique<asio::io_context>(1)),
        context_(foreign ? *foreign : *own_),
        timer_(context_),
        mailbox_([this, life = std::weak_ptr(life_)] {
          asio::post(context_, [this, life] {
            if (life.lock()) scheduleTurn();
          });
        }),
        driver_(
            context_, driverConfig(config), [this] { scheduleTurn(); }, mailbox_),
        loop_(driver_, *config.secrets, config.trace ? *config.trace : noTrace_,
              {.seed = seedOf(config), .packetsMax = config.packetsMax}) {}

  ~Implementation() {
    life_.reset();
    Errors ignored;
    timer_.cancel(ignored);
    mailbox_.take();
  }

  Host& host() { return loop_; }
  asio::io_context& context() { return context_; }
  loop::LoopReport report() const { return loop_.report(); }
  void trim() {
    loop_.trim();
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
  }
  bool isLingering() const { return driver_.isLingering(); }
  bool isTurning() const { return loop_.isTurning(); }
  bool isCurrent() const { return thread_.load() == std::this_thread::get_id(); }
  void onUnhandled(std::function<void(std::exception_ptr)> hook) { hook_ = std::move(hook); }
  void post(std::move_only_function<void()> task) { mailbox_.post(std::move(task)); }

  void run() {
    const auto guard = enter();
    while (!stopped_.exchange(false)) {
      if (context_.run_one() == 0) return;  // the context itself was stopped
    }
  }

  bool runUntil(const std::function<bool()>& condition, Duration limit) {
    const auto guard = enter();
    const Instant end = driver_.readClock().now + std::min(limit, Duration{kForever});
    while (!condition()) {
      if (stopped_.exchange(false) || driver_.readClock().now >= end) return false;
      if (context_.run_one_until(steadyOf(end)) == 0 && context_.stopped()) return false;
    }
    return true;
  }

  bool runFor(Duration time) {
    const auto guard = enter();
    const Instant end = driver_.readClock().now + std::min(time, Duration{kForever});
    while (driver_.readClock().now < end) {
      if (stopped_.exchange(false)) return false;
      if (context_.run_one_until(steadyOf(end)) == 0 && context_.stopped()) return false;
    }
    return true;
  }

  void poll() {
    const auto guard = enter();
    for (const std::uint64_t last = turns_ + kTurnsPerPoll; turns_ < last;) {
      if (context_.poll_one() == 0) return;
    }
  }

  void stop() {
    stopped_ = true;
    asio::post(context_, [] {});  // run_one() returns and looks
  }

 private:
  using Errors = boost::system::error_code;
  using Guard = asio::executor_work_guard<asio::io_context::executor_type>;
  static constexpr Duration kForever = 24h * 365;

  static DriverConfig driverConfig(const RunnerConfig& config) {
    return {.tuning = {config.socketBuffer, config.useMmsg, config.useMmsg && config.useGso},
            .seed = seedOf(config),
            .calls = {}};
  }
  static std::uint64_t seedOf(const RunnerConfig& config) {
    PARLEY_ASSERT(config.secrets);
    return config.seed != 0 ? config.seed : config.secrets->number<std::uint64_t>();
  }

  // The calling thread is the loop's from here on; the context keeps waiting with nothing to do.
  Guard enter() {
    PARLEY_ASSERT(!loop_.isTurning());  // run() inside a handler: the step could never end
    thread_ = std::this_thread::get_id();
    if (context_.stopped()) context_.restart();
    return Guard(context_.get_executor());
  }

  // Behind whatever else became ready in the same wake-up, so that all of it is one step.
  void scheduleTurn() {
    if (std::exchange(turnPosted_, true)) return;
    asio::post(context_, [this, life = std::weak_ptr(life_)] {
      if (life.lock()) turn();
    });
  }

  void turn() {
    turnPosted_ = false;
    ++turns_;
    thread_ = std::this_thread::get_id();
    loop_.begin();
    driver_.receive(loop_);
    if (driver_.takeInterfacesChanged()) loop_.interfacesChanged();
    loop_.expireTimers();
    for (Mailbox::Task& task : mailbox_.take()) loop_.run(std::move(task));
    for (auto& [request, found] : driver_.takeAnswers()) loop_.resolved(request, std::move(found));
    loop_.end();
    sleep();
    reportUnhandled();
  }

  // The timer of the system is touched only when it would ring too late.
  void sleep() {
    const Instant now = driver_.readClock().now;
    const Instant due = loop_.nextDeadline();
    if (driver_.hasMore() || due <= now) return scheduleTurn();
    if (due >= ringsAt_) return;
    ringsAt_ = std::min(due, now + kLongestSleep);
    timer_.expires_at(steadyOf(ringsAt_));
    timer_.async_wait([this, life = std::weak_ptr(life_)](const Errors& error) {
      if (error || !life.lock()) return;
      ringsAt_ = never();
      scheduleTurn();
    });
  }

  void reportUnhandled() {
    for (std::exception_ptr& thrown : loop_.takeUnhandled()) thrown_.push_back(std::move(thrown));
    while (!thrown_.empty()) {
      const std::exception_ptr first = std::move(thrown_.front());
      thrown_.pop_front();
      if (!hook_) {
        if (!thrown_.empty()) scheduleTurn();  // one leaves at a time
        std::rethrow_exception(first);
      }
      hook_(first);
    }
  }

  std::unique_ptr<asio::io_context> own_;
  asio::io_context& context_;
  asio::steady_timer timer_;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);  // handlers outlive us on foreign contexts
  NoTrace noTrace_;
  Mailbox mailbox_;
  AsioDriver driver_;
  loop::Loop loop_;
  std::function<void(std::exception_ptr)> hook_;
  std::deque<std::exception_ptr> thrown_;
  Instant ringsAt_ = never();
  bool turnPosted_ = false;
  std::uint64_t turns_ = 0;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::thread::id> thread_ = std::this_thread::get_id();
};

LoopRunner::LoopRunner(RunnerConfig config)
    : implementation_(std::make_unique<Implementation>(nullptr, config)) {}

LoopRunner::LoopRunner(boost::asio::io_context& context, RunnerConfig config)
    : implementation_(std::make_unique<Implementation>(&context, config)) {}

LoopRunner::~LoopRunner() = default;

Host& LoopRunner::host() { return implementation_->host(); }
boost::asio::io_context& LoopRunner::context() { return implementation_->context(); }
void LoopRunner::run() { implementation_->run(); }
bool LoopRunner::runFor(Duration time) { return implementation_->runFor(time); }
bool LoopRunner::runUntil(const std::function<bool()>& condition, Duration limit) {
  return implementation_->runUntil(condition, limit);
}
void LoopRunner::poll() { implementation_->poll(); }
void LoopRunner::stop() { implementation_->stop(); }
void LoopRunner::post(std::move_only_function<void()> task) {
  implementation_->post(std::move(task));
}
bool LoopRunner::isCurrent() const { return implementation_->isCurrent(); }
bool LoopRunner::isTurning() const { return implementation_->isTurning(); }
bool LoopRunner::drain(Duration time) {
  return implementation_->runUntil(
      [this] { return host().residents() == 0 && !implementation_->isLingering(); }, time);
}
void LoopRunner::onUnhandled(std::function<void(std::exception_ptr)> hook) {
  implementation_->onUnhandled(std::move(hook));
}
loop::LoopReport LoopRunner::report() const { return implementation_->report(); }
void LoopRunner::trim() { implementation_->trim(); }

}  // namespace parley::runtime
