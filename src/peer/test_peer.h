#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parley/names.h"
#include "parley/peer_connection.h"
#include "peer/fake_realm.h"

namespace parley::peer::testing {

using Log = std::vector<std::string>;

// A connection on a fake engine that writes down every event of itself, its transports and its
// channels, and plays the engine's side of the usual stories.
class TestPeer {
 public:
  explicit TestPeer(std::uint64_t seed = 1, RTCConfiguration configuration = {}, Tuning tuning = {})
      : realm(std::make_shared<FakeRealm>(seed)),
        pc(std::make_unique<RTCPeerConnection>(realm, std::move(configuration),
                                               std::move(tuning))) {
    watch();
  }

  FakeEngine& engine() { return *realm->engine; }
  void note(std::string text) { log.push_back(std::move(text)); }
  Log takeLog() { return std::exchange(log, {}); }

  template <class T>
  Outcome<T> settle(const Promise<T>& promise) {
    Outcome<T> outcome(promise);
    realm->run();
    return outcome;
  }

  void watch() {
    pc->onnegotiationneeded = [this](const Event& event) { note(event.type); };
    pc->onsignalingstatechange = [this](const Event&) {
      note("signaling " + std::string(toString(pc->signalingState())));
    };
    pc->onicegatheringstatechange = [this](const Event&) {
      note("gathering " + std::string(toString(pc->iceGatheringState())));
    };
    pc->oniceconnectionstatechange = [this](const Event&) {
      note("ice " + std::string(toString(pc->iceConnectionState())));
    };
    pc->onconnectionstatechange = [this](const Event&) {
      note("connection " + std::string(toString(pc->connectionState())));
    };
    pc->onicecandidate = [this](const RTCPeerConnectionIceEvent& event) {
      if (!event.candidate)
        note("candidate null");
      else if (event.candidate->candidate().empty())
        note("candidate end");
      else
        note("candidate");
      if (event.candidate) candidates.push_back(*event.candidate);
    };
    pc->ondatachannel = [this](const RTCDataChannelEvent& event) {
      note("datachannel " + event.channel->label() + " " +
           std::string(toString(event.channel->readyState())));
      announced.push_back(event.channel);
      watch(*event.channel);
    };
  }

  void watch(RTCDataChannel& channel) {
    RTCDataChannel* raw = &channel;
    const std::string name = channel.label();
    channel.onopen = [this, name](const Event&) { note(name + " open"); };
    channel.onclosing = [this, name](const Event&) { note(name + " closing"); };
    channel.onclose = [this, name, raw](const Event&) {
      note(name + " close " + std::string(toString(raw->readyState())));
    };
    channel.onerror = [this, name](const RTCErrorEvent& event) {
      const auto& error = event.error;
      note(name + " error " + std::string(toString(error.errorDetail)) +
           (error.sctpCauseCode ? " " + std::to_string(*error.sctpCauseCode) : ""));
    };
    channel.onbufferedamountlow = [this, name](const Event&) { note(name + " low"); };
    channel.onmessage = [this, name](const MessageEvent& event) {
      const auto* text = std::get_if<std::string>(&event.data);
      note(name + " message " +
           (text ? *text : std::to_string(std::get<std::vector<std::uint8_t>>(event.data).size())));
    };
  }

  std::shared_ptr<RTCDataChannel> makeChannel(const std::string& label,
                                              RTCDataChannelInit init = {}) {
    auto channel = pc->createDataChannel(label, std::move(init));
    watch(*channel);
    return channel;
  }

  // --- what the engine tells

  session::TransportId transport() { return engine().last<session::CreateTransport>().id; }
  std::string ufrag() {
    return pc->sctp()->transport()->iceTransport()->getLocalParameters()->usernameFragment;
  }
  ice::Candidate candidate(std::uint16_t port = 5'000) {
    ice::Candidate candidate;
    candidate.foundation = "1";
    candidate.priority = 1;
    candidate.address = {IpAddress::v4({192, 0, 2, 1}), port};
    candidate.usernameFragment = ufrag();
    return candidate;
  }
  void ice(session::IceState state) { engine().tell(session::IceStateChanged{transport(), state}); }
  void dtls(session::DtlsState state) {
    session::DtlsStateChanged change{};
    change.id = transport();
    change.state = state;
    if (state == session::DtlsState::connected) change.remoteCertificate = {1, 2, 3};
    engine().tell(change);
  }
  void sctpConnected(std::uint16_t channelsMax = 1'024) {
    session::SctpStateChanged change{};
    change.state = session::SctpState::connected;
    change.association = engine().last<session::StartSctp>().association;
    change.channelsMax = channelsMax;
    engine().tell(change);
  }
  void sctpClosed(std::uint32_t association) {
    session::SctpStateChanged change{};
    change.state = session::SctpState::closed;
    change.association = association;
    engine().tell(change);
  }
  void channelEvent(channel::Event event) {
    engine().tell(session::ChannelEvent{std::move(event)});
  }
  void opened() {  // every channel that was asked for
    for (const auto& asked : engine().all<session::OpenChannel>())
      channelEvent(channel::Opened{asked.id, *asked.parameters.stream});
  }
  void connect() {
    ice(session::IceState::checking);
    ice(session::IceState::connected);
    dtls(session::DtlsState::connecting);
    dtls(session::DtlsState::connected);
    sctpConnected();
    opened();
    realm->run();
  }
  channel::ChannelId announce(const std::string& label, std::uint16_t stream,
                              channel::Parameters parameters = {}) {
    parameters.label = label;
    const channel::ChannelId id{channel::kAnnouncedBit + stream};
    channelEvent(channel::Announced{id, std::move(parameters), sctp::StreamId{stream}});
    return id;
  }
  void message(channel::ChannelId id, const std::string& text) {
    channelEvent(channel::MessageArrived{id, false, toVector(bytesOf(text))});
  }

  std::shared_ptr<FakeRealm> realm;
  std::unique_ptr<RTCPeerConnection> pc;
  Log log;
  std::vector<RTCIceCandidate> candidates;
  std::vector<std::shared_ptr<RTCDataChannel>> announced;
};

// One whole exchange of descriptions, started by `from`.
inline void negotiate(TestPeer& from, TestPeer& to) {
  from.settle(from.pc->setLocalDescription());
  to.settle(to.pc->setRemoteDescription(*from.pc->localDescription()));
  to.settle(to.pc->setLocalDescription());
  from.settle(from.pc->setRemoteDescription(*to.pc->localDescription()));
}

}  // namespace parley::peer::testing
