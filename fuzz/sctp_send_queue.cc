#include "sctp/transmit/send_queue.h"

#include <map>

#include "fuzz/common.h"

// The queue against a model that holds one list and looks through it each time: the same messages
// leave in the same order with the same numbers, and every byte is accounted for.
// max_len: 256

namespace parley::fuzz {
namespace {

using namespace sctp;

struct Waiting {
  std::uint32_t number = 0;
  std::uint16_t stream = 0;
  std::size_t size = 0;
  Instant expires = never();
  bool ordered = true, counted = true;
};

struct Stream {
  std::size_t live = 0, sent = 0;
  std::optional<std::uint32_t> barrier;  // while resetting: the last number of the old life
  Ssn next;
};

class Model {
 public:
  void push(const Waiting& message) {
    list_.push_back(message);
    (void)streams_[message.stream];
    bytes_ += message.size;
    refresh();
  }
  std::optional<std::pair<Waiting, Ssn>> pop(Instant now) {
    while (!turns_.empty()) {
      const std::uint16_t id = turns_.front();
      turns_.erase(turns_.begin());
      const auto first = std::ranges::find(list_, id, &Waiting::stream);
      const Waiting message = *first;
      list_.erase(first);
      refresh();
      Stream& stream = streams_[id];
      if (now >= message.expires) {
        ++expired;
        noteSent(message, message.size);
        continue;
      }
      const Ssn ssn = stream.next;
      if (message.ordered) ++stream.next.value;
      ++stream.live;
      return std::pair(message, ssn);
    }
    return std::nullopt;
  }
  void noteSent(const Waiting& message, std::size_t bytes) {
    bytes_ -= bytes;
    if (message.counted) streams_[message.stream].sent += bytes;
  }
  void beginReset(std::uint16_t id, std::uint32_t newest) {
    Stream& stream = streams_[id];
    if (!stream.barrier) stream.barrier = newest;
    refresh();
  }
  void endReset(std::uint16_t id, bool startOver) {
    Stream& stream = streams_[id];
    stream.barrier.reset();
    if (startOver) stream.next = {};
    refresh();
  }
  void dropFrom(std::uint16_t first) {
    if (streams_.lower_bound(first) == streams_.end()) return;
    for (const Waiting& message : list_) bytes_ -= message.stream >= first ? message.size : 0;
    std::erase_if(list_, [first](const Waiting& message) { return message.stream >= first; });
    streams_.erase(streams_.lower_bound(first), streams_.end());
    turns_.clear();
    refresh();
  }
  bool isQuiet(std::uint16_t id) const {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return true;
    const Stream& stream = found->second;
    if (stream.live > 0) return false;
    return !stream.barrier || std::ranges::none_of(list_, [&](const Waiting& message) {
      return message.stream == id && message.number <= *stream.barrier;
    });
  }
  bool isResetting(std::uint16_t id) const {
    const auto found = streams_.find(id);
    return found != streams_.end() && found->second.barrier;
  }

  std::map<std::uint16_t, Stream>& streams() { return streams_; }
  std::size_t bytes() const { return bytes_; }
  bool hasMessages() const { return !turns_.empty(); }
  std::uint64_t expired = 0;

 private:
  // Streams that have become ready join the end of the round.
  void refresh() {
    for (const auto& [id, stream] : streams_) {
      const auto first = std::ranges::find(list_, id, &Waiting::stream);
      const bool isReady =
          first != list_.end() && (!stream.barrier || first->number <= *stream.barrier);
      if (isReady && std::ranges::find(turns_, id) == turns_.end()) turns_.push_back(id);
    }
  }

  std::vector<Waiting> list_;
  std::map<std::uint16_t, Stream> streams_;
  std::vector<std::uint16_t> turns_;
  std::size_t bytes_ = 0;
};

class Game {
 public:
  explicit Game(Bytes input) : in_(input) {}

