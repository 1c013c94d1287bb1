#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "parley/certificate.h"
#include "parley/configuration.h"
#include "parley/data_channel.h"
#include "parley/event.h"
#include "parley/export.h"
#include "parley/ice_candidate.h"
#include "parley/promise.h"
#include "parley/session_description.h"
#include "parley/transports.h"

namespace parley {

class Loop;
class LoopThread;

namespace peer {
class PeerConnection;
class Realm;
}  // namespace peer

// webrtc-pc 4.3.
enum class RTCSignalingState : std::uint8_t {
  stable,
  haveLocalOffer,
  haveRemoteOffer,
  haveLocalPranswer,
  haveRemotePranswer,
  closed,
};
enum class RTCIceGatheringState : std::uint8_t { new_, gathering, complete };
enum class RTCPeerConnectionState : std::uint8_t {
  closed,
  failed,
  disconnected,
  new_,
  connecting,
  connected,
};
enum class RTCIceConnectionState : std::uint8_t {
  closed,
  failed,
  disconnected,
  new_,
  checking,
  completed,
  connected,
};

struct CloseOptions {
  std::chrono::milliseconds flush{0};  // how long messages may take to be delivered
  // With a flush: called once when it has ended, in a task of the loop, unless that ends first.
  std::function<void()> onFlushed{};
};

// Queues a function onto the thread that owns the W3C objects; called from any thread, in order.
using Dispatcher = std::function<void(std::move_only_function<void()>)>;

// The RTCPeerConnection of the W3C recommendation (webrtc-pc 4.4), name for name. It belongs to
// one thread: every call and every event happens there. Destroying it closes it.
class PARLEY_API RTCPeerConnection {
 public:
  // On a loop: objects, events and packets share the loop's thread. Throws what the W3C
  // constructor throws (SyntaxError, InvalidAccessError, NotSupportedError...).
  explicit RTCPeerConnection(Loop& loop, RTCConfiguration configuration = {}, Tuning tuning = {});

  // Beside a loop: packets live on the engine's thread, objects and events on the caller's, which
  // `dispatcher` reaches. For GUI programs and other loops. The engine outlives the connection.
  RTCPeerConnection(LoopThread& engine, Dispatcher dispatcher, RTCConfiguration configuration = {},
                    Tuning tuning = {});

  // For the library and its worlds.
  RTCPeerConnection(std::shared_ptr<peer::Realm> realm, RTCConfiguration configuration,
                    Tuning tuning);

  ~RTCPeerConnection();
  RTCPeerConnection(const RTCPeerConnection&) = delete;
  RTCPeerConnection& operator=(const RTCPeerConnection&) = delete;

  Promise<RTCSessionDescriptionInit> createOffer(RTCOfferOptions options = {});
  Promise<RTCSessionDescriptionInit> createAnswer(RTCAnswerOptions options = {});
  Promise<Undefined> setLocalDescription(RTCLocalSessionDescriptionInit description = {});
  Promise<Undefined> setRemoteDescription(RTCSessionDescriptionInit description);
  Promise<Undefined> addIceCandidate(std::optional<RTCIceCandidateInit> candidate = {});

  std::optional<RTCSessionDescription> localDescription() const;
  std::optional<RTCSessionDescription> currentLocalDescription() const;
  std::optional<RTCSessionDescription> pendingLocalDescription() const;
  std::optional<RTCSessionDescription> remoteDescription() const;
  std::optional<RTCSessionDescription> currentRemoteDescription() const;
  std::optional<RTCSessionDescription> pendingRemoteDescription() const;

  RTCSignalingState signalingState() const;
  RTCIceGatheringState iceGatheringState() const;
  RTCIceConnectionState iceConnectionState() const;
  // `closed` only after our own close(), and no event tells of that. When the peer closes, this
  // keeps its value until consent ends: see RTCDtlsTransport.closeReason and the channels' `close`.
  RTCPeerConnectionState connectionState() const;
  std::optional<bool> canTrickleIceCandidates() const;
  std::shared_ptr<RTCSctpTransport> sctp() const;

  void restartIce();
  RTCConfiguration getConfiguration() const;
  // Throws InvalidModificationError, SyntaxError or InvalidAccessError and then changes nothing.
  // Another policy or other servers hold from the next gathering on, which the next offer begins.
  void setConfiguration(RTCConfiguration configuration);

  // Throws TypeError, InvalidStateError or OperationError as webrtc-pc 6.1 says.
  std::shared_ptr<RTCDataChannel> createDataChannel(const std::string& label,
                                                    RTCDataChannelInit init = {});

  // webrtc-pc 4.4.2, "close the connection": every state is closed when it returns, no event
  // fires here, pending promises never settle; ABORT and close_notify leave at the end of this
  // step and the loop's tail repeats them. Idempotent; legal in any state and any handler.
  void close();
  // An extension of Parley: states and events as with close(), but what was sent before is
  // delivered first, and SCTP says SHUTDOWN instead of ABORT: the peer's channels close without an
  // error. When `flush` is over, at most a minute, it ends as close() does. The loop has to go on
  // meanwhile; see Loop::drain().
  void close(CloseOptions options);

  EventHandler<Event> onnegotiationneeded;
  EventHandler<RTCPeerConnectionIceEvent> onicecandidate;
  EventHandler<RTCPeerConnectionIceErrorEvent> onicecandidateerror;
  EventHandler<Event> onsignalingstatechange;
  EventHandler<Event> oniceconnectionstatechange;
  EventHandler<Event> onicegatheringstatechange;
  EventHandler<Event> onconnectionstatechange;
  EventHandler<RTCDataChannelEvent> ondatachannel;

 private:
  std::shared_ptr<peer::PeerConnection> implementation_;
};

}  // namespace parley
