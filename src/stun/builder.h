#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "core/address.h"
#include "core/packet.h"
#include "stun/protocol.h"

namespace parley::stun {

enum class Integrity : std::uint8_t { none, sha1, sha256, both };

// Builds a message straight into a packet, so that what is written is what is sent. Attributes
// leave in the order they were added; finish() adds integrity and FINGERPRINT and sets lengths.
// A message that would not fit, got no packet or cannot be signed becomes a false packet.
class MessageBuilder {
 public:
  MessageBuilder(Packet room, Class messageClass, Method method, const TransactionId& id);

  MessageBuilder& add(Attribute type, Bytes value = {});
  MessageBuilder& addText(Attribute type, std::string_view value);
  MessageBuilder& addU32(Attribute type, std::uint32_t value);
  MessageBuilder& addU64(Attribute type, std::uint64_t value);
  MessageBuilder& addAddress(Attribute type, const Address& address);
  MessageBuilder& addXorAddress(Attribute type, const Address& address);
  MessageBuilder& addError(ErrorCode code, std::string_view reason = {});
  MessageBuilder& addChannelNumber(std::uint16_t number);
  MessageBuilder& addU8(Attribute type, std::uint8_t value);  // and three bytes of zero
  // ADDRESS-ERROR-CODE (RFC 8656 18.12): why the additional address was not given.
  MessageBuilder& addAddressError(AddressFamily family, ErrorCode code);
  MessageBuilder& addUnknown(std::span<const std::uint16_t> types);
  MessageBuilder& addAlgorithms(Attribute type, std::initializer_list<PasswordAlgorithm> list);

  // `sha256Size` truncates MESSAGE-INTEGRITY-SHA256 (RFC 8489 14.6): 16, 20, 24, 28 or 32.
  Packet finish(Integrity integrity = Integrity::none, Bytes key = {}, bool fingerprint = true,
                std::size_t sha256Size = 32);

 private:
  MutableBytes grow(Attribute type, std::size_t length);
  void setLength(std::size_t length);

  Packet packet_;
  TransactionId id_;
};

}  // namespace parley::stun
