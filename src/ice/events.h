#pragma once

#include <variant>
#include <vector>

#include "ice/candidate.h"
#include "ice/config.h"
#include "ice/path.h"

namespace parley::ice {

struct StateChanged {
  TransportIndex transport;
  State state;
};

// The first pair of a generation that the peer answered on: data may flow, DTLS may start.
struct PathValidated {
  TransportIndex transport;
  Path path;
  PairId pair;
};

// A pair was nominated and is selected now, for the first time or instead of another.
struct PathSelected {
  TransportIndex transport;
  Path path;
  PairId pair;
};

// An address that signalling did not name: of the peer, or of ours as the peer sees it.
struct PeerReflexiveFound {
  TransportIndex transport;
  CandidateId id;
  bool remote;
  Candidate candidate;
};

struct RoleChanged {
  Role role;
};

// After a restart: nothing will be sent on these bases of the old generation any more.
struct Retired {
  TransportIndex transport;
  std::vector<CandidateId> bases;
};

using Event = std::variant<StateChanged, PathValidated, PathSelected, PeerReflexiveFound,
                           RoleChanged, Retired>;

}  // namespace parley::ice
