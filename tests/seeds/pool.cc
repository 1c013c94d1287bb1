#include "pool.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>

namespace parley::seeds {
namespace {

constexpr unsigned kJobsMax = 64;
constexpr std::size_t kFailuresKept = 64;

struct Slip {  // of a failure, in memory that all processes see
  std::uint64_t seed;
  std::array<char, 16> invariant;
  std::array<char, 240> detail;
};

struct Board {
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> done{0}, failed{0}, twice{0}, datagrams{0}, messages{0}, connected{0},
      reportedFailure{0}, hash{0};
  std::atomic<std::uint32_t> slips{0};
  std::atomic<bool> stops{false};
  std::array<std::atomic<std::uint64_t>, kJobsMax> running{};
  std::array<Slip, kFailuresKept> kept{};

  void fail(std::uint64_t seed, const Violation& violation) {
    ++failed;
    const std::uint32_t place = slips++;
    if (place >= kept.size()) return;
    Slip& slip = kept.at(place);
    slip.seed = seed;
    std::snprintf(slip.invariant.data(), slip.invariant.size(), "%s", violation.invariant.c_str());
    std::snprintf(slip.detail.data(), slip.detail.size(), "%s", violation.detail.c_str());
  }
};

class SharedBoard {
 public:
  SharedBoard()
      : memory_(mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0)) {
    if (memory_ == MAP_FAILED) std::abort();
    board_ = new (memory_) Board;
  }
  ~SharedBoard() { munmap(memory_, sizeof(Board)); }
  SharedBoard(const SharedBoard&) = delete;
  SharedBoard& operator=(const SharedBoard&) = delete;
  Board* operator->() { return board_; }
  Board& operator*() { return *board_; }

 private:
  void* memory_;
  Board* board_;
};

std::uint64_t mixed(std::uint64_t seed, std::uint64_t hash) {
  std::uint64_t value = (seed * 0x9e3779b97f4a7c15) ^ hash;
  value ^= value >> 31;
  return value * 0xbf58476d1ce4e5b9;
}

void runOne(const Task& task, std::uint64_t seed, Board& board,
            const std::function<void(const Plan&, const Outcome&)>& report) {
  const Plan plan = draw(seed, task.scenario);
  Outcome outcome = runSeed(plan);
  if (!outcome.violation && task.twiceEvery != 0 && seed % task.twiceEvery == 0) {
    ++board.twice;
    if (runSeed(plan).hash != outcome.hash)
      outcome.violation = Violation{"HASH", "the same seed gave another transcript"};
  }
  board.datagrams += outcome.datagrams;
  board.messages += outcome.messages;
  board.connected += outcome.connected;
  board.reportedFailure += outcome.reportedFailure;
  board.hash += mixed(seed, outcome.hash);
  if (outcome.violation) {
    board.fail(seed, *outcome.violation);
    if (report && !task.isQuiet) report(plan, outcome);
    if (task.stopsAtFirst) board.stops = true;
  }
  ++board.done;
}

[[noreturn]] void work(const Task& task, unsigned job, Board& board,
                       const std::function<void(const Plan&, const Outcome&)>& report) {
  while (!board.stops) {
    const std::uint64_t number = board.next++;
    if (number >= task.count) break;
    const std::uint64_t seed = task.first + number;
    board.running.at(job) = seed + 1;
    alarm(task.secondsPerSeed);
    runOne(task, seed, board, report);
    board.running.at(job) = 0;
  }
  std::fflush(nullptr);
  std::_Exit(0);
}

std::string deathOf(int status) {
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGALRM) return "it hangs";
    return std::string("it dies of ") + strsignal(signal);
  }
  return "it exits with " + std::to_string(WEXITSTATUS(status));
}

