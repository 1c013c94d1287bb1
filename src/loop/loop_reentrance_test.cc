#include <gtest/gtest.h>

#include "loop/fake_driver.h"
#include "loop/loop.h"

// Guests and tasks that pull the ground from under the loop's feet.

namespace parley::loop {
namespace {

struct LoopReentrance : testing::Test, LoopFixture {
  std::unique_ptr<ScriptedGuest> makeGuest() {
    auto guest = std::make_unique<ScriptedGuest>(loop);
    loop.enter(*guest);
    return guest;
  }
  ScriptedGuest& adoptGuest() {
    auto guest = std::make_unique<ScriptedGuest>(loop);
    ScriptedGuest& resident = *guest;
    loop.adopt(std::move(guest));
    return resident;
  }
};

TEST_F(LoopReentrance, AGuestMayDieInAnyOfItsCallbacks) {
  for (int which = 0; which < 4; ++which) {
    auto guest = makeGuest();
    const SocketId socket = open(*guest);
    const ResolveId request = loop.resolve(*guest, "host.example");
    loop.wakeAt(*guest, driver.now);
    const auto die = [&](auto&&...) { guest.reset(); };
    if (which == 0) guest->datagramDo = die;
    if (which == 1) guest->timerDo = die;
    if (which == 2) guest->resolvedDo = die;
    if (which == 3) guest->settleDo = die;
    turn([&] {
      deliver(socket);
      deliver(socket);
      loop.resolved(request, {});
    });
    EXPECT_FALSE(guest);
    EXPECT_EQ(loop.report().guests, 0u);
    EXPECT_EQ(loop.report().sockets, 0u);
    EXPECT_EQ(loop.report().timersArmed, 0u);
  }
}

TEST_F(LoopReentrance, AGuestMayEndAnotherThatWaitsToBeSettled) {
  auto first = makeGuest();
  auto second = makeGuest();
  auto third = makeGuest();
  first->settleDo = [&](Step&) { second.reset(); };
  turn([&] {
    loop.touch(*first);
    loop.touch(*second);
    loop.touch(*third);
  });
  EXPECT_EQ(third->settled, 1);
  EXPECT_EQ(loop.report().guests, 2u);
}

TEST_F(LoopReentrance, ANewcomerInTheSeatOfTheDeadIsNotMistakenForIt) {
  auto first = makeGuest();
  auto second = makeGuest();
  std::unique_ptr<ScriptedGuest> heir;
  loop.wakeAt(*second, driver.now);
  first->settleDo = [&](Step&) {
    second.reset();
    heir = makeGuest();
  };
  turn([&] {
    loop.touch(*first);
    loop.touch(*second);
  });
  driver.now += 1s;
  turn();
  ASSERT_TRUE(heir);
  EXPECT_EQ(heir->settled, 0);
  EXPECT_TRUE(heir->fired.empty());
}

TEST_F(LoopReentrance, ATaskMayDestroyTheGuestWhoseSettlementQueuedIt) {
  auto guest = makeGuest();
  auto other = makeGuest();
  guest->settleDo = [&](Step&) {
    loop.queueTask([&] { guest.reset(); });
    loop.touch(*guest);
    loop.touch(*other);
  };
  turn([&] { loop.touch(*guest); });
  EXPECT_FALSE(guest);
  EXPECT_EQ(other->settled, 1);
}

TEST_F(LoopReentrance, AResidentLivesUntilItIsDismissed) {
  ScriptedGuest& resident = adoptGuest();
  bool dead = false;
  resident.onDeath = [&] { dead = true; };
  loop.wakeAt(resident, driver.now + 8s);
  resident.timerDo = [&](Step&) {
    loop.dismiss(resident);
    EXPECT_FALSE(dead) << "not while its own callback runs";
    loop.touch(resident);
    loop.wakeAt(resident, driver.now);
  };
  turn();
  EXPECT_EQ(loop.residents(), 1u);
  driver.now += 8s;
  turn();
  EXPECT_TRUE(dead);
  EXPECT_EQ(loop.residents(), 0u);
  EXPECT_EQ(loop.report().guests, 0u);
}

TEST_F(LoopReentrance, ADismissalBetweenTurnsIsCarriedOutInTheTurnItAsksFor) {
  ScriptedGuest& resident = adoptGuest();
  turn();
  bool dead = false;
  resident.onDeath = [&] { dead = true; };
  const int asked = driver.turnsAsked;
  loop.dismiss(resident);
  EXPECT_EQ(driver.turnsAsked, asked + 1);
  EXPECT_FALSE(dead);
  turn();
  EXPECT_TRUE(dead);
}

TEST_F(LoopReentrance, AGuestMayBecomeAResidentInsideItsOwnCallback) {
  auto guest = makeGuest();
  ScriptedGuest& tail = *guest;
  const SocketId socket = open(tail);
  guest->settleDo = [&](Step&) {
    if (guest) loop.adopt(std::move(guest));
  };
  turn([&] { deliver(socket); });
  EXPECT_EQ(loop.residents(), 1u);
  EXPECT_EQ(loop.report().guests, 1u) << "the same seat";
  turn([&] { deliver(socket); });
  EXPECT_EQ(tail.datagrams, 2);
}

TEST_F(LoopReentrance, AGuestThatDiesLeavesItsSocketsToItsTail) {
  auto guest = makeGuest();
  const SocketId socket = open(*guest);
  ScriptedGuest* tail = nullptr;
  guest->datagramDo = [&](Step&, Datagram) {
    tail = &adoptGuest();
    loop.handOver(socket, *tail);
    sendText(socket, "goodbye");
    guest.reset();
  };
  turn([&] {
    deliver(socket);
    deliver(socket);
  });
  ASSERT_TRUE(tail);
  EXPECT_EQ(tail->datagrams, 1);
  EXPECT_EQ(driver.sent.size(), 1u);
  EXPECT_EQ(driver.open.size(), 1u);
}

TEST_F(LoopReentrance, ClosingTheSocketInDeliveryEndsTheDelivery) {
  auto guest = makeGuest();
  const SocketId socket = open(*guest);
  guest->datagramDo = [&](Step&, Datagram) { loop.close(socket); };
  turn([&] {
    deliver(socket);
    deliver(socket);
  });
  EXPECT_EQ(guest->datagrams, 1);
  EXPECT_EQ(loop.report().datagramsDropped, 1u);
}

TEST_F(LoopReentrance, AResidentThatDiesMayDismissAnother) {
  ScriptedGuest& first = adoptGuest();
  ScriptedGuest& second = adoptGuest();
  first.onDeath = [&] { loop.dismiss(second); };
  turn([&] { loop.run([&] { loop.dismiss(first); }); });
  EXPECT_EQ(loop.residents(), 0u);
}

TEST_F(LoopReentrance, TheLoopEndsResidentsAndSocketsWithItselfAndForgetsGuests) {
  FakeDriver mine;
  int deaths = 0;
  auto own = std::make_unique<Loop>(mine, secrets, trace, Loop::Config{.packetsMax = 4});
  Loop& dying = *own;
  auto resident = std::make_unique<ScriptedGuest>(dying);
  ScriptedGuest& first = *resident;
  dying.adopt(std::move(resident));
  ASSERT_TRUE(dying.openUdp(first, {}));
  first.onDeath = [&] {
    ++deaths;
    auto another = std::make_unique<ScriptedGuest>(dying);
    another->onDeath = [&] { ++deaths; };
    dying.adopt(std::move(another));
  };
  ScriptedGuest forgotten(loop);
  dying.enter(forgotten);
  dying.queueTask([packet = dying.step().packets.take()] { ADD_FAILURE() << "no more turns"; });
  const SocketId socket = dying.openUdp(first, {}).value().socket;
  dying.send({.socket = socket, .packet = dying.step().packets.copyOf(bytesOf("bye"))});
  const int asked = mine.turnsAsked;
  own.reset();
  EXPECT_EQ(deaths, 2);
  EXPECT_TRUE(mine.open.empty());
  EXPECT_EQ(mine.sent.size(), 1u) << "the farewell left with the socket";
  EXPECT_EQ(mine.turnsAsked, asked);
}

}  // namespace
}  // namespace parley::loop
