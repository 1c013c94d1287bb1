#include "parley/thread_port.h"

#include <mutex>
#include <vector>

#include "parley/loop_state.h"

namespace parley {

class ThreadPort::Engine final : public session::Port::Listener,
                                 public std::enable_shared_from_this<Engine> {
 public:
  Engine(Dispatcher dispatcher, std::weak_ptr<Listener> objects)
      : dispatcher_(std::move(dispatcher)), objects_(std::move(objects)) {}

  // From the objects' thread. True: the engine has to be told to look.
  bool put(session::Command command) {
    const std::lock_guard lock(mutex_);
    mailbox_.push_back(std::move(command));
    return mailbox_.size() == 1;
  }

  // The rest runs on the engine's thread.
  void open(peer::LoopRealm& realm, session::Config config) {
    port_ = realm.openSession(std::move(config), weak_from_this());
  }
  void look() {
    std::vector<session::Command> commands;
    {
      const std::lock_guard lock(mutex_);
      commands.swap(mailbox_);
    }
    for (session::Command& command : commands)
      if (port_) port_->execute(std::move(command));
  }
  void end() { port_.reset(); }

  void onSession(std::vector<session::Event> events) override {
    dispatcher_([objects = objects_, events = std::move(events)]() mutable {
      if (const auto listener = objects.lock()) listener->onSession(std::move(events));
    });
  }
  void onEngineGone() override {
    dispatcher_([objects = objects_] {
      if (const auto listener = objects.lock()) listener->onEngineGone();
    });
  }

 private:
  Dispatcher dispatcher_;
  std::weak_ptr<Listener> objects_;
  std::unique_ptr<session::Port> port_;
  std::mutex mutex_;
  std::vector<session::Command> mailbox_;
};

ThreadPort::ThreadPort(std::shared_ptr<EngineLink> engine, Dispatcher dispatcher,
                       session::Config config, std::weak_ptr<Listener> listener)
    : link_(std::move(engine)),
      engine_(std::make_shared<Engine>(std::move(dispatcher), std::move(listener))) {
  link_->postToRealm(
      [engine = engine_, config = std::move(config)](peer::LoopRealm& realm) mutable {
        engine->open(realm, std::move(config));
      });
}

ThreadPort::~ThreadPort() {
  link_->postToRealm([engine = std::move(engine_)](peer::LoopRealm&) {
    engine->look();
    engine->end();
  });
}

void ThreadPort::execute(session::Command command) {
  if (engine_->put(std::move(command)))
    link_->postToRealm([engine = engine_](peer::LoopRealm&) { engine->look(); });
}

}  // namespace parley
