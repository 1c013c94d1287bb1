#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "core/limits.h"
#include "core/wire.h"

namespace parley::dtls {

// RFC 5246 7.4, RFC 6347 4.3.2; those that a full handshake with certificates is made of.
enum class MessageType : std::uint8_t {
  clientHello = 1,
  serverHello = 2,
  helloVerifyRequest = 3,
  certificate = 11,
  serverKeyExchange = 12,
  certificateRequest = 13,
  serverHelloDone = 14,
  certificateVerify = 15,
  clientKeyExchange = 16,
};

// One message of the handshake, whole.
struct Message {
  static constexpr std::size_t kHeader = 12;

  MessageType type = MessageType::clientHello;
  std::uint16_t sequence = 0;
  ByteVector body;

  // As one fragment, which is also how it enters the transcript (RFC 6347 4.2.6).
  ByteVector encode() const;
  friend bool operator==(const Message&, const Message&) = default;
};

// Puts messages together from fragments (RFC 6347 4.2.3), which nothing protects in epoch 0. A
// message in one piece is therefore never mixed with pieces of another, and of two that claim one
// place the later has it.
class MessageAssembler {
 public:
  // The fragments of one record; what became whole is added to `whole`. False when a fragment was
  // broken, or beyond what is held: limits::dtls::kMessage bytes, the first kMessages places.
  bool take(Bytes record, std::vector<Message>& whole);
  void clear() { partial_ = {}; }
  std::size_t bytesHeld() const;

 private:
  struct Fragment {
    MessageType type = MessageType::clientHello;
    std::uint32_t length = 0;
    std::uint16_t sequence = 0;
    std::uint32_t offset = 0;
    Bytes bytes;

    static std::optional<Fragment> read(WireReader& in);
    bool isWhole() const { return offset == 0 && bytes.size() == length; }
  };
  struct Partial {
    Message message;
    std::vector<bool> has;
    std::size_t missing = 0;
  };

  void add(const Fragment& fragment, std::vector<Message>& whole);

  std::array<std::optional<Partial>, limits::dtls::kMessages> partial_;
};

}  // namespace parley::dtls
