#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "channel/channels.h"
#include "sctp/testing.h"

// For tests only.

namespace parley::channel {

// Two ends with channels on both; `a` is the DTLS client.
struct Duo {
  explicit Duo(std::uint64_t seed = 1, const sctp::Config& config = {})
      : pair(seed, config, config), a(pair.a.association), b(pair.b.association) {
    attach(pair.a, a, aEvents);
    attach(pair.b, b, bEvents);
  }
  void attach(sctp::testing::End& end, Channels& channels, std::vector<Event>& events) {
    end.settle = [&](Step& step) {
      channels.settle(step);
      while (auto event = channels.nextEvent()) {
        if (auto* arrived = std::get_if<MessageArrived>(&*event)) {
          channels.consumed(step, arrived->channel, arrived->data.size());
        }
        events.push_back(std::move(*event));
      }
      channels.settle(step);
    };
    end.onTimer = [&](Step& step) { channels.onTimer(step); };
    end.deadline = [&] { return channels.deadline(); };
  }
  void connect(bool isEachClient = false) {  // then each refuses whatever the other opens
    Step step = pair.bench.step();
    a.setRole(step, true);
    b.setRole(step, isEachClient);
    pair.connect();
    pair.runFor(1s);
  }
  Result<void, OpenError> open(Channels& channels, std::uint32_t id, Parameters parameters = {}) {
    Step step = pair.bench.step();
    return channels.open(step, {id}, std::move(parameters));
  }
  void send(Channels& channels, ChannelId id, std::string_view text, bool binary = false) {
    Step step = pair.bench.step();
    ASSERT_TRUE(channels.send(step, id, toVector(bytesOf(text)), binary));
  }
  void close(Channels& channels, ChannelId id) {
    Step step = pair.bench.step();
    channels.close(step, id);
  }
  void run(Duration time = 2s) {
    pair.settle();
    pair.runFor(time);
  }
  template <class E>
  static std::vector<E> all(const std::vector<Event>& events) {
    std::vector<E> found;
    for (const Event& event : events) {
      if (const auto* one = std::get_if<E>(&event)) found.push_back(*one);
    }
    return found;
  }
  sctp::testing::Pair pair;
  Channels a, b;
  std::vector<Event> aEvents, bEvents;
};

inline Parameters labelled(std::string label) {
  Parameters parameters;
  parameters.label = std::move(label);
  return parameters;
}

inline std::vector<std::string> textsOf(const std::vector<Event>& events) {
  std::vector<std::string> texts;
  for (const auto& arrived : Duo::all<MessageArrived>(events)) {
    texts.emplace_back(textOf(arrived.data));
  }
  return texts;
}

}  // namespace parley::channel
