#include "peer/task_queue.h"

#include <utility>

namespace parley::peer {

void TaskQueue::queueTask(Task task) {
  if (!post_) return;
  post_([self = shared_from_this(), task = std::move(task)]() mutable { self->run(task); });
}

void TaskQueue::queueMicrotask(Task reaction) {
  if (!post_) return;
  microtasks_.push_back(std::move(reaction));
  if (!running_) scheduleDrain();
}

void TaskQueue::scheduleDrain() {
  if (drainScheduled_ || !post_) return;
  drainScheduled_ = true;
  post_([self = shared_from_this()] {
    self->drainScheduled_ = false;
    Task nothing = [] {};
    self->run(nothing);
  });
}

void TaskQueue::close() {
  while (!microtasks_.empty()) {
    try {
      drain();
    } catch (...) {  // there is no task any more that it could end
    }
  }
  post_ = nullptr;
}

void TaskQueue::run(Task& task) {
  // What a task throws ends it and leaves to whoever runs the thread; the rest is not lost.
  struct Scope {
    TaskQueue& queue;
    bool outer;
    ~Scope() {
      queue.running_ = outer;
      if (!outer && !queue.microtasks_.empty()) queue.scheduleDrain();
    }
  } scope{*this, std::exchange(running_, true)};
  drain();
  if (!post_) return;
  std::exchange(task, nullptr)();
  drain();
}

void TaskQueue::drain() {
  while (post_ && !microtasks_.empty()) {
    Task reaction = std::move(microtasks_.front());
    microtasks_.pop_front();
    reaction();
  }
}

}  // namespace parley::peer
