#include "jsep/negotiation.h"

#include <algorithm>
#include <utility>

#include "core/planted.h"
#include "jsep/bundle.h"
#include "jsep/signaling.h"
#include "jsep/validation.h"

namespace parley::jsep {

namespace {

Unexpected<Failure> fail(FailureKind kind, std::string message) {
  return Unexpected<Failure>(Failure{kind, std::move(message)});
}

Failure wrongState(SignalingState state, std::string_view what) {
  return {FailureKind::invalidState,
          std::string(what) + " is not possible in state " + std::string(nameOf(state))};
}

// The description without what changes while it stays the same: its version, and what gathering
// adds (RFC 9429 5.2.2).
sdp::SessionDescription essenceOf(sdp::SessionDescription description) {
  description.origin.sessionVersion = 0;
  for (sdp::MediaDescription& section : description.media) {
    section.candidates.clear();
    section.endOfCandidates = false;
    if (section.port != 0) section.port = 9;
    section.connections.clear();
  }
  return description;
}

// webrtc-pc: a local description must be what was created. Line ends and the order of attributes
// say nothing, and candidates in it are ignored.
bool isSame(std::string_view text, const sdp::SessionDescription& created) {
  Result<sdp::SessionDescription, sdp::Error> parsed = sdp::SessionDescription::parse(text);
  return parsed && essenceOf(std::move(*parsed)) == essenceOf(created);
}

bool usesCredentials(const sdp::SessionDescription& description, const Credentials& fresh) {
  return std::ranges::any_of(description.media, [&](const sdp::MediaDescription& section) {
    return section.iceUfrag.starts_with(fresh.ufrag) && section.icePassword == fresh.password;
  });
}

}  // namespace

Negotiation::Negotiation(Config config) : config_(config) {
  config_.sessionId &= (std::uint64_t{1} << 62) - 1;
}

void Negotiation::needDataChannels() { dataChannelsNeeded_ = true; }

void Negotiation::restartIce() {
  toReplace_.clear();
  for (const Transport& transport : transports_.all()) {
    toReplace_.push_back(transport.local);
    if (transport.former) toReplace_.push_back(*transport.former);
  }
}

Result<sdp::SessionDescription, Failure> Negotiation::createOffer(const OfferOptions& options,
                                                                  const LocalParameters& local) {
  if (state_ != SignalingState::stable && state_ != SignalingState::haveLocalOffer)
    return Unexpected<Failure>(wrongState(state_, "createOffer"));
  if (std::optional<Failure> failure = checkSecrets(local))
    return Unexpected<Failure>(std::move(*failure));
  lastOffer_ = stamped(buildOffer(buildInput(local), {.needsData = dataChannelsNeeded_,
                                                      .restartAll = options.iceRestart,
                                                      .toReplace = toReplace_}));
  return *lastOffer_;
}

Result<sdp::SessionDescription, Failure> Negotiation::createAnswer(const LocalParameters& local) {
  if (state_ != SignalingState::haveRemoteOffer && state_ != SignalingState::haveLocalPranswer)
    return Unexpected<Failure>(wrongState(state_, "createAnswer"));
  if (std::optional<Failure> failure = checkSecrets(local))
    return Unexpected<Failure>(std::move(*failure));
  lastAnswer_ = stamped(buildAnswer(buildInput(local), pendingRemote_->sdp));
  return *lastAnswer_;
}

// Credentials once offered to us are kept until a description uses them, so that writing the
// same description twice gives the same text.
std::optional<Failure> Negotiation::checkSecrets(const LocalParameters& local) {
  if (!sdp::isIceUfrag(local.fresh.ufrag) || !sdp::isIcePassword(local.fresh.password))
    return Failure{FailureKind::operation, "malformed ICE credentials"};
  if (usableFingerprints(local.fingerprints).empty())
    return Failure{FailureKind::operation, "no certificate"};
  if (!spare_) spare_ = local.fresh;
  return {};
}

BuildInput Negotiation::buildInput(const LocalParameters& parameters) const {
  return {.config = config_,
          .local = parameters,
          .fresh = *spare_,
          .sections = sections_,
          .transports = transports_,
          .previous = local() ? &local()->sdp : nullptr,
          .associated = sctp_.has_value()};
}

// RFC 9429 5.2.2: the version counts descriptions that differ, rolled back ones too.
sdp::SessionDescription Negotiation::stamped(Sdp made) {
  made.origin.sessionId = config_.sessionId;
  if (issued_) {
    const bool changed = essenceOf(made) != essenceOf(*issued_);
    made.origin.sessionVersion = issued_->origin.sessionVersion + (changed ? 1 : 0);
  }
  issued_ = made;
  return made;
}

Result<Effects, Failure> Negotiation::setLocal(SdpType type, std::string_view text) {
  if (state_ == SignalingState::closed)
    return Unexpected<Failure>(wrongState(state_, "setLocalDescription"));
  Negotiation next = *this;
  Effects effects;
  std::optional<Failure> failure;
  if (type == SdpType::rollback) {
    failure = next.rollback(Side::local, effects);
  } else {
    const std::optional<Sdp>& created = type == SdpType::offer ? lastOffer_ : lastAnswer_;
    if (!created || (!text.empty() && !isSame(text, *created)))
      return fail(FailureKind::invalidModification, "not the description that was created last");
    Sdp sdp = *created;
    if (local()) carryCandidates(local()->sdp, sdp);
    if (spare_ && usesCredentials(sdp, *spare_)) next.spare_.reset();
    failure = next.set(Side::local, type, std::move(sdp), effects);
  }
  if (failure) return Unexpected<Failure>(std::move(*failure));
  *this = std::move(next);
  return effects;
}

Result<Effects, Failure> Negotiation::setRemote(SdpType type, std::string_view text) {
  if (state_ == SignalingState::closed)
    return Unexpected<Failure>(wrongState(state_, "setRemoteDescription"));
  Negotiation next = *this;
  Effects effects;
  std::optional<Failure> failure;
  if (type == SdpType::rollback) {
    failure = next.rollback(Side::remote, effects);
  } else {
    // webrtc-pc setRemoteDescription: their offer wins over ours, once it is found good.
    if (type == SdpType::offer && state_ == SignalingState::haveLocalOffer)
      failure = next.rollback(Side::local, effects);
    if (!failure && !nextState(next.state_, Side::remote, type))
      failure = wrongState(state_, nameOf(type));
    if (failure) return Unexpected<Failure>(std::move(*failure));
    Result<Sdp, sdp::Error> parsed = Sdp::parse(text);
    if (!parsed)
      return Unexpected<Failure>(
          Failure{FailureKind::syntax, parsed.error().what, parsed.error().line});
    failure = next.set(Side::remote, type, std::move(*parsed), effects);
  }
  if (failure) return Unexpected<Failure>(std::move(*failure));
  *this = std::move(next);
  return effects;
}

std::optional<Failure> Negotiation::set(Side side, SdpType type, Sdp sdp, Effects& effects) {
  const std::optional<SignalingState> after = nextState(state_, side, type);
  if (!after) return wrongState(state_, nameOf(type));
  if (std::optional<Failure> failure = type == SdpType::offer
                                           ? applyOffer(side, sdp, effects)
                                           : applyAnswer(side, type, sdp, effects))
    return failure;
  (side == Side::local ? pendingLocal_ : pendingRemote_) = Description{type, std::move(sdp)};
  if (type == SdpType::answer) finish(side);
  enter(*after, effects);
  return {};
}

std::optional<Failure> Negotiation::rollback(Side side, Effects& effects) {
  const std::optional<SignalingState> after = nextState(state_, side, SdpType::rollback);
  if (!after) return wrongState(state_, "rollback");
  if (!isPlanted(PlantedBug::rollbackKeepsPending)) pendingLocal_.reset();
  pendingRemote_.reset();
  sections_ = *std::exchange(sectionsBefore_, std::nullopt);
  transports_.rollback(effects);
  enter(*after, effects);
  return {};
}

// Pending becomes current (RFC 9429 3.2).
void Negotiation::finish(Side answerer) {
  currentLocal_ = std::exchange(pendingLocal_, std::nullopt);
  currentRemote_ = std::exchange(pendingRemote_, std::nullopt);
  (answerer == Side::local ? currentLocal_ : currentRemote_)->type = SdpType::answer;
  sectionsBefore_.reset();
  transports_.commit();
  std::erase_if(toReplace_, [&](const Credentials& old) {
    const auto& all = transports_.all();
    return std::ranges::find(all, old, &Transport::local) == all.end();
  });
}

void Negotiation::enter(SignalingState state, Effects& effects) {
  if (state == SignalingState::stable) {
    lastOffer_.reset();
    lastAnswer_.reset();
  }
  if (state == state_) return;
  state_ = state;
  effects.push_back(StateChanged{state});
}

void Negotiation::close() { state_ = SignalingState::closed; }

bool Negotiation::isNeeded() const {
  if (state_ == SignalingState::closed) return false;
  return !toReplace_.empty() || (dataChannelsNeeded_ && !hasDataSection());
}

bool Negotiation::hasDataSection() const {
  const Sections& agreed = sectionsBefore_ ? *sectionsBefore_ : sections_;
  return std::ranges::any_of(agreed, [](const Section& section) {
    return section.isData() && !section.rejected && section.transport;
  });
}

std::optional<bool> Negotiation::canTrickle() const {
  if (!remote()) return {};
  const Sdp& sdp = remote()->sdp;
  if (sdp.hasIceOption("trickle")) return true;
  return std::ranges::any_of(sdp.media, [](const sdp::MediaDescription& section) {
    return section.hasIceOption("trickle");
  });
}

std::optional<MediaLine> Negotiation::lineOf(TransportId id) const {
  const Transport* transport = transports_.find(id);
  if (!transport) return {};
  return MediaLine{sections_[transport->index].mid, transport->index};
}

const Description* Negotiation::local() const {
  if (pendingLocal_) return &*pendingLocal_;
  return currentLocal_ ? &*currentLocal_ : nullptr;
}

const Description* Negotiation::remote() const {
  if (pendingRemote_) return &*pendingRemote_;
  return currentRemote_ ? &*currentRemote_ : nullptr;
}

}  // namespace parley::jsep
