#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "parley/event.h"
#include "parley/export.h"

namespace parley {

// What the W3C interface throws and rejects with: a name from the WebIDL list (for example
// "InvalidStateError"; "TypeError" and "RangeError" stand for the JavaScript errors of that name)
// and a sentence for people.
class PARLEY_API DOMException : public std::exception {
 public:
  DOMException(std::string name, std::string message)
      : name_(std::move(name)), message_(std::move(message)), what_(name_ + ": " + message_) {}

  const std::string& name() const { return name_; }
  const std::string& message() const { return message_; }
  const char* what() const noexcept override { return what_.c_str(); }

 private:
  std::string name_;
  std::string message_;
  std::string what_;
};

// webrtc-pc 11.1, RTCErrorDetailType.
enum class RTCErrorDetailType : std::uint8_t {
  dataChannelFailure,
  dtlsFailure,
  fingerprintFailure,
  sctpFailure,
  sdpSyntaxError,
  hardwareEncoderNotAvailable,
  hardwareEncoderError,
};

// webrtc-pc 11.1, RTCError: a DOMException named "OperationError" with what the protocol knows.
class PARLEY_API RTCError : public DOMException {
 public:
  RTCError(RTCErrorDetailType detail, std::string message)
      : DOMException("OperationError", std::move(message)), errorDetail(detail) {}

  RTCErrorDetailType errorDetail;
  std::optional<std::int32_t> sdpLineNumber;   // 1-based
  std::optional<std::int32_t> sctpCauseCode;   // RFC 9260 3.3.10
  std::optional<std::uint32_t> receivedAlert;  // TLS alert number, from the peer
  std::optional<std::uint32_t> sentAlert;      // TLS alert number, ours
};

struct RTCErrorEvent : Event {
  RTCError error;
};

}  // namespace parley
