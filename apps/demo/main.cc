// The main job, seen whole: two peers on this machine find each other over real UDP, talk, move
// bulk data and close, and the loop tells what is left of them.

#include <parley/parley.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "timeline.h"

using namespace std::chrono_literals;
using demo::Timeline;

namespace {

constexpr std::size_t kBulkMessage = 64 * 1024;
constexpr std::size_t kBulkQueued = 4 * 1024 * 1024;

struct Peer {
  Peer(parley::Loop& loop, std::string peerName, Timeline& out)
      : pc(loop), name(std::move(peerName)), timeline(out) {}

  parley::RTCPeerConnection pc;
  std::string name;
  Timeline& timeline;
  std::shared_ptr<parley::RTCDataChannel> channel;
};

void narrate(Peer& peer, Peer& other) {
  auto say = [&peer](std::string_view label, std::string_view value) {
    peer.timeline.line(peer.name, std::string(label) + " " + std::string(value));
  };
  peer.pc.onicegatheringstatechange = [&peer, say](const parley::Event&) {
    say("gathering", toString(peer.pc.iceGatheringState()));
  };
  peer.pc.oniceconnectionstatechange = [&peer, say](const parley::Event&) {
    say("ICE checks", toString(peer.pc.iceConnectionState()));
  };
  peer.pc.onconnectionstatechange = [&peer, say](const parley::Event&) {
    say("connection", toString(peer.pc.connectionState()));
  };
  peer.pc.onicecandidate = [&peer, &other](const parley::RTCPeerConnectionIceEvent& event) {
    if (!event.candidate) return;
    if (!event.candidate->candidate().empty())
      peer.timeline.line(peer.name, event.candidate->candidate());
    other.pc.addIceCandidate(event.candidate->toInit());
  };
}

// DTLS and SCTP exist once the descriptions are there.
void narrateTransports(Peer& peer) {
  const auto sctp = peer.pc.sctp();
  if (!sctp) return;
  const auto dtls = sctp->transport();
  dtls->onstatechange = [&peer, transport = dtls.get()](const parley::Event&) {
    peer.timeline.line(peer.name, "DTLS " + std::string(toString(transport->state())));
  };
  sctp->onstatechange = [&peer, transport = sctp.get()](const parley::Event&) {
    peer.timeline.line(peer.name, "SCTP " + std::string(toString(transport->state())));
  };
}

parley::Async negotiate(Peer& offerer, Peer& answerer) {
  try {
    co_await offerer.pc.setLocalDescription();
    co_await answerer.pc.setRemoteDescription(*offerer.pc.localDescription());
    co_await answerer.pc.setLocalDescription();
    narrateTransports(answerer);
    co_await offerer.pc.setRemoteDescription(*answerer.pc.localDescription());
    narrateTransports(offerer);
  } catch (const parley::DOMException& error) {
    std::fprintf(stderr, "negotiation failed: %s\n", error.what());
  }
}

bool connectAndGreet(parley::Loop& loop, Peer& offerer, Peer& answerer) {
  bool greeted = false;
  answerer.pc.ondatachannel = [&](const parley::RTCDataChannelEvent& event) {
    answerer.channel = event.channel;
    answerer.timeline.line(answerer.name, "channel \"" + event.channel->label() + "\" announced");
    event.channel->onmessage = [&](const parley::MessageEvent& message) {
      const auto& text = std::get<std::string>(message.data);
      std::printf("received: %s\n", text.c_str());
      answerer.channel->send("hello, " + text.substr(text.rfind(' ') + 1));
    };
  };
  offerer.channel = offerer.pc.createDataChannel("my channel");
  offerer.channel->onopen = [&](const parley::Event&) {
    offerer.timeline.line(offerer.name, "channel open");
    offerer.channel->send("hello from offerer");
  };
  offerer.channel->onmessage = [&](const parley::MessageEvent& message) {
    std::printf("received: %s\n", std::get<std::string>(message.data).c_str());
    offerer.timeline.line(offerer.name, "first answer");
    greeted = true;
  };
  negotiate(offerer, answerer);
  loop.runUntil([&] { return greeted; }, 10s);
  offerer.channel->onmessage = nullptr;
  return greeted;
}

double bulk(parley::Loop& loop, Peer& from, Peer& to, std::chrono::milliseconds time) {
  std::size_t received = 0;
  to.channel->onmessage = [&](const parley::MessageEvent& message) {
    received += std::get<std::vector<std::uint8_t>>(message.data).size();
  };
  const std::vector<std::uint8_t> block(kBulkMessage, 0x5a);
  auto fill = [&] {
    while (from.channel->readyState() == parley::RTCDataChannelState::open &&
           from.channel->bufferedAmount() < kBulkQueued)
      from.channel->send(std::span<const std::uint8_t>(block));
  };
  from.channel->setBufferedAmountLowThreshold(kBulkQueued / 2);
  from.channel->onbufferedamountlow = [&](const parley::Event&) { fill(); };
  fill();
  loop.runFor(time);
  from.channel->onbufferedamountlow = nullptr;
  to.channel->onmessage = nullptr;
  return static_cast<double>(received) * 8 / 1e6 / std::chrono::duration<double>(time).count();
}

bool closeAndWatch(parley::Loop& loop, Peer& closer, Peer& other) {
  bool seen = false;
  other.channel->onclose = [&](const parley::Event&) { seen = true; };
  const double before = closer.timeline.milliseconds();
  closer.pc.close();
  closer.timeline.line(closer.name, "close(): connectionState is " +
                                        std::string(toString(closer.pc.connectionState())));
  if (!loop.runUntil([&] { return seen; }, 10s)) return false;
  char text[96];
  std::snprintf(text, sizeof text, "channel closed by the other side, %.2f ms after close()",
                other.timeline.milliseconds() - before);
  other.timeline.line(other.name, text);
  return true;
}

int fail(const char* what) {
  std::fprintf(stderr, "demo failed: %s\n", what);
  return 1;
}

struct Options {
  std::string trace, traceJson, pcap, keyLog;
  std::chrono::milliseconds bulk = 1s;
};

// Appends what comes to a file; nothing for an empty name.
std::function<void(std::string_view)> fileAt(const std::string& path) {
  if (path.empty()) return {};
  auto file = std::make_shared<std::ofstream>(path, std::ios::binary | std::ios::trunc);
  if (!*file) throw std::runtime_error("cannot write " + path);
  return [file](std::string_view bytes) {
    file->write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  };
}

parley::LoopConfig configFor(const Options& options) {
  parley::LoopConfig config;
  config.log.secrets = true;  // the addresses are this machine's own
  config.log.text = fileAt(options.trace);
  config.log.json = fileAt(options.traceJson);
  config.log.pcapng = fileAt(options.pcap);
  config.log.keyLog = fileAt(options.keyLog);
  return config;
}

int run(const Options& options) {
  const parley::VersionInfo version = parley::version();
  std::printf("Parley %s, %s\n", version.parley.c_str(), version.openssl.c_str());
  parley::Loop loop(configFor(options));
  Timeline timeline;
  {
    Peer offerer(loop, "offerer", timeline), answerer(loop, "answerer", timeline);
    narrate(offerer, answerer);
    narrate(answerer, offerer);
    timeline.heading("Two peers meet over UDP on this machine");
    if (!connectAndGreet(loop, offerer, answerer)) return fail("no message within 10 s");

    timeline.heading("Bulk data");
    char text[96];
    std::snprintf(text, sizeof text, "%.0f Mbit/s received",
                  bulk(loop, offerer, answerer, options.bulk));
    timeline.line(answerer.name, text);

    timeline.heading("Close");
    if (!closeAndWatch(loop, offerer, answerer)) return fail("the other side saw no close");
    answerer.pc.close();
  }
  const bool drained = loop.drain(10s);
  const parley::ReleaseReport report = loop.releaseReport();
  timeline.heading("What the loop still holds");
  timeline.line("loop", report.toString());
  return drained && report.isZero() ? 0 : fail("something was not released");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Two peers on this machine meet over UDP, talk and part.");
  Options options;
  app.add_option("--trace", options.trace, "what happened and why, as text");
  app.add_option("--trace-json", options.traceJson, "the same as JSON lines");
  app.add_option("--pcap", options.pcap, "packets, also decrypted, for Wireshark (pcapng)");
  app.add_option("--key-log", options.keyLog, "the secrets that decrypt the packets");
  app.add_option_function<int>(
         "--bulk", [&](int time) { options.bulk = std::chrono::milliseconds(time); },
         "how long to send bulk data, milliseconds")
      ->check(CLI::Range(1, 60'000));
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}