  void play() {
    for (int ops = 0; !in_.empty() && ops < 300; ++ops) {
      oneOp();
      FUZZ_REQUIRE(queue_.bytes() == model_.bytes());
      FUZZ_REQUIRE(queue_.hasMessages() == model_.hasMessages());
      FUZZ_REQUIRE(queue_.expired() == model_.expired);
      for (std::uint16_t id = 0; id < 4; ++id) {
        FUZZ_REQUIRE(queue_.isQuiet({id}) == model_.isQuiet(id));
        FUZZ_REQUIRE(queue_.isResetting({id}) == model_.isResetting(id));
      }
    }
    queue_.clear();
    FUZZ_REQUIRE(queue_.bytes() == 0 && !queue_.hasMessages());
  }

 private:
  struct Popped {
    OutMessage real;
    Waiting model;
  };

  void push() {
    const std::uint8_t how = in_.u8();
    Waiting message{++number_,      static_cast<std::uint16_t>(how & 3),
                    1u + in_.u8(),  never(),
                    (how & 4) == 0, (how & 8) == 0};
    if (how & 16) message.expires = now_ + Duration(how >> 5);
    OutMessage out{{{message.stream}, {message.number}, ByteVector(message.size)}, {}, {}, {}};
    out.options.ordered = message.ordered;
    out.options.counted = message.counted;
    out.expires = message.expires;
    queue_.push(std::move(out));
    model_.push(message);
  }
  void pop() {
    auto real = queue_.pop(now_);
    const auto model = model_.pop(now_);
    FUZZ_REQUIRE(real.has_value() == model.has_value());
    if (!real) return;
    FUZZ_REQUIRE(real->message.protocol.value == model->first.number);
    FUZZ_REQUIRE(real->ssn == model->second);
    FUZZ_REQUIRE(real->message.payload.size() == model->first.size);
    live_.push_back({std::move(*real), model->first});
  }
  void settle() {
    if (live_.empty()) return;
    const std::size_t which = in_.u8() % live_.size();
    const Popped popped = std::move(live_[which]);
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(which));
    const std::size_t first = in_.u8() % (popped.model.size + 1);  // cut into two chunks
    for (const std::size_t part : {first, popped.model.size - first}) {
      queue_.noteSent(popped.real, part);
      model_.noteSent(popped.model, part);
    }
    queue_.settled({popped.model.stream});
    --model_.streams()[popped.model.stream].live;
  }
  void takeSent() {
    std::map<std::uint16_t, std::size_t> told;
    for (const SendQueue::Sent& sent : queue_.takeSent()) {
      FUZZ_REQUIRE(sent.bytes > 0 && told.emplace(sent.stream.value, sent.bytes).second);
    }
    for (auto& [id, stream] : model_.streams()) {
      FUZZ_REQUIRE(told[id] == std::exchange(stream.sent, 0));
      told.erase(id);
    }
    FUZZ_REQUIRE(told.empty());
  }
  void oneOp() {
    const std::uint8_t op = in_.u8();
    const std::uint16_t stream = op >> 4 & 3;
    switch (op & 15) {
      case 0:
        queue_.beginReset({stream});
        return model_.beginReset(stream, number_);
      case 1:
        queue_.endReset({stream}, (op & 64) != 0);
        return model_.endReset(stream, (op & 64) != 0);
      case 2:
        if (!live_.empty()) return;  // only ever asked before anything has left
        queue_.dropStreamsFrom(stream);
        return model_.dropFrom(stream);
      case 3:
        now_ += Duration(op >> 4);
        return;
      case 4:
        return takeSent();
      case 5:
      case 6:
      case 7:
        return settle();
      case 8:
      case 9:
      case 10:
      case 11:
        return pop();
      default:
        return push();
    }
  }

  Input in_;
  SendQueue queue_;
  Model model_;
  std::vector<Popped> live_;
  std::uint32_t number_ = 0;
  Instant now_{1s};
};

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 512u << 10);
  Game(input).play();
}

}  // namespace parley::fuzz
