#pragma once

#include <deque>

#include "core/assert.h"
#include "sctp/types.h"

namespace parley::sctp {

// Whose message is next. Streams are entered while they have something to send; a message once
// begun goes out to its end, so a choice is asked for per message (RFC 9260 6.9).
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual void enter(StreamId stream) = 0;  // of one that is not entered
  virtual bool empty() const = 0;
  virtual StreamId next() const = 0;                                             // while not empty
  virtual void onMessage(StreamId stream, std::size_t bytes, bool hasMore) = 0;  // next() went
  virtual void clear() = 0;
};

// One message from each stream in turn.
class RoundRobin final : public Scheduler {
 public:
  void enter(StreamId stream) override { ring_.push_back(stream); }
  bool empty() const override { return ring_.empty(); }
  StreamId next() const override { return ring_.front(); }
  void onMessage(StreamId stream, std::size_t, bool hasMore) override {
    PARLEY_ASSERT(!ring_.empty() && ring_.front() == stream);
    ring_.pop_front();
    if (hasMore) ring_.push_back(stream);
  }
  void clear() override { ring_.clear(); }

 private:
  std::deque<StreamId> ring_;
};

}  // namespace parley::sctp
