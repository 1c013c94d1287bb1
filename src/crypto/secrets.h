#pragma once

#include "core/random.h"

namespace parley::crypto {

// The production source of keys, passwords, cookies and transaction ids: OpenSSL's generator. It
// holds nothing, so one may be made wherever one is needed. A generator that cannot give bytes
// stops the process: nothing safe can follow.
class SystemSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override;
};

}  // namespace parley::crypto
