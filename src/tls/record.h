#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/packet.h"
#include "core/result.h"
#include "crypto/aead.h"
#include "tls/replay_window.h"

// The record layer of DTLS 1.2 (RFC 6347 4.1) with AEAD suites only (RFC 5288, RFC 7905).

namespace parley::dtls {

enum class ContentType : std::uint8_t {
  changeCipherSpec = 20,
  alert = 21,
  handshake = 22,
  applicationData = 23,
};

inline constexpr std::uint16_t kDtls12 = 0xfefd;
inline constexpr std::uint16_t kDtls10 = 0xfeff;  // on the records of a first ClientHello
inline constexpr std::size_t kRecordHeader = 13;
inline constexpr std::size_t kRecordPlaintextMax = 16'384;  // RFC 6347 4.1
inline constexpr std::uint64_t kSequenceMax = (std::uint64_t{1} << 48) - 1;

struct RecordHeader {
  ContentType type = ContentType::handshake;
  std::uint16_t version = kDtls12;
  std::uint16_t epoch = 0;
  std::uint64_t sequence = 0;  // 48 bits
  std::uint16_t length = 0;

  // Of the record at the front; nothing when it is not all there or no DTLS.
  static std::optional<RecordHeader> parse(Bytes datagram);
  void write(MutableBytes out) const;  // kRecordHeader bytes
};

// One record where it lies in its datagram.
struct RecordView {
  RecordHeader header;
  MutableBytes whole;
  MutableBytes body;
};

// Takes the next record off the front of a datagram. Nothing when what is left is no record; the
// caller asks whether anything was left.
std::optional<RecordView> takeRecord(MutableBytes& datagram);

// One direction of keys of one epoch.
struct RecordKeys {
  crypto::AeadAlgorithm algorithm = crypto::AeadAlgorithm::aes128Gcm;
  std::array<std::uint8_t, 32> key{};  // aeadKeySize() of it
  std::array<std::uint8_t, 12> iv{};   // GCM: 4 bytes of salt (RFC 5288 3); ChaCha20: 12

  Bytes keyBytes() const { return {key.data(), crypto::aeadKeySize(algorithm)}; }
  // GCM records carry 8 bytes of nonce in front of the ciphertext; ours repeat epoch and sequence,
  // so that no nonce can occur twice.
  std::size_t explicitNonce() const {
    return algorithm == crypto::AeadAlgorithm::chacha20Poly1305 ? 0 : 8;
  }
};

// Seals records of epoch 1. Numbers only rise and never repeat, whatever is sent again.
class RecordSealer {
 public:
  static constexpr std::size_t kFrontMax = kRecordHeader + 8;
  static constexpr std::size_t kBack = crypto::kAeadTag;

  explicit RecordSealer(const RecordKeys& keys);
  bool isReady() const { return aead_.isReady(); }  // false when OpenSSL had no memory

  // In place, in the packet's head and tail room. False when all sequence numbers are used up.
  [[nodiscard]] bool seal(ContentType type, Packet& packet);
  // Copies; for handshake messages and alerts. Empty when the numbers are used up.
  ByteVector seal(ContentType type, Bytes plaintext);

  std::uint64_t nextSequence() const { return next_; }
  void skipTo(std::uint64_t sequence) { next_ = sequence; }

 private:
  void sealInto(ContentType type, MutableBytes record);

  crypto::AeadSealer aead_;
  std::array<std::uint8_t, 12> iv_;
  std::uint8_t explicit_;
  std::uint64_t next_ = 0;
};

// Opens records of epoch 1.
class RecordOpener {
 public:
  enum class Refusal : std::uint8_t { badSize, replayed, badTag };
  enum class Replay : std::uint8_t { check, ignore };

  explicit RecordOpener(const RecordKeys& keys);
  bool isReady() const { return aead_.isReady(); }

  // In place; the plaintext lies inside record.body. The window moves only when the tag is right.
  Result<MutableBytes, Refusal> open(const RecordView& record, Replay replay = Replay::check);

 private:
  crypto::AeadOpener aead_;
  std::array<std::uint8_t, 12> iv_;
  std::uint8_t explicit_;
  ReplayWindow window_;
};

}  // namespace parley::dtls
