#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/export.h"
#include "parley/peer_connection.h"

namespace boost::asio {
class io_context;
}

namespace parley {

// One line of the library's log: when (microseconds since the loop began), which part ("ice",
// "dtls", "sctp"...), what happened, and its fields as "name=value" text.
struct LogRecord {
  std::int64_t micros = 0;
  std::string_view topic;
  std::string_view event;
  std::string_view fields;
};

struct LogConfig {
  std::function<void(const LogRecord&)> sink;  // called on the loop's thread; empty: no log
  std::string topics;                          // "ice,dtls"; empty: all
  bool secrets = false;                        // addresses and credentials too

  // A recording of everything, each form where its function is set (docs/tracing.md). The bytes are
  // to be appended to a file as they come. Captures and key logs hold what users said.
  std::function<void(std::string_view)> text;    // a line per event, for people
  std::function<void(std::string_view)> json;    // JSON lines with the names of qlog
  std::function<void(std::string_view)> pcapng;  // packets, also decrypted, with their keys
  std::function<void(std::string_view)> keyLog;  // what SSLKEYLOGFILE has
};

struct LoopConfig {
  std::size_t packetsMax = 65'536;             // pooled packets; 112 MiB when every one is out
  std::size_t socketBuffer = 1u << 20;         // asked of the system per socket, bytes
  std::chrono::milliseconds drainAtExit{100};  // how long ~Loop lets tails of closed peers finish
  bool batchedIo = true;                       // recvmmsg, sendmmsg and segmentation offload
  LogConfig log;
  // Gets what a handler threw, after the step has settled; empty: it leaves run().
  std::function<void(std::exception_ptr)> onUnhandled;
};

// What a loop still holds. After the connections are closed and their tails have ended every
// number is zero.
struct PARLEY_API ReleaseReport {
  std::size_t connections = 0;
  std::size_t tails = 0;    // closed connections that still tell their peer
  std::size_t sockets = 0;  // those of a UdpMux too, until it and its connections are gone
  std::size_t timers = 0;
  std::size_t transactions = 0;  // STUN requests without an answer
  std::size_t packets = 0;       // pooled buffers in use
  std::size_t lookups = 0;       // host names being resolved
  std::size_t tasks = 0;
  std::size_t allocations = 0;  // at TURN servers, and what is bound there
  std::size_t permissions = 0;
  std::size_t turnChannels = 0;
  std::size_t namesPublished = 0;  // mDNS names that stand for addresses of ours

  bool isZero() const { return *this == ReleaseReport{}; }
  bool operator==(const ReleaseReport&) const = default;
  std::string toString() const;
};

class EngineLink;

// One thread's worth of networking: its sockets, packets, timers and peers. Loops share nothing,
// so a server runs one per core. Only post() and stop() may be called from other threads.
class PARLEY_API Loop {
 public:
  explicit Loop(LoopConfig config = {});
  ~Loop();  // closes what remains, waits for tails at most drainAtExit
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop(); the calling thread becomes the loop's thread
  void poll();  // whatever is ready now, for hosts that have a loop of their own
  void runFor(std::chrono::milliseconds time);
  // Runs until the condition holds (looked at after each step) or the time is over.
  bool runUntil(const std::function<bool()>& condition, std::chrono::milliseconds limit);
  // Runs until no closed connection has anything left to say, at most this long.
  bool drain(std::chrono::milliseconds limit);
  void stop();                                      // from any thread
  void post(std::move_only_function<void()> task);  // from any thread, in order
  bool isCurrent() const;

  ReleaseReport releaseReport() const;
  // Gives back to the system what memory closed connections left unused: of this loop, and of the
  // whole process where its allocator keeps it (glibc's does). Takes milliseconds; call it after
  // many connections have gone. In a handler or a posted task less is given back.
  void trim();

  // For parley/asio.h: the loop runs on a context that belongs to somebody else.
  Loop(LoopConfig config, boost::asio::io_context& context);

  // For the library itself.
  struct State;
  State& state() { return *state_; }

 private:
  struct Log;
  std::unique_ptr<State> state_;
};

// A loop on a thread of its own, for programs whose main thread is not a loop. The destructor
// closes what remains, gives tails at most LoopConfig::drainAtExit, and joins.
class PARLEY_API LoopThread {
 public:
  explicit LoopThread(LoopConfig config = {});
  ~LoopThread();

  void post(std::move_only_function<void()> task);  // from any thread; runs on the loop's thread
  ReleaseReport releaseReport();                    // from any other thread; waits for the answer
  Loop& loop();                                     // only from posted tasks

  const std::shared_ptr<EngineLink>& link() const;  // for the library itself

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace parley
