#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "sim/forger.h"
#include "sim/link.h"
#include "sim/station.h"

namespace parley::sim {

struct OffPathOptions {
  double perSecond = 100;
  std::vector<Forgery> forgeries{};      // of these; none named: of all
  std::vector<ByteVector> recordings{};  // real traffic it came by, half of what it sends then
  double spoils = 0.5;                   // of the recordings, before they are sent
};

// A stranger somewhere in the network, who sees nothing of what others say. What it sends carries
// its own address or that of anybody else; what comes back to it is counted, so that a test can
// hold the bytes it was sent against the bytes it sent.
class OffPath final : public Station {
 public:
  // Whom to hit next and, if not as itself, as whom. Nothing: it waits for its next turn.
  struct Aim {
    Address target;
    std::optional<Address> as;
  };
  using Aims = std::function<std::optional<Aim>(Random&)>;

  OffPath(World& world, std::string name, const IpAddress& address, std::uint64_t seed);
  ~OffPath() override;

  const IpAddress& address() const { return address_; }
  void attack(Aims aims, OffPathOptions options = {});  // again: with other aims
  void rest() { ++campaign_; }

  std::uint64_t sent() const { return sent_; }
  std::uint64_t bytesSent() const { return bytesSent_; }
  std::uint64_t answers() const { return answers_; }
  std::uint64_t answerBytes() const { return answerBytes_; }

  void receive(WireDatagram datagram) override;

 private:
  void scheduleNext();
  void hit();
  ByteVector bytes();

  IpAddress address_;
  Forger forger_;
  Aims aims_;
  OffPathOptions options_;
  std::uint64_t campaign_ = 0;  // what an older one scheduled does nothing
  std::uint64_t sent_ = 0;
  std::uint64_t bytesSent_ = 0;
  std::uint64_t answers_ = 0;
  std::uint64_t answerBytes_ = 0;
};

// Per datagram that passes, unless said otherwise.
struct OnPathOptions {
  double drop = 0;
  double delay = 0;  // by up to `delayMost`,
  Duration delayMost = 500ms;
  double replay = 0;        // some datagram seen before, once more,
  double spoilsReplay = 0;  // and of those so many with changed bits
  double mutate = 0;
  double injectsPerSecond = 0;       // forgeries in the name of either end
  std::vector<Forgery> forgeries{};  // of these; none named: of all
};

// Somebody on the wire of one link, who sees everything and has no keys.
class OnPath {
 public:
  OnPath(World& world, Link& link, const OnPathOptions& options, std::uint64_t seed);
  OnPath(const OnPath&) = delete;
  OnPath& operator=(const OnPath&) = delete;

  void setOptions(const OnPathOptions& options);
  void leave();  // the link is as before

  struct Seen {
    Pipe* pipe;
    WireDatagram datagram;
  };
  const std::deque<Seen>& seen() const { return seen_; }  // the last kSeen
  struct Stats {
    std::uint64_t dropped = 0, delayed = 0, replayed = 0, mutated = 0, injected = 0;
  };
  const Stats& stats() const { return stats_; }

  static constexpr std::size_t kSeen = 256;

 private:
  bool onDatagram(Pipe& pipe, WireDatagram& datagram);
  void replay();
  void scheduleInjection();
  void injectOne();

  World& world_;
  Link& link_;
  OnPathOptions options_;
  Forger forger_;
  std::deque<Seen> seen_;
  std::uint64_t campaign_ = 0;
  Stats stats_;
};

}  // namespace parley::sim
