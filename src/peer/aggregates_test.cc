#include "peer/aggregates.h"

#include <gtest/gtest.h>

#include <vector>

namespace parley::peer {
namespace {

using Ice = RTCIceTransportState;
using Dtls = RTCDtlsTransportState;
using Gatherer = RTCIceGathererState;
using Total = RTCPeerConnectionState;

TEST(Aggregates, GatheringFollowsTheTableOfW3C) {
  const struct {
    std::vector<Gatherer> transports;
    RTCIceGatheringState expected;
  } kRows[] = {
      {{}, RTCIceGatheringState::new_},
      {{Gatherer::new_}, RTCIceGatheringState::new_},
      {{Gatherer::gathering}, RTCIceGatheringState::gathering},
      {{Gatherer::complete}, RTCIceGatheringState::complete},
      {{Gatherer::new_, Gatherer::complete}, RTCIceGatheringState::new_},
      {{Gatherer::complete, Gatherer::gathering}, RTCIceGatheringState::gathering},
      {{Gatherer::new_, Gatherer::gathering}, RTCIceGatheringState::gathering},
  };
  for (const auto& row : kRows) EXPECT_EQ(gatheringStateOf(row.transports), row.expected);
}

TEST(Aggregates, IceFollowsTheTableOfW3C) {
  const struct {
    std::vector<Ice> transports;
    RTCIceConnectionState expected;
  } kRows[] = {
      {{}, RTCIceConnectionState::new_},
      {{Ice::new_}, RTCIceConnectionState::new_},
      {{Ice::closed}, RTCIceConnectionState::new_},
      {{Ice::checking}, RTCIceConnectionState::checking},
      {{Ice::connected, Ice::new_}, RTCIceConnectionState::checking},
      {{Ice::connected}, RTCIceConnectionState::connected},
      {{Ice::completed}, RTCIceConnectionState::completed},
      {{Ice::completed, Ice::closed}, RTCIceConnectionState::completed},
      {{Ice::completed, Ice::connected}, RTCIceConnectionState::connected},
      {{Ice::connected, Ice::disconnected}, RTCIceConnectionState::disconnected},
      {{Ice::disconnected, Ice::failed}, RTCIceConnectionState::failed},
  };
  for (const auto& row : kRows) EXPECT_EQ(iceStateOf(row.transports), row.expected);
}

TEST(Aggregates, ConnectionFollowsTheTableOfW3C) {
  using IceTotal = RTCIceConnectionState;
  const struct {
    IceTotal ice;
    std::vector<Dtls> transports;
    Total expected;
  } kRows[] = {
      {IceTotal::closed, {Dtls::connected}, Total::closed},
      {IceTotal::new_, {}, Total::new_},
      {IceTotal::new_, {Dtls::new_}, Total::new_},
      {IceTotal::new_, {Dtls::closed}, Total::new_},
      {IceTotal::checking, {Dtls::new_}, Total::connecting},
      {IceTotal::connected, {Dtls::new_}, Total::connecting},
      {IceTotal::connected, {Dtls::connecting}, Total::connecting},
      {IceTotal::connected, {Dtls::connected}, Total::connected},
      {IceTotal::completed, {Dtls::connected}, Total::connected},
      {IceTotal::connected, {Dtls::failed}, Total::failed},
      {IceTotal::new_, {Dtls::failed}, Total::failed},
      {IceTotal::disconnected, {Dtls::connected}, Total::disconnected},
      {IceTotal::disconnected, {Dtls::failed}, Total::failed},
      {IceTotal::failed, {Dtls::connected}, Total::failed},
  };
  for (const auto& row : kRows) EXPECT_EQ(connectionStateOf(row.ice, row.transports), row.expected);
}

TEST(Aggregates, ADtlsTransportClosedByThePeerLeavesTheConnectionConnected) {
  const std::vector<Dtls> closed{Dtls::closed};
  EXPECT_EQ(connectionStateOf(RTCIceConnectionState::connected, closed), Total::connected);
}

}  // namespace
}  // namespace parley::peer
