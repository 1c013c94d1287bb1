#include "run.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "books.h"
#include "core/limits.h"
#include "delayed_realm.h"
#include "faults.h"
#include "network.h"
#include "peer/loop_realm.h"
#include "rogue.h"
#include "server_watch.h"
#include "sim/world.h"
#include "user.h"
#include "wire_watch.h"

namespace parley::seeds {
namespace {

constexpr Duration kLiveness = 60s;
constexpr Duration kEnd = 12s;  // the tail, and a little
constexpr Duration kPortDelay = 30ms;
constexpr std::uint64_t kLooksEvery = 16;  // the dear checks, in turns

class Run {
 public:
  Run(const Plan& plan, const RunOptions& options)
      : plan_(plan),
        options_(options),
        journal_(options.isVerbose),
        world_(plan.seed, options.trace),
        network_(world_, plan),
        nodes_{&network_.node(0), &network_.node(1)},
        faults_(world_, network_, plan),
        watch_(world_, journal_, network_, plan.mayForgeAddresses()) {
    if (plan.server) serverWatch_.emplace(world_, journal_, network_, plan);
    for (int index : {0, 1}) {
      nodes_[static_cast<std::size_t>(index)]->favourEdges(plan.nearWrap);
      makeUser(index);
    }
  }

  ~Run() {
    world_.stopObserving();
    users_ = {};
    for (const auto& detach : detach_) detach();
  }

  Outcome execute() {
    try {
      trouble();
      calm();
      end();
    } catch (const std::exception& thrown) {
      journal_.violate("INV-16", std::string("an exception left a handler: ") + thrown.what());
    }
    return outcome();
  }

 private:
  User& user(int index) { return *users_[static_cast<std::size_t>(index)]; }
  sim::Node& node(int index) { return *nodes_[static_cast<std::size_t>(index)]; }

  void makeUser(int index) {
    const auto at = static_cast<std::size_t>(index);
    std::shared_ptr<peer::Realm> realm;
    if (plan_.behindPort[at] && !options_.ignoresPorts) {
      auto delayed =
          std::make_shared<DelayedRealm>(world_, node(index), plan_.seed + at, kPortDelay);
      detach_.push_back([delayed] { delayed->detach(); });
      realm = delayed;
    } else {
      auto local = std::make_shared<peer::LoopRealm>(node(index).host());
      detach_.push_back([local] { local->detach(); });
      realm = local;
    }
    if (plan_.rogue == index)
      realm = std::make_shared<RogueRealm>(std::move(realm), faults_.mischief(), plan_.seed);
    users_[at] = std::make_unique<User>(User::Setting{
        .index = index,
        .seed = plan_.seed * 2 + at,
        .realm = std::move(realm),
        .journal = &journal_,
        .books = &books_,
        .tolerates = plan_.mayLoseConnection(),
        .rollsBack = plan_.has(Act::Verb::rollback),
        .configuration = network_.configuration(at),
        .turnAuthorities = network_.authorities(),
        .mayNotMeet = !plan_.canMeet(),
        .hasRogue = plan_.rogue.has_value(),
        .smallWindow = plan_.smallWindow,
        .listens = plan_.listens.at(static_cast<std::size_t>(index)),
        .hasSteadyPath = !plan_.mayLoseConnection() && !plan_.cutsThePath() && !plan_.blocksUdp,
        .bytesSent = [this, index] { return node(index).bytesSent(); },
        .signal = [this, index](Signal signal) { carry(index, std::move(signal)); }});
  }

  // Signalling is reliable and keeps its order.
  void carry(int from, Signal signal) {
    if (plan_.spoiltFingerprint && signal.description && from == 0) spoil(signal.description->sdp);
    if (signal.description) noteSecret(from, signal.description->sdp);
    if (serverWatch_) serverWatch_->onSignal(static_cast<std::size_t>(from), signal);
    Instant& free = signalFree_[static_cast<std::size_t>(from)];
    const bool isLate = plan_.server && from == 1 && free == Instant{};
    free = std::max(free, world_.now() + plan_.signalling);
    if (isLate) free += plan_.server->late;
    world_.schedule().at(free, [this, to = 1 - from, signal = std::move(signal)]() mutable {
      node(to).post([this, to, signal = std::move(signal)]() mutable {
        if (users_[static_cast<std::size_t>(to)]) user(to).receive(std::move(signal));
      });
    });
  }

  void noteSecret(int from, const std::string& sdp) {
    const std::string line = "a=ice-pwd:";
    const std::size_t at = sdp.find(line);
    if (at == std::string::npos) return;
    const std::size_t begin = at + line.size();
    watch_.keepsSecret(from, sdp.substr(begin, sdp.find('\r', begin) - begin));
  }

  // Every announced fingerprint of the first user names a certificate that it does not have.
  static void spoil(std::string& sdp) {
    const std::string line = "a=fingerprint:sha-256 ";
    for (std::size_t at = sdp.find(line); at != std::string::npos; at = sdp.find(line, at + 1))
      sdp[at + line.size()] = sdp[at + line.size()] == '0' ? '1' : '0';
  }