bool isClean(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

double childCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void silence() {
  if (std::freopen("/dev/null", "w", stderr) == nullptr) std::abort();
}

class Foreman {
 public:
  Foreman(const Task& task, const std::function<void(const Plan&, const Outcome&)>& report)
      : task_(task), report_(report) {}

  Tally run() {
    const auto begin = std::chrono::steady_clock::now();
    const double cpuBefore = childCpuSeconds();
    const unsigned jobs = std::clamp(task_.jobs, 1u, kJobsMax);
    std::fflush(nullptr);
    for (unsigned job = 0; job < jobs; ++job) start(job);
    watch(begin);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return tally(took.count(), childCpuSeconds() - cpuBefore);
  }

 private:
  void start(unsigned job) {
    const pid_t child = fork();
    if (child < 0) std::abort();
    if (child == 0) {
      if (task_.isQuiet) silence();
      work(task_, job, *board_, report_);
    }
    workers_[child] = job;
  }

  // A worker that died is replaced: what it had begun is a failure of that seed.
  void watch(std::chrono::steady_clock::time_point begin) {
    auto told = begin;
    while (!workers_.empty()) {
      int status = 0;
      const pid_t ended = waitpid(-1, &status, WNOHANG);
      if (ended > 0 && workers_.contains(ended)) {
        const unsigned job = workers_.at(ended);
        workers_.erase(ended);
        if (!isClean(status)) bury(job, status);
        continue;
      }
      usleep(5'000);
      const auto now = std::chrono::steady_clock::now();
      if (!task_.isQuiet && now - told >= std::chrono::seconds(5)) {
        told = now;
        const std::chrono::duration<double> took = now - begin;
        std::printf("%llu of %llu seeds, %llu failed, %.0f a second\n",
                    static_cast<unsigned long long>(board_->done.load()),
                    static_cast<unsigned long long>(task_.count),
                    static_cast<unsigned long long>(board_->failed.load()),
                    static_cast<double>(board_->done.load()) / took.count());
        std::fflush(stdout);
      }
    }
  }

  void bury(unsigned job, int status) {
    const std::uint64_t seed = board_->running.at(job) - 1;
    const Violation violation{"INV-16", deathOf(status)};
    board_->fail(seed, violation);
    ++board_->done;
    if (!task_.isQuiet) {
      Outcome outcome;
      outcome.violation = violation;
      if (report_) report_(draw(seed, task_.scenario), outcome);
    }
    if (task_.stopsAtFirst) board_->stops = true;
    if (!board_->stops) start(job);
  }

  Tally tally(double seconds, double cpuSeconds) {
    Tally sum;
    sum.seeds = board_->done;
    sum.failed = board_->failed;
    sum.twice = board_->twice;
    sum.datagrams = board_->datagrams;
    sum.messages = board_->messages;
    sum.connected = board_->connected;
    sum.reportedFailure = board_->reportedFailure;
    sum.hash = board_->hash;
    sum.seconds = seconds;
    sum.cpuSeconds = cpuSeconds;
    const std::size_t kept = std::min<std::size_t>(board_->slips, kFailuresKept);
    for (std::size_t i = 0; i < kept; ++i) {
      const Slip& slip = board_->kept.at(i);
      sum.failures.push_back({slip.seed, slip.invariant.data(), slip.detail.data()});
    }
    return sum;
  }

  const Task& task_;
  const std::function<void(const Plan&, const Outcome&)>& report_;
  SharedBoard board_;
  std::map<pid_t, unsigned> workers_;
};

}  // namespace

Tally runSeeds(const Task& task, const std::function<void(const Plan&, const Outcome&)>& report) {
  return Foreman(task, report).run();
}

std::optional<Violation> judge(const Plan& plan, unsigned seconds) {
  SharedBoard board;
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) {
    silence();
    alarm(seconds);
    const Outcome outcome = runSeed(plan);
    if (outcome.violation) board->fail(plan.seed, *outcome.violation);
    std::_Exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!isClean(status)) return Violation{"INV-16", deathOf(status)};
  if (board->failed == 0) return std::nullopt;
  return Violation{board->kept[0].invariant.data(), board->kept[0].detail.data()};
}

}  // namespace parley::seeds
