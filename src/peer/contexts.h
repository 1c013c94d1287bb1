#pragma once

#include <map>
#include <memory>

#include "crypto/identity.h"
#include "tls/context.h"

namespace parley::peer {

// The DTLS context of each identity in use; making one costs as much as a third of a handshake.
// Contexts that no connection uses any more are forgotten.
class Contexts {
 public:
  dtls::Context::Shared of(const crypto::Identity::Shared& identity);

 private:
  std::map<const crypto::Identity*, std::weak_ptr<const dtls::Context>> contexts_;
  dtls::Context::Shared last_;  // the shared identity's, mostly
};

}  // namespace parley::peer
