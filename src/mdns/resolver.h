#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/host.h"
#include "core/limits.h"
#include "core/ports.h"
#include "core/rate.h"
#include "mdns/message.h"

namespace parley::mdns {

struct Answer {
  ResolveId request;
  std::vector<IpAddress> found;  // empty: nobody knew it in time
};

// One-shot questions for names of candidates (RFC 6762 5.1): asked at once, after one second and
// after three, together in as few packets as hold them. The first time the answer may come by
// unicast, where that is sure to reach us; later by multicast. The first message that has
// addresses for the name is the answer. Nothing is remembered.
class Resolver {
 public:
  explicit Resolver(bool canHearUnicast = true) : canHearUnicast_(canHearUnicast) {}
  void setCanHearUnicast(bool can) { canHearUnicast_ = can; }

  // Always answered, later; at once when it is no name of a candidate or too many are under way.
  void ask(Instant now, ResolveId request, std::string_view name);
  void cancel(ResolveId request);
  void receive(const Message& response);
  void onTimer(Instant now);

  std::optional<ByteVector> nextQuery(Instant now);
  std::optional<Answer> nextAnswer() { return answers_.pop(); }
  Instant deadline() const;
  bool isIdle() const { return asked_.empty() && answers_.empty(); }
  std::size_t underWay() const { return asked_.size(); }

 private:
  struct Asked {
    std::string name;
    std::vector<ResolveId> requests;
    std::size_t times = 0;  // that it was sent
    Instant due;            // the next time
    Instant end;
  };

  void finish(std::vector<Asked>::iterator asked, const std::vector<IpAddress>& found);

  bool canHearUnicast_;
  std::vector<Asked> asked_;
  EventQueue<Answer> answers_;
  PerSecond queries_{limits::mdns::kQueriesPerSecond};
};

}  // namespace parley::mdns
