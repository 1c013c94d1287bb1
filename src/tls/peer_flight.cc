#include "tls/peer_flight.h"

#include <openssl/rsa.h>

#include <algorithm>
#include <utility>

#include "core/wire.h"
#include "crypto/native.h"
#include "tls/leaf_key.h"

namespace parley::dtls {

namespace {

using Verdict = PeerFlight::Verdict;

// RFC 5246 7.4.2: a list of certificates, of which the first is the peer's own.
Bytes leafOf(const Message& certificate) {
  WireReader in(certificate.body);
  WireReader list = in.within(in.u24());
  const Bytes leaf = list.bytes(list.u24());
  return in.failed() || list.failed() ? Bytes{} : leaf;
}

const Message* find(const std::vector<const Message*>& flight, MessageType type) {
  const auto at = std::ranges::find(flight, type, [](const Message* it) { return it->type; });
  return at == flight.end() ? nullptr : *at;
}

// RFC 5246 7.4.1.4.1, RFC 8446 4.2.3: those that the context offers, so that another is nobody's.
struct Scheme {
  std::uint16_t code;
  int key;
  const char* hash;
  int padding;
};
constexpr Scheme kSchemes[] = {
    {0x0403, EVP_PKEY_EC, "SHA256", 0},
    {0x0503, EVP_PKEY_EC, "SHA384", 0},
    {0x0401, EVP_PKEY_RSA, "SHA256", RSA_PKCS1_PADDING},
    {0x0804, EVP_PKEY_RSA, "SHA256", RSA_PKCS1_PSS_PADDING},
};

Verdict verify(Bytes leaf, std::uint16_t code, Bytes signature, Bytes text) {
  const auto* scheme = std::ranges::find(kSchemes, code, &Scheme::code);
  if (scheme == std::end(kSchemes)) return Verdict::forged;
  const crypto::ErrorScope errors;
  const crypto::KeyPtr key = leafKeyOf(leaf);
  if (!key) return Verdict::unclear;
  if (EVP_PKEY_get_base_id(key.get()) != scheme->key) return Verdict::forged;

  const crypto::DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (!context || EVP_DigestVerifyInit_ex(context.get(), &parameters, scheme->hash, nullptr,
                                          nullptr, key.get(), nullptr) != 1) {
    return Verdict::unclear;
  }
  if (scheme->padding != 0 && EVP_PKEY_CTX_set_rsa_padding(parameters, scheme->padding) != 1) {
    return Verdict::unclear;
  }
  const int result =
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), text.data(), text.size());
  return result == 1 ? Verdict::genuine : Verdict::forged;
}

}  // namespace

void PeerFlight::begin(std::uint16_t sequence) {
  first_ = sequence;
  messages_ = {};
}

bool PeerFlight::hasPlace(const Message& message) const {
  if (message.sequence < first_ || message.sequence - first_ >= std::ssize(messages_)) return false;
  const auto isOneOf = [&](std::initializer_list<MessageType> types) {
    return std::ranges::find(types, message.type) != types.end();
  };
  using enum MessageType;
  if (ours_ == Role::server) return isOneOf({certificate, clientKeyExchange, certificateVerify});
  if (message.sequence == first_) return message.type == serverHello;
  return isOneOf({certificate, serverKeyExchange, certificateRequest, serverHelloDone});
}

bool PeerFlight::add(Message message) {
  if (!hasPlace(message)) return false;
  if (message.type == MessageType::certificate) {
    const Bytes leaf = leafOf(message);
    if (!policy_.accepts(crypto::Certificate(toVector(leaf)))) {
      sawWrongCertificate_ |= !leaf.empty();
      return false;
    }
  }
  auto& place = messages_[message.sequence - first_];
  place = std::move(message);
  return true;
}

std::vector<const Message*> PeerFlight::whole() const {
  const MessageType last =
      ours_ == Role::client ? MessageType::serverHelloDone : MessageType::certificateVerify;
  std::vector<const Message*> flight;
  for (const auto& message : messages_) {
    if (!message) return {};
    flight.push_back(&*message);
    if (message->type == last) return flight;
  }
  return {};
}

Verdict PeerFlight::judge(Bytes context) const {
  const auto flight = whole();
  return ours_ == Role::client ? judgeServer(context, flight) : judgeClient(context, flight);
}

// RFC 8422 5.4: the randoms and the parameters of the key exchange are signed.
Verdict PeerFlight::judgeServer(Bytes clientRandom,
                                const std::vector<const Message*>& flight) const {
  constexpr std::uint8_t kNamedCurve = 3;
  const Message* certificate = find(flight, MessageType::certificate);
  const Message* exchange = find(flight, MessageType::serverKeyExchange);
  if (certificate == nullptr || exchange == nullptr) return Verdict::forged;  // no suite of ours

  WireReader hello(flight.front()->body);
  hello.skip(2);
  const Bytes serverRandom = hello.bytes(32);
  WireReader in(exchange->body);
  const std::uint8_t kind = in.u8();
  in.skip(2);  // the group
  in.skip(in.u8());
  const Bytes parameters = Bytes(exchange->body).first(exchange->body.size() - in.remaining());
  const std::uint16_t scheme = in.u16();
  const Bytes signature = in.bytes(in.u16());
  if (hello.failed() || !in.finished() || kind != kNamedCurve) return Verdict::forged;

  ByteVector text = toVector(clientRandom);
  text.insert(text.end(), serverRandom.begin(), serverRandom.end());
  text.insert(text.end(), parameters.begin(), parameters.end());
  return verify(leafOf(*certificate), scheme, signature, text);
}

// RFC 5246 7.4.8: all messages up to here are signed.
Verdict PeerFlight::judgeClient(Bytes transcript, const std::vector<const Message*>& flight) const {
  const Message* certificate = find(flight, MessageType::certificate);
  if (certificate == nullptr) return Verdict::forged;
  ByteVector text = toVector(transcript);
  for (const Message* message : flight) {
    if (message->type == MessageType::certificateVerify) break;
    const ByteVector encoded = message->encode();
    text.insert(text.end(), encoded.begin(), encoded.end());
  }
  WireReader in(flight.back()->body);
  const std::uint16_t scheme = in.u16();
  const Bytes signature = in.bytes(in.u16());
  if (!in.finished()) return Verdict::forged;
  return verify(leafOf(*certificate), scheme, signature, text);
}

std::vector<Message> PeerFlight::take() {
  std::vector<Message> flight;
  const std::size_t count = whole().size();
  for (auto& message : messages_) {
    if (flight.size() == count) break;
    flight.push_back(std::move(*message));
  }
  messages_ = {};
  return flight;
}

}  // namespace parley::dtls
