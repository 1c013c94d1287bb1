#include "jsep/builder.h"

#include <algorithm>

#include "jsep/bundle.h"
#include "jsep/validation.h"

namespace parley::jsep {

namespace {

constexpr std::uint16_t kDiscardPort = 9;

// Hands out the fresh credentials: the second transport of a description needs a ufrag of its
// own, or a shared port could not tell them apart.
class FreshCredentials {
 public:
  explicit FreshCredentials(const Credentials& fresh) : fresh_(fresh) {}

  Credentials next() {
    Credentials credentials = fresh_;
    if (used_ != 0) credentials.ufrag += std::to_string(used_);
    ++used_;
    return credentials;
  }

 private:
  const Credentials& fresh_;
  std::size_t used_ = 0;
};

struct LocalHalf {
  Credentials ice;
  std::string tlsId;
};

sdp::SessionDescription newDescription() {
  sdp::SessionDescription made;
  made.origin.address = "0.0.0.0";  // RFC 9429 5.2.1: tells nothing
  return made;
}

sdp::MediaDescription newSection(const Section& section) {
  sdp::MediaDescription made;
  made.kind = section.kind;
  made.protocol = section.protocol;
  made.formats = section.formats;
  made.port = kDiscardPort;
  made.connections = {sdp::Connection{}};
  if (section.midWritten) made.mid = section.mid;
  return made;
}

sdp::MediaDescription rejectedSection(const Section& section) {
  sdp::MediaDescription made = newSection(section);
  made.port = 0;
  return made;
}

void writeTransport(sdp::MediaDescription& to, const BuildInput& input, const LocalHalf& half,
                    sdp::Setup setup, bool withTlsId) {
  to.iceUfrag = half.ice.ufrag;
  to.icePassword = half.ice.password;
  to.fingerprints = input.local.fingerprints;
  to.setup = setup;
  if (withTlsId) to.tlsId = half.tlsId;
}

void writeData(sdp::MediaDescription& to, const BuildInput& input, const DataSection& data,
               bool withInit) {
  if (to.isOldDataForm())
    to.sctpMaps = {{data.localPort, "webrtc-datachannel", limits::sctp::kStreams}};
  else
    to.sctpPort = data.localPort;
  to.maxMessageSize = input.config.maxMessageSize;
  if (withInit) to.sctpInit = input.local.sctpInit;
}

Section newDataSection(const BuildInput& input, std::string mid) {
  return {.mid = std::move(mid),
          .kind = "application",
          .protocol = "UDP/DTLS/SCTP",
          .formats = {"webrtc-datachannel"},
          .what = DataSection{input.config.sctpPort},
          .transport = {}};
}

// A mid no line has: never one that somebody could still mean for another line.
std::string unusedMid(const Sections& sections) {
  for (std::size_t number = sections.size();; ++number) {
    std::string mid = std::to_string(number);
    if (std::ranges::find(sections, mid, &Section::mid) == sections.end()) return mid;
  }
}

// A rejected line is used again before another is added, if it was one for applications: across
// that border Firefox refuses (and RFC 9429 5.2.2 asks it for media only).
Sections withDataSection(const BuildInput& input) {
  Sections sections = input.sections;
  const auto lives = [](const Section& section) { return section.isData() && !section.rejected; };
  if (std::ranges::any_of(sections, lives)) return sections;
  Section data = newDataSection(input, unusedMid(sections));
  const auto free = std::ranges::find_if(sections, [](const Section& section) {
    return section.rejected && section.kind == "application";
  });
  if (free == sections.end())
    sections.push_back(std::move(data));
  else
    *free = std::move(data);
  return sections;
}

bool restarts(const OfferInput& offer, const Transport& transport) {
  return offer.restartAll ||
         std::ranges::find(offer.toReplace, transport.local) != offer.toReplace.end();
}

LocalHalf offeredHalf(const BuildInput& input, const OfferInput& offer, const Section& section,
                      FreshCredentials& fresh) {
  const Transport* transport =
      section.transport ? input.transports.find(*section.transport) : nullptr;
  if (!transport) return {fresh.next(), input.local.tlsId};
  return {restarts(offer, *transport) ? fresh.next() : transport->local, transport->tlsId};
}

// RFC 8445 9: an offer with other credentials asks for a restart, and gets other ones back.
LocalHalf answeredHalf(const BuildInput& input, const Section& section,
                       const sdp::TransportAttributes& offered, FreshCredentials& fresh) {
  const Transport* transport =
      section.transport ? input.transports.find(*section.transport) : nullptr;
  if (!transport) return {fresh.next(), input.local.tlsId};
  const bool restarted =
      transport->remote && *transport->remote != Credentials{offered.iceUfrag, offered.icePassword};
  return {restarted ? fresh.next() : transport->local, transport->tlsId};
}

void addIceOptions(sdp::SessionDescription& to, const BuildInput& input,
                   const std::optional<sdp::TransportAttributes>& offered) {
  std::vector<std::string> options = {"trickle", "ice2"};
  if (input.config.iceRenomination) options.push_back("renomination");
  // RFC 9429 5.3.1: an answer has only those that were offered.
  if (offered) std::erase_if(options, [&](const auto& o) { return !offered->hasIceOption(o); });
  to.iceOptions = std::move(options);
}

void copyBundles(sdp::SessionDescription& to, const sdp::SessionDescription& offer,
                 const std::vector<bool>& accepted) {
  for (const sdp::Group& offered : offer.groups) {
    if (offered.semantics != "BUNDLE") continue;
    sdp::Group group{.semantics = "BUNDLE", .mids = {}};
    for (const std::string& mid : offered.mids) {
      const std::optional<std::size_t> index = offer.indexOf(mid);
      if (index && accepted[*index]) group.mids.push_back(mid);
    }
    if (!group.mids.empty()) to.groups.push_back(std::move(group));
  }
}

// RFC 9143 9.3.1.2: who tags a bundle that muxes RTCP says so, be it a data section.
bool bundleMuxesRtcp(const sdp::SessionDescription& offer, std::size_t index) {
  const sdp::Group* group = bundleOf(offer, index);
  return group && std::ranges::any_of(group->mids, [&](const std::string& mid) {
           const std::optional<std::size_t> member = offer.indexOf(mid);
           return member && offer.media[*member].rtcpMux;
         });
}

sdp::Setup setupOf(std::optional<DtlsRole> role) {
  if (!role) return sdp::Setup::holdconn;
  return *role == DtlsRole::client ? sdp::Setup::active : sdp::Setup::passive;
}

// One association is all a peer has: the section that has it keeps it, else the first gets it.
std::optional<std::size_t> chooseData(const Sections& sections,
                                      const sdp::SessionDescription& offer) {
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    if (!sections[i].isData() || !isUsableData(offer, i)) continue;
    if (sections[i].transport) return i;
    if (!chosen) chosen = i;
  }
  return chosen;
}

sdp::MediaDescription answeredData(const BuildInput& input, const Section& section,
                                   const sdp::SessionDescription& offer, std::size_t index,
                                   FreshCredentials& fresh) {
  const sdp::TransportAttributes offered = transportOf(offer, index);
  const Transport* transport =
      section.transport ? input.transports.find(*section.transport) : nullptr;
  sdp::MediaDescription made = newSection(section);
  const std::optional<DtlsRole> role =
      roleAgainstOffer(offered.setup, transport ? transport->role : std::nullopt);
  writeTransport(made, input, answeredHalf(input, section, offered, fresh), setupOf(role),
                 !offered.tlsId.empty());
  writeData(made, input, std::get<DataSection>(section.what),
            !input.associated && !offer.media[index].sctpInit.empty());
  made.rtcpMux = bundleMuxesRtcp(offer, index);
  return made;
}

}  // namespace

