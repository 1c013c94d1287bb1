#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parley/configuration.h"
#include "session/port.h"

namespace parley::peer {

// A URL of RTCIceServer.urls: RFC 7064 for stun and stuns, RFC 7065 for turn and turns.
struct IceServerUrl {
  enum class Scheme : std::uint8_t { stun, stuns, turn, turns };

  Scheme scheme = Scheme::stun;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  bool isTcp = false;  // "?transport=tcp", and what turns and stuns imply

  // webrtc-pc 4.4.1.6, "validate an ICE server URL"; throws SyntaxError.
  static IceServerUrl parse(std::string_view text);

  bool isRelay() const { return scheme == Scheme::turn || scheme == Scheme::turns; }
};

// All that "set the configuration" asks of one server. Throws SyntaxError or InvalidAccessError.
void validate(const RTCIceServer& server);

// Every URL of valid servers with the credentials that go with it, in order.
std::vector<session::IceServer> takenApart(const std::vector<RTCIceServer>& servers);

}  // namespace parley::peer
