// parley_signalling_peer [room] [host] [port]: a C++ program that waits in a room for a browser tab
// (or for another one of itself) and talks with it over a data channel. It echoes what it hears,
// and ends after "bye". Network, signalling and peer share one io_context.

#include <parley/asio.h>
#include <parley/parley.h>

#include <boost/asio/post.hpp>
#include <cstdio>

#include "perfect_negotiation.h"
#include "signalling_client.h"

namespace {

using namespace parley;
using Message = SignallingClient::Message;

class Chat {
 public:
  Chat(boost::asio::io_context& context, const std::string& room, const std::string& host,
       const std::string& port)
      : context_(context), loop_(context), signalling_(context, host, port, room) {
    signalling_.onmessage = [this](const Message& message) { receive(message); };
    signalling_.onclose = [this] { end(); };
    std::printf("in room %s\n", room.c_str());
    std::fflush(stdout);
  }

 private:
  void receive(const Message& message) {
    if (message.contains("hello")) {
      polite_ = message.at("hello").at("polite");
    } else if (message.contains("peer")) {
      if (message.at("peer") == true) meet();
    } else if (negotiation_) {
      negotiation_->receive(message);
    }
  }

  void meet() {
    connection_ = std::make_shared<RTCPeerConnection>(loop_);
    negotiation_ = std::make_shared<PerfectNegotiation>(
        connection_, polite_, [this](const Message& message) { signalling_.send(message); });
    negotiation_->start();
    // Both sides make the same channel, so nobody has to be first.
    channel_ = connection_->createDataChannel("chat", {.negotiated = true, .id = 0});
    channel_->onopen = [this](const Event&) {
      say("open");
      channel_->send("hello from C++");
    };
    channel_->onmessage = [this](const MessageEvent& event) {
      const auto& text = std::get<std::string>(event.data);
      say("received: " + text);
      if (text == "bye") return end();
      channel_->send("echo: " + text);
    };
    channel_->onclose = [this](const Event&) { say("closed by the other side"); };
  }

  void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  void end() {
    if (connection_) connection_->close();
    signalling_.close();
    // Not from inside a handler: there the step that says goodbye has not ended yet.
    boost::asio::post(context_, [this] {
      loop_.drain(std::chrono::seconds(10));  // Firefox never says goodbye itself
      say("released: " + loop_.releaseReport().toString());
      context_.stop();
    });
  }

  boost::asio::io_context& context_;
  AsioLoop loop_;
  SignallingClient signalling_;
  bool polite_ = false;
  std::shared_ptr<RTCPeerConnection> connection_;
  std::shared_ptr<PerfectNegotiation> negotiation_;
  std::shared_ptr<RTCDataChannel> channel_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    boost::asio::io_context context;
    Chat chat(context, argc > 1 ? argv[1] : "lobby", argc > 2 ? argv[2] : "localhost",
              argc > 3 ? argv[3] : "8080");
    context.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
