#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "loop/fake_driver.h"
#include "loop/loop.h"

namespace parley::loop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct LoopStreamsTest : LoopFixture, testing::Test {
  const Address remote{IpAddress::v4({192, 0, 2, 1}), 443};
  ScriptedGuest guest{loop};
  LoopStreamsTest() { loop.enter(guest); }

  SocketId connect(Host::Guest& who) { return loop.connectTcp(who, {.remote = remote}).value(); }
  void bytes(SocketId stream, std::string text) {
    text_ = std::move(text);
    loop.streamBytes(stream, {reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()});
  }

 private:
  std::string text_;
};

TEST_F(LoopStreamsTest, TellsTheGuestWhatHappensAndSettlesItOnce) {
  const SocketId stream = connect(guest);
  turn([&] {
    loop.streamOpened(stream, {});
    bytes(stream, "one");
    bytes(stream, "two");
  });
  EXPECT_THAT(guest.streams, ElementsAre("opened 1", "1: one", "1: two"));
  EXPECT_EQ(guest.settled, 1);
  EXPECT_EQ(loop.report().sockets, 1u);
}

TEST_F(LoopStreamsTest, AnEndedStreamIsForgottenBeforeItsGuestHearsOfIt) {
  const SocketId stream = connect(guest);
  guest.streamDo = [&](Step&, SocketId ended) {
    EXPECT_EQ(loop.report().sockets, 0u);
    EXPECT_FALSE(loop.write(ended, bytesOf("x")));
    loop.close(ended);
  };
  turn([&] { loop.streamClosed(stream, StreamEnd::refused); });
  EXPECT_THAT(guest.streams, ElementsAre("closed 1"));
  EXPECT_THAT(driver.log, ElementsAre("connect 192.0.2.1:443"));
}

TEST_F(LoopStreamsTest, WhatIsWrittenLeavesAtTheEndOfTheStepAndOfACloseBeforeIt) {
  const SocketId stream = connect(guest);
  driver.log.clear();
  turn([&] {
    EXPECT_TRUE(loop.write(stream, bytesOf("a")));
    EXPECT_TRUE(loop.write(stream, bytesOf("b")));
    EXPECT_THAT(driver.log, IsEmpty());
  });
  EXPECT_THAT(driver.log, ElementsAre("push 2"));
  turn([&] {
    EXPECT_TRUE(loop.write(stream, bytesOf("c")));
    loop.close(stream);
  });
  EXPECT_THAT(driver.log, ElementsAre("push 2", "push 3", "close stream 1"));
}

TEST_F(LoopStreamsTest, WritesAllOrNothingAndTellsHowMuchThereIsRoomFor) {
  const SocketId stream = connect(guest);
  driver.room = 4;
  EXPECT_EQ(loop.writable(stream), 4u);
  EXPECT_FALSE(loop.write(stream, bytesOf("12345")));
  EXPECT_TRUE(loop.write(stream, bytesOf("123")));
  EXPECT_EQ(loop.writable(stream), 1u);
  EXPECT_EQ(driver.turnsAsked, 1);
  turn();
  const SocketId datagrams = open(guest);
  EXPECT_EQ(loop.writable(datagrams), 0u);
  EXPECT_FALSE(loop.write(datagrams, bytesOf("1")));
}

TEST_F(LoopStreamsTest, AListenersGuestOwnsWhatIsAcceptedAndMayGoWhileItHearsOfIt) {
  const SocketId listener = loop.listenTcp(guest, {}).value().socket;
  turn([&] { EXPECT_TRUE(loop.streamAccepted(listener, SocketId{7}, {}, remote)); });
  EXPECT_EQ(loop.report().sockets, 2u);
  guest.streamDo = [&](Step&, SocketId) { loop.leave(guest); };
  turn([&] { EXPECT_TRUE(loop.streamAccepted(listener, SocketId{8}, {}, remote)); });
  EXPECT_EQ(loop.report().sockets, 0u);
  EXPECT_THAT(driver.log, testing::Contains("close stream 7"));
  EXPECT_THAT(driver.log, testing::Contains("close stream 8"));
  turn([&] { EXPECT_FALSE(loop.streamAccepted(listener, SocketId{9}, {}, remote)); });
}

TEST_F(LoopStreamsTest, AStreamChangesHandsAndOutlivesItsFirstGuest) {
  const SocketId stream = connect(guest);
  ScriptedGuest heir(loop);
  loop.enter(heir);
  loop.handOver(stream, heir);
  loop.leave(guest);
  turn([&] { bytes(stream, "late"); });
  EXPECT_THAT(guest.streams, IsEmpty());
  EXPECT_THAT(heir.streams, ElementsAre("1: late"));
}

TEST_F(LoopStreamsTest, AGuestMayCloseAStreamOrDieInAnyOfItsCallbacks) {
  auto mortal = std::make_unique<ScriptedGuest>(loop);
  loop.enter(*mortal);
  const SocketId first = connect(*mortal);
  const SocketId second = connect(*mortal);
  mortal->streamDo = [&](Step&, SocketId stream) { loop.close(stream); };
  turn([&] {
    bytes(first, "x");
    bytes(first, "nobody");
  });
  EXPECT_THAT(mortal->streams, ElementsAre("1: x"));
  mortal->streamDo = [&](Step&, SocketId) { mortal.reset(); };
  turn([&] {
    bytes(second, "x");
    loop.streamClosed(second, StreamEnd::byPeer);
  });
  EXPECT_EQ(mortal, nullptr);
  EXPECT_EQ(loop.report().sockets, 0u);
}

TEST_F(LoopStreamsTest, CountsWhatTheDriverStillLingersWithAsASocket) {
  driver.driverStats.streamsLingering = 2;
  EXPECT_EQ(loop.report().sockets, 2u);
}

TEST_F(LoopStreamsTest, SaysWhyThereIsNoStream) {
  driver.failOpen = OpenError::outOfResources;
  EXPECT_EQ(loop.connectTcp(guest, {}).error(), OpenError::outOfResources);
  EXPECT_EQ(loop.listenTcp(guest, {}).error(), OpenError::outOfResources);
  EXPECT_EQ(loop.report().sockets, 0u);
}

}  // namespace
}  // namespace parley::loop
