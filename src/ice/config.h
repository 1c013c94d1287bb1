#pragma once

#include <cstddef>
#include <cstdint>

#include "core/limits.h"
#include "core/time.h"

namespace parley::ice {

enum class Role : std::uint8_t { controlling, controlled };

// As RTCIceTransportState, which has the same order; closed is the owner's word.
enum class State : std::uint8_t { idle, checking, connected, completed, disconnected, failed };

// Why a candidate was not taken. None of these is an error of the session: the owner counts them
// and goes on.
enum class AddError : std::uint8_t {
  unknownTransport,
  unknownBase,
  unsupported,      // RTCP component, or not an address one can send to
  unresolved,       // still a name
  tooMany,          // and not better than what is held
  wrongGeneration,  // carries the ufrag of other credentials
};

struct Config {
  Role role = Role::controlling;
  // RFC 8445 2.5: it answers checks and sends none. What the peer's checks show stands for what
  // ours would: a pair they come on is valid, and their silence is the peer's.
  bool lite = false;
  Duration pacing = limits::ice::kPacing;  // Ta of ordinary checks
  // No connection is made while UDP may still answer.
  Duration tcpHeadStart = limits::ice::kTcpHeadStart;
  Duration consentInterval = limits::ice::kConsentInterval;
  Duration consentExpires = limits::ice::kConsentExpires;
  Duration disconnectedAfter = limits::ice::kDisconnected;
  Duration patience = limits::ice::kPatience;  // RFC 8863: no failure before that
  std::size_t pairsMax = limits::ice::kPairs;  // across all transports
};

}  // namespace parley::ice
