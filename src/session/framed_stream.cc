#include "session/framed_stream.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::session {

bool FramedStream::send(Packet packet, std::size_t unsentMax) {
  const std::size_t room = host_.writable(stream_);
  const std::size_t unsent =
      limits::loop::kUnsentBytesPerStream - std::min(room, limits::loop::kUnsentBytesPerStream);
  if (unsent + packet.size() + stun::LengthFramer::kHeader > unsentMax) return false;
  stun::LengthFramer::wrap(packet);
  return host_.write(stream_, packet.bytes());
}

}  // namespace parley::session
