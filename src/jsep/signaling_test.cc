#include "jsep/signaling.h"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

namespace parley::jsep {
namespace {

using enum SignalingState;
using enum Side;
using enum SdpType;

// webrtc-pc 4.3.1, RTCSignalingState: what is not listed is InvalidStateError.
TEST(Signaling, AllowsExactlyTheTransitionsOfTheTable) {  // J-7
  const std::map<std::tuple<SignalingState, Side, SdpType>, SignalingState> legal = {
      {{stable, local, offer}, haveLocalOffer},
      {{stable, remote, offer}, haveRemoteOffer},
      {{haveLocalOffer, local, offer}, haveLocalOffer},
      {{haveLocalOffer, local, rollback}, stable},
      {{haveLocalOffer, remote, answer}, stable},
      {{haveLocalOffer, remote, pranswer}, haveRemotePranswer},
      {{haveRemoteOffer, remote, offer}, haveRemoteOffer},
      {{haveRemoteOffer, remote, rollback}, stable},
      {{haveRemoteOffer, local, answer}, stable},
      {{haveRemoteOffer, local, pranswer}, haveLocalPranswer},
      {{haveLocalPranswer, local, answer}, stable},
      {{haveLocalPranswer, local, pranswer}, haveLocalPranswer},
      {{haveRemotePranswer, remote, answer}, stable},
      {{haveRemotePranswer, remote, pranswer}, haveRemotePranswer},
  };
  int refused = 0;
  for (const SignalingState state :
       {stable, haveLocalOffer, haveRemoteOffer, haveLocalPranswer, haveRemotePranswer, closed})
    for (const Side side : {local, remote})
      for (const SdpType type : {offer, pranswer, answer, rollback}) {
        const auto at = legal.find({state, side, type});
        const std::optional<SignalingState> next = nextState(state, side, type);
        SCOPED_TRACE(std::string(nameOf(state)) + " " + std::string(nameOf(type)));
        EXPECT_EQ(next, at == legal.end() ? std::nullopt : std::optional(at->second));
        refused += !next;
      }
  EXPECT_EQ(refused, 34);
}

}  // namespace
}  // namespace parley::jsep
