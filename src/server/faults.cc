#include "server/faults.h"

namespace parley::server {

std::optional<stun::ErrorCode> Faults::takeError(Random& random, stun::Method method,
                                                 bool isBeforeCredentials) {
  for (ForcedError& error : errors) {
    if (error.isBeforeCredentials != isBeforeCredentials) continue;
    if (error.method && *error.method != method) continue;
    if (error.next > 0) {
      --error.next;
      return error.code;
    }
    if (error.probability > 0 && random.unit() < error.probability) return error.code;
  }
  return std::nullopt;
}

}  // namespace parley::server
