#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "parley/export.h"

namespace parley {

// webrtc-pc 4.6.1.
enum class RTCSdpType : std::uint8_t { offer, pranswer, answer, rollback };

// webrtc-pc 4.6.2. RTCSessionDescription and its init dictionary have the same members; in C++
// one value type serves for both.
struct PARLEY_API RTCSessionDescription {
  // Constructors, because GCC 12 destroys an aggregate twice that is made in a co_await expression.
  RTCSessionDescription() = default;
  RTCSessionDescription(RTCSdpType type_, std::string sdp_) : type(type_), sdp(std::move(sdp_)) {}

  RTCSdpType type = RTCSdpType::offer;
  std::string sdp;

  std::string toJSON() const;  // {"type":"offer","sdp":"..."}
  // Reads what toJSON or a browser's JSON.stringify wrote; throws TypeError.
  static RTCSessionDescription fromJSON(const std::string& json);
};
using RTCSessionDescriptionInit = RTCSessionDescription;

// The argument of setLocalDescription: without a type the connection makes the description itself.
struct RTCLocalSessionDescriptionInit {
  RTCLocalSessionDescriptionInit() = default;
  RTCLocalSessionDescriptionInit(RTCSessionDescription description)  // NOLINT: a W3C superset
      : type(description.type), sdp(std::move(description.sdp)) {}

  std::optional<RTCSdpType> type;
  std::string sdp;
};

}  // namespace parley
