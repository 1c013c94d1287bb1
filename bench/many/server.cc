// The server: one loop, one port.

#include <parley/parley.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "many/ends.h"
#include "many/pipe.h"
#include "support/process.h"

namespace bench {
namespace {

using namespace std::chrono_literals;
using namespace parley;
using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "benchmark failed: %s\n", what);
  std::exit(1);
}

// A counter of /proc/net/snmp: of this machine, every process.
std::uint64_t udpCounter(const std::string& name) {
  std::ifstream snmp("/proc/net/snmp");
  std::string names, values;
  while (std::getline(snmp, names) && std::getline(snmp, values)) {
    if (!names.starts_with("Udp:")) continue;
    std::istringstream ofNames(names), ofValues(values);
    for (std::string key, value; ofNames >> key && ofValues >> value;)
      if (key == name) return std::stoull(value);
  }
  return 0;
}

// Of the socket with this port, as /proc/net/udp has it in its last column.
std::uint64_t dropsAt(std::uint16_t port) {
  std::ifstream sockets("/proc/net/udp");
  const std::string wanted = format(":%04X", port);
  for (std::string line; std::getline(sockets, line);) {
    std::istringstream fields(line);
    std::string slot, local, last;
    fields >> slot >> local;
    if (!local.ends_with(wanted)) continue;
    while (fields >> last) {
    }
    return std::stoull(last);
  }
  return 0;
}

class Server {
 public:
  Server(int descriptor, const ManyOptions& options, Report& report)
      : options_(options),
        report_(report),
        count_(options.connections),
        served_(options.connections),
        pipe_(descriptor, loop_, [this](Frame frame) { onFrame(std::move(frame)); }) {}

  void run() {
    const std::size_t before = support::residentBytes();
    setUp();
    loop_.runFor(2s);
    const std::size_t full = support::residentBytes();
    report_.add("many-memory", "resident memory per idle connection of the server",
                format("%.1f KiB", static_cast<double>(full - before) / count_ / 1'024));
    report_.add("many-files", "descriptors of the server's process",
                format("%zu", support::openFiles()));
    idle();
    closeAll();
    loop_.trim();
    report_.add("many-memory-after", "resident memory of the server: before, connected, closed",
                format("%.0f / %.0f / %.0f MiB", mebibytes(before), mebibytes(full),
                       mebibytes(support::residentBytes())));
  }

 private:
  struct Served {
    std::unique_ptr<RTCPeerConnection> pc;
    std::shared_ptr<RTCDataChannel> channel;
  };
  static double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1u << 20); }

  void setUp() {
    const auto start = Clock::now();
    const double cpu = support::cpuSeconds();
    require(
        loop_.runUntil([this] { return allConnected_ || pipe_.isOver(); }, 30min) && allConnected_,
        "not all connected");
    report_.add("many-setup", format("%u connections on one port: set-ups", options_.connections),
                format("%.0f/s, %.2f ms CPU of the server each", count_ / secondsSince(start),
                       (support::cpuSeconds() - cpu) * 1e3 / count_));
    report_.add("many-lost", "datagrams dropped at the port for want of room meanwhile",
                format("%llu", static_cast<unsigned long long>(dropsAt(mux_.port()))));
  }

  void idle() {
    const auto start = Clock::now();
    const double cpu = support::cpuSeconds();
    const std::uint64_t packets = udpCounter("InDatagrams");
    loop_.runFor(std::chrono::seconds(options_.idleSeconds));
    const double seconds = secondsSince(start);
    report_.add(
        "many-idle", format("idle for %d s: datagrams in both directions", options_.idleSeconds),
        format("%.0f/s", static_cast<double>(udpCounter("InDatagrams") - packets) / seconds));
    report_.add("many-idle-cpu", "CPU of the server meanwhile",
                format("%.1f %% of a core", (support::cpuSeconds() - cpu) / seconds * 100));
    std::size_t alive = 0;
    for (const Served& served : served_)
      alive += served.pc->connectionState() == RTCPeerConnectionState::connected;
    report_.add("many-alive", "still connected", format("%zu", alive));
  }

  void closeAll() {
    const auto start = Clock::now();
    for (const Served& served : served_) served.pc->close();
    const double called = secondsSince(start);
    const std::size_t tails = loop_.releaseReport().tails;
    const bool isHeard = loop_.runUntil([this] { return allClosed_; }, 20s);
    const double heard = secondsSince(start);
    const bool isDrained = loop_.drain(20s);
    report_.add("many-close", "close() of all, heard by all, last tail ended",
                format("%.2f s, %s%.2f s, %s%.2f s (%zu tails)", called, isHeard ? "" : "not in ",
                       heard, isDrained ? "" : "not in ", secondsSince(start), tails));
    served_.clear();
    loop_.runFor(100ms);
    report_.add("many-left", "what the loop holds then, the mux included",
                loop_.releaseReport().toString());
  }

  void onFrame(Frame frame) {
    if (frame.kind == Frame::Kind::allConnected) allConnected_ = true;
    if (frame.kind == Frame::Kind::allClosed) allClosed_ = true;
    if (frame.kind == Frame::Kind::offer) answer(frame.id, std::move(frame.text));
  }

  Async answer(std::uint32_t id, std::string offer) {
    Served& served = served_[id];
    served.pc = std::make_unique<RTCPeerConnection>(loop_, RTCConfiguration{},
                                                    Tuning{.udpMux = &mux_, .ipv6 = false});
    served.pc->ondatachannel = [&served](const RTCDataChannelEvent& event) {
      served.channel = event.channel;
      served.channel->onmessage = [channel = served.channel.get()](const MessageEvent& message) {
        channel->send(std::get<std::string>(message.data));
      };
    };
    served.pc->onicegatheringstatechange = [this, &served, id](const Event&) {
      if (served.pc->iceGatheringState() == RTCIceGatheringState::complete)
        pipe_.send({Frame::Kind::answer, id, served.pc->localDescription()->sdp});
    };
    co_await served.pc->setRemoteDescription({RTCSdpType::offer, std::move(offer)});
    co_await served.pc->setLocalDescription();
  }

  const ManyOptions options_;
  Report& report_;
  const double count_;
  Loop loop_;
  UdpMux mux_{loop_, {.addresses = {"127.0.0.1"}}};
  std::vector<Served> served_;
  bool allConnected_ = false;
  bool allClosed_ = false;
  Pipe pipe_;
};

}  // namespace

void serveMany(int descriptor, const ManyOptions& options, Report& report) {
  Server(descriptor, options, report).run();
}

}  // namespace bench
