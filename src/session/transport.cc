#include "session/transport.h"

#include "core/limits.h"
#include "core/planted.h"

namespace parley::session {
namespace {

constexpr std::uint8_t kAlert = 21;  // RFC 5246 6.2.1

DtlsStateChanged describe(TransportId id, dtls::Event event) {
  DtlsStateChanged change{.id = id};
  if (auto* connected = std::get_if<dtls::Connected>(&event)) {
    change.state = DtlsState::connected;
    change.remoteCertificate = toVector(connected->remote.der());
  } else if (std::holds_alternative<dtls::Closed>(event)) {
    change.state = DtlsState::closed;
    change.closedByPeer = true;
  } else {
    const auto& failed = std::get<dtls::Failed>(event);
    change.state = DtlsState::failed;
    change.fingerprintMismatch = failed.reason == dtls::FailureReason::wrongFingerprint ||
                                 failed.reason == dtls::FailureReason::noUsableFingerprint;
    change.alertSent = failed.alertSent;
    change.alertReceived = failed.alertReceived;
    change.reason = dtls::describe(failed.reason);
    if (!failed.detail.empty()) change.reason += " (" + failed.detail + ")";
  }
  return change;
}

}  // namespace

Transport::Transport(TransportId id, ice::Agent& agent, dtls::Context::Shared context)
    : id_(id),
      agent_(agent),
      leg_(std::make_unique<SecureLeg>(std::move(context), static_cast<DatagramSink&>(*this))) {}

void Transport::setDtls(Step& step, bool client, std::vector<crypto::Fingerprint> fingerprints) {
  if (started_) return;
  client_ = client;
  fingerprints_ = std::move(fingerprints);
  startIfReady(step);
}

void Transport::onPathValidated(Step& step) {
  pathValidated_ = true;
  startIfReady(step);
}

void Transport::startIfReady(Step& step) {
  if (started_ || !pathValidated_ || !fingerprints_) return;
  started_ = true;
  leg_->session().start(step, client_ ? dtls::Role::client : dtls::Role::server,
                        std::move(*fingerprints_),
                        agent_.roundTrip(index()).value_or(Duration::zero()));
  fingerprints_.reset();
}

bool Transport::receive(Step& step, const ice::Path& from, Packet datagram) {
  // Only an address that has proved the ICE password may reach the handshake (design: security is
  // order). Records travel over any such path, not only the selected one.
  if (!agent_.isKnown(from) && !isPlanted(PlantedBug::strangersHeard)) return false;
  agent_.countReceived(step, from, datagram.size());
  hearing_ = from;
  if (closedByPeer_) answerAgain(step, datagram.bytes());
  leg_->session().receive(step, std::move(datagram));
  hearing_.reset();
  return true;
}

// A peer that says goodbye again has not heard our answer. The keys are gone, so any alert will
// do: it can bring about no more than a few copies of what was sent before, along our own path.
void Transport::answerAgain(Step& step, Bytes datagram) {
  if (datagram[0] != kAlert || answers_ == limits::loop::kTailAnswers) return;
  ++answers_;
  Packet answer = step.packets.copyOf(leg_->session().closeNotify());
  if (answer && answer.size() > 0) sendDatagram(step, std::move(answer));
}

void Transport::sendPacket(Step& step, Packet plaintext) {
  leg_->session().sendPacket(step, std::move(plaintext));
}

void Transport::sendDatagram(Step& step, Packet datagram) {
  if (keepCopies_) copies_.push_back(toVector(datagram.bytes()));
  // Who says goodbye may have given back all paths but the one it came on, which need not be ours.
  if (hearing_ && datagram.bytes()[0] == kAlert) {
    agent_.answer(step, *hearing_, std::move(datagram));
    return;
  }
  agent_.send(step, index(), std::move(datagram));
}

std::optional<DtlsStateChanged> Transport::nextDtlsEvent() {
  if (started_ && !connectingTold_) {
    connectingTold_ = true;
    return DtlsStateChanged{.id = id_, .state = DtlsState::connecting};
  }
  auto event = leg_->session().nextEvent();
  if (!event) return std::nullopt;
  if (std::holds_alternative<dtls::Closed>(*event)) closedByPeer_ = true;
  return describe(id_, std::move(*event));
}

}  // namespace parley::session
