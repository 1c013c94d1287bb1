#include <algorithm>

#include "core/limits.h"
#include "jsep/bundle.h"
#include "jsep/negotiation.h"

// The half of Negotiation that deals in candidates.

namespace parley::jsep {

namespace {

constexpr std::string_view kPrefix = "candidate:";

Unexpected<Failure> fail(FailureKind kind, std::string message) {
  return Unexpected<Failure>(Failure{kind, std::move(message)});
}

// Where the candidate may go in one description: sections by its mid or index, or all of them.
std::vector<std::size_t> sectionsOf(const sdp::SessionDescription& description,
                                    const RemoteCandidate& candidate) {
  if (candidate.mid) {
    const std::optional<std::size_t> index = description.indexOf(*candidate.mid);
    return index ? std::vector{*index} : std::vector<std::size_t>{};
  }
  if (candidate.index) {
    const std::size_t index = *candidate.index;
    return index < description.media.size() ? std::vector{index} : std::vector<std::size_t>{};
  }
  std::vector<std::size_t> all(description.media.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

void addTo(sdp::MediaDescription& section, std::string_view candidate, std::size_t most) {
  if (candidate.empty()) {
    section.endOfCandidates = true;
  } else if (section.candidates.size() < most &&
             std::ranges::find(section.candidates, candidate) == section.candidates.end()) {
    section.candidates.emplace_back(candidate);
  }
}

}  // namespace

Result<Effects, Failure> Negotiation::addRemoteCandidate(const RemoteCandidate& given) {
  if (state_ == SignalingState::closed) return fail(FailureKind::invalidState, "closed");
  RemoteCandidate candidate = given;
  if (!candidate.candidate.empty() && !candidate.mid && !candidate.index)
    return fail(FailureKind::type, "a candidate needs sdpMid or sdpMLineIndex");
  if (!remote()) return fail(FailureKind::invalidState, "there is no remote description");
  if ((candidate.mid || candidate.index) && sectionsOf(remote()->sdp, candidate).empty())
    return fail(FailureKind::operation, "no section is meant by this candidate");

  if (candidate.candidate.starts_with("a=")) candidate.candidate.erase(0, 2);
  if (candidate.candidate == kPrefix) candidate.candidate.clear();  // an old way to say the end
  if (!candidate.candidate.empty()) {
    const std::optional<sdp::CandidateView> view = sdp::CandidateView::parse(candidate.candidate);
    if (!view) return fail(FailureKind::operation, "malformed candidate");
    if (!candidate.ufrag && !view->ufrag.empty()) candidate.ufrag = std::string(view->ufrag);
  }

  Effects effects;
  bool known = !candidate.ufrag;
  for (std::optional<Description>* description : {&pendingRemote_, &currentRemote_}) {
    if (!*description) continue;
    Sdp& sdp = (*description)->sdp;
    for (const std::size_t index : sectionsOf(sdp, candidate)) {
      const std::string ufrag = transportOf(sdp, index).iceUfrag;
      if (candidate.ufrag && *candidate.ufrag != ufrag) continue;
      known = true;
      addTo(sdp.media[index], candidate.candidate, limits::ice::kRemoteCandidates);
      tellCandidate(index, candidate, ufrag, effects);
    }
    if (!candidate.ufrag) break;  // the most recent generation only
  }
  if (known) return effects;
  const auto isPast = [&](const Transport& transport) {
    return std::ranges::find(transport.pastRemoteUfrags, *candidate.ufrag) !=
           transport.pastRemoteUfrags.end();
  };
  if (std::ranges::any_of(transports_.all(), isPast)) return effects;  // late, and harmless
  return fail(FailureKind::operation, "no section has this ufrag");
}

// To the transport of the section; for a section that has none (rejected, or bundled into
// another) to that of its generation. What nobody listens for yet waits in the description.
void Negotiation::tellCandidate(std::size_t index, const RemoteCandidate& candidate,
                                const std::string& ufrag, Effects& effects) {
  const auto listens = [&](const Transport& transport) {
    return transport.remote && transport.remote->ufrag == ufrag;
  };
  const std::optional<TransportId> own = sections_[index].transport;
  const Transport* transport = own ? transports_.find(*own) : nullptr;
  if (candidate.candidate.empty()) {  // the end of another section is not the end of this one
    if (transport && listens(*transport)) transports_.endCandidates(transport->id, effects);
    return;
  }
  if (!transport) {
    const auto at = std::ranges::find_if(transports_.all(), listens);
    transport = at == transports_.all().end() ? nullptr : &*at;
  }
  if (transport && listens(*transport))
    transports_.addCandidate(transport->id, candidate.candidate, effects);
}

std::optional<MediaLine> Negotiation::addLocalCandidate(TransportId transport,
                                                        std::string_view ufrag,
                                                        std::string_view candidate) {
  if (!sdp::CandidateView::parse(candidate)) return {};
  if (candidate.starts_with("a=")) candidate.remove_prefix(2);
  return amendLocal(transport, ufrag, candidate);
}

std::optional<MediaLine> Negotiation::endLocalCandidates(TransportId transport,
                                                         std::string_view ufrag) {
  return amendLocal(transport, ufrag, {});
}

std::optional<MediaLine> Negotiation::amendLocal(TransportId id, std::string_view ufrag,
                                                 std::string_view candidate) {
  const Transport* transport = transports_.find(id);
  if (!transport || state_ == SignalingState::closed) return {};
  const std::size_t index = transport->index;
  bool found = false;
  for (std::optional<Description>* description : {&pendingLocal_, &currentLocal_}) {
    if (!*description || index >= (*description)->sdp.media.size()) continue;
    sdp::MediaDescription& section = (*description)->sdp.media[index];
    if (section.iceUfrag != ufrag) continue;
    addTo(section, candidate, limits::ice::kLocalCandidates);
    setDefaultDestination(section);
    found = true;
  }
  if (!found) return {};
  return lineOf(id);
}

}  // namespace parley::jsep