sdp::SessionDescription buildOffer(const BuildInput& input, const OfferInput& offer) {
  sdp::SessionDescription made = newDescription();
  made.iceLite = input.config.iceLite;
  addIceOptions(made, input, {});
  FreshCredentials fresh(input.fresh);
  sdp::Group bundle{.semantics = "BUNDLE", .mids = {}};
  for (Section section : offer.needsData ? withDataSection(input) : input.sections) {
    section.midWritten = true;
    const DataSection* data = std::get_if<DataSection>(&section.what);
    if (!data || section.rejected) {
      made.media.push_back(rejectedSection(section));
      continue;
    }
    sdp::MediaDescription offered = newSection(section);
    // RFC 9429 5.2.1: always actpass, in later offers too.
    writeTransport(offered, input, offeredHalf(input, offer, section, fresh), sdp::Setup::actpass,
                   true);
    writeData(offered, input, *data, !input.associated);
    // RFC 9143 9.3.1.3: what was muxed stays muxed.
    const std::size_t index = made.media.size();
    offered.rtcpMux = input.previous && index < input.previous->media.size() &&
                      input.previous->media[index].mid == section.mid &&
                      input.previous->media[index].rtcpMux;
    made.media.push_back(std::move(offered));
    bundle.mids.push_back(section.mid);
  }
  if (!bundle.mids.empty()) made.groups.push_back(std::move(bundle));
  if (input.previous) carryCandidates(*input.previous, made);
  return made;
}