  void scheduleActs() {
    for (const Act& act : plan_.acts) {
      world_.at(act.at, [this, act] { node(act.who).post([this, act] { perform(act); }); });
    }
  }

  void perform(const Act& act) {
    if (isEnding_) return;
    if (act.verb != Act::Verb::openAgreed) return user(act.who).act(act);
    const auto id = static_cast<std::uint16_t>(400 + agreed_++);
    for (int index : {0, 1})
      node(index).post([this, index, id, act] {
        user(index).agree(
            {.id = id,
             .options = act.a,
             .reading = act.b + 1u,
             .renews = act.b % 2 == 0 && !plan_.mayLoseConnection() && !plan_.isEverSilent()});
      });
  }

  // After each event of the world.
  bool mustStop() {
    journal_.moveTo(world_.now());
    ++steps_;
    for (sim::Node* each : nodes_) {
      std::uint64_t& seen = turnsSeen_[each == nodes_[1]];
      if (each->turns() == seen) continue;
      seen = each->turns();
      if (seen % kLooksEvery != 0) continue;
      if (const char* found = each->inconsistency()) journal_.violate("INV-4", found);
    }
    if (plan_.spoiltFingerprint && (user(0).messageCount() > 0 || user(1).messageCount() > 0))
      journal_.violate("INV-8", "a message came through although the fingerprint is wrong");
    return journal_.violation().has_value();
  }

  void runFor(Duration time) {
    world_.runUntil([this] { return mustStop(); }, time);
  }
  bool isBroken() const { return journal_.violation().has_value(); }

  void trouble() {
    scheduleActs();
    faults_.schedule();
    runFor(plan_.trouble + 100ms);
  }

  void calm() {
    if (isBroken()) return;
    faults_.clear();
    journal_.note(8, "calm");
    calmFrom_ = world_.now();
    for (int index : {0, 1}) node(index).post([this, index] { user(index).beCalm(); });
    const Instant until = world_.now() + kLiveness;
    // A restart within the calm may ask a server that nobody reaches, and that may end later.
    const Duration asking = plan_.server ? limits::turn::kReliableWait : Duration::zero();
    // The order of things is compared when everything has had its time.
    const Instant rested = world_.now() + (plan_.scenario == Scenario::order ? 15s : 0s);
    while (!isBroken()) {
      runFor(1s);
      if (isBroken()) return;
      if (missesGoodbye()) journal_.violate("CLOSE", "a goodbye was not heard");
      const std::string missing = unfinished(), gathering = stillGathering();
      const bool isDone = missing.empty() && gathering.empty();
      if (isDone && world_.now() >= rested) return mustHoldNothing();
      if (!missing.empty() && world_.now() >= until) journal_.violate("INV-12", missing);
      if (!gathering.empty() && world_.now() >= until + asking)
        journal_.violate("INV-12", gathering);
      for (int index : {0, 1}) node(index).post([this, index] { user(index).keepAlive(); });
    }
  }

  // C-9: whatever came was read or thrown away, so the receive window is whole again.
  void mustHoldNothing() {
    if (plan_.rogue || !plan_.canMeet()) return;
    // Data that comes before its channel is thrown away after a while, and more of it may be under
    // way; the calm is long enough for all.
    std::string wrong;
    do {
      runFor(limits::channel::kEarlyHold + 100ms);
      wrong = unread();
      if (wrong.empty() || isBroken()) return;
    } while (world_.now() < calmFrom_ + kLiveness);
    journal_.violate("INV-5", wrong);
  }

  std::string unread() {
    for (sim::Node* each : nodes_)
      if (const std::size_t left = each->report().bytesUnread; left != 0)
        return each->name() + " counts " + std::to_string(left) +
               " bytes as unread that nobody can read";
    return {};
  }

  // A close() in weather that loses little is repeated until it is heard.
  bool missesGoodbye() {
    if (plan_.mayLoseConnection() || plan_.cutsThePath() || world_.now() < calmFrom_ + 3s)
      return false;
    for (int index : {0, 1})
      if (user(index).closedInTalk(user(1 - index)) && !user(1 - index).hasSeenClose()) return true;
    return false;
  }

  std::string unfinished() {
    if (plan_.spoiltFingerprint || plan_.rogue) return {};
    std::string missing = user(0).unfinished(user(1));
    return missing.empty() ? user(1).unfinished(user(0)) : missing;
  }

  std::string stillGathering() {
    if (plan_.spoiltFingerprint || plan_.rogue) return {};
    for (int index : {0, 1})
      if (user(index).isGathering())
        return "user " + std::to_string(index) + " gathers without end";
    return {};
  }

  void closeFirst() {
    const std::uint64_t before = node(0).bytesSent();
    if (plan_.losesFarewell) faults_.silence(0, true);
    node(0).post([this] { user(0).close(); });
    if (!plan_.losesFarewell) return;
    world_.runUntil([&] { return mustStop() || node(0).bytesSent() > before; }, 1s);
    faults_.silence(0, false);
  }

