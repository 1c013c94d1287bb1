#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <vector>

#include "core/packet.h"
#include "core/random.h"
#include "core/step.h"
#include "core/trace.h"
#include "sctp/association.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/data_chunk.h"
#include "sctp/packet/packet_builder.h"

// For tests only: a clock that is told, and a network of two ends that loses, doubles and reorders
// under a seed.

namespace parley::sctp::testing {

class SeededSecrets final : public Secrets {
 public:
  explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
    if (next && bytes.size() == 4) {
      const std::uint32_t value = *std::exchange(next, std::nullopt);
      std::memcpy(bytes.data(), &value, sizeof value);
    } else if (skip > 0 && bytes.size() == 4) {
      if (--skip == 0) next = afterSkip;
    }
  }
  // The number after `skip` more four-byte ones: how a test chooses an initial TSN.
  std::optional<std::uint32_t> next;
  std::uint32_t afterSkip = 0;
  int skip = 0;

 private:
  Random random_;
};

struct Bench {
  explicit Bench(std::uint64_t seed = 1, std::size_t blocks = 8'192)
      : pool(blocks), random(seed), secrets(seed + 1) {}
  Step step() { return {now, 0, pool, random, secrets, trace}; }

  Instant now{1'000s};
  PacketPool pool;
  Random random;
  SeededSecrets secrets;
  NoTrace trace;
};

// Keeps what it is given.
class Collected final : public PacketSink {
 public:
  void sendPacket(Step&, Packet packet) override {
    EXPECT_EQ(packet.headroom(), PacketPool::kHeadroom);
    packets.push_back(toVector(packet.bytes()));
  }
  std::vector<ByteVector> packets;
};

struct LinkQuality {
  double loss = 0, duplicate = 0, reorder = 0;
  Duration latency = 10ms;
};

class Pair;

// One end: an association and all that it ever reported.
class End final : public PacketSink {
 public:
  End(Pair& pair, int index, const Config& config)
      : association(config, *this), pair_(pair), index_(index) {}
  void sendPacket(Step& step, Packet packet) override;

  template <class E>
  std::vector<E> all() const {
    std::vector<E> found;
    for (const Event& event : events) {
      if (const auto* one = std::get_if<E>(&event)) found.push_back(*one);
    }
    return found;
  }
  template <class E>
  std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const Event& event) { return std::holds_alternative<E>(event); }));
  }

  Association association;
  std::vector<Event> events;
  bool reads = true;  // consumes messages as they come
  std::function<void(Step&, Event&)> onEvent;
  std::function<void(Step&)> settle;  // in place of draining and flushing
  std::function<void(Step&)> onTimer;
  std::function<Instant()> deadline;

 private:
  Pair& pair_;
  int index_;
};

class Pair {
 public:
  explicit Pair(std::uint64_t seed = 1, const Config& a_ = {}, const Config& b_ = {})
      : bench(seed), a(*this, 0, a_), b(*this, 1, b_) {}

  void connect() {
    Step step = bench.step();
    a.association.connect(step);
    b.association.connect(step);
    settle();
  }
  void connectAndWait() {
    connect();
    EXPECT_TRUE(runUntil([&] { return a.count<Connected>() == 1 && b.count<Connected>() == 1; }));
    runFor(1s);
  }

  // A drop that a test chooses, on top of the seeded ones.
  std::function<bool(int from, Bytes packet)> filter;

  bool runUntil(const std::function<bool()>& done, Duration limit = 60s) {
    const Instant end = bench.now + limit;
    while (!done()) {
      const Instant next = nextTime();
      if (next > end) {
        bench.now = end;
        return done();
      }
      bench.now = std::max(bench.now, next);
      turn();
    }
    return true;
  }
  void runFor(Duration time) {
    runUntil([] { return false; }, time);
  }
  void settle() {
    settle(a);
    settle(b);
  }
  Instant nextTime() const {
    Instant due = earliest(a.association.deadline(), b.association.deadline());
    if (a.deadline) due = earliest(due, a.deadline());
    if (b.deadline) due = earliest(due, b.deadline());
    return wire_.empty() ? due : earliest(due, wire_.begin()->first);
  }
  void enqueue(int from, Packet packet) {
    EXPECT_LE(packet.size(), limits::sctp::kPacketSize);
    EXPECT_TRUE(Association::isWellFormed(packet.bytes()));
    ++sent;
    if (filter && filter(from, packet.bytes())) return;
    if (bench.random.unit() < quality.loss) return;
    const int copies = bench.random.unit() < quality.duplicate ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      Duration delay = quality.latency;
      if (bench.random.unit() < quality.reorder) {
        delay += Duration(static_cast<std::int64_t>(bench.random.below(20'000)));
      }
      wire_.emplace(bench.now + delay, Flying{1 - from, toVector(packet.bytes())});
    }
  }

  Bench bench;
  LinkQuality quality;
  std::uint64_t sent = 0;
  End a, b;

 private:
  struct Flying {
    int to;
    ByteVector bytes;
  };
  void turn() {
    Step step = bench.step();
    for (End* end : {&a, &b}) {
      if (end->association.deadline() <= bench.now) end->association.onTimer(step);
      if (end->onTimer) end->onTimer(step);
    }
    while (!wire_.empty() && wire_.begin()->first <= bench.now) {
      const Flying flying = std::move(wire_.begin()->second);
      wire_.erase(wire_.begin());
      (flying.to == 0 ? a : b).association.receive(step, flying.bytes);
    }
    settle();
  }
  void settle(End& end) {
    Step step = bench.step();
    if (end.settle) return end.settle(step);
    drain(step, end);
    end.association.flush(step);
    drain(step, end);
  }
  void drain(Step& step, End& end) {
    while (auto event = end.association.nextEvent()) {
      if (const auto* received = std::get_if<Received>(&*event); received && end.reads) {
        end.association.consumed(step, received->message.payload.size());
      }
      if (end.onEvent) end.onEvent(step, *event);
      end.events.push_back(std::move(*event));
    }
  }

  std::multimap<Instant, Flying> wire_;
};

inline void End::sendPacket(Step&, Packet packet) { pair_.enqueue(index_, std::move(packet)); }

inline ByteVector pattern(std::size_t size, std::uint32_t seed) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::uint8_t>(seed * 31 + i * 7 + (i >> 8));
  }
  return bytes;
}

// A packet made of these chunks, padded, with a good checksum.
inline ByteVector packetOf(Tag tag, const std::vector<ByteVector>& chunks,
                           std::uint16_t port = 5'000) {
  ByteVector packet(kCommonHeader);
  WireWriter(packet).u16(port).u16(port).u32(tag.value).u32(0);
  for (const ByteVector& chunk : chunks) packet.insert(packet.end(), chunk.begin(), chunk.end());
  writeChecksum(packet);
  return packet;
}

inline ByteVector dataChunk(Tsn tsn, StreamId stream, Ssn ssn, std::uint8_t flags, Bytes payload) {
  DataChunk data;
  data.tsn = tsn;
  data.stream = stream;
  data.ssn = ssn;
  data.protocol = {51};
  data.flags = flags;
  data.payload = payload;
  ByteVector bytes(padded(DataChunk::kHeader + payload.size()));
  data.write(bytes);
  return bytes;
}

}  // namespace parley::sctp::testing
