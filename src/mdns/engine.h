#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/address.h"
#include "mdns/message.h"
#include "mdns/resolver.h"
#include "mdns/responder.h"

namespace parley::mdns {

// How a datagram came.
struct Origin {
  Address from;
  bool wasMulticast = false;  // it was sent to the group, so it was sent on the link
  bool isOnLink = false;      // the sender's address is in a network that we are in ourselves
  std::uint32_t scope = 0;    // of link-local addresses that are told there: the interface
};

struct EngineStats {
  std::uint64_t malformed = 0;   // and what has an opcode or an error
  std::uint64_t notOnLink = 0;   // RFC 6762 11
  std::uint64_t wrongPort = 0;   // responses from elsewhere than 5353 (RFC 6762 6)
  std::uint64_t unanswered = 0;  // for the bound of answers per second
};

// Both sides of multicast DNS, as far as ICE needs them: questions for names of others, answers for
// names of our own. Everybody on the link may send here; what is not in order is counted.
class Engine {
 public:
  void setCanHearUnicast(bool can) { resolver_.setCanHearUnicast(can); }
  void ask(Instant now, ResolveId request, std::string_view name);
  void cancel(ResolveId request);
  bool publish(Instant now, std::string name, const IpAddress& address);
  void withdraw(std::string_view name) { responder_.withdraw(name); }

  void receive(Instant now, const Origin& origin, Bytes datagram);
  void onTimer(Instant now) { resolver_.onTimer(now); }
  std::optional<Outgoing> nextOutgoing(Instant now);  // to be taken until there is none
  std::optional<Answer> nextAnswer();
  Instant deadline() const;

  bool isIdle() const { return resolver_.isIdle() && responder_.isIdle() && own_.empty(); }
  std::size_t underWay() const { return resolver_.underWay(); }
  std::size_t published() const { return responder_.published(); }
  EngineStats stats() const;

 private:
  Resolver resolver_;
  Responder responder_;
  EventQueue<Answer> own_;  // questions for our own names
  EngineStats stats_;
};

}  // namespace parley::mdns
