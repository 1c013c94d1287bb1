#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "core/packet.h"
#include "core/step.h"
#include "tls/record.h"

namespace parley::dtls {

// A record of the handshake before it is numbered and sealed.
struct FlightRecord {
  ContentType type = ContentType::handshake;
  std::uint16_t version = kDtls12;
  std::uint16_t epoch = 0;
  ByteVector body;  // plaintext, in epoch 1 too
};

// The last flight of our side and the numbering of plaintext records. Sending it again gives every
// record a new number (RFC 6347 4.2.2), as the peer's replay window would swallow the old ones; in
// epoch 1 it is sealed anew for that.
class FlightSender {
 public:
  void replace(std::vector<FlightRecord> records) { records_ = std::move(records); }
  void clear() { records_.clear(); }
  bool isEmpty() const { return records_.empty(); }

  // As few datagrams of at most `mtu` bytes as keep the order. `sealer` is needed once the flight
  // has records of epoch 1. Short of pool blocks it gives fewer; the next try will do.
  std::vector<Packet> pack(Step& step, std::size_t mtu, RecordSealer* sealer);

  // One plaintext record outside any flight, such as an alert.
  ByteVector plaintext(const FlightRecord& record);

 private:
  std::vector<FlightRecord> records_;
  std::uint64_t nextPlain_ = 0;
};

}  // namespace parley::dtls
