#include "parley/udp_mux.h"

#include "parley/loop_state.h"

namespace parley {

UdpMux::UdpMux(Loop& loop, const UdpMuxOptions& options) : UdpMux(loop.state().realm, options) {}

}  // namespace parley
