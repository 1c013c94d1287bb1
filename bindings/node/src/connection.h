#pragma once

#include <memory>
#include <span>

#include "parley/peer_connection.h"
#include "wrapped.h"

namespace parley::node {

// A connection. It keeps its JavaScript object, and the process, alive while its peer can cause
// events: from its first description until close().
class Connection final : public Wrapped {
 public:
  static constexpr const char* kName = "Connection";
  static std::span<const napi_property_descriptor> properties();
  static const void* kind();

  Connection(std::shared_ptr<Environment> environment, RTCConfiguration configuration,
             Tuning tuning);
  ~Connection() override;

  RTCPeerConnection& target() { return *connection_; }

  // The environment ends.
  void shutDown();

 private:
  void connectEvents();
  void hold();
  void release();
  std::unique_ptr<Promised> promised(const Arguments& arguments);
  void followDescription(const Promise<Undefined>& promise, const Arguments& arguments);

  napi_value createOffer(const Arguments& arguments);
  napi_value createAnswer(const Arguments& arguments);
  napi_value setLocalDescription(const Arguments& arguments);
  napi_value setRemoteDescription(const Arguments& arguments);
  napi_value addIceCandidate(const Arguments& arguments);
  napi_value sctp(const Arguments& arguments);
  napi_value getConfiguration(const Arguments& arguments);
  napi_value setConfiguration(const Arguments& arguments);
  napi_value createDataChannel(const Arguments& arguments);
  napi_value close(const Arguments& arguments);

  std::unique_ptr<RTCPeerConnection> connection_;
  bool isHeld_ = false;
  bool isClosed_ = false;
};

// createConnection(configuration, tuning)
napi_value createConnection(const Arguments& arguments);

}  // namespace parley::node
