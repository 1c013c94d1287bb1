#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/bytes.h"
#include "core/result.h"
#include "core/time.h"

namespace parley::mdns {

inline constexpr std::uint16_t kPort = 5'353;  // RFC 6762 3

struct Question {
  std::string name;
  bool wantsUnicast = false;  // the QU bit (RFC 6762 5.4)

  friend bool operator==(const Question&, const Question&) = default;
};

struct Record {
  std::string name;
  IpAddress address;
  Duration ttl{};            // zero: goodbye (RFC 6762 10.1)
  bool flushesCache = true;  // this is all there is to the name (RFC 6762 10.2)

  friend bool operator==(const Record&, const Record&) = default;
};

// What is said about names of candidates (core/local_name.h), in lower case. Of a message of
// others everything is checked, and what is about other names or types is left out.
struct Message {
  std::uint16_t id = 0;
  bool isResponse = false;
  std::vector<Question> questions;
  std::vector<Record> records;  // answers and additional ones; in a query: what is known already
};

// Messages with an opcode or an error are `unsupported`, to be ignored (RFC 6762 18.3, 18.11).
Result<Message, ParseError> parse(Bytes datagram);

// Both kinds of address are asked for. At most kNamesPerPacket names; longer ones do not exist.
inline constexpr std::size_t kNamesPerPacket = 8;
ByteVector writeQuery(std::span<const Question> questions);

// Each address comes with an NSEC record: the name has no other (RFC 6762 6.1). A legacy answer
// repeats id and questions (RFC 6762 6.7).
ByteVector writeResponse(std::span<const Record> records, std::uint16_t id = 0,
                         std::span<const Question> questions = {});

}  // namespace parley::mdns
