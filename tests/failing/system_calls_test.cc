// Two connections on a real loop, with real sockets, and each system call refused once.

#include "failing/system_calls.h"

#include <gmock/gmock.h>

#include <map>
#include <stdexcept>
#include <string>

#include "support/pair.h"
#include "support/process.h"

namespace parley::failing {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kEachUpTo = 20;  // then every kStride-th
constexpr std::uint64_t kStride = 7;

// True when both ends are open in the end. A vital call need not be waited for: what is asked of it
// is that nothing stays behind.
bool call(std::chrono::milliseconds limit) {
  Loop loop;
  bool isOpen = false;
  {
    support::Pair pair(loop);
    isOpen = pair.connect(limit);
    pair.offerer.close();
    pair.answerer.close();
  }
  EXPECT_TRUE(loop.drain(10s)) << loop.releaseReport().toString();
  EXPECT_TRUE(loop.releaseReport().isZero()) << loop.releaseReport().toString();
  return isOpen;
}

bool isReported(const Call& refused) {
  try {
    return call(refused.isVital ? 500ms : 10s) || refused.isVital;
  } catch (const std::runtime_error&) {  // a loop that could not be made
    return refused.isVital;
  }
}

TEST(SystemCalls, EachRefusedOnceEndsInAConnectionOrInAFailureAndNothingStays) {
  ASSERT_TRUE(call(10s));
  startCounting();
  ASSERT_TRUE(call(10s));
  std::map<std::string_view, std::uint64_t> asked;
  for (const Call& each : calls()) asked[each.name] = countOf(each.name);
  const std::size_t files = support::openFiles();
  int tried = 0;
  for (const Call& each : calls()) {
    EXPECT_GT(asked[each.name], 0u) << each.name;
    for (std::uint64_t nth = 1; nth <= asked[each.name]; nth += nth < kEachUpTo ? 1 : kStride) {
      for (const int error : each.errors) {
        SCOPED_TRACE(std::string(each.name) + " " + std::to_string(nth) + ", error " +
                     std::to_string(error));
        refuse(each.name, nth, error);
        EXPECT_TRUE(isReported(each));
        EXPECT_EQ(support::openFiles(), files);
        ++tried;
      }
    }
    std::printf("%s: %llu calls\n", std::string(each.name).c_str(),
                static_cast<unsigned long long>(asked[each.name]));
  }
  std::printf("%d refusals\n", tried);
}

}  // namespace
}  // namespace parley::failing
