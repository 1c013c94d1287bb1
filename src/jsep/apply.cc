#include <algorithm>

#include "jsep/bundle.h"
#include "jsep/negotiation.h"
#include "jsep/validation.h"

// The half of Negotiation that turns descriptions into sections, transports and effects.

namespace parley::jsep {

namespace {

Failure invalid(std::string message) { return {FailureKind::invalidAccess, std::move(message)}; }

Section sectionFrom(const sdp::MediaDescription& media, std::uint16_t sctpPort) {
  Section section{.mid = media.mid,
                  .midWritten = !media.mid.empty(),
                  .kind = media.kind,
                  .protocol = media.protocol,
                  .formats = media.formats,
                  .what = MediaSection{},
                  .transport = {}};
  // The old form names the port in the m= line, which an answer repeats.
  if (media.isDataChannels())
    section.what = DataSection{media.isOldDataForm() ? sctpPortOf(media) : sctpPort};
  return section;
}

// A mid for a line of theirs that has none: unlike every mid on either list.
std::string privateMid(const Sections& sections, const sdp::SessionDescription& offer) {
  for (std::size_t number = 0;; ++number) {
    std::string mid = std::to_string(number);
    if (std::ranges::find(sections, mid, &Section::mid) == sections.end() &&
        std::ranges::find(offer.media, mid, &sdp::MediaDescription::mid) == offer.media.end())
      return mid;
  }
}

bool shareOne(const std::vector<sdp::Fingerprint>& a, const std::vector<sdp::Fingerprint>& b) {
  return std::ranges::any_of(a, [&](const sdp::Fingerprint& fingerprint) {
    return std::ranges::find(b, fingerprint) != b.end();
  });
}

// RFC 8842 5: another certificate or id means another DTLS association. A transport here has one
// for life, so that nothing can be swapped below channels that are open. Its role is for life too:
// answers that name another one (Firefox, to an ICE restart) mean the same association.
std::optional<Failure> checkSameDtls(const Transport& transport, const RemoteHalf& remote) {
  if (!transport.role) return {};
  if (!shareOne(remote.fingerprints, transport.fingerprints))
    return invalid("the fingerprint of a transport has changed");
  if (!remote.tlsId.empty() && !transport.remoteTlsId.empty() &&
      remote.tlsId != transport.remoteTlsId)
    return invalid("the tls-id of a transport has changed");
  return {};
}

RemoteHalf remoteHalf(const sdp::SessionDescription& remote, std::size_t index,
                      const Config& config) {
  sdp::TransportAttributes attributes = transportOf(remote, index);
  return {.ice = {std::move(attributes.iceUfrag), std::move(attributes.icePassword)},
          .lite = remote.iceLite,
          .isFacingLite = config.iceLite,
          .trickle = attributes.hasIceOption("trickle"),
          .renomination = config.iceRenomination && attributes.hasIceOption("renomination"),
          .role = {},
          .fingerprints = usableFingerprints(attributes.fingerprints),
          .tlsId = std::move(attributes.tlsId)};
}

}  // namespace

std::optional<Failure> Negotiation::applyOffer(Side side, const Sdp& offer, Effects& effects) {
  if (!sectionsBefore_) sectionsBefore_ = sections_;
  if (side == Side::remote) {
    sections_ = *sectionsBefore_;  // their next offer replaces the one before
    lastAnswer_.reset();
    if (std::optional<Failure> failure = checkOffer(offer, sections_)) return failure;
    if (std::optional<Failure> failure = checkReoffer(offer)) return failure;
  }
  updateSections(offer, side);
  if (side == Side::local)
    for (std::size_t i = 0; i < offer.media.size(); ++i)
      if (!offer.media[i].iceUfrag.empty())
        sections_[i].transport = ensureTransport(i, offer, true, effects);
  return {};
}

// Refuses at once what no answer of ours could make good.
std::optional<Failure> Negotiation::checkReoffer(const Sdp& offer) const {
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    const Section& section = sections_[i];
    if (!section.transport || !isAlive(offer, i)) continue;
    const Transport& transport = *transports_.find(*section.transport);
    const auto role = roleAgainstOffer(transportOf(offer, i).setup, transport.role);
    if (role && transport.role && role != transport.role)
      return invalid("the DTLS role of a transport has changed");
    if (std::optional<Failure> failure = checkSameDtls(transport, remoteHalf(offer, i, config_)))
      return failure;
  }
  return {};
}

