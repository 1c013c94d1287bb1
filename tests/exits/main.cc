// The process ends while connections live: in eight states, in four ways, with the connections in
// a global variable, which is destroyed after all that was made later. Without arguments: tries
// them all, in a process each, and exits with 1 when one does not end with 0 and in silence.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/pair.h"

using namespace std::chrono_literals;
using namespace parley;

namespace {

constexpr std::string_view kStates[] = {"new",     "gathering", "connecting", "connected",
                                        "sending", "tail",      "thread",     "handler"};
constexpr std::string_view kWays[] = {"return", "exit", "quick_exit", "_exit"};

struct Scene {
  Loop loop;
  std::unique_ptr<support::Pair> pair;
};

// What a thread's engine has to say to its connection; here nobody ever listens.
struct Unheard {
  std::mutex mutex;
  std::vector<std::move_only_function<void()>> tasks;
};

std::unique_ptr<Scene> scene;
Unheard unheard;
std::unique_ptr<LoopThread> thread;
std::unique_ptr<RTCPeerConnection> threaded;

// "return" goes on and leaves main.
void leave(std::string_view way) {
  if (way == "exit") std::exit(0);
  if (way == "quick_exit") std::quick_exit(0);
  if (way == "_exit") ::_exit(0);
}

bool connect() { return scene->pair->connect(); }

bool enter(std::string_view state, std::string_view way) {
  if (state == "thread") {
    thread = std::make_unique<LoopThread>();
    threaded = std::make_unique<RTCPeerConnection>(*thread, [](auto task) {
      const std::lock_guard lock(unheard.mutex);
      unheard.tasks.push_back(std::move(task));
    });
    threaded->createDataChannel("channel");
    threaded->setLocalDescription();
    return true;
  }
  scene = std::make_unique<Scene>();
  scene->pair = std::make_unique<support::Pair>(scene->loop);
  support::Pair& pair = *scene->pair;
  if (state == "new") return true;
  if (state == "gathering" || state == "connecting") {
    const bool isGathering = state == "gathering";
    return scene->loop.runUntil(
        [&] {
          return isGathering ? pair.offerer.iceGatheringState() != RTCIceGatheringState::new_
                             : pair.offerer.connectionState() == RTCPeerConnectionState::connecting;
        },
        10s);
  }
  if (!connect()) return false;
  if (state == "sending") {
    pair.offered->send(std::vector<std::uint8_t>(200'000, 7));
    scene->loop.runFor(1ms);
  } else if (state == "tail") {
    pair.offerer.close();
    scene->loop.poll();
  } else if (state == "handler") {
    bool isHeard = false;
    pair.announced->onmessage = [&](const MessageEvent&) {
      isHeard = true;
      leave(way);
    };
    pair.offered->send("leave");
    return scene->loop.runUntil([&] { return isHeard; }, 10s);
  }
  return true;
}

// A process for it, whose standard error comes back.
bool endsWell(const char* program, std::string_view state, std::string_view way) {
  int pipe[2];
  if (::pipe(pipe) != 0) return false;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    ::close(pipe[0]);
    ::close(pipe[1]);
    ::execl(program, program, state.data(), way.data(), nullptr);
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::string said;
  char room[4'096];
  for (ssize_t got = 0; (got = ::read(pipe[0], room, sizeof room)) > 0;)
    said.append(room, static_cast<std::size_t>(got));
  ::close(pipe[0]);
  int status = 0;
  const bool isGood = ::waitpid(child, &status, 0) == child && status == 0 && said.empty();
  if (!isGood) std::printf("%s, %s: %d\n%s", state.data(), way.data(), status, said.c_str());
  return isGood;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3) {
    if (!enter(argv[1], argv[2])) return 2;
    leave(argv[2]);
    return 0;
  }
  int bad = 0;
  for (const std::string_view state : kStates)
    for (const std::string_view way : kWays)
      if (!endsWell("/proc/self/exe", state, way)) ++bad;
  std::printf("%d of %zu ends were bad\n", bad, std::size(kStates) * std::size(kWays));
  return bad == 0 ? 0 : 1;
}
