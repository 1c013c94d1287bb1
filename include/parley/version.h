#pragma once

#include <string>

#include "parley/export.h"

#define PARLEY_VERSION_MAJOR 0
#define PARLEY_VERSION_MINOR 1
#define PARLEY_VERSION_PATCH 0

namespace parley {

struct VersionInfo {
  std::string parley;     // "0.1.0", of the library that runs
  std::string openssl;    // "OpenSSL 3.0.17 1 Jul 2025", of the library really in use
  bool opensslIsPatched;  // not older than what Parley's tests require
};

PARLEY_API VersionInfo version();

}  // namespace parley
