#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/packet.h"
#include "stun/builder.h"
#include "stun/credentials.h"
#include "stun/message.h"

// What tests, worlds and fuzzing speak to the server with: the words of a TURN client, without its
// judgement. It sends nothing by itself.

namespace parley::server::test {

// An answer that outlives its packet.
class Reply {
 public:
  Reply() = default;
  explicit Reply(Bytes bytes) : bytes_(toVector(bytes)) {}

  std::size_t size() const { return bytes_.size(); }
  Bytes bytes() const { return bytes_; }
  std::optional<stun::MessageView> view() const {
    auto parsed = stun::MessageView::parse(bytes_, limits::server::kMessage);
    return parsed ? std::optional(*parsed) : std::nullopt;
  }
  bool isSuccess() const { return view() && view()->messageClass() == stun::Class::success; }
  int error() const {  // 0: none
    const auto message = view();
    const auto found = message ? message->findError() : std::nullopt;
    return found ? found->code : 0;
  }
  std::optional<Address> address(stun::Attribute type) const {
    const auto message = view();
    return message ? message->findXorAddress(type) : std::nullopt;
  }
  std::optional<Address> relayed() const { return address(stun::Attribute::xorRelayedAddress); }
  std::optional<Address> mapped() const { return address(stun::Attribute::xorMappedAddress); }
  int lifetime() const {  // -1: none
    const auto message = view();
    const auto found = message ? message->findU32(stun::Attribute::lifetime) : std::nullopt;
    return found ? static_cast<int>(*found) : -1;
  }

 private:
  ByteVector bytes_;
};

using Fill = std::function<void(stun::MessageBuilder&)>;

inline void askForUdp(stun::MessageBuilder& message) {
  message.addU8(stun::Attribute::requestedTransport, stun::kTransportUdp);
}
inline Fill withPeer(const Address& peer) {
  return [peer](stun::MessageBuilder& message) {
    message.addXorAddress(stun::Attribute::xorPeerAddress, peer);
  };
}
inline Fill withChannel(std::uint16_t number, const Address& peer) {
  return [number, peer](stun::MessageBuilder& message) {
    message.addChannelNumber(number).addXorAddress(stun::Attribute::xorPeerAddress, peer);
  };
}
inline Fill withLifetime(std::uint32_t seconds) {
  return [seconds](stun::MessageBuilder& message) {
    message.addU32(stun::Attribute::lifetime, seconds);
  };
}

// Credentials, and what the server has told of realm and nonce.
struct Script {
  std::string user = "alice";
  std::string password = "secret";
  std::string realm = {};
  std::string nonce = {};
  stun::Integrity integrity = stun::Integrity::sha1;
  std::optional<stun::PasswordAlgorithm> algorithm = std::nullopt;  // absent: says nothing of it
  bool hidesName = false;                                           // USERHASH
  bool fingerprint = true;

  crypto::Digest key() const {
    return stun::longTermKey(algorithm.value_or(stun::PasswordAlgorithm::md5), user, realm,
                             password);
  }

  // Signed once a nonce is known.
  Packet write(PacketPool& pool, stun::Method method, const stun::TransactionId& id,
               const Fill& fill = {}) const {
    stun::MessageBuilder message(pool.take(), stun::Class::request, method, id);
    if (fill) fill(message);
    if (nonce.empty()) return message.finish(stun::Integrity::none, {}, fingerprint);
    if (hidesName) {
      message.add(stun::Attribute::userhash, stun::userhash(user, realm));
    } else {
      message.addText(stun::Attribute::username, user);
    }
    message.addText(stun::Attribute::realm, realm).addText(stun::Attribute::nonce, nonce);
    if (algorithm) {
      message
          .addAlgorithms(stun::Attribute::passwordAlgorithms,
                         {stun::PasswordAlgorithm::sha256, stun::PasswordAlgorithm::md5})
          .addAlgorithms(stun::Attribute::passwordAlgorithm, {*algorithm});
    }
    return message.finish(integrity, key(), fingerprint);
  }

  // True when the answer is a challenge, so that asking again makes sense.
  bool learn(const Reply& reply) {
    if (reply.error() != 401 && reply.error() != 438) return false;
    const auto message = *reply.view();
    realm = message.findText(stun::Attribute::realm).value_or("");
    nonce = message.findText(stun::Attribute::nonce).value_or("");
    return !nonce.empty();
  }
};

inline Packet writeSend(PacketPool& pool, const stun::TransactionId& id, const Address& peer,
                        Bytes data) {
  return stun::MessageBuilder(pool.take(), stun::Class::indication, stun::Method::send, id)
      .addXorAddress(stun::Attribute::xorPeerAddress, peer)
      .add(stun::Attribute::data, data)
      .finish(stun::Integrity::none, {}, false);
}

}  // namespace parley::server::test
