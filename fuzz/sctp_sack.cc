#include "fuzz/common.h"
#include "sctp/transmit/outstanding.h"

// SACKs of any content against a model that goes through all chunks each time: what is in flight,
// lost and acknowledged stays equal. With partial reliability only the sums are compared.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace sctp;

struct Chunk {
  std::size_t size = 0;
  std::uint64_t packet = 0;
  bool acked = false, lost = false;
  std::size_t wire() const { return padded(DataChunk::kHeader + size); }
};

class Model {
 public:
  void add(std::size_t size, std::uint64_t packet) { chunks_.push_back({size, packet}); }

  // Nothing: not valid. Otherwise the bytes newly acknowledged.
  std::optional<std::size_t> onSack(std::int64_t cumulative, const SackChunk& sack) {
    const std::int64_t end = base_ + static_cast<std::int64_t>(chunks_.size());
    if (cumulative >= end) return std::nullopt;
    if (cumulative < base_ - 1) return 0;  // stale
    std::vector<bool> inGap(chunks_.size());
    std::int64_t highest = cumulative;
    for (const auto& gap : sack.gaps) {
      if (gap.first == 0 || gap.last < gap.first || cumulative + gap.last >= end) {
        return std::nullopt;
      }
      highest = std::max(highest, cumulative + gap.last);
    }
    // One after another; what one that went before has passed is not looked at again.
    std::int64_t reached = cumulative;
    for (const auto& gap : sack.gaps) {
      for (std::int64_t at = std::max(cumulative + gap.first, reached + 1);
           at <= cumulative + gap.last; ++at) {
        inGap[static_cast<std::size_t>(at - base_)] = true;
      }
      reached = std::max(reached, cumulative + gap.last);
    }
    std::size_t acked = 0;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      const bool isAcked = base_ + static_cast<std::int64_t>(i) <= cumulative || inGap[i];
      Chunk& chunk = chunks_[i];
      if (isAcked && !chunk.acked) {
        acked += chunk.wire();
        newest_ = std::max(newest_, chunk.packet);
        chunk.lost = false;
      }
      chunk.acked = isAcked;  // or taken back
    }
    chunks_.erase(chunks_.begin(), chunks_.begin() + (cumulative + 1 - base_));
    base_ = cumulative + 1;
    if (acked == 0) return acked;
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (base_ + static_cast<std::int64_t>(i) > highest) break;
      Chunk& chunk = chunks_[i];
      if (!chunk.acked && !chunk.lost && chunk.packet + 3 <= newest_) chunk.lost = true;
    }
    return acked;
  }
  void onTimeout() {
    for (Chunk& chunk : chunks_) chunk.lost = chunk.lost || !chunk.acked;
  }
  std::int64_t resend(std::uint64_t packet) {
    const auto first = std::ranges::find(chunks_, true, &Chunk::lost);
    first->lost = false;
    first->packet = packet;
    return base_ + (first - chunks_.begin());
  }
  bool hasLost() const { return std::ranges::find(chunks_, true, &Chunk::lost) != chunks_.end(); }

  void compare(const Outstanding& real) const {
    std::size_t bytes = 0, payload = 0;
    for (const Chunk& chunk : chunks_) {
      if (chunk.acked || chunk.lost) continue;
      bytes += chunk.wire();
      payload += chunk.size;
    }
    FUZZ_REQUIRE(real.chunkCount() == chunks_.size() && real.acknowledged() == base_ - 1);
    FUZZ_REQUIRE(real.bytesInFlight() == bytes && real.payloadInFlight() == payload);
    FUZZ_REQUIRE(real.hasLost() == hasLost());
  }

 private:
  std::int64_t base_ = 1;
  std::vector<Chunk> chunks_;
  std::uint64_t newest_ = 0;
};

class Game {
 public:
  explicit Game(Bytes input)
      : in_(input),
        isPartial_(in_.flag()),
        initial_{in_.flag() ? 0xffff'fff8 : 1'000},
        real_(initial_, isPartial_) {}

