#include "session/reflexive.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/planted.h"
#include "stun/builder.h"

namespace parley::session {
namespace {

constexpr std::uint16_t kUnreachable = 701;  // webrtc-pc 4.8.3

stun::ClientTransaction newTransaction(Step& step) {
  return stun::ClientTransaction(stun::newTransactionId(step.secrets),
                                 BackoffPolicy{.initial = limits::ice::kCheckRto, .longest = 4s});
}

}  // namespace

bool Reflexive::probe(Step& step, SocketId socket, const Address& local, const Address& server,
                      std::string url) {
  if (probes_.size() >= limits::ice::kProbes) return false;
  probes_.push_back({.socket = socket,
                     .local = local,
                     .server = server,
                     .url = std::move(url),
                     .transaction = newTransaction(step)});
  nextTurn_ = std::max(nextTurn_, step.now);
  Probe& probe = probes_.back();
  probe.begin.startAt(nextTurn_);
  nextTurn_ += limits::ice::kPacing;  // RFC 8445 14.2: one new transaction per Ta
  if (probe.begin.expire(step.now)) begin(step, probe);
  return true;
}

void Reflexive::begin(Step& step, Probe& probe) {
  probe.transaction = newTransaction(step);
  probe.transaction.start(step.now);
  transmit(step, probe);
}

void Reflexive::transmit(Step& step, const Probe& probe) {
  Packet request = stun::MessageBuilder(step.packets.take(), stun::Class::request,
                                        stun::Method::binding, probe.transaction.id())
                       .finish();
  if (!request) return;
  if (UdpMux* mux = muxOn(host_, mux_)) mux->expect(probe.socket, probe.server, request.bytes());
  host_.send({.socket = probe.socket,
              .local = probe.local,
              .remote = probe.server,
              .packet = std::move(request)});
}

bool Reflexive::receive(Step& step, SocketId socket, const Address& remote,
                        const stun::MessageView& response) {
  const auto probe = std::ranges::find_if(probes_, [&](const Probe& each) {
    return each.socket == socket && each.transaction.id() == response.transaction();
  });
  if (probe == probes_.end() || probe->begin.isRunning()) return false;
  if (probe->server != remote || probe->again.isRunning()) return true;  // not whom we asked
  const auto mapped = response.findXorAddress(stun::Attribute::xorMappedAddress);
  const auto error = response.findError();
  if (response.messageClass() == stun::Class::success && mapped) {
    probe->again.start(step.now, limits::ice::kKeepalive);
    probe->mapped = *mapped;
    if (!std::exchange(probe->isAnswered, true))
      events_.push(Mapped{socket, probe->local, remote, *mapped, probe->url});
    if (!keeps_) probes_.erase(probe);
  } else if (response.messageClass() == stun::Class::error && error) {
    report(*probe, error->code, std::string(error->reason));
    probes_.erase(probe);
  }
  return true;
}

void Reflexive::onTimer(Step& step) {
  std::erase_if(probes_, [&](Probe& probe) {
    if (isPlanted(PlantedBug::mappingNotKept) && probe.again.isRunning()) return true;
    if (probe.begin.expire(step.now) || probe.again.expire(step.now)) {
      begin(step, probe);
      return false;
    }
    if (probe.begin.isRunning() || probe.again.isRunning()) return false;
    return !goOn(step, probe);
  });
}

// False: nobody will answer any more.
bool Reflexive::goOn(Step& step, Probe& probe) {
  using Outcome = stun::ClientTransaction::Outcome;
  const Outcome outcome = probe.transaction.onTimer(step.now);
  if (outcome == Outcome::resend) {
    transmit(step, probe);
    if (probe.transaction.attempts() == limits::ice::kGatherTries)
      probe.transaction.stopResending(step.now, limits::ice::kGatherLastWait);
  }
  if (outcome != Outcome::gaveUp || isPlanted(PlantedBug::gatheringNeverEnds)) return true;
  report(probe, kUnreachable, "the STUN server did not answer");
  return false;
}

void Reflexive::keepNoLonger() {
  keeps_ = false;
  std::erase_if(probes_, [](const Probe& probe) { return probe.isAnswered; });
}

void Reflexive::report(Probe& probe, std::uint16_t code, std::string reason) {
  if (!probe.isAnswered) events_.push(Unanswered{probe.local, probe.url, code, std::move(reason)});
}

Instant Reflexive::deadline() const {
  Instant due = never();
  for (const Probe& probe : probes_) {
    if (probe.begin.isRunning() || probe.again.isRunning())
      due = earliest(due, earliest(probe.begin.due(), probe.again.due()));
    else
      due = earliest(due, probe.transaction.due());
  }
  return due;
}

std::size_t Reflexive::pending() const {
  return static_cast<std::size_t>(std::ranges::count(probes_, false, &Probe::isAnswered));
}

std::vector<Reflexive::Mapped> Reflexive::known() const {
  std::vector<Mapped> known;
  for (const Probe& probe : probes_)
    if (probe.isAnswered)
      known.push_back({probe.socket, probe.local, probe.server, probe.mapped, probe.url});
  return known;
}

bool Reflexive::isAsked(SocketId socket, const std::string& url) const {
  return std::ranges::any_of(
      probes_, [&](const Probe& probe) { return probe.socket == socket && probe.url == url; });
}

}  // namespace parley::session
