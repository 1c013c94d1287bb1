#pragma once

#include <memory>

#include "parley/engine_link.h"
#include "parley/peer_connection.h"
#include "session/port.h"

namespace parley {

// A session on an engine's thread as seen from another one: commands wait in a mailbox that the
// engine empties in one go, batches of events come back through the dispatcher.
class ThreadPort final : public session::Port {
 public:
  ThreadPort(std::shared_ptr<EngineLink> engine, Dispatcher dispatcher, session::Config config,
             std::weak_ptr<Listener> listener);
  ~ThreadPort() override;

  void execute(session::Command command) override;

 private:
  class Engine;  // the half that lives on the engine's thread

  std::shared_ptr<EngineLink> link_;
  std::shared_ptr<Engine> engine_;
};

}  // namespace parley
