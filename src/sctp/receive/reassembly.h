#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sctp/packet/data_chunk.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/types.h"

namespace parley::sctp {

// A message that is whole and whose turn it is; oversized ones come without their payload.
struct Complete {
  Message message;
  bool oversized = false;
};

// Puts fragments together and messages in order. Fragments that follow each other grow one
// vector, which leaves as the message; runs that meet are spliced. Everything held is charged.
// It knows positions (see DataTracker) but not which of them may come.
class Reassembly {
 public:
  explicit Reassembly(std::size_t messageMax) : messageMax_(messageMax) {}

  enum class Outcome : std::uint8_t {
    taken,
    full,       // too many incomplete messages; the chunk may come again
    violation,  // fragments contradict each other
  };
  // `next`: the position is the lowest one missing, so it is taken even when full.
  Outcome add(std::int64_t position, bool next, const DataChunk& chunk, std::vector<Complete>& out);

  // RFC 3758 3.6: forgets what is incomplete up to `cumulative`, and lets wait for nothing up to
  // the SSNs named, whose streams the caller has checked.
  void forwardTo(std::int64_t cumulative, const std::vector<ForwardTsnChunk::Skipped>& skipped,
                 std::vector<Complete>& out);
  void reset(StreamId stream);  // the next SSN is zero again

  std::size_t held() const { return held_; }
  std::size_t incomplete() const { return runs_.size(); }
  std::size_t streamsAllocated() const;

 private:
  // Fragments of one message without a hole between them.
  struct Run {
    std::int64_t last = 0;
    DataChunk head;  // its first fragment, payload not kept
    bool ends = false;
    bool oversized = false;
    std::size_t bytes = 0;
    std::size_t charged = 0;
    std::list<ByteVector> pieces;
  };
  struct Stream {
    Ssn next;
    std::map<std::uint16_t, Complete> waiting;
  };
  using Runs = std::map<std::int64_t, Run>;

  Outcome addFragment(std::int64_t position, bool next, const DataChunk& chunk,
                      std::vector<Complete>& out);
  void grow(Run& run, Bytes payload);
  void join(Run& front, Run&& back);
  void limit(Run& run);
  static Complete assemble(Run&& run);
  void finish(const DataChunk& head, Complete complete, std::vector<Complete>& out);
  void deliverInOrder(Stream& stream, std::vector<Complete>& out);
  static std::size_t chargeOf(const Complete& complete);
  Stream& streamOf(StreamId id);

  std::size_t messageMax_;
  Runs runs_;                                     // by the position of the first fragment
  std::vector<std::unique_ptr<Stream>> streams_;  // made on use
  std::size_t held_ = 0;
};

}  // namespace parley::sctp
