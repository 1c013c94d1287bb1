#pragma once

#include <optional>

#include "core/bytes.h"
#include "core/sip_hash.h"
#include "core/time.h"
#include "sctp/packet/init_chunk.h"
#include "sctp/types.h"

namespace parley::sctp {

// The State Cookie (RFC 9260 5.1.3): all that an association will need to know, so that an INIT
// costs no state. It holds numbers of the protocol only: no address, no pointer.
struct Cookie {
  Instant made{};
  Tag localTag, remoteTag;
  Tsn localTsn, remoteTsn;
  std::uint32_t remoteWindow = 0;
  std::uint16_t streamsOut = 0, streamsIn = 0;  // granted
  Extensions extensions;
  Tag localTie, remoteTie;  // RFC 9260 5.2.2: the tags of the association it would replace

  // SipHash with 128 bits is enough of a MAC here: the cookie is only ever seen by the peer that
  // DTLS has authenticated, and lives a minute.
  ByteVector seal(const SipKey& key) const;
  static std::optional<Cookie> open(const SipKey& key, Bytes sealed);  // nothing: not ours

  bool isStale(Instant now) const;
};

}  // namespace parley::sctp
