#pragma once

#include <optional>
#include <string_view>

#include "core/packet.h"
#include "core/step.h"
#include "ice/credentials.h"
#include "ice/shared.h"
#include "stun/builder.h"
#include "stun/message.h"

// The server side of a check: who may be believed, and what is answered (RFC 8489 9.1.3, RFC 8445
// 7.3). Nothing here changes the state of a session.

namespace parley::ice {

// The half of USERNAME that is ours; nullopt without a colon or without the attribute.
std::optional<std::string_view> localHalf(const stun::MessageView& request);

// Which form of integrity holds under this key, the stronger one first; none when none does.
stun::Integrity provenIntegrity(const stun::MessageView& message, std::string_view password);

// Answers to a request that proved the password carry the same form of integrity.
struct AnswerKey {
  stun::Integrity integrity;
  std::string_view password;
};

Packet writeSuccess(Step& step, const stun::MessageView& request, const Address& seen,
                    const AnswerKey& key);
Packet writeError(Step& step, const stun::MessageView& request, stun::ErrorCode code,
                  const AnswerKey& key);
Packet writeUnknown(Step& step, const stun::MessageView& request,
                    const stun::MessageView::Unknown& unknown, const AnswerKey& key);

// The error for a request that proved nothing: never longer than the request, and only so many
// a second. A false packet means silence.
Packet refuse(Step& step, const stun::MessageView& request, stun::ErrorCode code, Shared& shared);

// Comprehension-required attributes that a check may carry.
stun::MessageView::Unknown unknownInCheck(const stun::MessageView& request);

}  // namespace parley::ice
