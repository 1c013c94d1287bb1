#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "peer/realm.h"

namespace parley::peer {

// The task source of one connection (HTML "queue a task"). Every task, and every event fired from
// one, is a task of the realm of its own, so promises settle between two events and a handler that
// throws ends nothing but its own call. next() keeps what one W3C task does in several calls
// together: nothing that was queued comes between.
class Tasks {
 public:
  using Task = std::move_only_function<void()>;

  explicit Tasks(std::shared_ptr<Realm> realm) : realm_(std::move(realm)) {}

  // While a task runs `self` is locked: it keeps alive what the tasks refer to.
  void start(std::weak_ptr<Tasks> self) { self_ = std::move(self); }

  void queue(Task task);  // behind all that is queued
  void next(Task task);   // behind the running task and what it has put here before
  void end();             // what is queued is dropped, and nothing is taken any more

  std::size_t count() const { return soon_.size() + later_.size(); }

 private:
  void schedule();
  void runOne();

  std::shared_ptr<Realm> realm_;
  std::weak_ptr<Tasks> self_;
  std::deque<Task> soon_;
  std::deque<Task> later_;
  bool ended_ = false;
};

}  // namespace parley::peer
