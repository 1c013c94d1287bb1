// A peer for interop tests: JSON lines in on stdin, JSON lines out on stdout.
//   {"command":"offer","configuration":{...},"tuning":{...}} -> {"type":"offer","sdp":...}
//   {"type":"offer","sdp":...,"configuration":{...}}         -> {"type":"answer","sdp":...}
//   {"type":"answer","sdp":...}
//   {"command":"restart"}                -> {"type":"offer","sdp":...,"restart":true}
//   {"command":"pair"}                   -> {"event":"pair","local":{...},"remote":{...}}
//   {"command":"send","text":"..."} or {"command":"send","bytes":N,"seed":S}
//   {"command":"close"}                  -> {"event":"closed"}, then {"event":"released",...}
// Events: open, message, channelclose, connectionstate, icecandidateerror, dtlsclosed, error. A new
// offer, of either side, begins a new connection, unless it is a restart. What is timed has "at",
// in milliseconds of the machine's wall clock, as browsers on the same machine tell it.

#include <parley/asio.h>
#include <parley/parley.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

using namespace parley;
using Json = nlohmann::json;

void emit(const Json& line) {
  std::puts(line.dump().c_str());
  std::fflush(stdout);
}

// FNV-1a, the same in page.js.
std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t hash = 0x811c9dc5;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x01000193;
  return hash;
}

std::vector<std::uint8_t> pattern(std::size_t size, std::size_t seed) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + seed);
  return bytes;
}

double wallClock() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::optional<std::string> textOf(const Json& object, const char* name) {
  if (!object.contains(name)) return std::nullopt;
  return object.at(name).get<std::string>();
}

RTCConfiguration configurationOf(const Json& message) {
  RTCConfiguration made;
  if (!message.contains("configuration")) return made;
  const Json& given = message.at("configuration");
  for (const Json& server : given.value("iceServers", Json::array())) {
    const Json& urls = server.at("urls");
    made.iceServers.push_back({.urls = urls.is_string() ? std::vector{urls.get<std::string>()}
                                                        : urls.get<std::vector<std::string>>(),
                               .username = textOf(server, "username"),
                               .credential = textOf(server, "credential")});
  }
  if (given.value("iceTransportPolicy", "all") == "relay")
    made.iceTransportPolicy = RTCIceTransportPolicy::relay;
  return made;
}

Proxy proxyOf(const Json& given) {
  return {.kind = parse<Proxy::Kind>(given.at("kind").get<std::string>()).value(),
          .host = given.at("host"),
          .port = given.at("port"),
          .username = given.value("username", ""),
          .password = given.value("password", "")};
}

Tuning tuningOf(const Json& message) {
  Tuning made;
  const Json given = message.value("tuning", Json::object());
  made.includeLoopback = given.value("includeLoopback", false);
  made.interfaces = given.value("interfaces", std::vector<std::string>{});
  if (const auto tcp = parse<TcpCandidates>(given.value("tcpCandidates", "")))
    made.tcpCandidates = *tcp;
  if (given.contains("turnProxy")) made.turnProxy = proxyOf(given.at("turnProxy"));
  return made;
}

Json toJson(const RTCIceCandidate& candidate) {
  Json made = {{"type", candidate.type() ? toString(*candidate.type()) : "unknown"},
               {"address", candidate.address().value_or("")},
               {"protocol", candidate.protocol() ? toString(*candidate.protocol()) : "unknown"}};
  if (candidate.relayProtocol()) made["relayProtocol"] = toString(*candidate.relayProtocol());
  return made;
}

constexpr std::chrono::milliseconds kReleaseLook{1};
constexpr std::chrono::seconds kReleaseLimit{20};

class Peer {
 public:
  explicit Peer(boost::asio::io_context& context)
      : loop_(context), input_(context, ::dup(0)), look_(context) {
    read();
    emit({{"event", "ready"}, {"peer", "parley"}, {"version", version().parley}});
  }

 private:
  void read() {
    boost::asio::async_read_until(input_, buffer_, '\n', [this](const auto& error, std::size_t) {
      if (error) return end();
      std::istream lines(&buffer_);
      std::string line;
      std::getline(lines, line);
      try {
        obey(Json::parse(line));
      } catch (const std::exception& failure) {
        emit({{"event", "error"}, {"error", failure.what()}});
      }
      read();
    });
  }

  void end() {
    pc_.reset();
    look_.cancel();
    input_.close();
    loop_.stop();
  }

  void obey(const Json& message) {
    if (message.contains("type")) {
      const std::string sdp = message.at("sdp");
      if (message.at("type") == "answer") return void(accept(sdp));
      isRestart_ = message.value("restart", false);
      if (!isRestart_) begin(message);
      answer(sdp);
    } else if (message.at("command") == "offer") {
      isRestart_ = false;
      begin(message);
      use(pc_->createDataChannel("interop"));
      offer();
    } else if (message.at("command") == "restart") {
      isRestart_ = true;
      pc_->restartIce();
      offer();
    } else if (message.at("command") == "pair") {
      tellPair();
    } else if (message.at("command") == "send") {
      if (message.contains("text"))
        channel_->send(message.at("text").get<std::string>());
      else
        channel_->send(pattern(message.at("bytes"), message.at("seed")));
    } else if (message.at("command") == "close") {
      close();
    }
  }

