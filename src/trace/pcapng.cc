#include "trace/pcapng.h"

// Block layouts: draft-ietf-opsawg-pcapng 4. All of it little endian, times in microseconds.

namespace parley::trace {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kDecryptionSecrets = 10;
constexpr std::uint32_t kTlsKeyLog = 0x544c534b;
constexpr std::uint32_t kLinkRaw = 101;
constexpr std::uint32_t kLinkSctp = 248;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::uint16_t kFlags = 2;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kWaitingMax = 1 << 20;

void put16(ByteVector& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

void put32(ByteVector& out, std::uint32_t value) {
  put16(out, value & 0xffff);
  put16(out, value >> 16);
}

void putNet16(ByteVector& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void putPadded(ByteVector& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize((out.size() + 3) & ~std::size_t{3});
}

void putOption(ByteVector& out, std::uint16_t code, Bytes value) {
  put16(out, code);
  put16(out, static_cast<std::uint32_t>(value.size()));
  putPadded(out, value);
}

ByteVector blockOf(std::uint32_t type, Bytes body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 12);
  ByteVector out;
  put32(out, type);
  put32(out, length);
  putPadded(out, body);
  put32(out, length);
  return out;
}

ByteVector sectionHeader() {
  ByteVector body;
  put32(body, kByteOrder);
  put16(body, 1);
  put16(body, 0);
  put32(body, 0xffff'ffff);  // the length of the section is not known
  put32(body, 0xffff'ffff);
  return blockOf(kSectionHeader, body);
}

ByteVector interfaceBlock(std::uint32_t link, std::string_view name) {
  ByteVector body;
  put32(body, link);  // and two bytes that are zero
  put32(body, 0);     // no limit to what was taken of a packet
  putOption(body, kInterfaceName, bytesOf(name));
  put32(body, 0);
  return blockOf(kInterface, body);
}

std::uint32_t sum16(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    sum += bytes[i] * 256u + (i + 1 < bytes.size() ? bytes[i + 1] : 0u);
  return sum;
}

std::uint16_t fold(std::uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void putAddress(ByteVector& out, const IpAddress& address, bool isV4) {
  const std::size_t size = isV4 ? 4 : 16;
  const Bytes bytes = address.bytes();
  if (bytes.size() == size) out.insert(out.end(), bytes.begin(), bytes.end());
  if (bytes.size() != size) out.resize(out.size() + size);  // a wildcard of the other family
}

ByteVector udpOf(const Address& from, const Address& to, Bytes payload) {
  ByteVector udp;
  putNet16(udp, from.port);
  putNet16(udp, to.port);
  putNet16(udp, payload.size() + 8);
  putNet16(udp, 0);
  udp.insert(udp.end(), payload.begin(), payload.end());
  return udp;
}

// RFC 791 3.1, RFC 8200 3, RFC 768.
ByteVector ipPacketOf(const TracedPacket& packet) {
  const bool isOut = packet.direction == TracedPacket::Direction::out;
  const Address& from = isOut ? packet.local : packet.remote;
  const Address& to = isOut ? packet.remote : packet.local;
  const bool isV4 = packet.remote.ip.isV4();
  ByteVector udp = udpOf(from, to, packet.bytes);
  ByteVector ip;
  if (isV4) {
    ip = {0x45, 0};
    putNet16(ip, udp.size() + 20);
    putNet16(ip, 0);
    putNet16(ip, 0x4000);  // don't fragment
    ip.push_back(64);
    ip.push_back(kUdp);
    putNet16(ip, 0);
  } else {
    ip = {0x60, 0, 0, 0};
    putNet16(ip, udp.size());
    ip.push_back(kUdp);
    ip.push_back(64);
  }
  const std::size_t addresses = ip.size();
  putAddress(ip, from.ip, isV4);
  putAddress(ip, to.ip, isV4);
  const std::uint32_t pseudo =
      sum16(Bytes(ip).subspan(addresses), kUdp + static_cast<std::uint32_t>(udp.size()));
  const std::uint16_t checksum = fold(sum16(udp, pseudo));
  udp[6] = static_cast<std::uint8_t>((checksum != 0 ? checksum : 0xffff) >> 8);
  udp[7] = static_cast<std::uint8_t>(checksum != 0 ? checksum : 0xff);
  if (isV4) {
    const std::uint16_t header = fold(sum16(ip));
    ip[10] = static_cast<std::uint8_t>(header >> 8);
    ip[11] = static_cast<std::uint8_t>(header);
  }
  ip.insert(ip.end(), udp.begin(), udp.end());
  return ip;
}

ByteVector packetBlock(std::string_view node, const TracedPacket& packet, Bytes data) {
  const auto micros = static_cast<std::uint64_t>(packet.when.time_since_epoch().count());
  ByteVector body;
  put32(body, packet.layer == TracedPacket::Layer::sctp ? 1 : 0);
  put32(body, static_cast<std::uint32_t>(micros >> 32));
  put32(body, static_cast<std::uint32_t>(micros));
  put32(body, static_cast<std::uint32_t>(data.size()));
  put32(body, static_cast<std::uint32_t>(data.size()));
  putPadded(body, data);
  if (!node.empty()) putOption(body, kComment, bytesOf(node));
  ByteVector flags;
  put32(flags, packet.direction == TracedPacket::Direction::in ? 1 : 2);
  putOption(body, kFlags, flags);
  put32(body, 0);
  return blockOf(kEnhancedPacket, body);
}

}  // namespace

PcapngWriter::PcapngWriter(Output output, bool keys) : output_(std::move(output)), keys_(keys) {
  output_(textOf(sectionHeader()));
  output_(textOf(interfaceBlock(kLinkRaw, "datagrams")));
  output_(textOf(interfaceBlock(kLinkSctp, "sctp")));
}

void PcapngWriter::packet(std::string_view node, const TracedPacket& packet) {
  if (packet.when != instant_ || waiting_.size() > kWaitingMax) flush();
  instant_ = packet.when;
  const bool isDatagram = packet.layer == TracedPacket::Layer::datagram;
  const ByteVector ip = isDatagram ? ipPacketOf(packet) : ByteVector{};
  const ByteVector block = packetBlock(node, packet, isDatagram ? Bytes(ip) : packet.bytes);
  waiting_.insert(waiting_.end(), block.begin(), block.end());
}

// A reader must have met the secrets before the ChangeCipherSpec, which a server only learns of
// from the datagram that makes its keys: what came in the same instant goes behind them.
void PcapngWriter::keyLine(Instant when, std::string_view line) {
  if (when != instant_) flush();
  const std::string text = std::string(line) + '\n';
  ByteVector body;
  put32(body, kTlsKeyLog);
  put32(body, static_cast<std::uint32_t>(text.size()));
  putPadded(body, bytesOf(text));
  output_(textOf(blockOf(kDecryptionSecrets, body)));
}

void PcapngWriter::flush() {
  if (!waiting_.empty()) output_(textOf(waiting_));
  waiting_.clear();
}

}  // namespace parley::trace
