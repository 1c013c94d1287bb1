// Each allocation that OpenSSL makes during a story is refused once. A binary of its own, because
// OpenSSL takes its functions for memory before it has used any.

#include <openssl/crypto.h>

#include <cstdlib>

#include "story.h"

namespace parley::worlds {
namespace {

constexpr std::uint64_t kEachUpTo = 200;  // then every kStride-th
constexpr std::uint64_t kStride = 23;

std::uint64_t asked = 0;
std::uint64_t refusedAt = 0;  // 0: never

bool isRefused() { return ++asked == refusedAt; }

void* allocate(std::size_t size, const char*, int) {
  return isRefused() ? nullptr : std::malloc(size);
}
void* reallocate(void* block, std::size_t size, const char*, int) {
  return isRefused() ? nullptr : std::realloc(block, size);
}
void release(void* block, const char*, int) { std::free(block); }

struct Seen {
  std::uint64_t allocations = 0;
  bool isConnected = false;
  bool isReported = false;  // by an exception, a rejected promise or a state
};

bool hasFailed(const Party& party) {
  return party.pc && party.pc->connectionState() == RTCPeerConnectionState::failed;
}

Seen tell(std::uint64_t nth) {
  Seen seen;
  asked = 0;
  refusedAt = nth;
  try {
    Story story({.isShort = true});
    story.begin();
    story.run(60s);
    const auto isConnected = [](const Party& party) {
      return party.pc->connectionState() == RTCPeerConnectionState::connected;
    };
    seen.isConnected = isConnected(*story.offerer) && isConnected(*story.answerer) &&
                       story.offerer->hasOpenChannel() && story.answerer->hasOpenChannel();
    seen.isReported = hasFailed(*story.offerer) || hasFailed(*story.answerer) ||
                      !story.offerer->failures.empty() || !story.answerer->failures.empty() ||
                      !story.thrown.empty();
    story.end();
    EXPECT_EQ(story.holdings(), "");
  } catch (const DOMException& error) {
    seen.isReported = true;
    EXPECT_EQ(error.name(), "OperationError");
  }
  refusedAt = 0;
  seen.allocations = asked;
  return seen;
}

TEST(OpensslFailing, EveryAllocationOnceEndsInAConnectionOrInAReport) {
  tell(0);  // what OpenSSL makes once for the process
  const Seen calm = tell(0);
  ASSERT_TRUE(calm.isConnected);
  ASSERT_GT(calm.allocations, kEachUpTo);
  int tried = 0, connected = 0;
  for (std::uint64_t nth = 1; nth <= calm.allocations; nth += nth < kEachUpTo ? 1 : kStride) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    const Seen seen = tell(nth);
    EXPECT_TRUE(seen.isConnected || seen.isReported);
    ++tried;
    if (seen.isConnected) ++connected;
  }
  std::printf("%d of %llu allocations refused, %d connected all the same\n", tried,
              static_cast<unsigned long long>(calm.allocations), connected);
}

}  // namespace
}  // namespace parley::worlds

int main(int argc, char** argv) {
  if (CRYPTO_set_mem_functions(parley::worlds::allocate, parley::worlds::reallocate,
                               parley::worlds::release) != 1) {
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
