#pragma once

#include <optional>
#include <vector>

#include "core/address.h"
#include "core/random.h"
#include "core/time.h"
#include "stun/protocol.h"

namespace parley::server {

// One error that is answered instead of what would be right.
struct ForcedError {
  stun::ErrorCode code{};
  std::optional<stun::Method> method = std::nullopt;  // absent: any
  unsigned next = 0;                                  // this many more requests,
  double probability = 0;                             // and each other with this one
  // Before the credentials are looked at; otherwise only those who have proved theirs get it, and
  // it is signed. 401 and 438 are never signed.
  bool isBeforeCredentials = false;
};

// How a server misbehaves, for worlds and tests; by default not at all. A value: set it as a whole
// at any time.
struct Faults {
  std::vector<ForcedError> errors = {};
  std::optional<Address> alternate = std::nullopt;  // what a forced 300 names
  double loseAnswer = 0;                            // each answer is lost with this probability
  bool oneNoncePerRequest = false;  // what a request has used is stale for the next one
  // Shorter than asked for and than the RFC has it; for what is granted from now on.
  std::optional<Duration> lifetimeMax = std::nullopt;
  std::optional<Duration> permissionLifetime = std::nullopt;
  std::optional<Duration> channelLifetime = std::nullopt;

  // The error this request is to get, if any; counts `next` down.
  std::optional<stun::ErrorCode> takeError(Random& random, stun::Method method,
                                           bool isBeforeCredentials);
  bool losesAnswer(Random& random) const { return loseAnswer > 0 && random.unit() < loseAnswer; }
};

}  // namespace parley::server
