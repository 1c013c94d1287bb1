#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "sctp/packet/chunk.h"

namespace parley::sctp {

// The parameters of RFC 6525 4. A RE-CONFIG chunk holds one or two of them.

struct OutgoingResetRequest {  // 4.1
  std::uint32_t sequence = 0;
  std::uint32_t responseSequence = 0;
  Tsn lastTsn;
  std::vector<StreamId> streams;  // none: all
};

struct IncomingResetRequest {  // 4.2
  std::uint32_t sequence = 0;
  std::vector<StreamId> streams;
};

struct OtherRequest {  // 4.3, 4.5, 4.6: SSN/TSN reset and adding streams, which we deny
  std::uint32_t sequence = 0;
};

enum class ResetResult : std::uint32_t {  // 4.4
  nothingToDo = 0,
  performed = 1,
  denied = 2,
  wrongSsn = 3,
  alreadyInProgress = 4,
  badSequence = 5,
  inProgress = 6,
};

struct ResetResponse {
  std::uint32_t sequence = 0;
  ResetResult result{};
};

using ReConfigParameter =
    std::variant<OutgoingResetRequest, IncomingResetRequest, OtherRequest, ResetResponse>;

struct ReConfigChunk {
  std::vector<ReConfigParameter> parameters;

  static std::optional<ReConfigChunk> parse(Bytes body);  // nothing: 0, 3 or more, or malformed
  ByteVector toChunk() const;                             // OtherRequest is not for writing
};

}  // namespace parley::sctp
