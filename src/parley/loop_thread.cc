#include <future>
#include <thread>

#include "parley/engine_link.h"
#include "parley/runtime.h"

namespace parley {

struct LoopThread::Implementation {
  std::shared_ptr<EngineLink> link;
  Loop* loop = nullptr;  // lives on the thread's stack, for all of run()
  std::thread thread;
};

LoopThread::LoopThread(LoopConfig config) : implementation_(std::make_unique<Implementation>()) {
  std::promise<Loop*> ready;
  auto loop = ready.get_future();
  implementation_->thread = std::thread([config = std::move(config), &ready]() mutable {
    Loop own(std::move(config));
    ready.set_value(&own);
    own.run();
  });
  implementation_->loop = loop.get();
  implementation_->link = std::make_shared<EngineLink>(*implementation_->loop);
}

LoopThread::~LoopThread() {
  implementation_->link->cut();
  implementation_->loop->stop();
  implementation_->thread.join();
}

void LoopThread::post(std::move_only_function<void()> task) {
  implementation_->link->post(std::move(task));
}

Loop& LoopThread::loop() { return *implementation_->loop; }

ReleaseReport LoopThread::releaseReport() {
  std::promise<ReleaseReport> answer;
  post([&] { answer.set_value(implementation_->loop->releaseReport()); });
  return answer.get_future().get();
}

const std::shared_ptr<EngineLink>& LoopThread::link() const { return implementation_->link; }

}  // namespace parley
