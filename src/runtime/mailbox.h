#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace parley::runtime {

// Tasks from any thread for the one that runs the loop, in order. The only thing of a loop that
// two threads touch.
class Mailbox {
 public:
  using Task = std::move_only_function<void()>;

  // `wake` is called with the first task after the box was emptied, on the thread that posted it.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void post(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (tasks_.size() == 1) wake_();
  }

  std::vector<Task> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(tasks_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::function<void()> wake_;
};

}  // namespace parley::runtime
