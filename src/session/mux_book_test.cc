#include "session/mux_book.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "stun/builder.h"

namespace parley::session {
namespace {

constexpr SocketId kOne{1}, kOther{2}, kThird{3};

struct MuxBookTest : testing::Test {
  MuxBook book;
  PacketPool pool{16};

  bool name(SocketId share, std::vector<std::string> fragments) {
    return book.name(share, fragments);
  }
  std::optional<SocketId> find(stun::Class messageClass, const stun::TransactionId& id,
                               std::string_view username = {}) {
    stun::MessageBuilder builder(pool.take(), messageClass, stun::Method::binding, id);
    if (!username.empty()) builder.addText(stun::Attribute::username, username);
    const Packet packet = builder.finish();
    return book.shareFor(stun::MessageView::parse(packet.bytes()).value());
  }
  std::optional<SocketId> request(std::string_view username) {
    return find(stun::Class::request, {}, username);
  }
};

TEST_F(MuxBookTest, ARequestIsForTheOneWhoseFragmentComesFirst) {
  EXPECT_TRUE(name(kOne, {"aaaa"}));
  EXPECT_TRUE(name(kOther, {"bbbb"}));
  EXPECT_EQ(request("aaaa:bbbb"), kOne);
  EXPECT_EQ(request("bbbb:aaaa"), kOther);
  EXPECT_EQ(request("aaaa"), kOne);
  EXPECT_EQ(request("aaa:bbbb"), std::nullopt);
  EXPECT_EQ(request(":aaaa"), std::nullopt);
  EXPECT_EQ(find(stun::Class::request, {}), std::nullopt);
  EXPECT_EQ(find(stun::Class::indication, {}, "aaaa:bbbb"), std::nullopt);
}

TEST_F(MuxBookTest, NewFragmentsTakeThePlaceOfTheOnesBefore) {
  name(kOne, {"aaaa"});
  EXPECT_TRUE(name(kOne, {"aaaa", "cccc"}));
  EXPECT_EQ(request("aaaa:x"), kOne);
  EXPECT_EQ(request("cccc:x"), kOne);
  EXPECT_TRUE(name(kOne, {"cccc"}));
  EXPECT_EQ(request("aaaa:x"), std::nullopt);
  EXPECT_TRUE(name(kOne, {}));
  EXPECT_EQ(request("cccc:x"), std::nullopt);
}

TEST_F(MuxBookTest, AFragmentThatIsTakenChangesNothing) {
  name(kOne, {"aaaa"});
  name(kOther, {"bbbb"});
  EXPECT_FALSE(name(kOther, {"cccc", "aaaa"}));
  EXPECT_EQ(request("aaaa:x"), kOne);
  EXPECT_EQ(request("bbbb:x"), kOther);
  EXPECT_EQ(request("cccc:x"), std::nullopt);
}

TEST_F(MuxBookTest, AnAnswerIsForTheOneWhoAsked) {
  name(kOne, {"aaaa"});
  book.expect(kOne, {1});
  book.expect(kOther, {2});  // has no share
  book.add(kThird);
  book.expect(kThird, {3});
  EXPECT_EQ(find(stun::Class::success, {1}), kOne);
  EXPECT_EQ(find(stun::Class::error, {1}), kOne);
  EXPECT_EQ(find(stun::Class::success, {2}), std::nullopt);
  EXPECT_EQ(find(stun::Class::success, {3}), kThird) << "without a fragment yet";
  book.remove(kOne);
  EXPECT_EQ(find(stun::Class::success, {1}), std::nullopt);
  EXPECT_EQ(request("aaaa:x"), std::nullopt);
  book.remove(kThird);
  EXPECT_EQ(find(stun::Class::success, {3}), std::nullopt);
  EXPECT_EQ(book.shares(), 0u);
}

TEST_F(MuxBookTest, KeepsABoundedNumberOfQuestions) {
  name(kOne, {"aaaa"});
  for (std::size_t i = 0; i <= limits::mux::kRequestsKept; ++i)
    book.expect(kOne, {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8), 7});
  EXPECT_EQ(find(stun::Class::success, {0, 0, 7}), std::nullopt);
  EXPECT_EQ(find(stun::Class::success, {1, 0, 7}), kOne);
}

}  // namespace
}  // namespace parley::session
