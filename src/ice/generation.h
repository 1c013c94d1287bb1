#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/packet.h"
#include "core/result.h"
#include "core/step.h"
#include "core/timer.h"
#include "ice/answer.h"
#include "ice/candidate_book.h"
#include "ice/check_list.h"
#include "ice/consent.h"
#include "ice/credentials.h"
#include "ice/request.h"
#include "ice/shared.h"
#include "stun/message.h"
#include "stun/transaction.h"

namespace parley::ice {

// One generation of one transport: two pairs of credentials, the candidates signalled with them,
// the check list that grew out of these, and the consent of the pair that carries data. A restart
// makes a second one beside it. It says what happened through Shared::events, except for its
// state, which the transport reads and reports.
class Generation {
 public:
  Generation(Shared& shared, TransportIndex transport, Credentials local);

  void addLocal(Step& step, LocalCandidate local);
  bool removeLocal(Step& step, CandidateId id);
  void pathLost(Step& step, const Path& path);
  void endOfLocals() { localsEnded_ = true; }
  void setRemoteCredentials(Step& step, Credentials remote);
  Result<CandidateId, AddError> addRemote(Step& step, Candidate candidate);
  void endOfRemotes() { remotesEnded_ = true; }

  // A check of the peer, its integrity already proved under our password: answered here, then
  // learned from (RFC 8445 7.3.1).
  void receiveRequest(Step& step, const Path& path, const stun::MessageView& request,
                      const AnswerKey& key);
  bool ownsTransaction(const stun::TransactionId& id) const;
  void receiveResponse(Step& step, const Path& path, const stun::MessageView& response);

  void onTimer(Step& step);
  // A newer generation is being set up: what carries data is kept, nothing new is tried.
  void stopChecking();
  void resumeChecking(Step& step);  // the newer one was taken back
  void nominate(Step& step);
  bool sendTriggered(Step& step);
  bool sendOrdinary(Step& step);
  // Frozen pairs whose foundation `mayThaw` become Waiting (RFC 8445 6.1.4.2, 7.2.5.3.3).
  template <class MayThaw>
  void thaw(MayThaw mayThaw) {
    if (!remote_ || failed_) return;
    for (Pair& pair : list_.pairs()) {
      if (pair.state == PairState::frozen && isWorthChecking(pair) && mayThaw(pair.foundation)) {
        pair.state = PairState::waiting;
      }
    }
  }
  bool hasFrozen() const { return hasOpen(PairState::frozen); }
  bool hasTriggered() const { return remote_ && !failed_ && list_.hasTriggered(); }
  bool hasOrdinary() const { return remote_ && !failed_ && nextOrdinary(); }
  Instant deadline() const;

  // Data on the pair chosen for it; the packet is taken only if there is one.
  bool send(Step& step, Packet& packet);
  bool isKnown(const Path& path) const;
  bool countReceived(Instant now, const Path& path, std::size_t bytes);

  State state() const;
  const CheckList& list() const { return list_; }
  const CandidateBook& book() const { return book_; }
  const Credentials& localCredentials() const { return local_; }
  bool hasRemoteCredentials() const { return remote_.has_value(); }
  const Pair* selectedPair() const { return list_.find(selected_); }
  const Pair* sendPair() const { return list_.find(sending_); }
  bool isHealthy() const { return sendPair() && !disconnected_ && !failed_; }
  bool isFailed() const { return failed_; }
  const char* reason() const { return reason_; }  // of its present state, for the trace
  std::size_t memoryUsed() const;
  const char* inconsistency() const;

 private:
  struct Check {
    stun::ClientTransaction transaction;
    RequestBody body;
    PairId pair;
    bool recovery = false;    // of the silent pair that carries data: its state stays
    bool superseded = false;  // a later check of the pair decides
  };
  // What a check of the peer asks for.
  struct Wish {
    std::uint32_t priority = 0;
    bool useCandidate = false;
    std::uint32_t nomination = 0;  // 0: not numbered
  };
  struct EarlyRequest {
    Path path;
    Wish wish;
    std::string remoteUfrag;
  };

