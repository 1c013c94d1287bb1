#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/result.h"
#include "ice/candidate.h"
#include "ice/config.h"
#include "ice/path.h"

namespace parley::ice {

struct LocalCandidate {
  CandidateId id;
  CandidateId base;
  Candidate candidate;

  bool isBase() const { return id == base; }
};

struct RemoteCandidate {
  CandidateId id;
  Instant added;
  Candidate candidate;
};

// The candidates of both sides in one generation, with their bounds. It pairs nothing.
class CandidateBook {
 public:
  std::span<const LocalCandidate> locals() const { return locals_; }
  std::span<const RemoteCandidate> remotes() const { return remotes_; }

  const LocalCandidate* local(CandidateId id) const;
  const LocalCandidate* base(CandidateId id) const;  // only if it is one
  const LocalCandidate* localAt(const Address& address, Protocol protocol, CandidateId base) const;
  const LocalCandidate* baseAt(const Candidate& candidate) const;
  const RemoteCandidate* remote(CandidateId id) const;
  const RemoteCandidate* remoteAt(const Address& address, Protocol protocol) const;

  bool hasRoomForLocal() const { return locals_.size() < limits::ice::kLocalCandidates; }
  void addLocal(LocalCandidate local) { locals_.push_back(std::move(local)); }
  void removeLocal(CandidateId base);  // and everything that rests on it

  // Signalled candidates beyond the bound replace the worst one that is `replaceable`, whose id
  // is in `evicted`. A signalled candidate takes over the entry of a peer-reflexive one at its
  // address (RFC 8838 11.4), and then keeps its id.
  struct Added {
    CandidateId id;
    bool isNew = false;
    bool changed = false;
    std::optional<CandidateId> evicted;
  };
  template <class Replaceable>
  Result<Added, AddError> addRemote(Candidate candidate, CandidateId fresh, Instant now,
                                    Replaceable replaceable) {
    if (RemoteCandidate* same = findRemote(candidate.address, candidate.protocol)) {
      return merge(*same, std::move(candidate));
    }
    const bool reflexive = candidate.type == CandidateType::peerReflexive;
    const std::size_t bound =
        reflexive ? limits::ice::kPeerReflexive : limits::ice::kRemoteCandidates;
    Added added;
    added.id = fresh;
    added.isNew = true;
    if (count(reflexive) >= bound) {
      RemoteCandidate* worst = nullptr;
      for (RemoteCandidate& other : remotes_) {
        if ((other.candidate.type == CandidateType::peerReflexive) != reflexive) continue;
        if (!worst || isWorse(other, *worst, reflexive)) {
          if (replaceable(other)) worst = &other;
        }
      }
      if (!worst || (!reflexive && worst->candidate.priority >= candidate.priority)) {
        return Unexpected(AddError::tooMany);
      }
      added.evicted = worst->id;
      *worst = {fresh, now, std::move(candidate)};
    } else {
      remotes_.push_back({fresh, now, std::move(candidate)});
    }
    return added;
  }

  void shrink();
  std::size_t memoryUsed() const;

 private:
  RemoteCandidate* findRemote(const Address& address, Protocol protocol);
  static Added merge(RemoteCandidate& held, Candidate candidate);
  static bool isWorse(const RemoteCandidate& a, const RemoteCandidate& b, bool byAge);
  std::size_t count(bool peerReflexive) const;

  std::vector<LocalCandidate> locals_;
  std::vector<RemoteCandidate> remotes_;
};

}  // namespace parley::ice
