#include "delayed_realm.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace parley::seeds {

// One direction between the threads: what goes in comes out later, in order, as a turn of the node.
class DelayedRealm::Road : public std::enable_shared_from_this<Road> {
 public:
  Road(sim::World& world, sim::Node& node, std::uint64_t seed, Duration longest)
      : world_(world), node_(node), random_(seed), longest_(longest) {}

  void send(std::move_only_function<void()> what) {
    const auto wait = Duration(static_cast<Duration::rep>(
        random_.below(static_cast<std::uint64_t>(longest_.count()) + 1)));
    free_ = std::max(free_, world_.now() + wait);
    world_.schedule().at(free_, [road = weak_from_this(), what = std::move(what)]() mutable {
      if (const auto self = road.lock()) self->node_.post(std::move(what));
    });
  }

 private:
  sim::World& world_;
  sim::Node& node_;
  Random random_;
  Duration longest_;
  Instant free_{};
};

// The half that lives with the packets.
class DelayedRealm::Engine final : public session::Port::Listener,
                                   public std::enable_shared_from_this<Engine> {
 public:
  Engine(std::shared_ptr<Road> up, std::weak_ptr<Listener> objects)
      : up_(std::move(up)), objects_(std::move(objects)) {}

  void open(peer::LoopRealm& realm, session::Config config) {
    port_ = realm.openSession(std::move(config), weak_from_this());
  }
  void execute(session::Command command) {
    if (port_) port_->execute(std::move(command));
  }
  void end() { port_.reset(); }

  void onSession(std::vector<session::Event> events) override {
    up_->send([objects = objects_, events = std::move(events)]() mutable {
      if (const auto listener = objects.lock()) listener->onSession(std::move(events));
    });
  }
  void onEngineGone() override {
    up_->send([objects = objects_] {
      if (const auto listener = objects.lock()) listener->onEngineGone();
    });
  }

 private:
  std::shared_ptr<Road> up_;
  std::weak_ptr<Listener> objects_;
  std::unique_ptr<session::Port> port_;
};

class DelayedRealm::Port final : public session::Port {
 public:
  Port(std::shared_ptr<Road> down, std::shared_ptr<Engine> engine)
      : down_(std::move(down)), engine_(std::move(engine)) {}
  ~Port() override {
    down_->send([engine = std::move(engine_)] { engine->end(); });
  }
  void execute(session::Command command) override {
    down_->send([engine = engine_, command = std::move(command)]() mutable {
      engine->execute(std::move(command));
    });
  }

 private:
  std::shared_ptr<Road> down_;
  std::shared_ptr<Engine> engine_;
};

DelayedRealm::DelayedRealm(sim::World& world, sim::Node& node, std::uint64_t seed, Duration longest)
    : node_(node),
      secrets_(seed),
      engine_(std::make_shared<peer::LoopRealm>(node.host())),
      tasks_(std::make_shared<peer::TaskQueue>(
          [&node](peer::TaskQueue::Task task) { node.post(std::move(task)); })),
      down_(std::make_shared<Road>(world, node, seed + 1, longest)),
      up_(std::make_shared<Road>(world, node, seed + 2, longest)) {}

DelayedRealm::~DelayedRealm() = default;

void DelayedRealm::queueTask(std::move_only_function<void()> task) {
  tasks_->queueTask(std::move(task));
}

std::int64_t DelayedRealm::wallMicros() { return engine_->wallMicros(); }

std::shared_ptr<const crypto::Identity> DelayedRealm::identity() {
  if (!identity_ || identity_->isExpired(wallMicros()))
    identity_ = crypto::Identity::generate(secrets_, wallMicros()).value_or(nullptr);
  return identity_;
}

std::unique_ptr<session::Port> DelayedRealm::openSession(
    session::Config config, std::weak_ptr<session::Port::Listener> listener) {
  auto engine = std::make_shared<Engine>(up_, std::move(listener));
  down_->send([engine, realm = engine_, config = std::move(config)]() mutable {
    engine->open(*realm, std::move(config));
  });
  return std::make_unique<Port>(down_, std::move(engine));
}

void DelayedRealm::detach() {
  engine_->detach();
  tasks_->close();
}

}  // namespace parley::seeds
