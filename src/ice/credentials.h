#pragma once

#include <string>
#include <string_view>

#include "core/random.h"

namespace parley::ice {

// The user name fragment and password of one side for one generation of candidates. New ones
// mean an ICE restart.
struct Credentials {
  std::string ufrag;
  std::string password;

  static Credentials generate(Secrets& secrets);

  bool isValid() const;  // RFC 8839 5.4: 4..256 and 22..256 ice-char

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

bool isIceChars(std::string_view text);  // letters, digits, '+' and '/'

}  // namespace parley::ice
