// A peer for interop tests: JSON lines in on stdin, JSON lines out on stdout.
//   {"command":"offer"}                  -> {"type":"offer","sdp":...}
//   {"type":"offer","sdp":...}           -> {"type":"answer","sdp":...}
//   {"type":"answer","sdp":...}
//   {"command":"send","text":"..."} or {"command":"send","bytes":N,"seed":S}
//   {"command":"close"}                  -> {"event":"closed"}, then {"event":"released",...}
// Events: open, message, channelclose, connectionstate, dtlsclosed, error. A new offer, of either
// side, begins a new connection.

#include <parley/asio.h>
#include <parley/parley.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
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

class Peer {
 public:
  explicit Peer(boost::asio::io_context& context) : loop_(context), input_(context, ::dup(0)) {
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
    input_.close();
    loop_.stop();
  }

  void obey(const Json& message) {
    if (message.contains("type")) {
      const std::string sdp = message.at("sdp");
      if (message.at("type") == "offer")
        answer(sdp);
      else
        accept(sdp);
    } else if (message.at("command") == "offer") {
      offer();
    } else if (message.at("command") == "send") {
      if (message.contains("text"))
        channel_->send(message.at("text").get<std::string>());
      else
        channel_->send(pattern(message.at("bytes"), message.at("seed")));
    } else if (message.at("command") == "close") {
      close();
    }
  }

  void begin() {
    channel_ = nullptr;
    pc_ = std::make_unique<RTCPeerConnection>(loop_);
    pc_->onconnectionstatechange = [this](const Event&) {
      emit({{"event", "connectionstate"}, {"value", toString(pc_->connectionState())}});
    };
    pc_->onicegatheringstatechange = [this](const Event&) {
      if (pc_->iceGatheringState() == RTCIceGatheringState::complete) tell();
    };
    pc_->ondatachannel = [this](const RTCDataChannelEvent& event) { use(event.channel); };
  }

  void tell() {
    const auto description = pc_->localDescription();
    emit({{"type", toString(description->type)}, {"sdp", description->sdp}});
  }

  Async offer() {
    begin();
    use(pc_->createDataChannel("interop"));
    co_await pc_->setLocalDescription();
  }

  Async answer(std::string sdp) {
    begin();
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
    channel_->onclose = [](const Event&) { emit({{"event", "channelclose"}}); };
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
    pc_->close();
    emit({{"event", "closed"}, {"connectionState", toString(pc_->connectionState())}});
  }

  AsioLoop loop_;
  boost::asio::posix::stream_descriptor input_;
  boost::asio::streambuf buffer_;
  std::unique_ptr<RTCPeerConnection> pc_;
  std::shared_ptr<RTCDataChannel> channel_;
};

}  // namespace

int main() {
  boost::asio::io_context context;
  Peer peer(context);
  context.run();
}
