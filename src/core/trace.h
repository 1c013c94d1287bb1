#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/address.h"
#include "core/bytes.h"
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

// A packet as it passed a tap. The bytes belong to whoever calls and are gone afterwards.
struct TracedPacket {
  enum class Layer : std::uint8_t {
    datagram,  // as it is on the wire, with both addresses
    sctp,      // what DTLS carried, in clear; without addresses
  };
  enum class Direction : std::uint8_t { in, out };

  Instant when;
  Layer layer = Layer::datagram;
  Direction direction = Direction::in;
  Address local = {};
  Address remote = {};
  Bytes bytes = {};
};

// Where trace points go. Cores never format text; a sink that does not want a topic costs one
// test of one bit. So do packets and the secrets that decrypt them, which no sink gets unasked.
class TraceSink {
 public:
  bool wants(Topic topic) const { return topics_ >> static_cast<unsigned>(topic) & 1; }
  virtual void write(Instant when, Topic topic, const char* event,
                     std::initializer_list<Field> fields) = 0;

  bool wantsPackets() const { return (topics_ & kPackets) != 0; }
  virtual void packet(const TracedPacket&) {}

  // One line of the NSS key log format, without its end: "CLIENT_RANDOM <hex> <hex>".
  bool wantsKeys() const { return (topics_ & kKeys) != 0; }
  virtual void keyLine(Instant, std::string_view) {}

  // Several nodes of a world share a sink: what it gives here lives as long as the sink itself and
  // knows who speaks.
  virtual TraceSink& ofNode(std::string_view) { return *this; }

  // Which connection of the loop the events are about from now on; 0: none. See TraceScope.
  std::uint32_t subject() const { return subject_; }
  void setSubject(std::uint32_t subject) { subject_ = subject; }

 protected:
  static constexpr std::uint32_t kPackets = 1u << 30;
  static constexpr std::uint32_t kKeys = 1u << 31;

  ~TraceSink() = default;
  std::uint32_t topics_ = 0;  // a bit per Topic and the two above; none by default

 private:
  std::uint32_t subject_ = 0;
};

// Says for its own lifetime which connection the events are about.
class TraceScope {
 public:
  TraceScope(TraceSink& trace, std::uint32_t subject) : trace_(trace), before_(trace.subject()) {
    trace_.setSubject(subject);
  }
  ~TraceScope() { trace_.setSubject(before_); }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  TraceSink& trace_;
  std::uint32_t before_;
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
