#include "tls/record.h"

#include "core/assert.h"
#include "core/planted.h"
#include "core/wire.h"

namespace parley::dtls {

namespace {

constexpr std::uint16_t kEpoch = 1;  // the only one with keys: nothing is ever renegotiated

std::uint64_t epochAndSequence(std::uint16_t epoch, std::uint64_t sequence) {
  return std::uint64_t{epoch} << 48 | sequence;
}

// RFC 5246 6.2.3.3, with the length of the plaintext.
std::array<std::uint8_t, 13> associatedData(const RecordHeader& header, std::size_t plainSize) {
  std::array<std::uint8_t, 13> data{};
  WireWriter(data)
      .u64(epochAndSequence(header.epoch, header.sequence))
      .u8(static_cast<std::uint8_t>(header.type))
      .u16(header.version)
      .u16(static_cast<std::uint16_t>(plainSize));
  return data;
}

using Nonce = std::array<std::uint8_t, crypto::kAeadNonce>;

// RFC 5288 3: salt, then what the record carries.
Nonce nonceOf(const std::array<std::uint8_t, 12>& iv, Bytes carried) {
  Nonce nonce = iv;
  copyBytes(MutableBytes(nonce).subspan(4), carried);
  return nonce;
}

// RFC 7905 2: the number, padded in front, over the IV.
Nonce nonceOf(const std::array<std::uint8_t, 12>& iv, std::uint64_t number) {
  Nonce nonce = iv;
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[4 + i] ^= static_cast<std::uint8_t>(number >> (56 - 8 * i));
  }
  return nonce;
}

bool isContentType(std::uint8_t type) { return type >= 20 && type <= 23; }

}  // namespace

std::optional<RecordHeader> RecordHeader::parse(Bytes datagram) {
  WireReader in(datagram);
  RecordHeader header;
  const std::uint8_t type = in.u8();
  header.type = static_cast<ContentType>(type);
  header.version = in.u16();
  header.epoch = in.u16();
  header.sequence = in.u48();
  header.length = in.u16();
  in.skip(header.length);
  if (in.failed() || !isContentType(type)) return std::nullopt;
  if (header.version != kDtls12 && header.version != kDtls10) return std::nullopt;
  return header;
}

void RecordHeader::write(MutableBytes out) const {
  WireWriter(out)
      .u8(static_cast<std::uint8_t>(type))
      .u16(version)
      .u16(epoch)
      .u48(sequence)
      .u16(length);
}

std::optional<RecordView> takeRecord(MutableBytes& datagram) {
  const auto header = RecordHeader::parse(datagram);
  if (!header) return std::nullopt;
  const MutableBytes whole = datagram.first(kRecordHeader + header->length);
  if (!isPlanted(PlantedBug::emptyRecordStands) || header->length > 0)
    datagram = datagram.subspan(whole.size());
  return RecordView{*header, whole, whole.subspan(kRecordHeader)};
}

RecordSealer::RecordSealer(const RecordKeys& keys)
    : aead_(keys.algorithm, keys.keyBytes()),
      iv_(keys.iv),
      explicit_(static_cast<std::uint8_t>(keys.explicitNonce())) {}

bool RecordSealer::seal(ContentType type, Packet& packet) {
  if (next_ > kSequenceMax) return false;
  PARLEY_ASSERT(packet.size() <= kRecordPlaintextMax);
  packet.prepend(kRecordHeader + explicit_);
  packet.append(kBack);
  sealInto(type, packet.mutableBytes());
  return true;
}

ByteVector RecordSealer::seal(ContentType type, Bytes plaintext) {
  if (next_ > kSequenceMax) return {};
  PARLEY_ASSERT(plaintext.size() <= kRecordPlaintextMax);
  ByteVector record(kRecordHeader + explicit_ + plaintext.size() + kBack);
  copyBytes(MutableBytes(record).subspan(kRecordHeader + explicit_), plaintext);
  sealInto(type, record);
  return record;
}

void RecordSealer::sealInto(ContentType type, MutableBytes record) {
  const RecordHeader header{type, kDtls12, kEpoch, next_++,
                            static_cast<std::uint16_t>(record.size() - kRecordHeader)};
  header.write(record);
  const std::uint64_t number = epochAndSequence(kEpoch, header.sequence);
  const MutableBytes carried = record.subspan(kRecordHeader, explicit_);
  if (explicit_ != 0) WireWriter(carried).u64(number);

  const std::size_t front = kRecordHeader + explicit_;
  const MutableBytes text = record.subspan(front, record.size() - front - kBack);
  aead_.seal(explicit_ != 0 ? nonceOf(iv_, carried) : nonceOf(iv_, number),
             associatedData(header, text.size()), text, record.last(kBack));
}

RecordOpener::RecordOpener(const RecordKeys& keys)
    : aead_(keys.algorithm, keys.keyBytes()),
      iv_(keys.iv),
      explicit_(static_cast<std::uint8_t>(keys.explicitNonce())) {}

Result<MutableBytes, RecordOpener::Refusal> RecordOpener::open(const RecordView& record,
                                                               Replay replay) {
  const std::size_t overhead = explicit_ + crypto::kAeadTag;
  if (record.body.size() < overhead) return Unexpected(Refusal::badSize);
  if (record.body.size() - overhead > kRecordPlaintextMax) return Unexpected(Refusal::badSize);
  if (replay == Replay::check && !window_.isFresh(record.header.sequence)) {
    return Unexpected(Refusal::replayed);
  }

  if (isPlanted(PlantedBug::windowBeforeTag)) window_.note(record.header.sequence);
  const MutableBytes text = record.body.subspan(explicit_, record.body.size() - overhead);
  const std::uint64_t number = epochAndSequence(record.header.epoch, record.header.sequence);
  const Nonce nonce =
      explicit_ != 0 ? nonceOf(iv_, Bytes(record.body.first(explicit_))) : nonceOf(iv_, number);
  if (!aead_.open(nonce, associatedData(record.header, text.size()), text,
                  record.body.last(crypto::kAeadTag))) {
    return Unexpected(Refusal::badTag);
  }
  window_.note(record.header.sequence);
  return text;
}

}  // namespace parley::dtls
