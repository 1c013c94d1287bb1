#include "mdns/message.h"

#include <algorithm>

#include "core/limits.h"
#include "core/local_name.h"
#include "fuzz/common.h"

// What is read of a message is about names of candidates only, within bounds, and what is written
// of it reads as the same.
// max_len: 512

namespace parley::fuzz {

void oneInput(Bytes input) {
  const Frugal frugal(input.size(), 128u << 10);
  const auto message = mdns::parse(input);
  if (!message) return;
  FUZZ_REQUIRE(message->questions.size() + message->records.size() <= limits::mdns::kEntries);
  for (const mdns::Question& question : message->questions) {
    FUZZ_REQUIRE(isCandidateName(question.name));
    const auto again = mdns::parse(mdns::writeQuery({&question, 1}));
    FUZZ_REQUIRE(again && again->questions.size() == 2);
    FUZZ_REQUIRE(again->questions[0] == question && again->questions[1] == question);
  }
  for (const mdns::Record& record : message->records) {
    FUZZ_REQUIRE(isCandidateName(record.name));
    const mdns::Question question{record.name};
    const auto again = mdns::parse(mdns::writeResponse({&record, 1}, message->id, {&question, 1}));
    FUZZ_REQUIRE(again && again->isResponse && again->id == message->id);
    FUZZ_REQUIRE(again->records.size() == 1 && again->records[0] == record);
  }
}

}  // namespace parley::fuzz
