#pragma once

#include "core/bytes.h"
#include "trace/writer.h"

namespace parley::trace {

// A capture for Wireshark (pcapng): interface 0 has the datagrams under IP and UDP headers made
// for them, interface 1 the SCTP packets as they are inside DTLS, in clear. With `keys` the secrets
// of each handshake stand in it too, before the packets they decrypt.
class PcapngWriter final : public Writer {
 public:
  explicit PcapngWriter(Output output, bool keys = true);
  ~PcapngWriter() override { flush(); }

  bool wantsPackets() const override { return true; }
  void packet(std::string_view node, const TracedPacket& packet) override;
  bool wantsKeys() const override { return keys_; }
  void keyLine(Instant when, std::string_view line) override;

  void flush();  // the packets of the last instant, which wait for keys

 private:
  Output output_;
  bool keys_;
  Instant instant_{};
  ByteVector waiting_;
};

}  // namespace parley::trace
