#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/bytes.h"
#include "core/trace.h"
#include "parley/promise.h"
#include "session/port.h"

namespace parley::peer {

// The outside of the W3C objects: where their tasks run, what time it is, where secrets come from
// and how an engine is reached. One implementation runs everything on one loop, one keeps the
// objects on another thread than the engine, and worlds have theirs. Used on the objects' thread.
class Realm {
 public:
  virtual ~Realm() = default;

  // HTML "queue a task": tasks run in order, each followed by the microtasks it queued.
  virtual void queueTask(std::move_only_function<void()> task) = 0;
  virtual std::shared_ptr<Microtasks> microtasks() = 0;

  virtual std::int64_t wallMicros() = 0;             // UTC, microseconds since 1970
  virtual void fillSecrets(MutableBytes bytes) = 0;  // cryptographically random

  // The identity connections share when the configuration brings none (RTCConfiguration
  // .certificates); made on first use.
  virtual std::shared_ptr<const crypto::Identity> identity() = 0;

  // Events of the session reach the listener on this thread, while it lives.
  virtual std::unique_ptr<session::Port> openSession(
      session::Config config, std::weak_ptr<session::Port::Listener> listener) = 0;

  // A mux on the loop of the objects, without sockets yet; null: they have no loop, or it is gone.
  virtual std::shared_ptr<session::MuxHandle> openMux() { return nullptr; }
  virtual std::shared_ptr<session::TcpMuxHandle> openTcpMux() { return nullptr; }

  // Where the objects' own states are traced: nowhere, when they live on another thread than the
  // sink, which then still hears all that the engine does.
  struct Tracing {
    Instant now{};
    TraceSink& trace;
  };
  virtual Tracing tracing() { return {.trace = noTrace_}; }
  virtual std::uint32_t newSubject() { return 0; }  // the connection's number in traces

 private:
  NoTrace noTrace_;
};

}  // namespace parley::peer
