#include "parley/ice_candidate.h"

#include <cmath>
#include <limits>

#include "ice/candidate.h"
#include "parley/dom_exception.h"
#include "peer/json.h"

namespace parley {
namespace {

RTCIceCandidateType typeOf(ice::CandidateType type) {
  switch (type) {
    case ice::CandidateType::host:
      return RTCIceCandidateType::host;
    case ice::CandidateType::serverReflexive:
      return RTCIceCandidateType::srflx;
    case ice::CandidateType::peerReflexive:
      return RTCIceCandidateType::prflx;
    case ice::CandidateType::relayed:
      return RTCIceCandidateType::relay;
  }
  return RTCIceCandidateType::host;
}

std::optional<RTCIceTcpCandidateType> tcpTypeOf(ice::TcpType type) {
  switch (type) {
    case ice::TcpType::none:
      return std::nullopt;
    case ice::TcpType::active:
      return RTCIceTcpCandidateType::active;
    case ice::TcpType::passive:
      return RTCIceTcpCandidateType::passive;
    case ice::TcpType::simultaneousOpen:
      return RTCIceTcpCandidateType::so;
  }
  return std::nullopt;
}

[[noreturn]] void throwTypeError(const std::string& message) {
  throw DOMException("TypeError", message);
}

// A member that is missing, null or a string; undefined and null mean the same (WebIDL).
std::optional<std::string> textIn(const peer::JsonObject& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || std::holds_alternative<std::nullptr_t>(found->second)) return {};
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  throwTypeError(std::string("\"") + name + "\" must be a string");
}

}  // namespace

RTCIceCandidateInit RTCIceCandidateInit::fromJSON(const std::string& json) {
  const auto object = peer::parseJson(json);
  if (!object) throwTypeError("a candidate must be one JSON object");
  RTCIceCandidateInit init;
  init.candidate = textIn(*object, "candidate").value_or("");
  init.sdpMid = textIn(*object, "sdpMid");
  init.usernameFragment = textIn(*object, "usernameFragment");
  const auto index = object->find("sdpMLineIndex");
  if (index != object->end() && !std::holds_alternative<std::nullptr_t>(index->second)) {
    const auto* number = std::get_if<double>(&index->second);
    if (!number || *number < 0 || *number > std::numeric_limits<std::uint16_t>::max() ||
        std::trunc(*number) != *number)
      throwTypeError("\"sdpMLineIndex\" must be an integer from 0 to 65535");
    init.sdpMLineIndex = static_cast<std::uint16_t>(*number);
  }
  return init;
}

// webrtc-pc 4.8.1, "create an RTCIceCandidate": what does not parse leaves the members empty.
RTCIceCandidate::RTCIceCandidate(RTCLocalIceCandidateInit init) : init_(std::move(init)) {
  if (!init_.sdpMid && !init_.sdpMLineIndex)
    throwTypeError("sdpMid and sdpMLineIndex must not both be null");
  if (init_.candidate.empty()) return;
  const auto parsed = ice::Candidate::parse(init_.candidate);
  if (!parsed || parsed->component < 1 || parsed->component > 2) return;
  foundation_ = parsed->foundation;
  component_ = parsed->component == 1 ? RTCIceComponent::rtp : RTCIceComponent::rtcp;
  priority_ = parsed->priority;
  address_ = parsed->hostname.empty() ? parsed->address.ip.toString() : parsed->hostname;
  protocol_ = parsed->protocol == ice::Protocol::udp ? RTCIceProtocol::udp : RTCIceProtocol::tcp;
  port_ = parsed->address.port;
  type_ = typeOf(parsed->type);
  if (protocol_ == RTCIceProtocol::tcp) tcpType_ = tcpTypeOf(parsed->tcpType);
  if (parsed->related && type_ != RTCIceCandidateType::host) {
    relatedAddress_ = parsed->related->ip.toString();
    relatedPort_ = parsed->related->port;
  }
}

RTCIceCandidate RTCIceCandidate::discovered(RTCLocalIceCandidateInit init, bool isAddressKnown) {
  RTCIceCandidate candidate(std::move(init));
  candidate.init_.candidate.clear();
  if (!isAddressKnown) candidate.address_.reset();
  return candidate;
}

std::string RTCIceCandidate::toJSON() const {
  const auto index = sdpMLineIndex();
  return peer::JsonWriter()
      .add("candidate", std::string_view(init_.candidate))
      .add("sdpMid", init_.sdpMid)
      .add("sdpMLineIndex", index ? std::optional<unsigned>(*index) : std::nullopt)
      .add("usernameFragment", init_.usernameFragment)
      .finish();
}

}  // namespace parley
