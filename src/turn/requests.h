#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/address.h"
#include "core/time.h"
#include "stun/message.h"
#include "stun/transaction.h"
#include "turn/challenge.h"
#include "turn/config.h"

namespace parley::turn {

// What a request says; enough to say it again under another nonce.
struct Question {
  stun::Method method{};
  std::vector<Address> peers = {};  // CreatePermission: some; ChannelBind: one
  std::uint16_t number = 0;         // ChannelBind
  Duration lifetime{};              // Allocate and Refresh
  int challenges = 0;               // that it has met already

  bool isRelease() const { return method == stun::Method::refresh && lifetime == Duration{}; }
};

// One request under way. The bytes are kept, because a transaction id never goes out with two
// bodies: by the next repetition the nonce may be another.
struct Request {
  Question question;
  stun::ClientTransaction transaction;
  Signature signature = {};
  ByteVector bytes = {};  // empty: there was no packet to write them into so far
  Instant asked{};        // first; what is granted counts from here, which is never too late
  int sends = 0;
};

// The requests of one allocation that wait for an answer, by transaction id.
class Requests {
 public:
  Request& add(Request request);
  Request* find(const stun::TransactionId& id);
  Request* find(stun::Method method);
  Request take(const stun::TransactionId& id);  // which is there
  void clear() { all_.clear(); }

  Request* nextDue(Instant now);  // any, or null
  Instant deadline() const;

  std::size_t size() const { return all_.size(); }
  std::size_t countOf(stun::Method method) const;
  std::size_t namesOf(const IpAddress& peer) const;  // how many of them ask for this peer
  std::size_t memoryUsed() const;

 private:
  std::map<stun::TransactionId, Request> all_;
};

// False when the pool is empty or the credentials do not fit a block.
Packet writeRequest(PacketPool& pool, const stun::TransactionId& id, const Question& question,
                    const Config& config, const Challenge& challenge);

}  // namespace parley::turn