  // RFC 8445 8.1.2 ends the checks with a nomination; a pair that would be better still is tried.
  bool isWorthChecking(const Pair& pair) const {
    if (!concluded_) return true;
    const Pair* selected = stopped_ ? nullptr : list_.find(selected_);
    return selected && pair.priority > selected->priority;
  }
  // UDP goes first, and where it answers nothing else is tried.
  bool isHeldBack(const Pair& pair) const {
    return pair.protocol == Protocol::tcp && !disconnected_ &&
           (shared_.now < tcpFrom_ || std::ranges::any_of(
                                          list_.pairs(),
                                          [&pair](const Pair& other) {
                                            return other.valid && other.priority > pair.priority;
                                          }));
  }
  const Pair* nextOrdinary() const {
    const auto found = std::ranges::find_if(list_.pairs(), [this](const Pair& pair) {
      return pair.state == PairState::waiting && isWorthChecking(pair) && !isHeldBack(pair);
    });
    return found == list_.pairs().end() ? nullptr : &*found;
  }
  bool hasOpen(PairState state) const {
    return remote_ && !failed_ &&
           std::ranges::any_of(list_.pairs(), [this, state](const Pair& pair) {
             return pair.state == state && isWorthChecking(pair);
           });
  }

  // generation.cc: candidates and pairs, selection, state
  void pairUp(Step& step, const LocalCandidate& base, const RemoteCandidate& remote);
  Pair* addPair(Step& step, const LocalCandidate& base, const RemoteCandidate& remote);
  void pairAll(Step& step);
  void removePairs(CandidateId remote);
  void onPairsRemoved(Step& step, const char* why);
  void forgetChecks();
  void refreshPriorities(CandidateId remote);
  void syncRole();
  void select(Step& step, PairId id);
  const Pair* liveInsteadOfSilent(Instant now) const;
  void conclude();
  void nominate(Step& step, PairId id, const char* why);
  void reopen(Step& step);
  void chooseSendPair(Step& step);
  void settle(Step& step);
  void fail(Step& step, const char* reason);
  void setState(Step& step, Pair& pair, PairState state, const char* trigger);

  // generation_checks.cc: the client's side
  bool startCheck(Step& step, Pair& pair, bool recovery, const char* trigger);
  void transmit(Step& step, Check& check, Pair& pair);
  void sendConsent(Step& step, Pair& pair);
  void onCheckTimers(Step& step);
  void onConsentTimers(Step& step);
  Duration checkRto(const Pair& pair) const;
  void onSuccess(Step& step, const Check& check, const stun::MessageView& response);
  void onError(Step& step, const Check& check, std::uint16_t code);
  void onRoleConflict(Step& step, const Check& check, Pair& pair);
  void answered(Step& step, Pair& pair, std::optional<Duration> roundTrip);
  void noteMapped(Step& step, Pair& pair, const Address& mapped);
  void revokeConsent(Step& step, Pair& pair, const char* reason);

  // generation_requests.cc: the server's side
  bool settleRoleConflict(Step& step, const stun::MessageView& request);
  void learn(Step& step, const Path& path, const Wish& wish);
  void suspect(Step& step);
  Pair* pairFromRequest(Step& step, const Path& path, std::uint32_t priority);
  void triggerFor(Step& step, Pair& pair, bool useCandidate, bool first);
  void nominateByPeer(Step& step, Pair& pair);
  void rememberEarly(const Path& path, const Wish& wish, std::string_view remoteUfrag);

  Shared& shared_;
  TransportIndex transport_;
  Credentials local_;
  std::optional<Credentials> remote_;
  CandidateBook book_;
  CheckList list_;
  std::vector<Check> checks_;
  std::vector<EarlyRequest> early_;
  Consent consent_;
  PairId selected_{};  // {0}: none
  PairId sending_{};
  Instant firstValid_ = never();
  Instant tcpFrom_ = Instant::min();  // checks over TCP begin
  Instant lookAgain_ = never();       // when the nomination is weighed again
  Timer patience_;                    // RFC 8863
  Timer lost_;                        // since the selected pair's base went away
  std::uint32_t roleEpoch_;
  const char* reason_ = "new credentials";
  bool localsEnded_ = false;
  bool remotesEnded_ = false;
  bool validated_ = false;  // PathValidated was said
  bool patienceOver_ = false;
  bool concluded_ = false;
  bool stopped_ = false;           // by a newer generation
  std::uint32_t nominations_ = 0;  // of ours, numbered
  int moves_ = 0;                  // to a better pair
  bool disconnected_ = false;
  bool failed_ = false;
};

}  // namespace parley::ice
