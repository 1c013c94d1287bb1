#pragma once

#include <string>
#include <vector>

#include "core/address.h"
#include "mdns/message.h"

// What the tests of multicast DNS share: messages as neighbours send them.

namespace parley::mdns::test {

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline Address at(std::string_view text) { return Address::parse(text).value(); }

inline Message says(std::string name, std::vector<std::string> addresses, Duration ttl = 120s) {
  Message message;
  message.isResponse = true;
  for (const std::string& address : addresses) message.records.push_back({name, ip(address), ttl});
  return message;
}

inline Message asks(std::string name, bool wantsUnicast = false) {
  Message message;
  message.questions.push_back({std::move(name), wantsUnicast});
  return message;
}

}  // namespace parley::mdns::test
