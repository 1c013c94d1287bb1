#include "core/trace.h"

namespace parley {

std::string_view topicName(Topic topic) {
  static constexpr std::string_view kNames[] = {"loop",       "ice",  "turn",    "dtls",
                                                "srtp",       "sctp", "channel", "rtp",
                                                "congestion", "jsep", "session", "peer"};
  return kNames[static_cast<std::size_t>(topic)];
}

}  // namespace parley
