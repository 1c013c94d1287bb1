#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/host.h"
#include "sim/node.h"

namespace parley::sim::testing {

// A guest that notes what it hears and from whom.
class Talker final : public Host::Guest {
 public:
  explicit Talker(Node& node, IpAddress ip = {}, std::uint16_t port = 7'000) : host_(node.host()) {
    host_.enter(*this);
    const auto bound = host_.openUdp(*this, {ip, port, port});
    if (bound) socket_ = bound->socket;
  }
  ~Talker() override { host_.leave(*this); }

  void say(const Address& to, std::string_view text) {
    host_.send(
        {.socket = socket_, .remote = to, .packet = host_.step().packets.copyOf(bytesOf(text))});
  }
  void onDatagram(Step& step, Datagram datagram) override {
    heard.emplace_back(textOf(datagram.packet.bytes()));
    froms.push_back(datagram.remote);
    when.push_back(step.now);
    walls.push_back(step.wallMicros);
  }
  void onTimer(Step& step) override {
    rang.push_back(step.now);
    walls.push_back(step.wallMicros);
  }
  void onResolved(Step& step, ResolveId, std::vector<IpAddress> found) override {
    answers.emplace_back(step.now, std::move(found));
  }
  void onStepEnd(Step&) override {}

  std::vector<std::string> heard;
  std::vector<Address> froms;
  std::vector<Instant> when, rang;
  std::vector<std::int64_t> walls;
  std::vector<std::pair<Instant, std::vector<IpAddress>>> answers;

 private:
  Host& host_;
  SocketId socket_{};
};

}  // namespace parley::sim::testing
