#pragma once

#include <vector>

#include "jsep/sections.h"
#include "jsep/transports.h"
#include "jsep/types.h"

// Writes offers and answers (RFC 9429 5.2 and 5.3) from what is agreed so far. Pure functions:
// nothing opens or changes by writing it down.

namespace parley::jsep {

struct BuildInput {
  const Config& config;
  const LocalParameters& local;
  const Credentials& fresh;
  const Sections& sections;
  const Transports& transports;
  const sdp::SessionDescription* previous;  // local; may be nullptr
  bool associated = false;                  // SCTP runs: a=sctp-init has nothing to say any more
};

struct OfferInput {
  bool needsData = false;              // a data section, if there is none that lives
  bool restartAll = false;             // RTCOfferOptions.iceRestart
  std::vector<Credentials> toReplace;  // restartIce(): transports that still use these restart
};

sdp::SessionDescription buildOffer(const BuildInput& input, const OfferInput& offer);
sdp::SessionDescription buildAnswer(const BuildInput& input, const sdp::SessionDescription& offer);

// Our role against the offered a=setup; the role a transport already has stays if it may
// (RFC 8842 5.3). Nothing for "holdconn".
std::optional<DtlsRole> roleAgainstOffer(std::optional<sdp::Setup> offered,
                                         std::optional<DtlsRole> current);
// Our role from the answered one. RFC 4145 4: "active" if it is not there.
std::optional<DtlsRole> roleFromAnswer(std::optional<sdp::Setup> answered);

// Whether the section can become the data section: alive, and of a form we speak.
bool isUsableData(const sdp::SessionDescription& offer, std::size_t index);

// The port after "sctp-port" or in the old form; 5000 if it is not said.
std::uint16_t sctpPortOf(const sdp::MediaDescription& section);

// Candidates of the same generation that `from` has and `to` lacks, with their end and the
// default destination (RFC 9429 5.2.2).
void carryCandidates(const sdp::SessionDescription& from, sdp::SessionDescription& to);

// The address that agents without ICE would use (RFC 8839 4.2.1.2): relayed rather than
// reflexive rather than host. Stays 0.0.0.0 port 9 while there is none (RFC 8840 4.1).
void setDefaultDestination(sdp::MediaDescription& section);

}  // namespace parley::jsep
