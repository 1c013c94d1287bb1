#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/limits.h"
#include "core/rate.h"
#include "mdns/message.h"

namespace parley::mdns {

struct Outgoing {
  std::optional<Address> to;  // nobody: the multicast group
  ByteVector bytes;
  bool isQuery = false;  // and may leave from any port; responses leave from ours
};

// Answers for names of our own, each of which stands for one address. They are UUIDs, so nobody
// probes for them (the draft, 3.1.1); they are announced twice (RFC 6762 8.3) and taken back with a
// goodbye (10.1). The same record is multicast once a second at most (6); what somebody knows is
// not repeated to him (7.1); a resolver that is no mDNS one is answered as DNS would (6.7).
class Responder {
 public:
  bool publish(Instant now, std::string name, const IpAddress& address);  // false: too many
  void withdraw(std::string_view name);
  const IpAddress* find(std::string_view name) const;
  void receive(Instant now, const Address& from, const Message& query);

  std::optional<Outgoing> next(Instant now);
  Instant deadline() const;
  bool isIdle() const { return names_.empty() && goodbyes_.empty() && replies_.empty(); }
  std::size_t published() const { return names_.size(); }
  std::uint64_t unanswered() const { return unanswered_; }  // more was asked than may be answered

 private:
  struct Name {
    std::string name;
    IpAddress address;
    int announcements = 2;  // still to come
    Instant due{};          // of the next multicast, whatever it is for
    Instant last = Instant::min();
  };

  static bool wasRecent(const Name& name, Instant now);
  void reply(Instant now, Outgoing outgoing);
  std::optional<Outgoing> goodbye(Instant now);
  std::optional<Outgoing> multicast(Instant now);

  std::vector<Name> names_;
  std::vector<Record> goodbyes_;
  std::deque<Outgoing> replies_;
  PerSecond answers_{limits::mdns::kAnswersPerSecond};
  std::uint64_t unanswered_ = 0;
};

}  // namespace parley::mdns
