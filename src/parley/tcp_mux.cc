#include "parley/tcp_mux.h"

#include "parley/loop_state.h"

namespace parley {

TcpMux::TcpMux(Loop& loop, const TcpMuxOptions& options) : TcpMux(loop.state().realm, options) {}

}  // namespace parley
