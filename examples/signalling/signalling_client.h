#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

// The WebSocket to the signalling server: JSON messages in order, both ways.
class SignallingClient {
 public:
  using Message = nlohmann::json;

  SignallingClient(boost::asio::io_context& context, const std::string& host,
                   const std::string& port, const std::string& room);

  void send(const Message& message);
  void close();

  std::function<void(const Message&)> onmessage;
  std::function<void()> onclose;

 private:
  void read();
  void writeNext();

  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> socket_;
  boost::beast::flat_buffer buffer_;
  std::deque<std::string> queue_;
};
