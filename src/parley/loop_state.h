#pragma once

#include <memory>

#include "crypto/secrets.h"
#include "parley/loop_log.h"
#include "parley/runtime.h"
#include "peer/loop_realm.h"
#include "runtime/loop_runner.h"

namespace parley {

// What stands behind a Loop, in the order it must be built in.
struct Loop::State {
  explicit State(LoopConfig settings);
  State(LoopConfig settings, boost::asio::io_context& context);

  LoopConfig config;
  crypto::SystemSecrets secrets;
  Log log;
  runtime::LoopRunner runner;
  std::shared_ptr<peer::LoopRealm> realm;

 private:
  void begin();
};

}  // namespace parley
