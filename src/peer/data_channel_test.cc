#include "peer/data_channel.h"

#include <gmock/gmock.h>

#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::nameThrownBy;
using testing::negotiate;
using testing::Outcome;
using testing::TestPeer;

Tuning smallBuffers() {
  Tuning tuning;
  tuning.sendBufferPerChannel = 1'000;
  tuning.sendBufferPerConnection = 1'500;
  return tuning;
}

struct DataChannelTest : ::testing::Test {
  DataChannelTest() {
    x = a.makeChannel("x");
    y = a.makeChannel("y");
    negotiate(a, b);
    a.connect();
    xId = a.engine().all<session::OpenChannel>().at(0).id;
    yId = a.engine().all<session::OpenChannel>().at(1).id;
    a.takeLog();
  }
  testing::Log run() {
    a.realm->run();
    return a.takeLog();
  }
  std::size_t consumed() { return a.engine().count<session::Consumed>(); }
  void sent(std::size_t count) { a.channelEvent(channel::BytesSent{xId, count}); }

  TestPeer a{1, {}, smallBuffers()}, b{2};
  std::shared_ptr<RTCDataChannel> x, y;
  channel::ChannelId xId, yId;
};

// --- sending

TEST_F(DataChannelTest, SendHandsBytesDownAndCountsThem) {
  x->send("h\xc3\xa9");
  x->send(std::vector<std::uint8_t>{1, 2, 3, 4});
  const std::vector<std::uint8_t> kept{9};
  x->send(std::span<const std::uint8_t>(kept));
  x->send("");
  EXPECT_EQ(x->bufferedAmount(), 8u);
  const auto messages = a.engine().all<session::SendMessage>();
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_FALSE(messages[0].binary);
  EXPECT_TRUE(messages[1].binary);
  EXPECT_THAT(messages[1].data, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(messages[2].data, ElementsAre(9));
  EXPECT_THAT(messages[3].data, IsEmpty());
}

TEST_F(DataChannelTest, SendReplacesIllFormedText) {
  x->send("\xff");
  EXPECT_EQ(textOf(a.engine().last<session::SendMessage>().data), "\xef\xbf\xbd");
}

TEST_F(DataChannelTest, SendThrowsAndQueuesNothing) {  // C-6
  const auto errorOf = [](RTCDataChannel& channel, std::size_t size) {
    return nameThrownBy([&] { channel.send(std::vector<std::uint8_t>(size)); });
  };
  EXPECT_EQ(errorOf(*x, 1'001), "TypeError");  // beyond maxMessageSize, the smaller buffer
  EXPECT_EQ(errorOf(*x, 900), "");
  EXPECT_EQ(errorOf(*x, 101), "OperationError");  // of the channel
  EXPECT_EQ(errorOf(*y, 601), "OperationError");  // of the connection
  EXPECT_EQ(errorOf(*y, 600), "");
  EXPECT_EQ(x->bufferedAmount(), 900u);
  EXPECT_EQ(y->bufferedAmount(), 600u);
  EXPECT_EQ(a.engine().count<session::SendMessage>(), 2u);
  x->close();
  EXPECT_EQ(errorOf(*x, 1), "InvalidStateError");
  EXPECT_EQ(errorOf(*a.makeChannel("z"), 1), "InvalidStateError");
}

TEST_F(DataChannelTest, BufferedAmountShrinksInTasksAndTellsWhenItIsLow) {  // C-6
  x->setBufferedAmountLowThreshold(10);
  x->send(std::vector<std::uint8_t>(30));
  sent(15);
  EXPECT_EQ(x->bufferedAmount(), 30u);  // not before the task
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(x->bufferedAmount(), 15u);
  sent(5);
  EXPECT_THAT(run(), ElementsAre("x low"));
  sent(10);
  EXPECT_THAT(run(), IsEmpty());  // it was low before
  EXPECT_EQ(x->bufferedAmount(), 0u);
  x->send(std::vector<std::uint8_t>(1'000));  // what was sent is free again
}

TEST_F(DataChannelTest, ReportsOfOneStepAreOne) {
  x->send(std::vector<std::uint8_t>(30));
  a.engine().tell(session::ChannelEvent{channel::BytesSent{xId, 10}},
                  session::ChannelEvent{channel::BytesSent{xId, 20}});
  EXPECT_EQ(a.realm->tasks.size(), 1u);
  EXPECT_THAT(run(), ElementsAre("x low"));
}

TEST_F(DataChannelTest, BufferedAmountStaysWhenTheChannelCloses) {
  x->send("abc");
  a.channelEvent(channel::Closed{xId, {}});
  run();
  EXPECT_EQ(x->bufferedAmount(), 3u);
  EXPECT_EQ(nameThrownBy([&] { y->send(std::vector<std::uint8_t>(1'000)); }), "");
}

TEST_F(DataChannelTest, DrainedSettlesAtTheThreshold) {
  EXPECT_EQ(a.settle(x->drained()).text(), "fulfilled");
  x->send("abcdef");
  auto drained = a.settle(x->drained());
  EXPECT_EQ(drained.text(), "pending");
  sent(6);
  run();
  EXPECT_EQ(drained.text(), "fulfilled");
  x->send("abcdef");
  auto raised = a.settle(x->drained());
  x->setBufferedAmountLowThreshold(6);
  a.realm->run();
  EXPECT_EQ(raised.text(), "fulfilled");
  x->send("abcdef");
  auto closed = a.settle(x->drained());
  a.channelEvent(channel::Closed{xId, {}});
  run();
  EXPECT_EQ(closed.text(), "InvalidStateError");
}

// --- receiving

TEST_F(DataChannelTest, AMessageIsConsumedWhenItsHandlerHasReturned) {
  x->onmessage = [this](const MessageEvent&) { a.note(std::to_string(consumed())); };
  a.message(xId, "abc");
  EXPECT_THAT(run(), ElementsAre("0"));
  EXPECT_EQ(a.engine().last<session::Consumed>().payload, 3u);
  x->onmessage = [](const MessageEvent&) { throw std::runtime_error("handler"); };
  a.message(xId, "abcd");
  run();
  EXPECT_EQ(a.engine().last<session::Consumed>().payload, 4u);
  EXPECT_EQ(a.realm->thrown.size(), 1u);
}

TEST_F(DataChannelTest, MessagesKeepTheirOrderAndKind) {
  a.message(xId, "one");
  a.channelEvent(channel::MessageArrived{xId, true, {1, 2}});
  a.message(xId, "\xff");
  EXPECT_THAT(run(), ElementsAre("x message one", "x message 2", "x message \xef\xbf\xbd"));
  EXPECT_EQ(consumed(), 3u);
}

TEST_F(DataChannelTest, APausedChannelHoldsItsMessagesInTheWindow) {
  x->pauseReceiving();
  EXPECT_TRUE(x->isReceivingPaused());
  a.message(xId, "one");
  a.message(xId, "two");
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(consumed(), 0u);
  x->resumeReceiving();
  EXPECT_THAT(a.log, IsEmpty());  // tasks, not the call
  a.message(xId, "three");
  EXPECT_THAT(run(), ElementsAre("x message one", "x message two", "x message three"));
  EXPECT_EQ(consumed(), 3u);
}

TEST_F(DataChannelTest, APausedChannelClosesBehindItsMessages) {  // C-7
  x->pauseReceiving();
  a.message(xId, "one");
  a.channelEvent(channel::Closing{xId});
  a.channelEvent(channel::Closed{xId, {}});
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(x->readyState(), RTCDataChannelState::open);
  x->resumeReceiving();
  EXPECT_THAT(run(), ElementsAre("x message one", "x closing", "x close closed"));
}

TEST_F(DataChannelTest, AHandlerMayPauseInTheMiddle) {
  x->onmessage = [this](const MessageEvent& event) {
    a.note(std::get<std::string>(event.data));
    x->pauseReceiving();
  };
  a.message(xId, "one");
  a.message(xId, "two");
  EXPECT_THAT(run(), ElementsAre("one"));
  x->resumeReceiving();
  EXPECT_THAT(run(), ElementsAre("two"));
}

TEST_F(DataChannelTest, ReceiveTakesOneMessageAtATime) {
  auto first = a.settle(x->receive());
  EXPECT_EQ(first.text(), "pending");
  a.message(xId, "one");
  a.message(xId, "two");
  a.message(xId, "three");
  EXPECT_THAT(run(), IsEmpty());  // no events any more
  EXPECT_EQ(std::get<std::string>(*first.value()), "one");
  EXPECT_EQ(consumed(), 1u);
  EXPECT_EQ(std::get<std::string>(*a.settle(x->receive()).value()), "two");
  EXPECT_EQ(consumed(), 2u);
  a.channelEvent(channel::Closed{xId, {}});
  EXPECT_THAT(run(), ElementsAre("x close closed"));
  EXPECT_EQ(std::get<std::string>(*a.settle(x->receive()).value()), "three");
  EXPECT_EQ(a.settle(x->receive()).value(), std::nullopt);
}

TEST_F(DataChannelTest, APendingReceiveEndsWithTheChannel) {
  auto receive = a.settle(x->receive());
  a.channelEvent(channel::Closed{xId, {}});
  run();
  EXPECT_EQ(receive.text(), "fulfilled");
  EXPECT_EQ(receive.value(), std::nullopt);
}

TEST_F(DataChannelTest, ACoroutineReadsUntilTheEnd) {
  const auto echo = [](std::shared_ptr<RTCDataChannel> channel, TestPeer* peer) -> Async {
    while (auto message = co_await channel->receive())
      peer->note("got " + std::get<std::string>(*message));
    peer->note("end");
  };
  echo(x, &a);
  a.message(xId, "one");
  a.message(xId, "two");
  a.channelEvent(channel::Closed{xId, {}});
  EXPECT_THAT(run(), ElementsAre("got one", "got two", "end", "x close closed"));
}

// --- closing

TEST_F(DataChannelTest, ClosingHereIsSilentUntilItIsDone) {
  x->close();
  EXPECT_EQ(x->readyState(), RTCDataChannelState::closing);
  EXPECT_EQ(a.engine().last<session::CloseChannel>().id, xId);
  x->close();
  EXPECT_EQ(a.engine().count<session::CloseChannel>(), 1u);
  a.message(xId, "late");
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(consumed(), 1u);  // discarded, but out of the window
  a.channelEvent(channel::Closed{xId, {}});
  EXPECT_THAT(run(), ElementsAre("x close closed"));
}

TEST_F(DataChannelTest, ClosingByThePeerFiresClosingThenClose) {
  a.channelEvent(channel::Closing{xId});
  EXPECT_THAT(run(), ElementsAre("x closing"));
  EXPECT_EQ(x->readyState(), RTCDataChannelState::closing);
  a.channelEvent(channel::Closed{xId, {}});
  EXPECT_THAT(run(), ElementsAre("x close closed"));
}

TEST_F(DataChannelTest, ItsIdMayBeUsedAgainInItsCloseEvent) {
  const std::uint16_t id = *x->id();
  const auto again = [&] {
    return a.pc->createDataChannel("again", {.negotiated = true, .id = id});
  };
  std::shared_ptr<RTCDataChannel> next;
  x->onclose = [&](const Event&) { next = again(); };
  a.channelEvent(channel::Closing{xId});
  EXPECT_EQ(nameThrownBy(again), "OperationError");
  a.channelEvent(channel::Closed{xId, {}});
  run();
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(nameThrownBy(again), "OperationError");  // the end of the first did not free it
}

TEST_F(DataChannelTest, HandlersAreClearedAfterTheLastEvent) {
  std::weak_ptr<RTCDataChannel> weak = x;
  x->onmessage = [held = x](const MessageEvent&) {};
  x.reset();
  a.channelEvent(channel::Closed{xId, {}});
  run();
  EXPECT_TRUE(weak.expired());
}

TEST_F(DataChannelTest, AnAbortTellsItsCauseAndAShutdownIsNoError) {
  using Why = channel::CloseError::Why;
  a.channelEvent(
      channel::Closed{xId, channel::CloseError{Why::associationFailed, "aborted", true, 12}});
  a.channelEvent(channel::Closed{yId, channel::CloseError{Why::associationClosed, "", false, {}}});
  EXPECT_THAT(run(), ElementsAre("x error sctp-failure 12", "x close closed", "y close closed"));
}

TEST_F(DataChannelTest, AttributesAreWhatTheyWereMadeWith) {
  EXPECT_EQ(x->label(), "x");
  EXPECT_TRUE(x->ordered());
  EXPECT_FALSE(x->negotiated());
  EXPECT_EQ(x->binaryType(), BinaryType::arraybuffer);
  x->setBinaryType(BinaryType::blob);
  EXPECT_EQ(x->binaryType(), BinaryType::blob);
  EXPECT_EQ(x->priority(), RTCPriorityType::low);
  EXPECT_EQ(x->bufferedAmountLowThreshold(), 0u);
}

}  // namespace
}  // namespace parley::peer
