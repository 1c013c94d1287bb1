#include "sctp/link.h"

namespace parley::sctp {

Link::Link(const Cookie& cookie, const Config& config)
    : localTag(cookie.localTag),
      remoteTag(cookie.remoteTag),
      extensions(cookie.extensions),
      streamsOut(cookie.streamsOut),
      streamsIn(cookie.streamsIn),
      tracker(cookie.remoteTsn),
      reassembly(config.receiveMessageMax),
      announced(config.receiveWindow),
      outstanding(cookie.localTsn, cookie.extensions.partialReliability),
      congestion(std::make_unique<NewReno>(config.packetSize)),
      peerWindow(cookie.remoteWindow) {
  // RFC 6525 5.1.1: request numbers start where the TSNs do.
  outgoingReset.nextSequence = cookie.localTsn.value;
  outgoingReset.answers = cookie.remoteTsn.value - 1;
  incomingReset.expected = cookie.remoteTsn.value;
}

}  // namespace parley::sctp
