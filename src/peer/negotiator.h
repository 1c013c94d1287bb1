#pragma once

#include <memory>
#include <optional>
#include <string>

#include "jsep/negotiation.h"
#include "parley/peer_connection.h"
#include "peer/context.h"
#include "peer/data_channels.h"
#include "peer/operations.h"
#include "peer/transport_set.h"

namespace parley::peer {

// The signalling half of a connection: the operations chain around jsep::Negotiation, the promises
// of its methods, and when negotiationneeded fires (webrtc-pc 4.4.1.2, 4.4.1.5, 4.4.2, 4.7). What
// a description asks of the world goes to the transports and the channels.
class Negotiator {
 public:
  Negotiator(Context& context, jsep::Negotiation& negotiation, TransportSet& transports,
             DataChannels& channels, std::shared_ptr<const crypto::Identity> identity);

  Promise<RTCSessionDescriptionInit> createOffer(RTCOfferOptions options);
  Promise<RTCSessionDescriptionInit> createAnswer();
  Promise<Undefined> setLocalDescription(RTCLocalSessionDescriptionInit description);
  Promise<Undefined> setRemoteDescription(RTCSessionDescriptionInit description);
  Promise<Undefined> addIceCandidate(RTCIceCandidateInit candidate);

  void needDataChannels();  // the first channel was created
  void restartIce();
  void restartAtNextOffer() { restartAtNextOffer_ = true; }  // the configuration changed
  bool wasLocalSet() const { return wasLocalSet_; }

  // "Update the negotiation-needed flag".
  void updateNegotiationNeeded();

  void close();

 private:
  using Text = Completion<RTCSessionDescriptionInit>;
  using Done = Completion<Undefined>;
  struct Wanted {  // a description to set
    jsep::Side side;
    jsep::SdpType type;
    std::string sdp;
  };

  Result<std::string, jsep::Failure> makeOffer(RTCOfferOptions options);
  Result<std::string, jsep::Failure> makeAnswer();
  std::optional<jsep::Failure> refuseOffer() const;
  std::optional<jsep::Failure> refuseAnswer() const;
  jsep::LocalParameters localParameters();

  void setLocal(const RTCLocalSessionDescriptionInit& description, Done done);
  void makeAndSet(jsep::SdpType type, Done done);
  void setRemote(RTCSessionDescriptionInit description, Done done);
  void set(Wanted wanted, Done done);  // "set a session description"
  std::exception_ptr rejection(const jsep::Failure& failure) const;
  bool apply(const Wanted& wanted, const Done& done);  // its task; false: done is rejected
  void applyEffects(const Wanted& wanted, jsep::Effects effects);
  void add(const RTCIceCandidateInit& candidate, Done done);

  Context& context_;
  jsep::Negotiation& negotiation_;
  TransportSet& transports_;
  DataChannels& channels_;
  std::shared_ptr<const crypto::Identity> identity_;
  Operations operations_;
  std::string tlsId_;  // for transports to come; kept until an exchange has used it
  bool isClosed_ = false;
  bool isNeeded_ = false;         // [[NegotiationNeeded]]
  bool updateOnEmpty_ = false;    // [[UpdateNegotiationNeededFlagOnEmptyChain]]
  bool isOfferAccurate_ = false;  // the last created one still says what is so
  bool isAnswerAccurate_ = false;
  bool restartAtNextOffer_ = false;
  bool wasLocalSet_ = false;
};

}  // namespace parley::peer
