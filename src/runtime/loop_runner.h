#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "core/host.h"
#include "core/limits.h"
#include "core/random.h"
#include "core/time.h"
#include "core/trace.h"
#include "loop/loop.h"

namespace boost::asio {
class io_context;
}

namespace parley::runtime {

struct RunnerConfig {
  Secrets* secrets = nullptr;  // must be given and outlive the runner
  TraceSink* trace = nullptr;  // nullptr: none
  std::uint64_t seed = 0;      // 0: from secrets
  std::size_t packetsMax = limits::loop::kPackets;
  std::size_t socketBuffer = 1u << 20;  // asked for each socket, both directions
  bool useMmsg = true;                  // false: one datagram per call, as other systems have it
  bool useGso = true;                   // segmentation and receive offload, where the kernel has it
};

// A loop::Loop over real sockets: turns it whenever a socket, a deadline or another thread wakes
// the reactor. Every wake-up is one step, and nothing sleeps while work remains. It runs on an
// io_context of its own or as one user among others of somebody else's; then that context must be
// run by one thread only, and the runner must not outlive it.
//
// post() and stop() may be called from any thread, everything else from the loop's thread: the one
// that calls run() or runs the foreign context, and before that the one that made the runner. The
// running verbs are not for use inside handlers.
class LoopRunner {
 public:
  explicit LoopRunner(RunnerConfig config);
  LoopRunner(boost::asio::io_context& context, RunnerConfig config);
  ~LoopRunner();  // ends what still lives here, without waiting: see drain()
  LoopRunner(const LoopRunner&) = delete;
  LoopRunner& operator=(const LoopRunner&) = delete;

  Host& host();
  boost::asio::io_context& context();

  void run();                  // until stop(); a stop() that came first ends the next run
  bool runFor(Duration time);  // false: stopped before
  bool runUntil(const std::function<bool()>& condition, Duration limit);
  void poll();  // whatever is ready now
  void stop();
  void post(std::move_only_function<void()> task);  // in order; runs in a step
  bool isCurrent() const;
  bool isTurning() const;  // a step is open: the caller is a handler

  // Runs until no resident is left, and no stream with bytes that still are to leave, or the time
  // is over; true: nothing was left.
  bool drain(Duration time);

  // Gets what a task or handler threw, after the step has ended. Without one, the exception leaves
  // run(), poll() or whoever runs the context; the loop stays usable.
  void onUnhandled(std::function<void(std::exception_ptr)> hook);

  loop::LoopReport report() const;
  // Memory that nothing here uses any more goes back to the system, as far as its allocator can.
  void trim();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace parley::runtime
