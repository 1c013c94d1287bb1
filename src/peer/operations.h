#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "parley/promise.h"

namespace parley::peer {

class Operations;

// How an operation ends; exactly one call counts. May be copied, and outlive the chain.
template <class T>
class Completion {
 public:
  Completion(std::weak_ptr<Operations*> chain, std::shared_ptr<Microtasks> microtasks,
             typename Promise<T>::Resolver resolver)
      : chain_(std::move(chain)),
        microtasks_(std::move(microtasks)),
        resolver_(std::move(resolver)) {}

  void resolve(T value) const {
    settle(
        [value = std::move(value)](auto& resolver) mutable { resolver.resolve(std::move(value)); });
  }
  template <class E>
  void reject(E error) const {
    rejectWith(std::make_exception_ptr(std::move(error)));
  }
  void rejectWith(std::exception_ptr error) const {
    settle([error](auto& resolver) { resolver.reject(error); });
  }

 private:
  template <class Settle>
  void settle(Settle settle) const;

  std::weak_ptr<Operations*> chain_;
  std::shared_ptr<Microtasks> microtasks_;
  typename Promise<T>::Resolver resolver_;
};

// The operations chain of webrtc-pc 4.4.1.2: one asynchronous operation runs, the others wait.
// When one has ended its promise settles, then the next begins, all before the user's reactions.
class Operations {
 public:
  // `whenEmpty` is called when the last one has ended.
  Operations(std::shared_ptr<Microtasks> microtasks, std::move_only_function<void()> whenEmpty)
      : microtasks_(std::move(microtasks)), whenEmpty_(std::move(whenEmpty)) {}

  // The operation runs now, if it is the first, and ends by its completion at any later time.
  template <class T>
  Promise<T> chain(std::move_only_function<void(Completion<T>)> operation) {
    typename Promise<T>::Resolver resolver(microtasks_);
    Completion<T> completion(self_, microtasks_, resolver);
    queue_.push_back(
        {[operation = std::move(operation), completion]() mutable { operation(completion); },
         [resolver]() mutable { resolver.abandon(); }});
    if (queue_.size() == 1) runFirst();
    return resolver.promise();
  }

  bool isEmpty() const { return queue_.empty(); }

  // close(): pending promises never settle, nothing runs any more.
  void end();

 private:
  template <class T>
  friend class Completion;

  struct Operation {
    std::move_only_function<void()> run;
    std::move_only_function<void()> abandon;
  };

  void runFirst();
  void finishFirst();

  std::shared_ptr<Microtasks> microtasks_;
  std::move_only_function<void()> whenEmpty_;
  std::deque<Operation> queue_;
  std::shared_ptr<Operations*> self_ = std::make_shared<Operations*>(this);
};

template <class T>
template <class Settle>
void Completion<T>::settle(Settle settle) const {
  microtasks_->queueMicrotask(
      [chain = chain_, resolver = resolver_, settle = std::move(settle)]() mutable {
        const auto alive = chain.lock();
        if (!alive || resolver.isSettled()) return;
        settle(resolver);
        (*alive)->finishFirst();
      });
}

}  // namespace parley::peer
