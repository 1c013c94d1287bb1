#include "tls/flight.h"

#include "core/assert.h"

namespace parley::dtls {

ByteVector FlightSender::plaintext(const FlightRecord& record) {
  ByteVector bytes(kRecordHeader + record.body.size());
  const RecordHeader header{record.type, record.version, 0, nextPlain_++,
                            static_cast<std::uint16_t>(record.body.size())};
  header.write(bytes);
  copyBytes(MutableBytes(bytes).subspan(kRecordHeader), record.body);
  return bytes;
}

std::vector<Packet> FlightSender::pack(Step& step, std::size_t mtu, RecordSealer* sealer) {
  std::vector<Packet> datagrams;
  for (const FlightRecord& record : records_) {
    PARLEY_ASSERT(record.epoch == 0 || sealer != nullptr);
    const ByteVector bytes =
        record.epoch == 0 ? plaintext(record) : sealer->seal(record.type, record.body);
    if (datagrams.empty() || datagrams.back().size() + bytes.size() > mtu) {
      Packet fresh = step.packets.take();
      if (!fresh || fresh.tailroom() < bytes.size()) break;
      datagrams.push_back(std::move(fresh));
    }
    copyBytes(datagrams.back().append(bytes.size()), bytes);
  }
  return datagrams;
}

}  // namespace parley::dtls
