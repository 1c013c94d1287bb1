// parley_signalling_server [port]: serves the page and passes messages between the two members of
// each room. It understands nothing of what it passes on.
//
//   GET /              the page;  GET /chat.js, its script
//   WS  /room/<name>   {"hello":{"polite":bool}} comes first; who was there first is polite.
//                      {"peer":true} when the other is there, {"peer":false} when it has left;
//                      everything else is what the other one sent.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Json = nlohmann::json;

constexpr std::size_t kMessageMax = 256 * 1024;  // a description is a few kilobytes
constexpr std::size_t kQueueMax = 1'000;
constexpr std::size_t kRoomsMax = 1'000;

class Member;

struct Room {
  Member* members[2] = {};
};
using Rooms = std::map<std::string, Room>;

// One WebSocket: a place in a room, and a queue because only one write may be under way.
class Member : public std::enable_shared_from_this<Member> {
 public:
  Member(tcp::socket socket, Rooms& rooms, std::string name)
      : socket_(std::move(socket)), rooms_(rooms), name_(std::move(name)) {
    socket_.read_message_max(kMessageMax);
  }
  ~Member() { leave(); }

  void start(http::request<http::string_body> request) {
    socket_.async_accept(request, [self = shared_from_this()](beast::error_code error) {
      if (error || !self->join()) return;
      self->read();
    });
  }

  void send(const Json& message) { write(message.dump()); }

 private:
  bool join() {
    if (rooms_.size() >= kRoomsMax && !rooms_.contains(name_)) return false;
    auto& [first, second] = rooms_[name_].members;
    if (first && second) return false;
    // Not a tab that has just been opened: Chromium 156, rolled back before its first candidate,
    // now and then gathers none at all.
    const bool polite = !first && !second;
    (first ? second : first) = this;
    joined_ = true;
    send({{"hello", {{"polite", polite}}}});
    if (Member* peer = other()) {
      send({{"peer", true}});
      peer->send({{"peer", true}});
    }
    return true;
  }

  void leave() {
    if (!std::exchange(joined_, false)) return;
    if (Member* peer = other()) peer->send({{"peer", false}});
    auto& [first, second] = rooms_[name_].members;
    (first == this ? first : second) = nullptr;
    if (!first && !second) rooms_.erase(name_);
  }

  Member* other() {
    const auto& [first, second] = rooms_[name_].members;
    return first == this ? second : first;
  }

  void read() {
    socket_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->leave();
      if (Member* peer = self->other()) peer->write(beast::buffers_to_string(self->buffer_.data()));
      self->buffer_.consume(self->buffer_.size());
      self->read();
    });
  }

  void write(std::string text) {
    if (queue_.size() >= kQueueMax) return leave();  // a member that does not read
    queue_.push_back(std::move(text));
    if (queue_.size() == 1) writeNext();
  }

  void writeNext() {
    socket_.text(true);
    socket_.async_write(asio::buffer(queue_.front()),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          if (error) return self->leave();
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) self->writeNext();
                        });
  }

  websocket::stream<tcp::socket> socket_;
  Rooms& rooms_;
  std::string name_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
  bool joined_ = false;
};

// One HTTP connection: a file of the page, or the way into a room.
class Visitor : public std::enable_shared_from_this<Visitor> {
 public:
  Visitor(tcp::socket socket, Rooms& rooms) : socket_(std::move(socket)), rooms_(rooms) {}

  void start() {
    http::async_read(socket_, buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    const std::string target(request_.target());
    constexpr std::string_view kRoom = "/room/";
    if (websocket::is_upgrade(request_) && target.starts_with(kRoom)) {
      std::make_shared<Member>(std::move(socket_), rooms_, target.substr(kRoom.size()))
          ->start(std::move(request_));
      return;
    }
    if (target == "/" || target.starts_with("/?")) return file("index.html", "text/html");
    if (target == "/chat.js") return file("chat.js", "text/javascript");
    respond(http::status::not_found, "text/plain", "not here\n");
  }

  void file(const char* name, const char* type) {
    std::ifstream in(std::string(PAGE_FOLDER "/") + name, std::ios::binary);
    respond(http::status::ok, type,
            {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()});
  }

  void respond(http::status status, const char* type, std::string body) {
    response_.result(status);
    response_.set(http::field::content_type, type);
    response_.keep_alive(false);
    response_.body() = std::move(body);
    response_.prepare_payload();
    http::async_write(socket_, response_,
                      [self = shared_from_this()](beast::error_code, std::size_t) {
                        beast::error_code ignored;
                        self->socket_.shutdown(tcp::socket::shutdown_send, ignored);
                      });
  }

  tcp::socket socket_;
  Rooms& rooms_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

class Server {
 public:
  Server(asio::io_context& context, unsigned short port)
      : acceptor_(context, {asio::ip::address_v4::loopback(), port}) {
    std::printf("listening on http://localhost:%u/\n", acceptor_.local_endpoint().port());
    std::fflush(stdout);
    accept();
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) std::make_shared<Visitor>(std::move(socket), rooms_)->start();
      accept();
    });
  }

  tcp::acceptor acceptor_;
  Rooms rooms_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    asio::io_context context;
    Server server(context, static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 8080));
    context.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
