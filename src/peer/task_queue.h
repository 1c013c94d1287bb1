#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "parley/promise.h"

namespace parley::peer {

// Tasks of the W3C objects of one thread, each followed by the microtasks it queued. Microtasks
// queued outside any task run before the next one.
class TaskQueue final : public Microtasks, public std::enable_shared_from_this<TaskQueue> {
 public:
  using Task = std::move_only_function<void()>;
  using Post = std::function<void(Task)>;  // onto the thread, in order

  explicit TaskQueue(Post post) : post_(std::move(post)) {}

  void queueTask(Task task);
  void queueMicrotask(Task reaction) override;
  // Tasks that are queued are dropped, and all that follows. Microtasks still run, because a
  // coroutine among them can end no other way; what they throw is dropped.
  void close();

 private:
  void run(Task& task);
  void drain();
  void scheduleDrain();

  Post post_;
  std::deque<Task> microtasks_;
  bool running_ = false;
  bool drainScheduled_ = false;
};

}  // namespace parley::peer
