#include "mdns/engine.h"

#include <set>

#include "core/limits.h"
#include "fuzz/common.h"

// A story of questions, names of our own, time and what neighbours send: each question is answered
// once and in time, what is held and what is sent keep to their bounds.
// max_len: 600

namespace parley::fuzz {
namespace {

class Game {
 public:
  explicit Game(Bytes input) : input_(input) {}

  void play() {
    for (int turns = 0; !input_.empty() && turns < 300; ++turns) {
      act();
      drain();
      FUZZ_REQUIRE(engine_.underWay() <= limits::mdns::kAsked);
      FUZZ_REQUIRE(engine_.published() <= limits::mdns::kPublished);
      FUZZ_REQUIRE(engine_.deadline() > now_);
    }
    pass(limits::mdns::kTimeout);
    FUZZ_REQUIRE(asked_.empty() && engine_.underWay() == 0);
    for (unsigned i = 0; i < kNames; ++i) engine_.withdraw(name(i));
    drain();
    FUZZ_REQUIRE(engine_.isIdle());
  }

 private:
  static constexpr unsigned kNames = 24;
  static std::string name(std::size_t number) {
    return std::string(1, static_cast<char>('a' + number)) + ".local";
  }
  static IpAddress address(std::uint8_t last) { return IpAddress::v4({10, 0, 0, last}); }

  void act() {
    switch (input_.below(8)) {
      case 0:
      case 1:
        ask();
        break;
      case 2:
        engine_.publish(now_, name(input_.below(kNames)), address(input_.u8()));
        break;
      case 3:
        engine_.withdraw(name(input_.below(kNames)));
        break;
      case 4:
        pass(Duration{input_.u8() * 10'000});
        break;
      case 5:
        hearWellFormed();
        break;
      case 6:
        engine_.receive(now_, origin(), input_.bytes(input_.u8()));
        break;
      default:
        cancel();
    }
  }
  void ask() {
    const ResolveId request{++last_};
    asked_.insert(request);
    engine_.ask(now_, request, name(input_.below(kNames)));
  }
  void cancel() {
    if (asked_.empty()) return;
    engine_.cancel(*asked_.begin());
    cancelled_.insert(*asked_.begin());
    asked_.erase(asked_.begin());
  }
  mdns::Origin origin() {
    const std::uint8_t choice = input_.u8();
    return {{address(choice), choice % 4 == 0 ? std::uint16_t{40'000} : mdns::kPort},
            choice % 3 != 0,
            choice % 5 != 0};
  }
  void hearWellFormed() {
    std::vector<mdns::Question> questions;
    std::vector<mdns::Record> records;
    for (std::size_t i = input_.below(mdns::kNamesPerPacket); i-- > 0;) {
      const std::string about = name(input_.below(kNames));
      questions.push_back({about, input_.flag()});
      records.push_back({about, address(input_.u8()), std::chrono::seconds(input_.u8())});
    }
    const bool isQuery = input_.flag();
    engine_.receive(now_, origin(),
                    isQuery ? mdns::writeQuery(questions) : mdns::writeResponse(records));
  }
  void pass(Duration time) {
    const Instant end = now_ + time;
    while (engine_.deadline() <= end) {
      FUZZ_REQUIRE(engine_.deadline() > now_);
      now_ = engine_.deadline();
      engine_.onTimer(now_);
      drain();
    }
    now_ = end;
  }
  void drain() {
    while (auto outgoing = engine_.nextOutgoing(now_)) {
      FUZZ_REQUIRE(outgoing->bytes.size() <= limits::mdns::kPacket);
      FUZZ_REQUIRE(mdns::parse(outgoing->bytes));
      count();
    }
    while (auto answer = engine_.nextAnswer()) {
      FUZZ_REQUIRE(asked_.erase(answer->request) + cancelled_.erase(answer->request) == 1);
      FUZZ_REQUIRE(answer->found.size() <= limits::mdns::kAddresses);
    }
  }
  // A window of the bound's own may begin anywhere, so two of them may lie in one second of ours.
  void count() {
    if (now_ >= second_ + 1s) second_ = now_, sent_ = 0;
    constexpr int kMost = 2 * (limits::mdns::kQueriesPerSecond + limits::mdns::kAnswersPerSecond);
    FUZZ_REQUIRE(++sent_ <= kMost);
  }

  Input input_;
  Instant now_{1'000s};
  mdns::Engine engine_;
  std::set<ResolveId> asked_, cancelled_;
  std::uint64_t last_ = 0;
  Instant second_{};
  int sent_ = 0;
};

}  // namespace

void oneInput(Bytes input) { playFrugally<Game>(input, 256u << 10); }

}  // namespace parley::fuzz