void Negotiation::updateSections(const Sdp& offer, Side side) {
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    const sdp::MediaDescription& media = offer.media[i];
    Section fresh = sectionFrom(media, config_.sctpPort);
    if (i == sections_.size()) {
      if (!fresh.midWritten) fresh.mid = privateMid(sections_, offer);
      sections_.push_back(std::move(fresh));
      continue;
    }
    Section& section = sections_[i];
    if (section.rejected) {
      if (!fresh.midWritten) fresh.mid = section.mid;
      fresh.rejected = !isAlive(offer, i);  // used again, or still nothing
      section = std::move(fresh);
    } else if (side == Side::remote) {
      section.midWritten = fresh.midWritten;
      if (fresh.midWritten) section.mid = std::move(fresh.mid);
      section.protocol = std::move(fresh.protocol);
      section.formats = std::move(fresh.formats);
      if (section.isData() != fresh.isData()) section.what = fresh.what;
    }
  }
}

std::optional<Failure> Negotiation::applyAnswer(Side answerer, SdpType type, const Sdp& answer,
                                                Effects& effects) {
  const Sdp& offer = (answerer == Side::local ? pendingRemote_ : pendingLocal_)->sdp;
  const Sdp& local = answerer == Side::local ? answer : offer;
  const Sdp& remote = answerer == Side::local ? offer : answer;
  if (answerer == Side::remote)
    if (std::optional<Failure> failure = checkAnswer(answer, offer)) return failure;

  const bool final = type == SdpType::answer;
  bool hasData = false, refused = false;
  for (std::size_t i = 0; i < answer.media.size(); ++i) {
    Section& section = sections_[i];
    if (isAlive(answer, i)) {
      const std::size_t carrier = carrierOf(answer, i);
      section.rejected = false;
      section.transport = ensureTransport(carrier, local, answerer == Side::remote, effects);
      if (std::optional<Failure> failure =
              connect(*section.transport, carrier, local, remote, answerer, effects))
        return failure;
      if (section.isData()) startSctp(i, local, remote, effects);
      hasData = hasData || section.isData();
    } else if (final) {  // a provisional refusal binds nobody
      refused = refused || (section.isData() && (section.transport || isAlive(offer, i)));
      section.rejected = true;
      section.transport.reset();
    }
  }
  if (!final) return {};
  if (refused && !hasData) {
    sctp_.reset();
    effects.push_back(StopSctp{});
  }
  // Accepted or not, it was asked: a refusal closes the channels that wanted it.
  if (refused || hasData) dataChannelsNeeded_ = false;
  closeUnused(effects);
  return {};
}

// The transport of the section, opened or restarted if our description says so.
TransportId Negotiation::ensureTransport(std::size_t index, const Sdp& local, bool offering,
                                         Effects& effects) {
  Section& section = sections_[index];
  const sdp::MediaDescription& media = local.media[index];
  Credentials credentials{media.iceUfrag, media.icePassword};
  if (!section.transport)
    section.transport = transports_.open({section.mid, static_cast<std::uint16_t>(index)},
                                         std::move(credentials), media.tlsId, offering, effects);
  else if (transports_.find(*section.transport)->local != credentials)
    transports_.restart(*section.transport, std::move(credentials), effects);
  return *section.transport;
}

