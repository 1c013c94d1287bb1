#include <future>
#include <optional>
#include <thread>

#include "parley/engine_link.h"
#include "parley/loop_state.h"
#include "parley/runtime.h"

namespace parley {

struct LoopThread::Implementation {
  std::shared_ptr<EngineLink> link;
  Loop* loop = nullptr;  // lives on the thread's stack, for all of run()
  std::thread thread;
};

LoopThread::LoopThread(LoopConfig config) : implementation_(std::make_unique<Implementation>()) {
  struct Started {
    Loop* loop;
    std::shared_ptr<EngineLink> link;
  };
  std::promise<Started> ready;
  auto started = ready.get_future();
  implementation_->thread = std::thread([config = std::move(config), &ready]() mutable {
    std::optional<Loop> own;
    try {
      own.emplace(std::move(config));
    } catch (...) {
      return ready.set_exception(std::current_exception());
    }
    const auto link = std::make_shared<EngineLink>(*own);
    ready.set_value({&*own, link});
    own->run();
    link->cut();  // a task may have stopped the loop: from here on posts are dropped
    own->state().realm->detach();
    link->bury();
  });
  try {
    const Started got = started.get();
    implementation_->loop = got.loop;
    implementation_->link = got.link;
  } catch (...) {
    implementation_->thread.join();
    throw;
  }
}

LoopThread::~LoopThread() {
  implementation_->link->stop();
  implementation_->thread.join();
}

void LoopThread::post(std::move_only_function<void()> task) {
  implementation_->link->post(std::move(task));
}

Loop& LoopThread::loop() { return *implementation_->loop; }

ReleaseReport LoopThread::releaseReport() {
  std::promise<ReleaseReport> promise;
  auto answer = promise.get_future();
  post([this, promise = std::move(promise)]() mutable {
    promise.set_value(implementation_->loop->releaseReport());
  });
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return {};  // the task was dropped with a loop that has ended and holds nothing
  }
}

const std::shared_ptr<EngineLink>& LoopThread::link() const { return implementation_->link; }

}  // namespace parley