  void begin(const Json& message) {
    channel_ = nullptr;
    pc_ = std::make_unique<RTCPeerConnection>(loop_, configurationOf(message), tuningOf(message));
    pc_->onconnectionstatechange = [this](const Event&) {
      emit({{"event", "connectionstate"}, {"value", toString(pc_->connectionState())}});
    };
    pc_->onicegatheringstatechange = [this](const Event&) {
      if (pc_->iceGatheringState() == RTCIceGatheringState::complete) tell();
    };
    pc_->onicecandidateerror = [](const RTCPeerConnectionIceErrorEvent& event) {
      emit({{"event", "icecandidateerror"},
            {"url", event.url},
            {"errorCode", event.errorCode},
            {"errorText", event.errorText}});
    };
    pc_->ondatachannel = [this](const RTCDataChannelEvent& event) { use(event.channel); };
  }

  void tell() {
    const auto description = pc_->localDescription();
    Json line = {{"type", toString(description->type)}, {"sdp", description->sdp}};
    if (isRestart_) line["restart"] = true;
    emit(line);
  }

  void tellPair() {
    const auto pair = pc_->sctp()->transport()->iceTransport()->getSelectedCandidatePair();
    Json line = {{"event", "pair"}};
    if (pair) line.update({{"local", toJson(pair->local)}, {"remote", toJson(pair->remote)}});
    emit(line);
  }

  Async offer() { co_await pc_->setLocalDescription(); }

  Async answer(std::string sdp) {
    co_await pc_->setRemoteDescription({RTCSdpType::offer, sdp});
    co_await pc_->setLocalDescription();
    watch();
  }

  Async accept(std::string sdp) {
    co_await pc_->setRemoteDescription({RTCSdpType::answer, sdp});
    watch();
  }

  void watch() {
    if (!pc_->sctp()) return;
    const auto dtls = pc_->sctp()->transport();
    dtls->onstatechange = [transport = dtls.get()](const Event&) {
      if (transport->state() == RTCDtlsTransportState::closed)
        emit({{"event", "dtlsclosed"}, {"by", toString(transport->closeReason())}});
    };
    dtls->onerror = [](const RTCErrorEvent& event) {
      emit({{"event", "error"}, {"error", event.error.what()}});
    };
  }

  void use(std::shared_ptr<RTCDataChannel> channel) {
    channel_ = std::move(channel);
    channel_->onopen = [this](const Event&) {
      emit({{"event", "open"},
            {"label", channel_->label()},
            {"id", channel_->id().value_or(65535)}});
    };
    channel_->onclose = [](const Event&) {
      emit({{"event", "channelclose"}, {"at", wallClock()}});
    };
    channel_->onerror = [](const RTCErrorEvent& event) {
      Json line = {{"event", "channelerror"}, {"error", event.error.message()}};
      if (event.error.sctpCauseCode) line["sctpCauseCode"] = *event.error.sctpCauseCode;
      emit(line);
    };
    channel_->onmessage = [](const MessageEvent& event) {
      if (const auto* text = std::get_if<std::string>(&event.data)) {
        emit({{"event", "message"}, {"text", *text}});
        return;
      }
      const auto& bytes = std::get<std::vector<std::uint8_t>>(event.data);
      emit({{"event", "message"}, {"bytes", bytes.size()}, {"checksum", checksum(bytes)}});
    };
  }

  void close() {
    const double at = wallClock();
    pc_->close();
    emit({{"event", "closed"}, {"at", at}, {"connectionState", toString(pc_->connectionState())}});
    lookForRelease(std::chrono::steady_clock::now());
  }

  // Until nothing is left or nobody would wait any longer.
  void lookForRelease(std::chrono::steady_clock::time_point closedAt) {
    look_.expires_after(kReleaseLook);
    look_.async_wait([this, closedAt](const auto& error) {
      if (error) return;
      const auto passed = std::chrono::steady_clock::now() - closedAt;
      const ReleaseReport report = loop_.releaseReport();
      if (!report.isZero() && passed < kReleaseLimit) return lookForRelease(closedAt);
      emit({{"event", "released"},
            {"isZero", report.isZero()},
            {"ms", std::chrono::duration<double, std::milli>(passed).count()},
            {"report", report.toString()}});
    });
  }

  AsioLoop loop_;
  boost::asio::posix::stream_descriptor input_;
  boost::asio::streambuf buffer_;
  boost::asio::steady_timer look_;
  bool isRestart_ = false;  // what is told next is a restart's
  std::unique_ptr<RTCPeerConnection> pc_;
  std::shared_ptr<RTCDataChannel> channel_;
};

}  // namespace

int main() {
  boost::asio::io_context context;
  Peer peer(context);
  context.run();
}
