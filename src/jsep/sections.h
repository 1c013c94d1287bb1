#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "jsep/types.h"

// The m= lines as both sides have them: a line never moves and never goes away; once rejected it
// may be used again for something else (RFC 9429 5.2.2, 5.3.1).

namespace parley::jsep {

// SCTP over DTLS, and the words the other side used for it, which we answer in kind.
struct DataSection {
  std::uint16_t localPort = 5000;
};

// Audio or video. Not carried: always rejected.
struct MediaSection {};

struct Section {
  std::string mid;
  bool midWritten = true;  // false: they have written none; ours is a private name
  std::string kind;
  std::string protocol;
  std::vector<std::string> formats;
  std::variant<MediaSection, DataSection> what;
  bool rejected = false;                 // port 0 in the last answer, free to be used again
  std::optional<TransportId> transport;  // none yet, or rejected

  bool isData() const { return std::holds_alternative<DataSection>(what); }
};

using Sections = std::vector<Section>;

}  // namespace parley::jsep
