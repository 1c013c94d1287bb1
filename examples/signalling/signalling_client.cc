#include "signalling_client.h"

#include <boost/asio/connect.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

SignallingClient::SignallingClient(asio::io_context& context, const std::string& host,
                                   const std::string& port, const std::string& room)
    : socket_(context) {
  asio::connect(socket_.next_layer(), tcp::resolver(context).resolve(host, port));
  socket_.handshake(host, "/room/" + room);
  read();
}

void SignallingClient::read() {
  socket_.async_read(buffer_, [this](beast::error_code error, std::size_t) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      if (onclose) onclose();
      return;
    }
    const Message message =
        Message::parse(beast::buffers_to_string(buffer_.data()), nullptr, false);
    buffer_.consume(buffer_.size());
    if (!message.is_discarded() && onmessage) onmessage(message);
    read();
  });
}

void SignallingClient::send(const Message& message) {
  queue_.push_back(message.dump());
  if (queue_.size() == 1) writeNext();
}

void SignallingClient::writeNext() {
  socket_.async_write(asio::buffer(queue_.front()), [this](beast::error_code error, std::size_t) {
    if (error) return;
    queue_.pop_front();
    if (!queue_.empty()) writeNext();
  });
}

void SignallingClient::close() {
  beast::error_code ignored;
  socket_.next_layer().close(ignored);
}
