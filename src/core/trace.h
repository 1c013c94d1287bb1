#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/time.h"

namespace parley {

enum class Topic : std::uint8_t {
  loop,
  ice,
  turn,
  dtls,
  srtp,
  sctp,
  channel,
  rtp,
  congestion,
  jsep,
  session,
  peer
};

std::string_view topicName(Topic topic);

// A named number or a short text; addresses and credentials go in as `secret` and are written
// only by sinks that were told to.
struct Field {
  enum class Kind : std::uint8_t { number, text, secret };

  Field(const char* name_, std::int64_t number_) : name(name_), number(number_) {}
  Field(const char* name_, std::string_view text_, Kind kind_ = Kind::text)
      : name(name_), text(text_), kind(kind_) {}

  const char* name;
  std::int64_t number = 0;
  std::string_view text = {};
  Kind kind = Kind::number;
};

// Where trace points go. Cores never format text; a sink that does not want a topic costs one
// test of one bit.
class TraceSink {
 public:
  bool wants(Topic topic) const { return topics_ >> static_cast<unsigned>(topic) & 1; }
  virtual void write(Instant when, Topic topic, const char* event,
                     std::initializer_list<Field> fields) = 0;

 protected:
  ~TraceSink() = default;
  std::uint32_t topics_ = 0;  // a bit per Topic; none by default
};

// Wants nothing.
class NoTrace final : public TraceSink {
 public:
  void write(Instant, Topic, const char*, std::initializer_list<Field>) override {}
};

}  // namespace parley

// The only macro of the house besides the assertion: arguments are not evaluated when unwanted.
#define PARLEY_TRACE(step, topic, event, ...)                                                   \
  do {                                                                                          \
    if ((step).trace.wants(topic)) (step).trace.write((step).now, topic, event, {__VA_ARGS__}); \
  } while (false)
