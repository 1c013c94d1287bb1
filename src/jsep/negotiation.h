#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "jsep/builder.h"
#include "jsep/effects.h"
#include "jsep/sections.h"
#include "jsep/transports.h"
#include "jsep/types.h"

namespace parley::jsep {

// JSEP (RFC 9429) as a pure machine: descriptions in, descriptions and effects out. It never
// waits, sends, sleeps or throws, and a call that fails changes nothing. The operations chain,
// promises and events are the owner's; so are credentials and fingerprints, which come by value.
//
// Data channels are negotiated in full. Audio and video of a remote offer are answered as
// rejected (RFC 9429 5.3.1).
class Negotiation {
 public:
  explicit Negotiation(Config config);

  // The application made a data channel: the next offer has a data section.
  void needDataChannels();
  // restartIce() of W3C: the next offer of ours restarts, whoever offers in between.
  void restartIce();

  // Remembers what it returns: setLocal accepts that, or an empty text that means it. Without a
  // change since the last local description the same text comes again, version included.
  Result<sdp::SessionDescription, Failure> createOffer(const OfferOptions& options,
                                                       const LocalParameters& local);
  Result<sdp::SessionDescription, Failure> createAnswer(const LocalParameters& local);

  // W3C setLocalDescription and setRemoteDescription. `text` is ignored for a rollback. An empty
  // text for setLocal means the last description created of that type; InvalidModificationError
  // if there is none (the caller makes one first for the parameterless form). The implicit
  // rollback of setRemote(offer) in have-local-offer is done here, and undone if the offer is
  // refused.
  Result<Effects, Failure> setLocal(SdpType type, std::string_view text);
  Result<Effects, Failure> setRemote(SdpType type, std::string_view text);

  // W3C addIceCandidate. Candidates of a generation that is gone are ignored; those of a
  // generation whose transport does not listen yet are kept and come with the answer.
  Result<Effects, Failure> addRemoteCandidate(const RemoteCandidate& candidate);

  // A candidate that was gathered goes into the local description; what is returned is for
  // onicecandidate. Nothing if that generation is gone or the transport is closed.
  std::optional<MediaLine> addLocalCandidate(TransportId transport, std::string_view ufrag,
                                             std::string_view candidate);
  std::optional<MediaLine> endLocalCandidates(TransportId transport, std::string_view ufrag);

  // Ends everything; no effects, because the owner closes everything anyway.
  void close();

  SignalingState state() const { return state_; }
  bool isNeeded() const;        // W3C "check if negotiation is needed"; meaningful when stable
  bool hasDataSection() const;  // negotiated and not rejected, in either current description
  std::optional<bool> canTrickle() const;  // canTrickleIceCandidates; none before a description
  std::optional<MediaLine> lineOf(TransportId transport) const;

  const std::optional<Description>& currentLocal() const { return currentLocal_; }
  const std::optional<Description>& pendingLocal() const { return pendingLocal_; }
  const std::optional<Description>& currentRemote() const { return currentRemote_; }
  const std::optional<Description>& pendingRemote() const { return pendingRemote_; }
  const Description* local() const;  // pending, else current, else nullptr
  const Description* remote() const;

 private:
  // The association, once made.
  struct Sctp {
    TransportId transport;
    std::uint64_t maxMessageSize = 0;
  };

  using Sdp = sdp::SessionDescription;

  // negotiation.cc: verbs and state
  std::optional<Failure> checkSecrets(const LocalParameters& local);
  BuildInput buildInput(const LocalParameters& local) const;
  Sdp stamped(Sdp made);
  std::optional<Failure> set(Side side, SdpType type, Sdp sdp, Effects& effects);
  std::optional<Failure> rollback(Side side, Effects& effects);
  void finish(Side answerer);
  void enter(SignalingState state, Effects& effects);

  // apply.cc: what a description does to sections and transports
  std::optional<Failure> applyOffer(Side side, const Sdp& offer, Effects& effects);
  std::optional<Failure> applyAnswer(Side answerer, SdpType type, const Sdp& answer,
                                     Effects& effects);
  std::optional<Failure> checkReoffer(const Sdp& offer) const;
  void updateSections(const Sdp& offer, Side side);
  TransportId ensureTransport(std::size_t index, const Sdp& local, bool offering, Effects& effects);
  std::optional<Failure> connect(TransportId id, std::size_t carrier, const Sdp& local,
                                 const Sdp& remote, Side answerer, Effects& effects);
  void deliverCandidates(TransportId id, std::size_t carrier, const Sdp& remote, Effects& effects);
  void startSctp(std::size_t index, const Sdp& local, const Sdp& remote, Effects& effects);
  void closeUnused(Effects& effects);

  // candidates.cc
  void tellCandidate(std::size_t index, const RemoteCandidate& candidate, const std::string& ufrag,
                     Effects& effects);
  std::optional<MediaLine> amendLocal(TransportId transport, std::string_view ufrag,
                                      std::string_view candidate);

  Config config_;
  SignalingState state_ = SignalingState::stable;
  std::optional<Description> currentLocal_, pendingLocal_, currentRemote_, pendingRemote_;
  std::optional<sdp::SessionDescription> lastOffer_, lastAnswer_;
  Sections sections_;
  std::optional<Sections> sectionsBefore_;  // while an offer is open
  Transports transports_;
  std::optional<Sctp> sctp_;
  bool dataChannelsNeeded_ = false;
  std::vector<Credentials> toReplace_;  // W3C [[LocalIceCredentialsToReplace]]
  std::optional<Credentials> spare_;    // fresh ones that no local description has used yet
  std::optional<Sdp> issued_;           // the last description written, of either type
};

}  // namespace parley::jsep
