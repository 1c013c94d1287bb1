#include "crypto/library.h"
#include "parley/loop_log.h"
#include "parley/loop_state.h"
#include "parley/runtime.h"
#include "peer/loop_realm.h"

namespace parley {
namespace {

runtime::RunnerConfig runnerConfig(const LoopConfig& config, Secrets& secrets, TraceSink& trace) {
  return {.secrets = &secrets,
          .trace = &trace,
          .packetsMax = config.packetsMax,
          .socketBuffer = config.socketBuffer,
          .useMmsg = config.batchedIo,
          .useGso = config.batchedIo};
}

// The first thing of all, before a random number is drawn.
LoopConfig prepared(LoopConfig settings) {
  crypto::keepLibraryAtExit();
  return settings;
}

}  // namespace

Loop::State::State(LoopConfig settings)
    : config(prepared(std::move(settings))),
      log(config.log),
      runner(runnerConfig(config, secrets, log)) {
  begin();
}

Loop::State::State(LoopConfig settings, boost::asio::io_context& context)
    : config(prepared(std::move(settings))),
      log(config.log),
      runner(context, runnerConfig(config, secrets, log)) {
  begin();
}

void Loop::State::begin() {
  if (config.onUnhandled) runner.onUnhandled(config.onUnhandled);
  realm = std::make_shared<peer::LoopRealm>(runner.host());
}

Loop::Loop(LoopConfig config) : state_(std::make_unique<State>(std::move(config))) {}

Loop::Loop(LoopConfig config, boost::asio::io_context& context)
    : state_(std::make_unique<State>(std::move(config), context)) {}

Loop::~Loop() {
  // exit() in a handler, and the loop is global: the step under way will never end, and what it
  // stands on cannot be taken away. It goes with the process.
  if (state_->runner.isTurning()) {
    (void)state_.release();
    return;
  }
  // What a posted task throws from here on has nowhere to go.
  if (!state_->config.onUnhandled) state_->runner.onUnhandled([](std::exception_ptr) {});
  state_->realm->detach();
  state_->runner.drain(state_->config.drainAtExit);
}

void Loop::run() { state_->runner.run(); }
void Loop::poll() { state_->runner.poll(); }
void Loop::runFor(std::chrono::milliseconds time) { state_->runner.runFor(time); }
bool Loop::runUntil(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  return state_->runner.runUntil(condition, limit);
}
bool Loop::drain(std::chrono::milliseconds limit) { return state_->runner.drain(limit); }
void Loop::stop() { state_->runner.stop(); }
void Loop::post(std::move_only_function<void()> task) { state_->runner.post(std::move(task)); }
void Loop::trim() { state_->runner.trim(); }
bool Loop::isCurrent() const { return state_->runner.isCurrent(); }

ReleaseReport Loop::releaseReport() const {
  const loop::LoopReport held = state_->runner.report();
  return {.connections = held.guests - held.residents - state_->realm->muxes(),
          .tails = held.residents,
          .sockets = held.sockets,
          .timers = held.timersArmed,
          .transactions = held.transactions,
          .packets = held.packetsInUse,
          .lookups = held.resolving,
          .tasks = held.tasksQueued,
          .allocations = held.allocations,
          .permissions = held.permissions,
          .turnChannels = held.channels,
          .namesPublished = held.namesPublished};
}

std::string ReleaseReport::toString() const {
  std::string text;
  const auto add = [&text](const char* name, std::size_t count) {
    if (!text.empty()) text += ", ";
    text += name + (" " + std::to_string(count));
  };
  add("connections", connections);
  add("tails", tails);
  add("sockets", sockets);
  add("timers", timers);
  add("transactions", transactions);
  add("packets", packets);
  add("lookups", lookups);
  add("tasks", tasks);
  add("allocations", allocations);
  add("permissions", permissions);
  add("turnChannels", turnChannels);
  add("namesPublished", namesPublished);
  return text;
}

}  // namespace parley
