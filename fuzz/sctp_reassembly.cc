#include "sctp/receive/reassembly.h"

#include "core/limits.h"
#include "fuzz/common.h"

// Fragments, skips and resets in any order, against a model that keeps every fragment for itself
// and looks for whole messages anew each time. The same messages come, and the same bytes are held.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace sctp;
using Out = std::vector<Complete>;

constexpr std::size_t kMessageMax = 600;

struct Fragment {
  DataChunk head;
  ByteVector payload;
  bool startsPiece = false;  // nothing before it was there when it came
};

class Model {
 public:
  Reassembly::Outcome add(std::int64_t position, const DataChunk& chunk, Out& out) {
    const auto before = held_.find(position - 1), after = held_.find(position + 1);
    if (held_.contains(position)) return Reassembly::Outcome::violation;
    if (before != held_.end()) {
      if (before->second.head.ends() != chunk.begins()) return Reassembly::Outcome::violation;
      if (!chunk.begins() && !isSame(before->second.head, chunk)) {
        return Reassembly::Outcome::violation;
      }
    }
    if (after != held_.end()) {
      if (after->second.head.begins() != chunk.ends()) return Reassembly::Outcome::violation;
      if (!chunk.ends() && !isSame(after->second.head, chunk)) {
        return Reassembly::Outcome::violation;
      }
    }
    const bool joins = before != held_.end() && !chunk.begins();
    held_[position] = {chunk, toVector(chunk.payload), !joins};
    const auto [first, last] = runOf(position);
    if (held_[first].head.begins() && held_[last].head.ends()) finish(first, last, out);
    return Reassembly::Outcome::taken;
  }

  void forwardTo(std::int64_t cumulative, const std::vector<ForwardTsnChunk::Skipped>& skipped,
                 Out& out) {
    while (!held_.empty() && held_.begin()->first <= cumulative) {
      const auto [first, last] = runOf(held_.begin()->first);
      for (std::int64_t at = first; at <= last; ++at) held_.erase(at);
    }
    for (const auto& skip : skipped) {
      Stream& stream = streams_[skip.stream.value];
      if (isAfter(stream.next, skip.ssn)) continue;
      const Ssn end{static_cast<std::uint16_t>(skip.ssn.value + 1)};
      for (; stream.next != end; ++stream.next.value) deliver(stream, out);
      drain(stream, out);
    }
  }
  void reset(StreamId stream) { streams_.erase(stream.value); }

  std::size_t held() const {
    std::size_t bytes = 0;
    for (auto at = held_.begin(); at != held_.end();) {
      const auto [first, last] = runOf(at->first);
      std::size_t payload = 0, pieces = 0;
      for (; at != held_.end() && at->first <= last; ++at) {
        payload += at->second.payload.size();
        pieces += at->second.startsPiece;
      }
      if (payload <= kMessageMax) bytes += payload + pieces * limits::sctp::kFragmentOverhead;
    }
    for (const auto& [id, stream] : streams_) {
      for (const auto& [ssn, complete] : stream.waiting) {
        bytes += complete.message.payload.size() + limits::sctp::kMessageOverhead;
      }
    }
    return bytes;
  }

 private:
  struct Stream {
    Ssn next;
    std::map<std::uint16_t, Complete> waiting;
  };

  static bool isSame(const DataChunk& a, const DataChunk& b) {
    return a.stream == b.stream && a.unordered() == b.unordered() &&
           (a.unordered() || a.ssn == b.ssn);
  }
  std::pair<std::int64_t, std::int64_t> runOf(std::int64_t at) const {
    std::int64_t first = at, last = at;
    while (!held_.at(first).head.begins() && held_.contains(first - 1)) --first;
    while (!held_.at(last).head.ends() && held_.contains(last + 1)) ++last;
    return {first, last};
  }
  void finish(std::int64_t first, std::int64_t last, Out& out) {
    const DataChunk head = held_[first].head;
    Complete complete{{head.stream, head.protocol, {}}, false};
    ByteVector& payload = complete.message.payload;
    for (std::int64_t at = first; at <= last; ++at) {
      payload.insert(payload.end(), held_[at].payload.begin(), held_[at].payload.end());
      held_.erase(at);
    }
    complete.oversized = payload.size() > kMessageMax;
    if (complete.oversized) payload.clear();
    if (head.unordered()) {
      out.push_back(std::move(complete));
      return;
    }
    Stream& stream = streams_[head.stream.value];
    if (head.ssn != stream.next && !isAfter(head.ssn, stream.next)) return;
    stream.waiting.emplace(head.ssn.value, std::move(complete));
    drain(stream, out);
  }
  static bool deliver(Stream& stream, Out& out) {
    const auto found = stream.waiting.find(stream.next.value);
    if (found == stream.waiting.end()) return false;
    out.push_back(std::move(found->second));
    stream.waiting.erase(found);
    return true;
  }
  static void drain(Stream& stream, Out& out) {
    while (deliver(stream, out)) ++stream.next.value;
  }

  std::map<std::int64_t, Fragment> held_;
  std::map<std::uint16_t, Stream> streams_;
};

void compare(const Out& real, const Out& model) {
  FUZZ_REQUIRE(real.size() == model.size());
  for (std::size_t i = 0; i < real.size(); ++i) {
    FUZZ_REQUIRE(real[i].message.stream == model[i].message.stream);
    FUZZ_REQUIRE(real[i].message.protocol == model[i].message.protocol);
    FUZZ_REQUIRE(real[i].message.payload == model[i].message.payload);
    FUZZ_REQUIRE(real[i].oversized == model[i].oversized);
  }
}

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 512u << 10);
  Input in(input);
  Reassembly real(kMessageMax);
  Model model;
  std::int64_t cumulative = 0;
  std::uint8_t fill = 0;
  for (int ops = 0; !in.empty() && ops < 200; ++ops) {
    const std::uint8_t op = in.u8();
    Out realOut, modelOut;
    if (op >= 250) {
      const StreamId stream{static_cast<std::uint16_t>(in.u8() % 3)};
      real.reset(stream);
      model.reset(stream);
    } else if (op >= 235) {
      cumulative += in.u8() % 8;
      std::vector<ForwardTsnChunk::Skipped> skipped;
      for (std::size_t count = op % 4; count > 0; --count) {
        skipped.push_back({{static_cast<std::uint16_t>(in.u8() % 3)}, {in.u8()}});
      }
      real.forwardTo(cumulative, skipped, realOut);
      model.forwardTo(cumulative, skipped, modelOut);
    } else {
      DataChunk chunk;
      chunk.flags = op & 7;
      chunk.stream = {static_cast<std::uint16_t>(in.u8() % 3)};
      chunk.ssn = {static_cast<std::uint16_t>(in.u8() % 8)};
      chunk.protocol = {51u + (op >> 3 & 1)};
      const ByteVector payload(1 + in.u8() * std::size_t{2}, ++fill);
      chunk.payload = payload;
      const std::int64_t position = cumulative + 1 + in.u8() % 24;
      const auto outcome = real.add(position, position == cumulative + 1, chunk, realOut);
      FUZZ_REQUIRE(outcome == model.add(position, chunk, modelOut));
    }
    compare(realOut, modelOut);
    FUZZ_REQUIRE(real.held() == model.held());
  }
}

}  // namespace parley::fuzz
