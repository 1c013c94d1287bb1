#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "core/random.h"
#include "core/time.h"
#include "sim/names.h"

namespace parley::sim {

class Node;

struct SegmentOptions {
  Duration delay = 10ms;  // of an answer,
  Duration jitter{};      // and up to this much more
  double loss = 0;        // of an answer
  Duration timeout = 5s;  // then a question that nobody answered has failed,
  bool hangs = false;     // unless it stays open for good
};

// One network segment: who is in it hears the others' multicast, so names that end in .local are
// answered by nodes whose guests published them or for which they were announced (RFC 6762), and by
// those who lie. Of several answers the first counts, as with a resolver that knows no better.
// Nothing leaves the segment.
class Segment {
 public:
  Segment(std::string name, const SegmentOptions& options, std::uint64_t seed)
      : name_(std::move(name)), options_(options), dice_(seed) {}

  SegmentOptions& options() { return options_; }
  const std::string& name() const { return name_; }
  void join(const Node& node) { members_.push_back(&node); }
  void leave(const Node& node);
  bool has(const Node& node) const;

  // Answered with this address, or with the one the node has when it is asked.
  void announce(const Node& node, std::string hostname, std::optional<IpAddress> address = {});
  void withdraw(const std::string& hostname);
  // Another member answers too, whatever is true.
  void spoof(const Node& liar, std::string hostname, const IpAddress& address, Duration delay = {});

  NameAnswer ask(const Node& asker, const std::string& hostname);

 private:
  struct Record {
    const Node* node;
    std::string hostname;
    std::optional<IpAddress> address;
    std::optional<Duration> delay;  // of its own
  };
  std::vector<Record> recordsOf(const std::string& hostname) const;

  std::string name_;
  SegmentOptions options_;
  Random dice_;
  std::vector<const Node*> members_;
  std::vector<Record> records_;
};

}  // namespace parley::sim
