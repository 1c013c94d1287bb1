#include "jsep/signaling.h"

#include <algorithm>
#include <array>

namespace parley::jsep {

namespace {

struct Transition {
  SignalingState from;
  Side side;
  SdpType type;
  SignalingState to;
};

using enum SignalingState;
using enum Side;
using enum SdpType;

constexpr std::array<Transition, 14> kTransitions{{
    {stable, local, offer, haveLocalOffer},
    {stable, remote, offer, haveRemoteOffer},
    {haveLocalOffer, local, offer, haveLocalOffer},
    {haveLocalOffer, local, rollback, stable},
    {haveLocalOffer, remote, pranswer, haveRemotePranswer},
    {haveLocalOffer, remote, answer, stable},
    {haveRemoteOffer, remote, offer, haveRemoteOffer},
    {haveRemoteOffer, remote, rollback, stable},
    {haveRemoteOffer, local, pranswer, haveLocalPranswer},
    {haveRemoteOffer, local, answer, stable},
    {haveLocalPranswer, local, pranswer, haveLocalPranswer},
    {haveLocalPranswer, local, answer, stable},
    {haveRemotePranswer, remote, pranswer, haveRemotePranswer},
    {haveRemotePranswer, remote, answer, stable},
}};

}  // namespace

std::optional<SignalingState> nextState(SignalingState state, Side side, SdpType type) {
  const auto at = std::ranges::find_if(kTransitions, [&](const Transition& transition) {
    return transition.from == state && transition.side == side && transition.type == type;
  });
  if (at == kTransitions.end()) return {};
  return at->to;
}

}  // namespace parley::jsep
