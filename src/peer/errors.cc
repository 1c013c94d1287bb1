#include "peer/errors.h"

#include <utility>

namespace parley::peer {

DOMException typeError(std::string message) { return {"TypeError", std::move(message)}; }
DOMException syntaxError(std::string message) { return {"SyntaxError", std::move(message)}; }
DOMException invalidState(std::string message) { return {"InvalidStateError", std::move(message)}; }
DOMException invalidAccess(std::string message) {
  return {"InvalidAccessError", std::move(message)};
}
DOMException invalidModification(std::string message) {
  return {"InvalidModificationError", std::move(message)};
}
DOMException operationError(std::string message) { return {"OperationError", std::move(message)}; }
DOMException closedError() { return invalidState("the connection is closed"); }

std::exception_ptr errorOf(const jsep::Failure& failure) {
  if (failure.kind != jsep::FailureKind::syntax)
    return std::make_exception_ptr(
        DOMException(std::string(jsep::nameOf(failure.kind)), failure.message));
  RTCError error(RTCErrorDetailType::sdpSyntaxError, failure.message);
  error.sdpLineNumber = static_cast<std::int32_t>(failure.line);
  return std::make_exception_ptr(std::move(error));
}

RTCError errorOf(const channel::CloseError& error) {
  const bool isUnmade = error.why == channel::CloseError::Why::exhausted;
  RTCError result(
      isUnmade ? RTCErrorDetailType::dataChannelFailure : RTCErrorDetailType::sctpFailure,
      error.reason);
  if (error.causeCode) result.sctpCauseCode = *error.causeCode;
  return result;
}

RTCError errorOf(const session::DtlsStateChanged& failed) {
  RTCError result(failed.fingerprintMismatch ? RTCErrorDetailType::fingerprintFailure
                                             : RTCErrorDetailType::dtlsFailure,
                  failed.reason);
  if (failed.alertReceived) result.receivedAlert = *failed.alertReceived;
  if (failed.alertSent) result.sentAlert = *failed.alertSent;
  return result;
}

}  // namespace parley::peer