  void play() {
    for (int ops = 0; !in_.empty() && ops < 300; ++ops) {
      oneOp();
      FUZZ_REQUIRE(real_.isConsistent());
      if (!isPartial_) model_.compare(real_);
      if (!real_.needsForwardTsn()) continue;
      FUZZ_REQUIRE(isPartial_);
      const ForwardTsnChunk forward = real_.forwardTsn(4);
      FUZZ_REQUIRE(forward.skipped.size() <= 4);
      FUZZ_REQUIRE(isAfter(real_.nextTsn(), forward.newCumulativeTsn));
    }
  }

 private:
  Tsn tsnAt(std::int64_t position) const {
    return initial_ + static_cast<std::uint32_t>(position - 1);
  }
  void begin() {
    if (real_.hasCurrent()) return;
    const std::uint8_t how = in_.u8();
    OutMessage message{{{static_cast<std::uint16_t>(how & 3)}, {51}, ByteVector(1u + in_.u8())},
                       {},
                       never(),
                       {static_cast<std::uint16_t>(++number_)}};
    message.options.ordered = (how & 4) == 0;
    if (how & 8) message.options.retransmitsMax = how >> 6;
    if (how & 16) message.expires = now_ + Duration(how >> 5);
    queue_.push(message);
    auto popped = queue_.pop(now_);
    FUZZ_REQUIRE(popped.has_value() || (how & 16));
    if (popped) real_.begin(std::move(*popped));
  }
  void cut() {
    if (!real_.hasCurrent()) return;
    const std::size_t size = std::min<std::size_t>(1u + in_.u8() % 128, real_.currentLeft());
    const std::int64_t position = real_.end();
    const OutMessage current = real_.current();
    const DataChunk chunk = real_.cut(size, packet_, now_);
    queue_.noteSent(current, size);
    FUZZ_REQUIRE(chunk.payload.size() == size && chunk.tsn == tsnAt(position));
    model_.add(size, packet_);
  }
  void sack() {
    SackChunk sack;
    const std::int64_t cumulative = real_.acknowledged() + in_.u8() % 8 - 1;
    sack.cumulativeTsn = tsnAt(cumulative);
    for (std::size_t count = in_.below(5); count > 0; --count) {
      const auto first = static_cast<std::uint16_t>(in_.u8() % 24);
      sack.gaps.push_back({first, static_cast<std::uint16_t>(first + in_.u8() % 8)});
    }
    const Outstanding::SackOutcome outcome = real_.onSack(sack, now_, queue_);
    if (isPartial_) return;
    const auto expected = model_.onSack(cumulative, sack);
    FUZZ_REQUIRE(outcome.valid == expected.has_value());
    if (expected) FUZZ_REQUIRE(outcome.ackedBytes == *expected);
  }
  void resend() {
    if (!real_.hasLost()) return;
    const DataChunk chunk = real_.resendFirstLost(packet_, now_);
    FUZZ_REQUIRE(!chunk.payload.empty());
    if (!isPartial_) FUZZ_REQUIRE(chunk.tsn == tsnAt(model_.resend(packet_)));
  }
  void oneOp() {
    switch (in_.u8() % 12) {
      case 0:
        now_ += Duration(in_.u8());
        return real_.giveUpExpiredCurrent(now_, queue_);
      case 1:
        real_.onTimeout(now_, queue_);
        return model_.onTimeout();
      case 2:
      case 3:
        return resend();
      case 4:
      case 5:
        ++packet_;
        return;
      case 6:
      case 7:
      case 8:
        return sack();
      case 9:
        return begin();
      default:
        begin();
        return cut();
    }
  }

  Input in_;
  bool isPartial_;
  Tsn initial_;
  Outstanding real_;
  Model model_;
  SendQueue queue_;
  std::uint32_t number_ = 0;
  std::uint64_t packet_ = 1;
  Instant now_{1s};
};

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 512u << 10);
  Game(input).play();
}

}  // namespace parley::fuzz
