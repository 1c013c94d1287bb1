#pragma once

#include <compare>
#include <string>

namespace parley::crypto {

struct LibraryVersion {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned patch = 0;

  friend auto operator<=>(const LibraryVersion&, const LibraryVersion&) = default;
};

// The OpenSSL that runs, which need not be the one that was compiled against: a host program may
// have brought its own.
std::string libraryText();  // "OpenSSL 3.0.22 25 Aug 2026"
LibraryVersion libraryVersion();

// To be called before OpenSSL is used first: it shall not clear its tables away at exit(), when
// threads of ours may still work and objects that were made before them are still to be destroyed.
// In a program that has used OpenSSL before, that program has decided.
void keepLibraryAtExit();

// The first release of the 3.0 branch with the DTLS fixes of 2026. A distribution may have put the
// same fixes into an older number, so this is a reason to warn, never to refuse.
inline constexpr LibraryVersion kPatchedVersion{3, 0, 22};
bool libraryIsOlderThan(LibraryVersion version);

}  // namespace parley::crypto
