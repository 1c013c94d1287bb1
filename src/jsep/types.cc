#include "jsep/types.h"

namespace parley::jsep {

std::string_view nameOf(SignalingState state) {
  switch (state) {
    case SignalingState::stable:
      return "stable";
    case SignalingState::haveLocalOffer:
      return "have-local-offer";
    case SignalingState::haveRemoteOffer:
      return "have-remote-offer";
    case SignalingState::haveLocalPranswer:
      return "have-local-pranswer";
    case SignalingState::haveRemotePranswer:
      return "have-remote-pranswer";
    case SignalingState::closed:
      return "closed";
  }
  return {};
}

std::string_view nameOf(SdpType type) {
  switch (type) {
    case SdpType::offer:
      return "offer";
    case SdpType::pranswer:
      return "pranswer";
    case SdpType::answer:
      return "answer";
    case SdpType::rollback:
      return "rollback";
  }
  return {};
}

std::string_view nameOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::invalidState:
      return "InvalidStateError";
    case FailureKind::invalidModification:
      return "InvalidModificationError";
    case FailureKind::invalidAccess:
      return "InvalidAccessError";
    case FailureKind::operation:
    case FailureKind::syntax:  // RTCError is an OperationError with details
      return "OperationError";
    case FailureKind::type:
      return "TypeError";
  }
  return {};
}

}  // namespace parley::jsep
