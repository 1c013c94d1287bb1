#include "jsep/bundle.h"

#include <algorithm>

namespace parley::jsep {

const sdp::Group* bundleOf(const sdp::SessionDescription& description, std::size_t index) {
  const std::string& mid = description.media[index].mid;
  if (mid.empty()) return nullptr;
  const auto at = std::ranges::find_if(description.groups, [&](const sdp::Group& group) {
    return group.semantics == "BUNDLE" && std::ranges::find(group.mids, mid) != group.mids.end();
  });
  return at == description.groups.end() ? nullptr : &*at;
}

bool isAlive(const sdp::SessionDescription& description, std::size_t index) {
  const sdp::MediaDescription& section = description.media[index];
  return section.port != 0 || (section.bundleOnly && bundleOf(description, index) != nullptr);
}

std::size_t carrierOf(const sdp::SessionDescription& description, std::size_t index) {
  const sdp::Group* group = bundleOf(description, index);
  if (!group) return index;
  for (const std::string& mid : group->mids) {
    const std::optional<std::size_t> member = description.indexOf(mid);
    if (member && isAlive(description, *member)) return *member;
  }
  return index;
}

sdp::TransportAttributes transportOf(const sdp::SessionDescription& description,
                                     std::size_t index) {
  sdp::TransportAttributes own = description.transportOf(description.media[index]);
  const std::size_t carrier = carrierOf(description, index);
  if (carrier == index) return own;
  sdp::TransportAttributes carried = description.transportOf(description.media[carrier]);
  if (own.iceUfrag.empty() && own.icePassword.empty()) {
    own.iceUfrag = std::move(carried.iceUfrag);
    own.icePassword = std::move(carried.icePassword);
    own.iceOptions = std::move(carried.iceOptions);
  }
  if (own.fingerprints.empty()) own.fingerprints = std::move(carried.fingerprints);
  if (!own.setup) own.setup = carried.setup;
  if (own.tlsId.empty()) own.tlsId = std::move(carried.tlsId);
  return own;
}

}  // namespace parley::jsep
