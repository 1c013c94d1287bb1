#pragma once

#include <array>
#include <cstdint>

#include "core/bytes.h"
#include "core/random.h"

namespace parley::sim {

// What an attacker without keys can make.
enum class Forgery : std::uint8_t {
  stunRequest,   // a Binding request of the right shape, whose integrity is wrong
  stunResponse,  // a success that nobody asked for
  clientHello,
  handshakeMessage,  // of any type and any place in the numbering
  alert,             // fatal and of epoch 0, as in the time before the keys
  changeCipherSpec,
  sealedData,  // application data of epoch 1, which no key opens
  emptyRecord,
  garbledRecord,
  noise,
};

inline constexpr std::array kForgeries = {Forgery::stunRequest,   Forgery::stunResponse,
                                          Forgery::clientHello,   Forgery::handshakeMessage,
                                          Forgery::alert,         Forgery::changeCipherSpec,
                                          Forgery::sealedData,    Forgery::emptyRecord,
                                          Forgery::garbledRecord, Forgery::noise};

class Forger {
 public:
  explicit Forger(std::uint64_t seed) : dice_(seed) {}

  ByteVector make(Forgery kind);
  ByteVector any() { return make(kForgeries[dice_.below(kForgeries.size())]); }
  // Something real with a few bits over, and sometimes cut off or with more behind it.
  ByteVector spoil(Bytes real);
  Random& dice() { return dice_; }

 private:
  ByteVector noise(std::size_t size);
  ByteVector stun(bool isRequest);
  ByteVector record(std::uint8_t type, std::uint16_t epoch, Bytes body);
  ByteVector clientHello();
  ByteVector handshakeMessage();
  ByteVector garbledRecord();

  Random dice_;
};

}  // namespace parley::sim
