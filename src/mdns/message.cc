#include "mdns/message.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/assert.h"
#include "core/limits.h"
#include "core/local_name.h"
#include "core/wire.h"

namespace parley::mdns {

namespace {

constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint16_t kTypeNsec = 47;
constexpr std::uint16_t kTypeAny = 255;
constexpr std::uint16_t kClassIn = 1;
constexpr std::uint16_t kClassAny = 255;
constexpr std::uint16_t kTopBit = 0x8000;  // QU in a question, cache-flush in a record
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kAuthoritative = 0x0400;
constexpr std::uint16_t kOpcodeAndError = 0x780f;
constexpr std::uint8_t kPointer = 0xc0;
constexpr std::size_t kNameMax = 255;  // RFC 1035 3.1

char lowerOf(std::uint8_t byte) {
  return static_cast<char>(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
}

// Reads one message from front to back; names may point back into what was read (RFC 1035 4.1.4).
class Reader {
 public:
  explicit Reader(Bytes message) : message_(message), wire_(message) {}

  Result<Message, ParseError> read() {
    Message message;
    message.id = wire_.u16();
    const std::uint16_t flags = wire_.u16();
    std::array<std::uint16_t, 4> counts{};
    for (std::uint16_t& count : counts) count = wire_.u16();
    if (wire_.failed()) return Unexpected(ParseError::truncated);
    if (flags & kOpcodeAndError) return Unexpected(ParseError::unsupported);
    std::size_t entries = 0;
    for (const std::uint16_t count : counts) entries += count;
    if (entries > limits::mdns::kEntries) return Unexpected(ParseError::tooMany);
    message.isResponse = (flags & kResponse) != 0;

    for (int i = 0; i < counts[0] && !hasFailed(); ++i) readQuestion(message);
    for (int section = 1; section < 4; ++section) {
      const bool isAuthority = section == 2;  // what probes claim
      for (int i = 0; i < counts[static_cast<std::size_t>(section)] && !hasFailed(); ++i)
        readRecord(message, isAuthority);
    }
    if (isMalformed_) return Unexpected(ParseError::malformed);
    if (wire_.failed()) return Unexpected(ParseError::truncated);
    if (!wire_.finished()) return Unexpected(ParseError::malformed);
    return message;
  }

 private:
  bool hasFailed() const { return isMalformed_ || wire_.failed(); }

  void readQuestion(Message& message) {
    std::string name = readName();
    const std::uint16_t type = wire_.u16();
    const std::uint16_t kind = wire_.u16();
    const bool isOfAddress = type == kTypeA || type == kTypeAaaa || type == kTypeAny;
    const std::uint16_t itsClass = kind & static_cast<std::uint16_t>(~kTopBit);
    if (hasFailed() || !isOfAddress || (itsClass != kClassIn && itsClass != kClassAny)) return;
    if (isCandidateName(name))
      message.questions.push_back({std::move(name), (kind & kTopBit) != 0});
  }

  void readRecord(Message& message, bool isAuthority) {
    std::string name = readName();
    const std::uint16_t type = wire_.u16();
    const std::uint16_t kind = wire_.u16();
    const std::uint32_t ttl = wire_.u32();
    const Bytes data = wire_.bytes(wire_.u16());
    if (hasFailed() || (kind & ~kTopBit) != kClassIn) return;
    const auto address = addressOf(type, data);
    if (!address || isAuthority || !isCandidateName(name)) return;
    message.records.push_back(
        {std::move(name), *address, std::chrono::seconds(ttl), (kind & kTopBit) != 0});
  }

  std::optional<IpAddress> addressOf(std::uint16_t type, Bytes data) {
    if (type != kTypeA && type != kTypeAaaa) return std::nullopt;
    std::array<std::uint8_t, 16> bytes{};
    const std::size_t size = type == kTypeA ? 4 : 16;
    if (data.size() != size) {
      isMalformed_ = true;
      return std::nullopt;
    }
    copyBytes(bytes, data);
    if (type == kTypeAaaa) return IpAddress::v6(bytes);
    return IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
  }

  // Each jump leads to before all that this name has shown, so it ends; a bound holds as well.
  std::string readName() {
    std::string name;
    std::size_t start = message_.size() - wire_.remaining();
    WireReader jumped(Bytes{});
    WireReader* from = &wire_;
    for (std::size_t jumps = 0;;) {
      const std::uint8_t length = from->u8();
      if (from->failed()) return fail();
      if (length == 0) return name;
      if ((length & kPointer) == kPointer) {
        const std::size_t target = static_cast<std::size_t>(length & ~kPointer) << 8 | from->u8();
        if (from->failed() || target >= start || ++jumps > limits::mdns::kJumps) return fail();
        start = target;
        jumped = WireReader(message_.subspan(target));
        from = &jumped;
        continue;
      }
      if ((length & kPointer) != 0 || name.size() + length + 1 > kNameMax) return fail();
      appendLabel(name, from->bytes(length));
    }
  }

  // A dot inside a label must not look like one between labels.
  static void appendLabel(std::string& name, Bytes label) {
    if (!name.empty()) name += '.';
    for (const std::uint8_t byte : label) name += byte == '.' ? '?' : lowerOf(byte);
  }

  std::string fail() {
    isMalformed_ = true;
    return {};
  }

  Bytes message_;
  WireReader wire_;
  bool isMalformed_ = false;
};

class Writer {
 public:
  void header(std::uint16_t id, std::uint16_t flags, std::size_t questions, std::size_t answers,
              std::size_t additional) {
    wire_.u16(id).u16(flags).u16(number(questions)).u16(number(answers)).u16(0);
    wire_.u16(number(additional));
  }
  void question(const Question& asked, std::uint16_t type) {
    name(asked.name);
    wire_.u16(type).u16(asked.wantsUnicast ? kTopBit | kClassIn : kClassIn);
  }
  void address(const Record& record) {
    name(record.name);
    begin(record, record.address.isV4() ? kTypeA : kTypeAaaa);
    wire_.u16(number(record.address.bytes().size())).bytes(record.address.bytes());
  }
  // RFC 6762 6.1: the next name is the name itself, the bitmap has one bit.
  void denial(const Record& record) {
    static constexpr std::uint8_t kOnlyA[] = {0, 1, 0x40};
    static constexpr std::uint8_t kOnlyAaaa[] = {0, 4, 0, 0, 0, 0x08};
    name(record.name);
    begin(record, kTypeNsec);
    const Bytes bitmap = record.address.isV4() ? Bytes(kOnlyA) : Bytes(kOnlyAaaa);
    wire_.u16(number(2 + bitmap.size()));
    name(record.name);
    wire_.bytes(bitmap);
  }
  ByteVector take() {
    PARLEY_ASSERT(!wire_.failed());
    room_.resize(wire_.written());
    return std::move(room_);
  }

 private:
  static std::uint16_t number(std::size_t value) { return static_cast<std::uint16_t>(value); }

  void begin(const Record& record, std::uint16_t type) {
    const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(record.ttl).count();
    wire_.u16(type).u16(record.flushesCache ? kTopBit | kClassIn : kClassIn);
    wire_.u32(static_cast<std::uint32_t>(ttl));
  }

  // The second time a pointer to the first.
  void name(std::string_view text) {
    for (const auto& [written, at] : names_)
      if (written == text) return void(wire_.u16(static_cast<std::uint16_t>(kPointer << 8 | at)));
    names_.emplace_back(text, wire_.written());
    while (!text.empty()) {
      const std::string_view label = text.substr(0, text.find('.'));
      wire_.u8(static_cast<std::uint8_t>(label.size())).bytes(bytesOf(label));
      text.remove_prefix(std::min(text.size(), label.size() + 1));
    }
    wire_.u8(0);
  }

  ByteVector room_ = ByteVector(limits::mdns::kPacket);
  WireWriter wire_{room_};
  std::vector<std::pair<std::string, std::size_t>> names_;
};

}  // namespace

Result<Message, ParseError> parse(Bytes datagram) {
  if (datagram.size() > limits::mdns::kMessage) return Unexpected(ParseError::tooLarge);
  return Reader(datagram).read();
}

ByteVector writeQuery(std::span<const Question> questions) {
  PARLEY_ASSERT(questions.size() <= kNamesPerPacket);
  Writer writer;
  writer.header(0, 0, 2 * questions.size(), 0, 0);
  for (const Question& question : questions) {
    writer.question(question, kTypeA);
    writer.question(question, kTypeAaaa);
  }
  return writer.take();
}

ByteVector writeResponse(std::span<const Record> records, std::uint16_t id,
                         std::span<const Question> questions) {
  PARLEY_ASSERT(records.size() <= kNamesPerPacket && questions.size() <= kNamesPerPacket);
  Writer writer;
  writer.header(id, kResponse | kAuthoritative, questions.size(), records.size(), records.size());
  for (const Question& question : questions) writer.question(question, kTypeAny);
  for (const Record& record : records) writer.address(record);
  for (const Record& record : records) writer.denial(record);
  return writer.take();
}

}  // namespace parley::mdns
