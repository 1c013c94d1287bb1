#include "peer/transports.h"

#include <algorithm>
#include <limits>

namespace parley::peer {

void SctpTransport::updateMaxMessageSize(double remoteMax, double canSend) {
  const auto [smaller, larger] = std::minmax({remoteMax, canSend});
  if (larger == 0)
    mirror.maxMessageSize = std::numeric_limits<double>::infinity();
  else
    mirror.maxMessageSize = smaller == 0 ? larger : smaller;
}

}  // namespace parley::peer
