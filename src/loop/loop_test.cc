#include "loop/loop.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "loop/fake_driver.h"

namespace parley::loop {
namespace {

struct LoopTest : testing::Test, LoopFixture {
  ScriptedGuest guest{loop};
  LoopTest() { loop.enter(guest); }
};

TEST_F(LoopTest, SettlesATouchedGuestOnceHoweverOftenItWasTouched) {
  const SocketId socket = open(guest);
  turn([&] {
    deliver(socket);
    deliver(socket);
    loop.touch(guest);
  });
  EXPECT_EQ(guest.datagrams, 2);
  EXPECT_EQ(guest.settled, 1);
  turn();
  EXPECT_EQ(guest.settled, 1) << "nobody touched it in this step";
}

TEST_F(LoopTest, SendsEverythingOfAStepAsOneBatchAfterSettling) {
  const SocketId socket = open(guest);
  guest.datagramDo = [&](Step&, Datagram) { sendText(socket, "echo"); };
  guest.settleDo = [&](Step&) { sendText(socket, "ack"); };
  turn([&] {
    deliver(socket);
    deliver(socket);
    EXPECT_TRUE(driver.sent.empty());
  });
  ASSERT_EQ(driver.sent.size(), 3u);
  EXPECT_EQ(driver.sent[2].second, "ack");
  EXPECT_EQ(driver.log, std::vector<std::string>{"send 3"});
  EXPECT_EQ(loop.report().packetsInUse, 0u);
}

TEST_F(LoopTest, GivesBackTheSeatsOfThoseWhoLeftAndKeepsThoseOfTheOthers) {
  std::vector<std::unique_ptr<ScriptedGuest>> crowd;
  for (int i = 0; i < 100; ++i) {
    crowd.push_back(std::make_unique<ScriptedGuest>(loop));
    loop.enter(*crowd.back());
  }
  const SocketId kept = open(*crowd[50]);
  for (std::size_t i = 0; i < 100; ++i)
    if (i != 50) loop.leave(*crowd[i]);
  turn();
  loop.trim();
  turn([&] { deliver(kept); });
  EXPECT_EQ(crowd[50]->datagrams, 1);
  loop.enter(*crowd[7]);  // where somebody sat, or behind the last one
  loop.enter(*crowd[99]);
  const SocketId another = open(*crowd[7]);
  turn([&] {
    deliver(kept);
    deliver(another);
  });
  EXPECT_EQ(crowd[50]->datagrams, 2);
  EXPECT_EQ(crowd[7]->datagrams, 1);
  EXPECT_EQ(crowd[99]->datagrams, 0);
  EXPECT_EQ(loop.report().guests, 4u);
}

TEST_F(LoopTest, OpensAStepBetweenTurnsAndAsksForOneTurnToCloseIt) {
  loop.touch(guest);
  loop.touch(guest);
  loop.step();
  EXPECT_EQ(driver.turnsAsked, 1);
  EXPECT_EQ(guest.settled, 0);
  turn();
  EXPECT_EQ(guest.settled, 1);
  loop.wakeAt(guest, driver.now + 1s);
  EXPECT_EQ(driver.turnsAsked, 2) << "the driver must learn of the new deadline";
}

TEST_F(LoopTest, AStepOpenedBetweenTurnsFollowsTheClockAndATurnDoesNot) {
  EXPECT_EQ(loop.step().now, Instant{10s});
  driver.now += 3s;
  EXPECT_EQ(loop.step().now, Instant{13s});
  turn([&] {
    driver.now += 1s;
    EXPECT_EQ(loop.step().now, Instant{13s});
  });
  driver.now -= 2s;
  EXPECT_EQ(loop.step().now, Instant{13s}) << "never backwards";
}

TEST_F(LoopTest, FiresATimerOncePerArming) {
  loop.wakeAt(guest, driver.now + 100ms);
  turn();
  EXPECT_EQ(loop.nextDeadline(), driver.now + 100ms);
  driver.now += 99ms;
  turn();
  EXPECT_TRUE(guest.fired.empty());
  driver.now += 1ms;
  turn();
  driver.now += 1s;
  turn();
  EXPECT_EQ(guest.fired, std::vector<Instant>{Instant{10'100ms}});
  EXPECT_EQ(guest.settled, 1);
  EXPECT_EQ(loop.nextDeadline(), never());
}

TEST_F(LoopTest, FiresAnEagerTimerOnlyOncePerStep) {
  guest.timerDo = [&](Step& step) { loop.wakeAt(guest, step.now); };
  loop.wakeAt(guest, driver.now);
  turn();
  EXPECT_EQ(guest.fired.size(), 1u);
  EXPECT_LE(loop.nextDeadline(), driver.now + 1us);
  driver.now += 1us;
  turn();
  EXPECT_EQ(guest.fired.size(), 2u);
}

TEST_F(LoopTest, LeavesTimersOverTheBoundToTheNextStepWhichFollowsAtOnce) {
  std::vector<std::unique_ptr<ScriptedGuest>> crowd;
  for (std::size_t i = 0; i < limits::loop::kTimersPerStep + 5; ++i) {
    crowd.push_back(std::make_unique<ScriptedGuest>(loop));
    loop.enter(*crowd.back());
    loop.wakeAt(*crowd.back(), driver.now + 5ms);
  }
  const auto fired = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(crowd, [](const auto& one) { return one->fired.size() == 1; }));
  };
  driver.now += 5ms;
  turn();
  EXPECT_EQ(fired(), limits::loop::kTimersPerStep);
  EXPECT_LE(loop.nextDeadline(), driver.now);
  turn();
  EXPECT_EQ(fired(), crowd.size());
  EXPECT_EQ(loop.nextDeadline(), never());
}

TEST_F(LoopTest, DeliversLentBytesWithTheInstantTheyCame) {
  const SocketId socket = open(guest);
  guest.datagramDo = [&](Step& step, Datagram datagram) {
    EXPECT_TRUE(datagram.packet.isLent());
    EXPECT_EQ(textOf(datagram.packet.bytes()), "ping");
    EXPECT_EQ(datagram.remote.port, 9);
    EXPECT_EQ(step.wallMicros, 1'700'000'010'000'000);
  };
  std::uint8_t bytes[] = {'p', 'i', 'n', 'g'};
  turn([&] {
    deliver(socket);
    loop.deliver(socket, {}, {{}, 9}, 0, bytes, driver.now - 3ms);
    loop.deliver(socket, {}, {{}, 9}, 0, bytes, driver.now + 3ms);
  });
  EXPECT_EQ(guest.arrivals, (std::vector{driver.now, driver.now - 3ms, driver.now}));
}

TEST_F(LoopTest, CopiesALentPacketThatIsSentOnAndHandsTheDriverOwnedOnesOnly) {
  const SocketId socket = open(guest);
  guest.datagramDo = [&](Step&, Datagram datagram) { loop.send(std::move(datagram)); };
  turn([&] { deliver(socket, "bounce"); });
  ASSERT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.sent[0].second, "bounce");
  EXPECT_EQ(driver.lent, 0);
}

TEST_F(LoopTest, CountsDatagramsForAndFromSocketsThatAreGone) {
  const SocketId socket = open(guest);
  loop.close(socket);
  turn([&] {
    deliver(socket);
    sendText(socket, "late");
    sendText(SocketId{77}, "never was");
  });
  EXPECT_EQ(guest.datagrams, 0);
  EXPECT_TRUE(driver.sent.empty());
  EXPECT_EQ(loop.report().datagramsDropped, 3u);
  driver.driverStats.unsentDropped = 4;
  EXPECT_EQ(loop.report().datagramsDropped, 7u);
}

TEST_F(LoopTest, CountsWhatAnEmptyPoolRefused) {
  const SocketId socket = open(guest);
  turn([&] {
    for (int i = 0; i < 20; ++i) sendText(socket, "x");
  });
  EXPECT_EQ(driver.sent.size(), 16u);
  EXPECT_EQ(loop.report().packetsRefused, 4u);
  EXPECT_EQ(loop.report().datagramsDropped, 4u);
}

TEST_F(LoopTest, SendsTheFarewellBeforeItClosesTheSocket) {
  const SocketId one = open(guest);
  const SocketId two = open(guest);
  turn([&] {
    sendText(one, "goodbye");
    loop.close(one);
    loop.close(two);
  });
  EXPECT_EQ(driver.log, (std::vector<std::string>{"send 1", "close 1", "close 2"}));
}

TEST_F(LoopTest, PassesOnWhyASocketDidNotOpen) {
  driver.failOpen = OpenError::addressInUse;
  EXPECT_EQ(loop.openUdp(guest, {}).error(), OpenError::addressInUse);
  EXPECT_EQ(loop.report().sockets, 0u);
}

TEST_F(LoopTest, HandsASocketOverToItsHeir) {
  const SocketId socket = open(guest);
  ScriptedGuest heir(loop);
  loop.enter(heir);
  loop.handOver(socket, heir);
  loop.leave(guest);
  EXPECT_EQ(driver.open.size(), 1u);
  turn([&] { deliver(socket); });
  EXPECT_EQ(heir.datagrams, 1);
  loop.leave(heir);
  EXPECT_TRUE(driver.open.empty());
}

TEST_F(LoopTest, LeavingTakesSocketsTimerAndLookUpsAlong) {
  open(guest);
  open(guest);
  const ResolveId request = loop.resolve(guest, "host.example");
  loop.wakeAt(guest, driver.now + 1s);
  loop.touch(guest);
  loop.leave(guest);
  EXPECT_TRUE(driver.open.empty());
  EXPECT_EQ(driver.cancelled, std::vector{request});
  driver.now += 2s;
  turn([&] { loop.resolved(request, {}); });
  EXPECT_EQ(guest.settled, 0);
  EXPECT_TRUE(guest.fired.empty());
  EXPECT_TRUE(guest.answers.empty());
  const LoopReport report = loop.report();
  EXPECT_EQ(report.guests + report.sockets + report.timersArmed + report.resolving, 0u);
}

TEST_F(LoopTest, IgnoresCallsThatNameAGuestWhichHasLeft) {
  loop.leave(guest);
  loop.leave(guest);
  loop.touch(guest);
  loop.wakeAt(guest, driver.now);
  loop.resolve(guest, "host.example");
  EXPECT_EQ(loop.openUdp(guest, {}).error(), OpenError::outOfResources);
  turn();
  EXPECT_EQ(guest.settled, 0);
  EXPECT_TRUE(driver.asked.empty());
}

TEST_F(LoopTest, AnswersALookUpOnceAndSettlesWhoAsked) {
  const ResolveId request = loop.resolve(guest, "host.example");
  EXPECT_EQ(driver.asked.at(0).second, "host.example");
  turn([&] {
    loop.resolved(request, {IpAddress::v4({192, 0, 2, 7})});
    loop.resolved(request, {});
  });
  ASSERT_EQ(guest.answers.size(), 1u);
  EXPECT_EQ(guest.answers[0].second.at(0).toString(), "192.0.2.7");
  EXPECT_EQ(loop.report().resolving, 0u);
}

TEST_F(LoopTest, RunsTasksInOrderAfterSettlingAndSettlesWhatTheyTouched) {
  std::vector<std::string> order;
  guest.settleDo = [&](Step&) {
    order.push_back("settle");
    if (order.size() == 1) {
      loop.queueTask([&] {
        order.push_back("a");
        loop.touch(guest);
        loop.queueTask([&] { order.push_back("c"); });
      });
      loop.queueTask([&] { order.push_back("b"); });
    }
  };
  turn([&] { loop.touch(guest); });
  EXPECT_EQ(order, (std::vector<std::string>{"settle", "a", "b", "settle", "c"}));
}

TEST_F(LoopTest, BoundsTheRoundsOfAStepAndGoesOnInTheNextAtOnce) {
  int tasks = 0;
  std::function<void()> again = [&] {
    ++tasks;
    loop.queueTask(again);
  };
  guest.settleDo = [&](Step&) { loop.touch(guest); };
  loop.queueTask(again);
  loop.touch(guest);
  turn();
  EXPECT_EQ(tasks, limits::loop::kSettleRounds);
  EXPECT_EQ(guest.settled, limits::loop::kSettleRounds);
  EXPECT_EQ(loop.nextDeadline(), driver.now);
  turn();
  EXPECT_EQ(tasks, 2 * limits::loop::kSettleRounds);
  EXPECT_EQ(guest.settled, 2 * limits::loop::kSettleRounds);
  EXPECT_EQ(loop.report().tasksQueued, 1u);
}

TEST_F(LoopTest, AnExceptionEndsItsTaskAndNothingElse) {
  const SocketId socket = open(guest);
  bool second = false;
  guest.settleDo = [&](Step&) { sendText(socket, "settled"); };
  loop.queueTask([&] {
    loop.touch(guest);
    throw std::runtime_error("handler");
  });
  loop.queueTask([&] { second = true; });
  turn([&] { loop.run([] { throw std::runtime_error("posted"); }); });
  EXPECT_TRUE(second);
  EXPECT_EQ(driver.sent.size(), 1u);
  const auto unhandled = loop.takeUnhandled();
  ASSERT_EQ(unhandled.size(), 2u);
  EXPECT_THROW(std::rethrow_exception(unhandled[1]), std::runtime_error);
  EXPECT_TRUE(loop.takeUnhandled().empty());
}

TEST_F(LoopTest, TwoLoopsWithOneSeedThrowTheSameDice) {
  FakeDriver otherDriver;
  Loop other(otherDriver, secrets, trace, {.seed = 1});
  EXPECT_EQ(loop.step().random.u64(), other.step().random.u64());
}

}  // namespace
}  // namespace parley::loop
