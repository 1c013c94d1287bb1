#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "libuv.h"

namespace parley::node {

// Tasks on their way to the JavaScript thread, from any thread. A burst of them wakes the thread
// once. After close() tasks are dropped.
class Mailbox {
 public:
  using Task = std::move_only_function<void()>;
  using Tasks = std::deque<Task>;

  // On the JavaScript thread; `wake` is called there when tasks wait.
  Mailbox(uv_loop_s* loop, void (*wake)(void*), void* argument);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void post(Task task);

  // The rest is for the JavaScript thread.
  Tasks take();
  bool isEmpty() const;
  void keepAlive(bool alive);  // whether the event loop waits for tasks
  void close(std::move_only_function<void()> closed);

 private:
  struct Handle;

  mutable std::mutex mutex_;
  Tasks tasks_;
  Handle* handle_;  // deletes itself; null once closed
  const std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace parley::node
