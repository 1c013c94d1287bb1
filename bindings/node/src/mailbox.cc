#include "mailbox.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace parley::node {

// The libuv handle is allocated apart, because libuv needs its memory until the handle is closed.
struct Mailbox::Handle {
  Handle(uv_loop_s* loop, void (*function)(void*), void* value)
      : memory(std::malloc(uv_handle_size(kUvAsync))), wake(function), argument(value) {
    if (!memory) throw std::bad_alloc();
    uv_async_init(loop, async(), [](uv_async_s* fired) {
      auto* self =
          static_cast<Handle*>(uv_handle_get_data(reinterpret_cast<const uv_handle_s*>(fired)));
      self->wake(self->argument);
    });
    uv_handle_set_data(base(), this);
    uv_unref(base());
  }
  ~Handle() { std::free(memory); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  uv_async_s* async() const { return static_cast<uv_async_s*>(memory); }
  uv_handle_s* base() const { return static_cast<uv_handle_s*>(memory); }

  void* memory;
  void (*wake)(void*);
  void* argument;
  std::move_only_function<void()> closed;
};

Mailbox::Mailbox(uv_loop_s* loop, void (*wake)(void*), void* argument)
    : handle_(new Handle(loop, wake, argument)) {}

Mailbox::~Mailbox() {
  if (handle_) std::abort();  // close() was forgotten; libuv would use freed memory
}

void Mailbox::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (!handle_) return;
    tasks_.push_back(std::move(task));
    if (tasks_.size() > 1) return;
    uv_async_send(handle_->async());
  }
  // What the JavaScript thread queues for itself is still to be done before the process ends.
  if (std::this_thread::get_id() == thread_) keepAlive(true);
}

Mailbox::Tasks Mailbox::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(tasks_, {});
}

bool Mailbox::isEmpty() const {
  const std::lock_guard lock(mutex_);
  return tasks_.empty();
}

void Mailbox::keepAlive(bool alive) {
  if (!handle_) return;
  if (alive) {
    uv_ref(handle_->base());
  } else {
    uv_unref(handle_->base());
  }
}

void Mailbox::close(std::move_only_function<void()> closed) {
  Tasks dropped;
  Handle* handle = nullptr;
  {
    const std::lock_guard lock(mutex_);
    handle = std::exchange(handle_, nullptr);
    dropped.swap(tasks_);
  }
  if (!handle) return;
  handle->closed = std::move(closed);
  uv_close(handle->base(), [](uv_handle_s* ended) {
    const std::unique_ptr<Handle> self(static_cast<Handle*>(uv_handle_get_data(ended)));
    if (self->closed) self->closed();
  });
}

}  // namespace parley::node
