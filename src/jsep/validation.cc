#include "jsep/validation.h"

#include <algorithm>
#include <string_view>

#include "jsep/bundle.h"

namespace parley::jsep {

namespace {

using Checked = std::optional<Failure>;

Failure invalid(std::string message) { return {FailureKind::invalidAccess, std::move(message)}; }

bool hasTwice(std::vector<std::string_view> names) {
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

Checked checkMids(const sdp::SessionDescription& description) {
  std::vector<std::string_view> mids, bundled;
  for (const sdp::MediaDescription& section : description.media)
    if (!section.mid.empty()) mids.push_back(section.mid);
  if (hasTwice(mids)) return invalid("two sections have the same mid");

  std::ranges::sort(mids);
  for (const sdp::Group& group : description.groups) {
    if (group.semantics != "BUNDLE") continue;
    for (const std::string& mid : group.mids)
      if (!std::ranges::binary_search(mids, std::string_view(mid)))
        return invalid("BUNDLE names a mid that no section has");
    bundled.insert(bundled.end(), group.mids.begin(), group.mids.end());
  }
  if (hasTwice(std::move(bundled))) return invalid("a mid is in BUNDLE twice");
  return {};
}

// RFC 8285 5: an id means one thing in a section. RFC 8851 4: so does a rid.
Checked checkIds(const sdp::MediaDescription& section) {
  std::vector<std::uint16_t> ids;
  ids.reserve(section.extensions.size());
  for (const sdp::HeaderExtension& extension : section.extensions) ids.push_back(extension.id);
  std::ranges::sort(ids);
  if (std::ranges::adjacent_find(ids) != ids.end())
    return invalid("a header extension id is used twice");
  std::vector<std::string_view> rids;
  rids.reserve(section.rids.size());
  for (const sdp::Rid& rid : section.rids) rids.push_back(rid.id);
  if (hasTwice(std::move(rids))) return invalid("a rid is used twice");
  return {};
}

// RFC 9429 5.8: ICE and DTLS are mandatory.
Checked checkData(const sdp::SessionDescription& description, std::size_t index) {
  const sdp::TransportAttributes transport = transportOf(description, index);
  if (transport.iceUfrag.empty()) return invalid("a section has no ice-ufrag");
  if (transport.icePassword.empty()) return invalid("a section has no ice-pwd");
  if (transport.fingerprints.empty()) return invalid("a section has no fingerprint");
  if (usableFingerprints(transport.fingerprints).empty())
    return invalid("no fingerprint uses a hash that is accepted");
  if (description.media[index].sctpPort == 0) return invalid("sctp-port is 0");
  return {};
}

Checked checkAlone(const sdp::SessionDescription& description) {
  if (Checked failure = checkMids(description)) return failure;
  for (std::size_t i = 0; i < description.media.size(); ++i) {
    if (Checked failure = checkIds(description.media[i])) return failure;
    if (!description.media[i].isDataChannels() || !isAlive(description, i)) continue;
    if (Checked failure = checkData(description, i)) return failure;
  }
  return {};
}

// RFC 9143 7.3: an answer bundles nothing that was not offered in one group.
Checked checkGroups(const sdp::SessionDescription& answer, const sdp::SessionDescription& offer) {
  for (const sdp::Group& group : answer.groups) {
    if (group.semantics != "BUNDLE") continue;
    const sdp::Group* offered = nullptr;
    for (const std::string& mid : group.mids) {
      const std::optional<std::size_t> index = offer.indexOf(mid);
      const sdp::Group* of = index ? bundleOf(offer, *index) : nullptr;
      if (!of || (offered && of != offered)) return invalid("BUNDLE was not offered like this");
      offered = of;
    }
  }
  return {};
}

Checked checkPair(const sdp::SessionDescription& answer, const sdp::SessionDescription& offer,
                  std::size_t index) {
  const sdp::MediaDescription& answered = answer.media[index];
  const sdp::MediaDescription& offered = offer.media[index];
  if (answered.kind != offered.kind) return invalid("a section answers another kind");
  if (!answered.mid.empty() && answered.mid != offered.mid)
    return invalid("a section answers another mid");
  if (!isAlive(answer, index)) return {};
  if (!isAlive(offer, index)) return invalid("a section was accepted that was not offered");
  if (offered.isDataChannels() != answered.isDataChannels())
    return invalid("a section answers another protocol");
  // RFC 5763 5: the answer decides.
  if (transportOf(answer, index).setup == sdp::Setup::actpass)
    return invalid("an answer may not say setup:actpass");
  return {};
}

}  // namespace

std::vector<sdp::Fingerprint> usableFingerprints(const std::vector<sdp::Fingerprint>& all) {
  std::vector<sdp::Fingerprint> usable;
  std::ranges::copy_if(all, std::back_inserter(usable), [](const sdp::Fingerprint& fingerprint) {
    const std::string& hash = fingerprint.algorithm;
    return hash == "sha-256" || hash == "sha-384" || hash == "sha-512";
  });
  return usable;
}

std::optional<Failure> checkOffer(const sdp::SessionDescription& offer, const Sections& sections) {
  if (Checked failure = checkAlone(offer)) return failure;
  // RFC 3264 8: lines are never removed.
  if (offer.media.size() < sections.size()) return invalid("the offer has lost a section");
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Section& before = sections[i];
    const sdp::MediaDescription& now = offer.media[i];
    const bool renamed = !now.mid.empty() && before.midWritten && now.mid != before.mid;
    if (renamed && !before.rejected) return invalid("a section has changed its mid");
    if (!renamed && now.kind != before.kind) return invalid("a section has changed its kind");
  }
  return {};
}

std::optional<Failure> checkAnswer(const sdp::SessionDescription& answer,
                                   const sdp::SessionDescription& offer) {
  if (Checked failure = checkAlone(answer)) return failure;
  if (answer.media.size() != offer.media.size())
    return invalid("the answer has not as many sections as the offer");
  for (std::size_t i = 0; i < answer.media.size(); ++i)
    if (Checked failure = checkPair(answer, offer, i)) return failure;
  return checkGroups(answer, offer);
}

}  // namespace parley::jsep
