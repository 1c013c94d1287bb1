#include "peer/aggregates.h"

#include <algorithm>
#include <initializer_list>

namespace parley::peer {
namespace {

template <class State>
bool any(std::span<const State> states, std::initializer_list<State> wanted) {
  return std::ranges::find_first_of(states, wanted) != states.end();
}

template <class State>
bool all(std::span<const State> states, std::initializer_list<State> wanted) {
  return std::ranges::all_of(
      states, [&](State state) { return std::ranges::find(wanted, state) != wanted.end(); });
}

}  // namespace

RTCIceGatheringState gatheringStateOf(std::span<const RTCIceGathererState> transports) {
  using State = RTCIceGathererState;
  if (any(transports, {State::gathering})) return RTCIceGatheringState::gathering;
  if (transports.empty() || any(transports, {State::new_})) return RTCIceGatheringState::new_;
  return RTCIceGatheringState::complete;
}

RTCIceConnectionState iceStateOf(std::span<const RTCIceTransportState> transports) {
  using State = RTCIceTransportState;
  using Result = RTCIceConnectionState;
  if (any(transports, {State::failed})) return Result::failed;
  if (any(transports, {State::disconnected})) return Result::disconnected;
  if (all(transports, {State::new_, State::closed})) return Result::new_;
  if (any(transports, {State::new_, State::checking})) return Result::checking;
  if (all(transports, {State::completed, State::closed})) return Result::completed;
  return Result::connected;
}

RTCPeerConnectionState connectionStateOf(RTCIceConnectionState ice,
                                         std::span<const RTCDtlsTransportState> transports) {
  using Dtls = RTCDtlsTransportState;
  using Ice = RTCIceConnectionState;
  using Result = RTCPeerConnectionState;
  if (ice == Ice::closed) return Result::closed;
  if (ice == Ice::failed || any(transports, {Dtls::failed})) return Result::failed;
  if (ice == Ice::disconnected) return Result::disconnected;
  if (transports.empty()) return Result::new_;
  if (ice == Ice::new_ && all(transports, {Dtls::new_, Dtls::closed})) return Result::new_;
  // The text names "connected" alone; a completed transport is no less connected.
  const bool isIceUp = ice == Ice::connected || ice == Ice::completed;
  if (isIceUp && all(transports, {Dtls::connected, Dtls::closed})) return Result::connected;
  return Result::connecting;
}

}  // namespace parley::peer
