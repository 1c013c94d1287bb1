#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/timer.h"
#include "ice/generation.h"

namespace parley::ice {

// One transport of the agent: the generation that is being set up or in use, and beside it, after
// a restart, the one that still carries data. It knows which of the two a message belongs to and
// which may send; it checks nothing itself.
class Transport {
 public:
  Transport(Shared& shared, TransportIndex index, Credentials local);

  TransportIndex index() const { return index_; }
  Generation& current() { return *current_; }
  const Generation& current() const { return *current_; }

  void restart(Step& step, Credentials local);
  void cancelRestart(Step& step);
  Result<CandidateId, AddError> addLocal(Step& step, Candidate candidate,
                                         std::optional<CandidateId> base,
                                         std::optional<IpAddress> server = std::nullopt);
  bool removeLocal(Step& step, CandidateId id);
  void pathLost(Step& step, const Path& path);
  const LocalCandidate* local(CandidateId id) const;

  void receiveRequest(Step& step, const Path& path, const stun::MessageView& request);
  // The generation whose check this answers, if any.
  Generation* ownerOf(const stun::TransactionId& id);

  void onTimer(Step& step);
  void report(Step& step);  // StateChanged, when it did
  Instant deadline() const;

  bool send(Step& step, Packet& packet);
  bool isKnown(const Path& path) const;
  void countReceived(Instant now, const Path& path, std::size_t bytes);

  State state() const;
  const Generation& sender() const;  // which of the two data goes out on
  std::vector<CandidateStats> locals() const;
  std::vector<CandidateStats> remotes() const;
  std::vector<PairStats> pairs() const;
  std::size_t memoryUsed() const;

 private:
  bool isLingering() const { return retire_.isRunning(); }
  void fillIn(Candidate& candidate, const LocalCandidate* base,
              const std::optional<IpAddress>& server) const;
  void forgetPrevious(Step& step);
  void retire(Step& step, std::vector<CandidateId> bases);
  std::vector<CandidateId> basesOnlyIn(const Generation& gone) const;

  Shared& shared_;
  TransportIndex index_;
  std::unique_ptr<Generation> current_;
  std::unique_ptr<Generation> previous_;
  Timer retire_;  // the previous generation only listens any more
  State reported_ = State::idle;
};

}  // namespace parley::ice
