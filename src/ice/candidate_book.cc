#include "ice/candidate_book.h"

#include <algorithm>

#include "ice/priority.h"

namespace parley::ice {
namespace {

template <class Items>
auto* byId(Items& items, CandidateId id) {
  const auto found = std::ranges::find_if(items, [id](const auto& item) { return item.id == id; });
  return found == items.end() ? nullptr : &*found;
}

// What a string holds outside itself.
std::size_t heapOf(const std::string& text) {
  return text.capacity() > std::string().capacity() ? text.capacity() + 1 : 0;
}

std::size_t heapOf(const Candidate& candidate) {
  return heapOf(candidate.foundation) + heapOf(candidate.hostname) +
         heapOf(candidate.usernameFragment);
}

}  // namespace

const LocalCandidate* CandidateBook::local(CandidateId id) const { return byId(locals_, id); }

const LocalCandidate* CandidateBook::base(CandidateId id) const {
  const LocalCandidate* found = local(id);
  return found && found->isBase() ? found : nullptr;
}

const LocalCandidate* CandidateBook::localAt(const Address& address, Protocol protocol,
                                             CandidateId base) const {
  const auto found = std::ranges::find_if(locals_, [&](const LocalCandidate& local) {
    return local.base == base && local.candidate.protocol == protocol &&
           sameWithoutZone(local.candidate.address, address);
  });
  return found == locals_.end() ? nullptr : &*found;
}

const LocalCandidate* CandidateBook::baseAt(const Candidate& candidate) const {
  const auto found = std::ranges::find_if(locals_, [&](const LocalCandidate& local) {
    return local.isBase() && local.candidate.protocol == candidate.protocol &&
           local.candidate.type == candidate.type && local.candidate.tcpType == candidate.tcpType &&
           local.candidate.address == candidate.address;
  });
  return found == locals_.end() ? nullptr : &*found;
}

const RemoteCandidate* CandidateBook::remote(CandidateId id) const { return byId(remotes_, id); }

RemoteCandidate* CandidateBook::findRemote(const Address& address, Protocol protocol) {
  const auto found = std::ranges::find_if(remotes_, [&](const RemoteCandidate& remote) {
    return remote.candidate.protocol == protocol &&
           sameWithoutZone(remote.candidate.address, address);
  });
  return found == remotes_.end() ? nullptr : &*found;
}

const RemoteCandidate* CandidateBook::remoteAt(const Address& address, Protocol protocol) const {
  return const_cast<CandidateBook*>(this)->findRemote(address, protocol);
}

void CandidateBook::removeLocal(CandidateId base) {
  std::erase_if(locals_, [base](const LocalCandidate& local) {
    return local.id == base || local.base == base;
  });
}

CandidateBook::Added CandidateBook::merge(RemoteCandidate& held, Candidate candidate) {
  Added added;
  added.id = held.id;
  // What signalling says about an address outranks what we guessed; of two words of signalling
  // the first counts (RFC 8838 9).
  if (held.candidate.type == CandidateType::peerReflexive &&
      candidate.type != CandidateType::peerReflexive) {
    held.candidate = std::move(candidate);
    added.changed = true;
  }
  return added;
}

bool CandidateBook::isWorse(const RemoteCandidate& a, const RemoteCandidate& b, bool byAge) {
  return byAge ? a.added < b.added : a.candidate.priority < b.candidate.priority;
}

std::size_t CandidateBook::count(bool peerReflexive) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(remotes_, [peerReflexive](const RemoteCandidate& remote) {
        return (remote.candidate.type == CandidateType::peerReflexive) == peerReflexive;
      }));
}

void CandidateBook::shrink() {
  locals_.shrink_to_fit();
  remotes_.shrink_to_fit();
}

std::size_t CandidateBook::memoryUsed() const {
  std::size_t bytes =
      locals_.capacity() * sizeof(LocalCandidate) + remotes_.capacity() * sizeof(RemoteCandidate);
  for (const LocalCandidate& local : locals_) bytes += heapOf(local.candidate);
  for (const RemoteCandidate& remote : remotes_) bytes += heapOf(remote.candidate);
  return bytes;
}

}  // namespace parley::ice