  void end() {
    if (isBroken()) return;
    isEnding_ = true;
    // What was given up in bad times has had its time by then.
    if (serverWatch_ && node(0).report().residents + node(1).report().residents > 0)
      runFor(limits::loop::kTail + 1s);
    if (isBroken()) return;
    if (serverWatch_) serverWatch_->beginEnd();
    const bool isSeen = !plan_.movesThePath() && user(0).canBeSeenClosing(user(1));
    closeFirst();
    runFor(3s);
    if (isSeen && !isBroken() && !user(1).hasSeenClose())
      journal_.violate("CLOSE", "user 1 has not noticed that its peer has closed");
    // Nothing is lost now, so the ABORT comes before DTLS ends.
    if (isSeen && !plan_.rogue && !isBroken() && !user(1).sawAbort())
      journal_.violate("CLOSE", "the association of user 1 was not aborted");
    node(1).post([this] { user(1).close(); });
    runFor(kEnd);
    if (isBroken()) return;
    for (sim::Node* each : nodes_) {
      const loop::LoopReport held = each->report();
      const auto say = [&](const char* what, std::size_t count) {
        if (count != 0)
          journal_.violate("INV-6",
                           each->name() + " still holds " + std::to_string(count) + " " + what);
      };
      say("guests", held.guests);
      say("sockets", held.sockets);
      say("timers", held.timersArmed);
      say("packets", held.packetsInUse);
      say("tasks", held.tasksQueued);
      say("transactions", held.transactions);
      say("look-ups", held.resolving);
      say("allocations", held.allocations);
      say("permissions", held.permissions);
      say("channels", held.channels);
      say("names", held.namesPublished);
      say("ports", each->ports().size());
    }
    mustLeaveNothingAtServer();
  }

  // What was given up may live on with the server for as long as was granted.
  void mustLeaveNothingAtServer() {
    if (!serverWatch_ || isBroken()) return;
    serverWatch_->judgeEnd();
    if (isBroken() || serverWatch_->holdsNothing()) return;
    runFor(limits::server::kLifetimeDefault);
    if (!isBroken() && !serverWatch_->holdsNothing())
      journal_.violate("INV-6", "the server still holds what it granted for less time");
  }

  Outcome outcome() {
    Outcome outcome;
    outcome.violation = journal_.violation();
    outcome.step = steps_;
    outcome.at = world_.now();
    outcome.hash = journal_.hash();
    outcome.journal = journal_.lines();
    outcome.datagrams = watch_.datagrams();
    for (int index : {0, 1}) {
      outcome.messages += user(index).messageCount();
      outcome.connected |= user(index).sawConnected();
      outcome.reportedFailure |= user(index).hasFailed();
      outcome.sequences.push_back(user(index).sequences());
    }
    return outcome;
  }

  const Plan& plan_;
  const RunOptions& options_;
  Journal journal_;
  Books books_;
  sim::World world_;
  Network network_;
  std::array<sim::Node*, 2> nodes_;
  Faults faults_;
  WireWatch watch_;
  std::optional<ServerWatch> serverWatch_;
  std::vector<std::function<void()>> detach_;
  std::array<std::unique_ptr<User>, 2> users_;
  std::array<Instant, 2> signalFree_{};
  std::array<std::uint64_t, 2> turnsSeen_{};
  std::uint64_t steps_ = 0;
  std::uint32_t agreed_ = 0;
  Instant calmFrom_{};
  bool isEnding_ = false;
};

}  // namespace

Outcome run(const Plan& plan, const RunOptions& options) { return Run(plan, options).execute(); }

// How fast ICE gets from connected to completed is a matter of time alone.
std::string timeless(std::string sequence) {
  const std::string_view passing = "connected completed ";
  for (std::size_t at = sequence.find(passing); at != std::string::npos;
       at = sequence.find(passing, at))
    if (at == 0 || sequence[at - 1] == ' ')
      sequence.erase(at, std::string_view("connected ").size());
    else
      ++at;
  return sequence;
}

Outcome runSeed(const Plan& plan, const RunOptions& options) {
  Outcome outcome = run(plan, options);
  if (outcome.violation || plan.scenario != Scenario::order) return outcome;
  RunOptions direct = options;
  direct.ignoresPorts = true;
  direct.isVerbose = false;
  Outcome other = run(plan, direct);
  if (other.violation) return other;
  for (std::size_t user = 0; user < 2; ++user) {
    for (const auto& [emitter, sequence] : outcome.sequences.at(user)) {
      const auto found = other.sequences.at(user).find(emitter);
      const std::string twin =
          found == other.sequences.at(user).end() ? std::string() : found->second;
      if (timeless(twin) == timeless(sequence)) continue;
      outcome.violation =
          Violation{"ORDER", "user " + std::to_string(user) + ", " + emitter + ": behind a port [" +
                                 sequence + "], directly [" + twin + "]"};
      return outcome;
    }
  }
  outcome.hash ^= other.hash * 3;
  return outcome;
}

}  // namespace parley::seeds
