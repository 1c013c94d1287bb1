#include "parley/peer_connection.h"

#include "parley/loop_state.h"
#include "parley/thread_realm.h"

namespace parley {

RTCPeerConnection::RTCPeerConnection(Loop& loop, RTCConfiguration configuration, Tuning tuning)
    : RTCPeerConnection(loop.state().realm, std::move(configuration), std::move(tuning)) {}

RTCPeerConnection::RTCPeerConnection(LoopThread& engine, Dispatcher dispatcher,
                                     RTCConfiguration configuration, Tuning tuning)
    : RTCPeerConnection(std::make_shared<ThreadRealm>(engine.link(), std::move(dispatcher)),
                        std::move(configuration), std::move(tuning)) {}

}  // namespace parley
