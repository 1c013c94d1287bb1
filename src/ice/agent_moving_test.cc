// What comes after a nomination: better pairs, networks that come and go, peers that move.

#include <gtest/gtest.h>

#include "ice/test_net.h"
#include "stun/message.h"

namespace parley::ice {
namespace {

using test::at;
using test::kTransport;
using test::Net;
using test::Peer;

struct Moving : testing::TestWithParam<Role> {
  void start() {
    mover_.open(at("192.0.2.1:1000"), 8);
    other_.open(at("192.0.2.2:2000"));
    mover_.signalTo(other_);
    other_.signalTo(mover_);
    ASSERT_TRUE(net_.runUntil([this] { return mover_.isSelected() && other_.isSelected(); }, 5s));
    net_.runFor(3s);
  }
  void come(std::string_view address, unsigned rank) {
    mover_.open(at(address), rank);
    mover_.flush();
  }
  void go(std::string_view address) {
    Step step = net_.step();
    for (const auto& [id, held] : std::map(mover_.sockets)) {
      if (held != at(address)) continue;
      mover_.agent.removeLocal(step, id);
      mover_.sockets.erase(id);
    }
    mover_.flush();
  }
  bool areOn(std::string_view address) const {
    const auto path = mover_.agent.selected(kTransport);
    return path && mover_.sockets.contains(path->local) &&
           mover_.sockets.at(path->local) == at(address) && other_.selectedRemote() == at(address);
  }

  Net net_{3};
  Role role_ = GetParam();
  Peer mover_{net_, role_};
  Peer other_{net_, role_ == Role::controlling ? Role::controlled : Role::controlling};
};

TEST_P(Moving, ABetterPairThatComesLateIsTaken) {
  start();
  come("198.51.100.1:3000", 0);
  mover_.signalCandidatesTo(other_);
  EXPECT_TRUE(net_.runUntil([this] { return areOn("198.51.100.1:3000"); }, 2s));
  net_.runFor(60s);
  EXPECT_EQ(mover_.selections.size(), 2u);
  EXPECT_EQ(other_.selections.size(), 2u);
}

TEST_P(Moving, AWorseOneIsNotEvenChecked) {
  start();
  const auto before = mover_.agent.stats().checksSent;
  come("198.51.100.1:3000", 9);
  mover_.signalCandidatesTo(other_);
  net_.runFor(3s);
  EXPECT_EQ(mover_.agent.stats().checksSent, before);
  EXPECT_TRUE(areOn("192.0.2.1:1000"));
}

TEST_P(Moving, ToAnAddressThatNoSignallingNames) {
  start();
  go("192.0.2.1:1000");
  come("198.51.100.1:3000", 9);
  EXPECT_TRUE(net_.runUntil([this] { return areOn("198.51.100.1:3000"); }, 2s));
  EXPECT_EQ(std::ranges::count(other_.states, State::disconnected), 0);
  EXPECT_TRUE(mover_.sendData());
  EXPECT_TRUE(other_.sendData());
}

TEST_P(Moving, APairThatComesAndGoesDoesNotDragTheCallAlong) {
  start();
  bool isUp = true;
  net_.passes = [&](const Address& from, const Address& to) {
    return isUp || (from != at("198.51.100.1:3000") && to != at("198.51.100.1:3000"));
  };
  come("198.51.100.1:3000", 0);
  mover_.signalCandidatesTo(other_);
  for (int i = 0; i < 60; ++i) {
    net_.runFor(10s);
    isUp = !isUp;
  }
  EXPECT_LE(mover_.selections.size(), 20u) << "in ten minutes";
  isUp = false;
  net_.runFor(40s);
  EXPECT_TRUE(areOn("192.0.2.1:1000"));
}

INSTANTIATE_TEST_SUITE_P(Roles, Moving, testing::Values(Role::controlling, Role::controlled),
                         [](const auto& info) {
                           return info.param == Role::controlling ? "Controlling" : "Controlled";
                         });

}  // namespace
}  // namespace parley::ice
