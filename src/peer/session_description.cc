#include "parley/session_description.h"

#include "parley/dom_exception.h"
#include "parley/names.h"
#include "peer/json.h"

namespace parley {

std::string RTCSessionDescription::toJSON() const {
  return peer::JsonWriter().add("type", toString(type)).add("sdp", std::string_view(sdp)).finish();
}

RTCSessionDescription RTCSessionDescription::fromJSON(const std::string& json) {
  const auto object = peer::parseJson(json);
  if (!object) throw DOMException("TypeError", "a session description must be one JSON object");
  RTCSessionDescription description;
  const auto type = object->find("type");
  const auto* typeText = type == object->end() ? nullptr : std::get_if<std::string>(&type->second);
  const auto parsed = typeText ? parse<RTCSdpType>(*typeText) : std::nullopt;
  if (!parsed) throw DOMException("TypeError", "\"type\" is missing or not an RTCSdpType");
  description.type = *parsed;
  if (const auto sdp = object->find("sdp"); sdp != object->end()) {
    const auto* text = std::get_if<std::string>(&sdp->second);
    if (!text) throw DOMException("TypeError", "\"sdp\" must be a string");
    description.sdp = *text;
  }
  return description;
}

}  // namespace parley