sdp::SessionDescription buildAnswer(const BuildInput& input, const sdp::SessionDescription& offer) {
  sdp::SessionDescription made = newDescription();
  made.iceLite = input.config.iceLite;
  FreshCredentials fresh(input.fresh);
  std::vector<bool> accepted(offer.media.size());
  const std::optional<std::size_t> data = chooseData(input.sections, offer);
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    const Section& section = input.sections[i];
    accepted[i] = i == data;
    made.media.push_back(accepted[i] ? answeredData(input, section, offer, i, fresh)
                                     : rejectedSection(section));
  }
  if (data) addIceOptions(made, input, transportOf(offer, *data));
  copyBundles(made, offer, accepted);
  if (input.previous) carryCandidates(*input.previous, made);
  return made;
}

std::optional<DtlsRole> roleAgainstOffer(std::optional<sdp::Setup> offered,
                                         std::optional<DtlsRole> current) {
  switch (offered.value_or(sdp::Setup::actpass)) {
    case sdp::Setup::actpass:
      return current.value_or(DtlsRole::client);
    case sdp::Setup::active:
      return DtlsRole::server;
    case sdp::Setup::passive:
      return DtlsRole::client;
    case sdp::Setup::holdconn:
      break;
  }
  return {};
}

std::optional<DtlsRole> roleFromAnswer(std::optional<sdp::Setup> answered) {
  switch (answered.value_or(sdp::Setup::active)) {
    case sdp::Setup::active:
      return DtlsRole::server;
    case sdp::Setup::passive:
      return DtlsRole::client;
    case sdp::Setup::actpass:
    case sdp::Setup::holdconn:
      break;
  }
  return {};
}

bool isUsableData(const sdp::SessionDescription& offer, std::size_t index) {
  return offer.media[index].isDataChannels() && isAlive(offer, index);
}

std::uint16_t sctpPortOf(const sdp::MediaDescription& section) {
  static constexpr std::uint16_t kUsual = 5000;
  if (section.sctpPort) return *section.sctpPort;
  const auto map = std::ranges::find(section.sctpMaps, std::string_view("webrtc-datachannel"),
                                     &sdp::SctpMap::application);
  return map == section.sctpMaps.end() ? kUsual : map->port;
}

void carryCandidates(const sdp::SessionDescription& from, sdp::SessionDescription& to) {
  for (std::size_t i = 0; i < std::min(from.media.size(), to.media.size()); ++i) {
    const sdp::MediaDescription& old = from.media[i];
    sdp::MediaDescription& section = to.media[i];
    if (section.iceUfrag.empty() || old.iceUfrag != section.iceUfrag) continue;
    section.candidates = old.candidates;
    section.endOfCandidates = old.endOfCandidates;
    setDefaultDestination(section);
  }
}

void setDefaultDestination(sdp::MediaDescription& section) {
  if (section.port == 0 || section.protocol.starts_with("TCP/")) return;
  int best = 0;
  for (const std::string& text : section.candidates) {
    const std::optional<sdp::CandidateView> candidate = sdp::CandidateView::parse(text);
    if (!candidate || (candidate->transport != "udp" && candidate->transport != "UDP")) continue;
    const bool v6 = candidate->address.find(':') != std::string_view::npos;
    const bool name = !v6 && candidate->address.find_first_not_of("0123456789.") !=
                                 std::string_view::npos;  // an mDNS name tells nobody anything
    if (name) continue;
    const int rank = (candidate->type == "relay" ? 6 : candidate->type == "srflx" ? 4 : 2) - v6;
    if (rank <= best) continue;
    best = rank;
    section.port = candidate->port;
    section.connections = {sdp::Connection{.addressType = v6 ? "IP6" : "IP4",
                                           .address = std::string(candidate->address)}};
  }
}

}  // namespace parley::jsep
