#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "core/address.h"
#include "core/bytes.h"
#include "core/limits.h"
#include "core/result.h"
#include "stun/protocol.h"

namespace parley::stun {

struct ErrorView {
  std::uint16_t code = 0;
  std::string_view reason;
};

// A STUN message seen in place. parse() walks every attribute once and checks every length, so
// the accessors below cannot fail on form: they say whether an attribute is there and, of those
// with a fixed shape, whether it has it. Attributes that come after the integrity are not seen
// (RFC 8489 14.5), of repeated ones the first counts. The view does not outlive its bytes.
class MessageView {
 public:
  static bool looksLike(Bytes datagram);  // RFC 7983: first two bits 0, magic cookie in place
  // TURN passes a larger bound for Data indications, which carry whole datagrams.
  static Result<MessageView, ParseError> parse(Bytes datagram,
                                               std::size_t largest = limits::ice::kStunMessage);

  Class messageClass() const { return class_; }
  Method method() const { return method_; }
  TransactionId transaction() const;
  std::size_t size() const { return bytes_.size(); }

  bool has(Attribute type) const { return find(type).has_value(); }
  std::optional<Bytes> find(Attribute type) const;
  std::optional<std::string_view> findText(Attribute type) const;
  std::optional<std::uint32_t> findU32(Attribute type) const;  // exactly four bytes
  std::optional<std::uint64_t> findU64(Attribute type) const;  // exactly eight
  std::optional<Address> findAddress(Attribute type) const;    // MAPPED-ADDRESS, ALTERNATE-SERVER
  std::optional<Address> findXorAddress(Attribute type) const;
  // Every one of a type: CreatePermission names several peers (RFC 8656 10.2). `isWhole` is false
  // when one of them has no right form or there are more than the list holds.
  struct Addresses {
    std::array<Address, 16> list{};
    std::size_t count = 0;
    bool isWhole = true;
  };
  Addresses findXorAddresses(Attribute type) const;
  std::optional<std::uint16_t> findChannelNumber() const;
  // REQUESTED-ADDRESS-FAMILY, ADDITIONAL-ADDRESS-FAMILY, REQUESTED-TRANSPORT: the first of four.
  std::optional<std::uint8_t> findU8(Attribute type) const;
  std::optional<ErrorView> findError() const;
  std::optional<std::string_view> username() const { return findText(Attribute::username); }

  // The types listed in PASSWORD-ALGORITHMS (or the one of PASSWORD-ALGORITHM) that we know, in
  // their order; parameters are skipped.
  struct Algorithms {
    std::array<PasswordAlgorithm, 2> list{};
    std::size_t count = 0;
  };
  Algorithms findAlgorithms(Attribute type) const;

  // Comprehension-required attributes outside `known`, each once, at most sixteen.
  struct Unknown {
    std::array<std::uint16_t, 16> types{};
    std::size_t count = 0;
  };
  Unknown unknownRequired(std::initializer_list<Attribute> known) const;

  bool hasIntegrity() const { return sha1At_ != 0; }
  bool hasIntegritySha256() const { return sha256At_ != 0; }
  bool checkIntegrity(Bytes key) const;        // MESSAGE-INTEGRITY, constant time
  bool checkIntegritySha256(Bytes key) const;  // also truncated to 16, 20, 24 or 28 bytes
  bool hasFingerprint() const { return fingerprintAt_ != 0; }
  bool checkFingerprint() const;

 private:
  struct Entry {
    std::uint16_t type;
    std::uint16_t at;  // of the value
    std::uint16_t length;
  };

  std::optional<Address> readXorAddress(Bytes value) const;
  Result<void, ParseError> walk();
  Result<void, ParseError> note(const Entry& entry);
  bool checkMac(std::size_t at, Bytes key) const;

  Bytes bytes_;
  Class class_{};
  Method method_{};
  std::uint16_t sha1At_ = 0;  // offsets of the attribute headers, 0: none
  std::uint16_t sha256At_ = 0;
  std::uint16_t fingerprintAt_ = 0;
  std::uint8_t entryCount_ = 0;
  std::array<Entry, limits::ice::kStunAttributes> entries_{};
};

}  // namespace parley::stun
