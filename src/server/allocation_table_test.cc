#include "server/allocation_table.h"

#include <gtest/gtest.h>

namespace parley::server {
namespace {

constexpr Instant kNow{1'000s};

Address client(std::uint16_t port) { return {IpAddress::v4({198, 51, 100, 1}), port}; }
BoundUdp relay(std::uint32_t n) {
  return {SocketId{n}, {IpAddress::v4({192, 0, 2, 9}), static_cast<std::uint16_t>(50'000 + n)}};
}

struct AllocationTableTest : testing::Test {
  Allocation& add(std::uint16_t port, std::uint32_t n, Duration lifetime, std::string user = "a") {
    return table.add({{SocketId{99}, {}, client(port)}, std::move(user), {}}, relay(n),
                     relay(n).local, kNow + lifetime);
  }
  AllocationTable table;
};

TEST_F(AllocationTableTest, FindsByClientAndByRelay) {
  const Allocation& first = add(1, 1, 600s);
  add(2, 2, 600s);
  EXPECT_EQ(table.find(first.tuple()), &first);
  EXPECT_EQ(table.find({SocketId{98}, {}, client(1)}), nullptr) << "another socket of the server";
  EXPECT_EQ(table.findRelay(SocketId{1}), &first);
  EXPECT_EQ(table.findRelay(SocketId{3}), nullptr);
  EXPECT_EQ(table.findClient(client(1)), &first);
  EXPECT_EQ(table.findClient(client(3)), nullptr);
  EXPECT_TRUE(table.isRelay(relay(2).local));
  EXPECT_FALSE(table.isRelay(relay(3).local));
}

TEST_F(AllocationTableTest, CountsByUser) {
  const AllocationId id = add(1, 1, 600s, "a").id();
  add(2, 2, 600s, "a");
  add(3, 3, 600s, "b");
  EXPECT_EQ(table.countOf("a"), 2u);
  EXPECT_EQ(table.countOf("c"), 0u);
  table.remove(id);
  table.remove(id);
  EXPECT_EQ(table.countOf("a"), 1u);
  EXPECT_FALSE(table.isRelay(relay(1).local));
  EXPECT_EQ(table.inconsistency(), nullptr);
}

TEST_F(AllocationTableTest, GivesWhatIsDueInOrder) {
  const AllocationId late = add(1, 1, 600s).id();
  Allocation& early = add(2, 2, 300s);
  EXPECT_EQ(table.deadline(), kNow + 300s);
  EXPECT_EQ(table.nextDue(kNow + 299s), nullptr);
  EXPECT_EQ(table.nextDue(kNow + 300s), &early);
  early.refresh(kNow + 900s);
  EXPECT_NE(table.inconsistency(), nullptr) << "nobody told the table";
  table.reschedule(early.id());
  EXPECT_EQ(table.inconsistency(), nullptr);
  EXPECT_EQ(table.deadline(), kNow + 600s);
  table.remove(late);
  table.reschedule(late);
  EXPECT_EQ(table.deadline(), kNow + 900s);
  table.remove(early.id());
  EXPECT_EQ(table.deadline(), never());
  EXPECT_EQ(table.nextDue(never()), nullptr);
  EXPECT_EQ(table.memoryUsed(), 0u);
}

TEST_F(AllocationTableTest, T11NothingIsLeftOfAHundredThousand) {
  for (std::uint32_t i = 1; i <= 100'000; ++i) {
    Allocation& made = add(static_cast<std::uint16_t>(i % 100), i % 1'000, 600s);
    made.refresh(kNow + 700s);
    table.reschedule(made.id());
    table.remove(made.id());
  }
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.memoryUsed(), 0u);
  EXPECT_EQ(table.countOf("a"), 0u);
  EXPECT_FALSE(table.isRelay(relay(999).local));
  EXPECT_EQ(table.deadline(), never());
}

}  // namespace
}  // namespace parley::server
