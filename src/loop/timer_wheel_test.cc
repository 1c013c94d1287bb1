#include "loop/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>

#include "core/random.h"

namespace parley::loop {
namespace {

constexpr Instant kStart{1'000s};

struct Alarm : TimerWheel::Entry {
  int id = 0;
};

int expireOne(TimerWheel& wheel, Instant now) {
  TimerWheel::Entry* entry = wheel.expire(now);
  return entry ? static_cast<Alarm*>(entry)->id : -1;
}

TEST(TimerWheel, FiresAFarTimerAtTheNextFullMillisecondAndNeverEarly) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.arm(alarm, kStart + 50'300us, kStart);
  EXPECT_EQ(wheel.expire(kStart + 50'300us), nullptr);
  EXPECT_EQ(wheel.expire(kStart + 50'999us), nullptr);
  EXPECT_EQ(wheel.next(), kStart + 51ms);
  EXPECT_EQ(wheel.expire(kStart + 51ms), &alarm);
  EXPECT_FALSE(alarm.isArmed());
  EXPECT_EQ(wheel.armed(), 0u);
  EXPECT_EQ(wheel.next(), never());
}

TEST(TimerWheel, FiresANearTimerToTheMicrosecond) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.arm(alarm, kStart + 1'234us, kStart);
  EXPECT_EQ(wheel.next(), kStart + 1'234us);
  EXPECT_EQ(wheel.expire(kStart + 1'233us), nullptr);
  EXPECT_EQ(wheel.expire(kStart + 1'234us), &alarm);
}

TEST(TimerWheel, FiresWhatIsAlreadyDueAtOnceAndOldestFirst) {
  TimerWheel wheel(kStart);
  Alarm alarms[4];
  for (int i = 0; i < 4; ++i) alarms[i].id = i;
  wheel.arm(alarms[0], kStart + 30ms, kStart);
  wheel.arm(alarms[1], kStart + 20ms, kStart);
  wheel.arm(alarms[2], kStart - 1s, kStart);
  wheel.arm(alarms[3], Instant::min(), kStart);
  const Instant late = kStart + 1s;
  EXPECT_EQ(expireOne(wheel, late), 3);
  EXPECT_EQ(expireOne(wheel, late), 2);
  EXPECT_EQ(expireOne(wheel, late), 1);
  EXPECT_EQ(expireOne(wheel, late), 0);
  EXPECT_EQ(expireOne(wheel, late), -1);
}

TEST(TimerWheel, OnlyNotesALaterDueTimeAndLooksAgainWhenTheSlotComesUp) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.arm(alarm, kStart + 100ms, kStart);
  wheel.arm(alarm, kStart + 10s, kStart);
  EXPECT_EQ(wheel.next(), kStart + 100ms) << "the slot did not move";
  EXPECT_EQ(wheel.expire(kStart + 100ms), nullptr);
  EXPECT_EQ(wheel.expire(kStart + 9'999ms), nullptr);
  EXPECT_EQ(wheel.expire(kStart + 10s), &alarm);
}

TEST(TimerWheel, MovesATimerToAnEarlierDueTime) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.arm(alarm, kStart + 10s, kStart);
  wheel.arm(alarm, kStart + 100ms, kStart);
  EXPECT_EQ(wheel.armed(), 1u);
  EXPECT_EQ(wheel.expire(kStart + 100ms), &alarm);
  EXPECT_EQ(wheel.expire(kStart + 11s), nullptr);
}

TEST(TimerWheel, ForgetsAClearedTimerWhereverItLies) {
  TimerWheel wheel(kStart);
  Alarm alarms[5];
  const Duration waits[] = {500us, 5ms, 5s, 24h, 24h * 365};
  for (int i = 0; i < 5; ++i) wheel.arm(alarms[i], kStart + waits[i], kStart);
  EXPECT_EQ(wheel.armed(), 5u);
  for (int i = 0; i < 4; ++i) wheel.clear(alarms[i]);
  wheel.arm(alarms[4], never(), kStart);
  EXPECT_EQ(wheel.armed(), 0u);
  EXPECT_EQ(wheel.next(), never());
  EXPECT_EQ(wheel.expire(kStart + 24h * 1'000), nullptr);
}

TEST(TimerWheel, KeepsTimersBeyondItsHorizonOfSevenWeeks) {
  TimerWheel wheel(kStart);
  Alarm year, decade;
  wheel.arm(year, kStart + 24h * 365, kStart);
  wheel.arm(decade, kStart + 24h * 3'650, kStart);
  EXPECT_LE(wheel.next(), kStart + 24h * 50);
  EXPECT_EQ(wheel.expire(kStart + 24h * 365 - 1ms), nullptr);
  EXPECT_EQ(wheel.expire(kStart + 24h * 365), &year);
  EXPECT_EQ(wheel.expire(kStart + 24h * 3'650), &decade);
}

TEST(TimerWheel, WakesFewTimesForOneDistantTimer) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.arm(alarm, kStart + 24h, kStart);
  int looks = 0;
  Instant now = kStart;
  while (alarm.isArmed()) {
    ++looks;
    now = wheel.next();
    wheel.expire(now);
  }
  EXPECT_EQ(now, kStart + 24h);
  EXPECT_LE(looks, 4);
}

// The reference: a list of due times, looked through each time. The wheel may be late by the rest
// of a millisecond.
class Reference {
 public:
  explicit Reference(std::size_t count) : alarms_(count), due_(count, never()) {}

  void arm(std::size_t i, Instant due, Instant now) {
    wheel_.arm(alarms_[i], due, now);
    due_[i] = due;
  }
  void check(Instant now) {
    Instant last = Instant::min();
    while (TimerWheel::Entry* entry = wheel_.expire(now)) {
      const auto i = static_cast<std::size_t>(static_cast<Alarm*>(entry) - alarms_.data());
      ASSERT_LE(due_[i], now) << "early";
      ASSERT_GE(due_[i], last) << "out of order";
      last = due_[i];
      due_[i] = never();
      ++fired_;
    }
    const Instant fullMillisecond{
        std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch())};
    Instant soonest = never();
    for (std::size_t i = 0; i < due_.size(); ++i) {
      ASSERT_GT(due_[i], fullMillisecond) << "missed";
      ASSERT_EQ(due_[i] != never(), alarms_[i].isArmed());
      soonest = std::min(soonest, due_[i]);
    }
    if (soonest == never()) {
      ASSERT_EQ(wheel_.next(), never());
    } else {
      ASSERT_LT(wheel_.next(), soonest + 1ms) << "would oversleep";
    }
  }
  Instant next() const { return wheel_.next(); }
  std::size_t fired() const { return fired_; }

 private:
  TimerWheel wheel_{kStart};
  std::vector<Alarm> alarms_;
  std::vector<Instant> due_;
  std::size_t fired_ = 0;
};

Duration randomWait(Random& random) {
  const Duration scales[] = {10us, 2ms, 300ms, 70s, 5h, 24h * 60};
  const Duration scale = scales[random.below(random.below(10) == 0 ? 6 : 5)];
  return Duration(
      static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(scale.count()))));
}

TEST(TimerWheel, AgreesWithAPlainListOverDaysOfRandomOperations) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Random random(seed);
    Reference reference(40);
    Instant now = kStart;
    for (int i = 0; i < 5'000; ++i) {
      const std::size_t which = random.below(40);
      switch (random.below(4)) {
        case 0:
          reference.arm(which, random.below(5) == 0 ? never() : now + randomWait(random), now);
          break;
        case 1:
          now += randomWait(random) / 100;
          reference.check(now);
          break;
        case 2:  // as a driver does: exactly when asked to
          if (reference.next() != never()) now = std::max(now, reference.next());
          reference.check(now);
          break;
        default:
          reference.arm(which, now + Duration(static_cast<Duration::rep>(random.below(5'000))),
                        now);
          break;
      }
      if (HasFatalFailure()) FAIL() << "seed " << seed << " operation " << i;
    }
    EXPECT_GT(reference.fired(), 1'000u);
    EXPECT_GT(now - kStart, 24h);
  }
}

}  // namespace
}  // namespace parley::loop
