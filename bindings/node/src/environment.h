#pragma once

#include <node_api.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "mailbox.h"
#include "parley/peer_connection.h"
#include "parley/runtime.h"
#include "promised.h"

namespace parley::node {

class Connection;
class Wrapped;

// What one JavaScript environment (the main thread's, or a worker's) has of Parley: its engine
// thread, the way back from it, its native objects. It lives as long as anything refers to it, but
// does nothing any more once the environment is torn down. Used on its JavaScript thread.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  explicit Environment(napi_env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  static std::shared_ptr<Environment> of(napi_env env);

  // Makes the environment of `env` and ties its end to that of `env`.
  static std::shared_ptr<Environment> install(napi_env env);

  // {makeException(name, message), makeRtcError(message, init)}
  void setFactories(napi_value factories);
  // The JavaScript exception for a C++ one; nullptr for a pending JavaScript exception.
  napi_value toException(std::exception_ptr error);

  LoopThread& engine();  // made on first use
  Dispatcher dispatcher();
  void releaseReport(std::unique_ptr<Promised> promised);

  // The process does not end by itself while something is held.
  void hold();
  void release();
  std::function<void()> heldUntilCalled();  // from any thread

  // Native objects by the C++ objects behind them, each of which has one at a time.
  using Key = std::pair<const void*, const void*>;  // kind, object
  Wrapped* find(Key key) const;
  void remember(Key key, Wrapped* wrapped) { objects_[key] = wrapped; }
  bool forget(Key key, const Wrapped* wrapped);

  void opened(Connection* connection) { connections_.insert(connection); }
  void ended(Connection* connection) { connections_.erase(connection); }

  napi_ref& classOf(const void* kind) { return classes_[kind]; }

  // Closes every connection and ends the engine, waiting for its farewells a moment.
  void shutDown();

  napi_env env() const { return env_; }
  bool isTornDown() const { return isTornDown_; }

 private:
  void drain();
  void run(Mailbox::Task task);
  void reportPending();
  void answerReport(std::uint64_t id, const ReleaseReport& report);
  void tearDown(napi_async_cleanup_hook_handle hook);

  napi_env env_;
  std::shared_ptr<Mailbox> mailbox_;
  Mailbox::Tasks batch_;  // taken from the mailbox, not run yet
  std::unique_ptr<LoopThread> engine_;
  napi_async_context context_ = nullptr;
  napi_ref resource_ = nullptr;
  napi_ref factories_ = nullptr;
  std::map<const void*, napi_ref> classes_;
  std::map<Key, Wrapped*> objects_;
  std::set<Connection*> connections_;
  std::map<std::uint64_t, std::unique_ptr<Promised>> reports_;
  std::uint64_t nextReport_ = 0;
  std::size_t holds_ = 0;
  bool isShutDown_ = false;
  bool isTornDown_ = false;
};

}  // namespace parley::node