std::optional<Failure> Negotiation::connect(TransportId id, std::size_t carrier, const Sdp& local,
                                            const Sdp& remote, Side answerer, Effects& effects) {
  RemoteHalf half = remoteHalf(remote, carrier, config_);
  if (answerer == Side::remote)
    half.role = roleFromAnswer(transportOf(remote, carrier).setup);
  else if (const std::optional<sdp::Setup> ours = local.media[carrier].setup)
    half.role = *ours == sdp::Setup::active    ? std::optional(DtlsRole::client)
                : *ours == sdp::Setup::passive ? std::optional(DtlsRole::server)
                                               : std::nullopt;

  const Transport& transport = *transports_.find(id);
  if (std::optional<Failure> failure = checkSameDtls(transport, half)) return failure;
  // RFC 8839 4.4.1.1.1: only an offer asks for a restart.
  if (answerer == Side::remote && transport.remote && transport.remote != half.ice &&
      transport.pairedWith == transport.local)
    return invalid("the answer restarts ICE but the offer did not");
  transports_.connect(id, half, effects);
  deliverCandidates(id, carrier, remote, effects);
  return {};
}

// Candidates may stand in any section of the same bundle and generation: whoever gathers before
// it knows what will be bundled gathers for each (RFC 9143 7.2).
void Negotiation::deliverCandidates(TransportId id, std::size_t carrier, const Sdp& remote,
                                    Effects& effects) {
  const Credentials generation = *transports_.find(id)->remote;
  const sdp::Group* group = bundleOf(remote, carrier);
  for (std::size_t i = 0; i < remote.media.size(); ++i) {
    const sdp::MediaDescription& section = remote.media[i];
    if (section.candidates.empty() && !section.endOfCandidates) continue;
    if (i != carrier && (!group || bundleOf(remote, i) != group)) continue;
    const sdp::TransportAttributes of = transportOf(remote, i);
    if (Credentials{of.iceUfrag, of.icePassword} != generation) continue;
    for (const std::string& text : section.candidates) {
      const std::optional<sdp::CandidateView> view = sdp::CandidateView::parse(text);
      if (view && (view->ufrag.empty() || view->ufrag == generation.ufrag))
        transports_.addCandidate(id, text, effects);
    }
  }
  if (remote.media[carrier].endOfCandidates) transports_.endCandidates(id, effects);
}

void Negotiation::startSctp(std::size_t index, const Sdp& local, const Sdp& remote,
                            Effects& effects) {
  const TransportId id = *sections_[index].transport;
  const std::optional<DtlsRole> role = transports_.find(id)->role;
  if (!role) return;  // "holdconn": a later description starts it
  const sdp::MediaDescription& theirs = remote.media[index];
  const sdp::MediaDescription& ours = local.media[index];
  // RFC 8841 6.1: 64 KiB if it is not said.
  const std::uint64_t size = theirs.maxMessageSize.value_or(limits::sctp::kMessageMaxUnannounced);
  if (sctp_ && sctp_->transport != id) {  // another line is the data section now
    sctp_.reset();
    effects.push_back(StopSctp{});
  }
  if (!sctp_) {
    const bool snap = !theirs.sctpInit.empty() && !ours.sctpInit.empty();
    effects.push_back(StartSctp{.transport = id,
                                .localPort = sctpPortOf(ours),
                                .remotePort = sctpPortOf(theirs),
                                .maxMessageSize = size,
                                .role = *role,
                                .localInit = snap ? ours.sctpInit : std::string(),
                                .remoteInit = snap ? theirs.sctpInit : std::string()});
  } else if (sctp_->maxMessageSize != size) {
    effects.push_back(SetMaxMessageSize{size});
  }
  sctp_ = Sctp{id, size};
}

void Negotiation::closeUnused(Effects& effects) {
  std::vector<TransportId> unused;
  for (const Transport& transport : transports_.all())
    if (std::ranges::find(sections_, std::optional(transport.id), &Section::transport) ==
        sections_.end())
      unused.push_back(transport.id);
  for (const TransportId id : unused) transports_.close(id, effects);
}

}  // namespace parley::jsep
