#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace parley::seeds {

// What kind of world a seed draws. `mixed` lets the seed choose.
enum class Scenario : std::uint8_t {
  call,      // a call in mild weather: everything must arrive
  weather,   // loss, bursts, jitter, reordering, duplicates, corruption
  outage,    // cuts and blackouts, up to beyond the end of consent
  channels,  // many channels that open and close all the time
  glare,     // both sides negotiate, restart and roll back at once
  hostile,   // strangers and the path itself send what they like
  closing,   // close and drop at any moment, inside any handler
  rogue,     // a peer with the right keys that sends what no peer may
  nat,       // behind translators that forget and rebind
  clock,     // wall clocks that jump, machines that sleep
  order,     // calm, and run twice: directly and behind a slow port
  mixed,
};

// All times count from the beginning of the world.
struct Fault {
  enum class Kind : std::uint8_t {
    loss,
    burst,
    jitter,
    reorder,
    duplicate,
    corrupt,
    rate,
    narrow,  // datagrams above `number` bytes vanish
    cut,
    cutOneWay,
    offline,  // one machine neither sends nor hears
    rebind,
    newAddress,
    wallJump,
    sleep,
    forge,          // from strangers' addresses
    inject,         // as if it came from the peer
    capture,        // the peer's own traffic, later and changed
    mangle,         // the rogue at work
    serverLoses,    // answers, with this probability
    serverRefuses,  // number: which error, to what
    serverStalls,
    serverRestarts,
    nonces,         // `number` times all of them are stale at once
    nonceOnce,      // what one request has used is stale for the next
    forgedAnswers,  // successes that the server has not signed, before its own
    count,
  };
  Kind kind;
  Duration from;
  Duration until;
  double strength = 0;  // a probability where it is one
  std::uint64_t number = 0;
  std::uint8_t side = 0;
};

struct Act {
  enum class Verb : std::uint8_t {
    open,          // a channel; a: its options, b: how it is read
    openAgreed,    // negotiated: both ends make it; b: whether they do so again once it has closed
    send,          // a: which channel, b: how many, and how large
    flood,         // a: which channel; more than a small window holds
    closeChannel,  // a: which
    pause,         // a: which
    pauseAll,
    resume,  // a: which
    restartIce,
    negotiate,  // an offer that nobody asked for
    rollback,
    misuse,  // a: which call that must fail and change nothing
    trap,    // at the next event: a says what
    close,
    drop,
    count,
  };
  Verb verb;
  Duration at;
  std::uint8_t who = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

struct NatPlan {
  std::uint8_t mapping = 0;
  std::uint8_t filtering = 0;
  std::uint8_t ports = 0;
  Duration lifetime = 30s;

  bool isCone() const { return mapping == 0; }
};

// What one side has for iceServers, and iceTransportPolicy.
struct Asking {
  enum class Way : std::uint8_t { udp, tcp, tls };

  bool stun = false;
  bool turn = false;
  bool nobody = false;  // beside them one that never answers
  bool relayOnly = false;
  Way way = Way::udp;      // of TURN
  bool named = false;      // the server, by its name
  std::uint8_t ahead = 0;  // iceCandidatePoolSize
};

// A STUN and TURN server that both sides reach, and how long it lets things live.
struct ServerPlan {
  std::array<Asking, 2> sides{};
  std::optional<Duration> allocations, permissions, channels;
  Duration late{};  // what the second user says first takes so much longer
};

// Everything that happens to one world from outside, drawn from its seed before it begins. Faults
// and acts are single items, so that a failing plan can be made smaller one by one.
struct Plan {
  std::uint64_t seed = 0;
  Scenario scenario = Scenario::call;
  Duration latency = 20ms;
  Duration signalling = 50ms;
  bool ipv6 = false;
  bool nearWrap = false;              // sequence numbers begin just before their end
  bool smallWindow = false;           // a reader that pauses soon stops its sender
  std::optional<std::uint8_t> rogue;  // this one breaks its SCTP packets before it seals them
  bool spoiltFingerprint = false;     // the first offer names another certificate
  bool losesFarewell = false;         // what the first user says first at the end does not arrive
  std::array<bool, 2> behindPort{};
  std::array<std::optional<NatPlan>, 2> nats{};  // in front of the machines
  std::optional<ServerPlan> server;
  std::array<bool, 2> listens{};  // has passive TCP candidates
  bool blocksUdp = false;         // between the two; one of them listens then
  std::vector<Fault> faults;
  std::vector<Act> acts;
  Duration trouble{};  // when the last fault is over and the last act done

  std::size_t items() const { return faults.size() + acts.size(); }
  Plan without(const std::vector<std::size_t>& items) const;  // faults first, then acts
  bool has(Act::Verb verb) const;
  bool cutsThePath() const;
  bool movesThePath() const;       // until its next check a machine does not know its own address
  bool mayForgeAddresses() const;  // somebody writes in the name of the other machine
  bool isEverSilent() const;       // somebody is out of reach for a while
  bool mayLoseConnection() const;  // its faults are hard enough for an honest failure
  bool canMeet() const;            // where RFC 8445 finds a way between the two, if nothing is lost
  bool needsServer() const;        // without it, it finds none
  bool mayStrand() const;          // what is given back to the server may not be heard by it
  std::string describeServer() const;
  std::string describe() const;  // a line per item, numbered as `without` counts
};

// Adds NATs, a server and what happens to it to some plans, with dice of its own.
void drawServer(Plan& plan);

// TCP candidates for some plans, with dice of its own.
void drawTcp(Plan& plan);

Plan draw(std::uint64_t seed, Scenario scenario = Scenario::mixed);

std::string_view nameOf(Scenario scenario);
std::optional<Scenario> scenarioNamed(std::string_view name);

}  // namespace parley::seeds
