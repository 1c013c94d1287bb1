#include "peer/ice_server.h"

#include <gtest/gtest.h>

#include "peer/fake_realm.h"

namespace parley::peer {
namespace {

using testing::nameThrownBy;
using Scheme = IceServerUrl::Scheme;

TEST(IceServerUrl, ReadsTheFormsOfRfc7064And7065) {
  const struct {
    const char* text;
    Scheme scheme;
    const char* host;
    int port;
    bool isTcp;
  } kRows[] = {
      {"stun:example.org", Scheme::stun, "example.org", 3478, false},
      {"STUN:example.org:19302", Scheme::stun, "example.org", 19302, false},
      {"stuns:example.org", Scheme::stuns, "example.org", 5349, true},
      {"stun:[2001:db8::1]:3479", Scheme::stun, "2001:db8::1", 3479, false},
      {"turn:192.0.2.1", Scheme::turn, "192.0.2.1", 3478, false},
      {"turn:example.org:80?transport=udp", Scheme::turn, "example.org", 80, false},
      {"turn:example.org?transport=tcp", Scheme::turn, "example.org", 3478, true},
      {"turns:example.org", Scheme::turns, "example.org", 5349, true},
      {"turns:example.org?transport=udp", Scheme::turns, "example.org", 5349, false},
      {"stun:example.org:", Scheme::stun, "example.org", 3478, false},
  };
  for (const auto& row : kRows) {
    const IceServerUrl url = IceServerUrl::parse(row.text);
    EXPECT_EQ(url.scheme, row.scheme) << row.text;
    EXPECT_EQ(url.host, row.host) << row.text;
    EXPECT_EQ(url.port, row.port) << row.text;
    EXPECT_EQ(url.isTcp, row.isTcp) << row.text;
  }
}

TEST(IceServerUrl, RefusesEverythingElseWithASyntaxError) {
  for (const char* text : {"",
                           "example.org",
                           "http:example.org",
                           "stun:",
                           "stun:///example.org",
                           "stun://example.org",
                           "stun:example.org/",
                           "stun:user@example.org",
                           "stun:example.org#x",
                           "stun:example.org?",
                           "stun:example.org?transport=udp",
                           "turn:example.org?transport=tls",
                           "turn:example.org?transport=UDP",
                           "turn:example.org?",
                           "turn:example.org?a=b",
                           "stun:example.org:65536",
                           "stun:example.org:-1",
                           "stun:example.org:80x",
                           "stun:[::1",
                           "stun:[1.2.3.4]",
                           "stun:[::1]x",
                           "stun:[::1]x80",
                           "stun:1.2.3.256",
                           "stun:a b",
                           "stun:a\\b",
                           "stun::80",
                           "stun:::1",
                           " stun:example.org"})
    EXPECT_EQ(nameThrownBy([&] { IceServerUrl::parse(text); }), "SyntaxError") << text;
}

TEST(IceServer, NeedsAUrl) {
  EXPECT_EQ(nameThrownBy([] { validate(RTCIceServer{}); }), "SyntaxError");
}

TEST(IceServer, NeedsCredentialsForTurnOnly) {
  const auto errorOf = [](const char* url, std::optional<std::string> username,
                          std::optional<std::string> credential) {
    return nameThrownBy([&] { validate(RTCIceServer{{url}, username, credential}); });
  };
  EXPECT_EQ(errorOf("stun:a", {}, {}), "");
  EXPECT_EQ(errorOf("turn:a", "user", "secret"), "");
  EXPECT_EQ(errorOf("turn:a", {}, "secret"), "InvalidAccessError");
  EXPECT_EQ(errorOf("turns:a", "user", {}), "InvalidAccessError");
  EXPECT_EQ(errorOf("turn:a", "", "secret"), "InvalidAccessError");
  EXPECT_EQ(errorOf("turn:a", "user", ""), "InvalidAccessError");
  EXPECT_EQ(errorOf("turn:a", std::string(508, 'u'), "secret"), "");
  EXPECT_EQ(errorOf("turn:a", std::string(509, 'u'), "secret"), "InvalidAccessError");
  EXPECT_EQ(errorOf("turn:a", "\xff", "secret"), "InvalidAccessError");
}

}  // namespace
}  // namespace parley::peer
