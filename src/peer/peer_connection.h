#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jsep/negotiation.h"
#include "parley/peer_connection.h"
#include "peer/context.h"
#include "peer/data_channels.h"
#include "peer/negotiator.h"
#include "peer/transport_set.h"

namespace parley::peer {

// What is behind RTCPeerConnection: the parts, the way events of the session reach them, and the
// end of it all. Shared, because tasks keep it alive while they run; the public object owns it and
// closes it when it goes.
class PeerConnection final : public session::Port::Listener,
                             public std::enable_shared_from_this<PeerConnection> {
 public:
  // Throws what the constructor of W3C throws.
  static std::shared_ptr<PeerConnection> create(RTCPeerConnection* facade,
                                                std::shared_ptr<Realm> realm,
                                                RTCConfiguration configuration, Tuning tuning);
  virtual ~PeerConnection();

  Negotiator& negotiator() { return negotiator_; }
  const jsep::Negotiation& negotiation() const { return negotiation_; }
  const TransportSet& transports() const { return transports_; }
  const std::shared_ptr<Realm>& realm() const { return context_.realm; }
  bool isClosed() const { return isClosed_; }

  std::shared_ptr<RTCDataChannel> createDataChannel(const std::string& label,
                                                    RTCDataChannelInit init);
  const RTCConfiguration& configuration() const { return configuration_; }
  void setConfiguration(RTCConfiguration configuration);

  void close(Duration flush = {}, std::function<void()> flushed = {});  // "close the connection"
  void closeForGood();  // the public object is going

  void onSession(std::vector<session::Event> events) override;
  void onEngineGone() override { close(); }

  PeerConnection(RTCPeerConnection* facade, std::shared_ptr<Realm> realm,
                 RTCConfiguration configuration, Tuning tuning);

 private:
  void start();
  std::shared_ptr<const crypto::Identity> requireIdentity() const;
  void queue(session::Event event);

  Context context_;
  RTCConfiguration configuration_;
  const Tuning tuning_;
  const std::shared_ptr<const crypto::Identity> identity_;
  jsep::Negotiation negotiation_;
  TransportSet transports_;
  DataChannels channels_;
  Negotiator negotiator_;
  bool isClosed_ = false;
};

}  // namespace parley::peer
