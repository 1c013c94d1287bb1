#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/host.h"
#include "sim/node.h"

namespace parley::sim::testing {

// A guest that notes what it hears and from whom, and answers pings if it is told to.
class Talker final : public Host::Guest {
 public:
  explicit Talker(Node& node, IpAddress ip = {}, std::uint16_t port = 7'000) : host_(node.host()) {
    host_.enter(*this);
    const auto bound = host_.openUdp(*this, {ip, port, port});
    if (bound) socket_ = bound->socket;
    error = bound ? std::optional<OpenError>() : bound.error();
  }
  ~Talker() override { host_.leave(*this); }

  void say(const Address& to, std::string_view text) {
    host_.send(
        {.socket = socket_, .remote = to, .packet = host_.step().packets.copyOf(bytesOf(text))});
  }
  void onDatagram(Step& step, Datagram datagram) override {
    heard.emplace_back(textOf(datagram.packet.bytes()));
    froms.push_back(datagram.remote);
    local = datagram.local;
    when.push_back(step.now);
    walls.push_back(step.wallMicros);
    if (answersPings && heard.back() == "ping") say(datagram.remote, "pong");
  }
  void onTimer(Step& step) override {
    rang.push_back(step.now);
    walls.push_back(step.wallMicros);
  }
  void onResolved(Step& step, ResolveId, std::vector<IpAddress> found) override {
    answers.emplace_back(step.now, std::move(found));
  }
  void onInterfacesChanged(Step&) override { ++changes; }
  void onStepEnd(Step&) override { ++settled; }

  bool answersPings = false;
  std::optional<OpenError> error;  // why it has no socket
  std::vector<std::string> heard;
  std::vector<Address> froms;
  Address local;  // where the last was heard
  std::vector<Instant> when, rang;
  std::vector<std::int64_t> walls;
  std::vector<std::pair<Instant, std::vector<IpAddress>>> answers;
  int settled = 0;
  int changes = 0;

 private:
  Host& host_;
  SocketId socket_{};
};

}  // namespace parley::sim::testing
