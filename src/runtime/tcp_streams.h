#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/host.h"
#include "core/limits.h"
#include "core/random.h"
#include "loop/driver.h"
#include "loop/loop.h"
#include "runtime/tcp_socket.h"

namespace boost::asio {
class io_context;
}

namespace parley::runtime {

// The TCP connections of a driver. As with datagrams Asio only says what is ready, and reading and
// writing are calls of our own that never block. What is written and does not leave at once waits
// in one queue per stream.
class TcpStreams {
 public:
  // `stats` and `lastSocket`, the counter of ids, are the driver's and shared with its others.
  TcpStreams(boost::asio::io_context& context, Random& random, loop::DriverStats& stats,
             std::uint32_t& lastSocket, std::function<void()> wake);
  ~TcpStreams();
  TcpStreams(const TcpStreams&) = delete;
  TcpStreams& operator=(const TcpStreams&) = delete;

  // One step's worth of all streams that are ready. What it lends lasts until the next call.
  void receive(loop::Loop& to);
  bool hasMore() const { return !ready_.empty(); }

  Result<SocketId, OpenError> connect(const TcpOptions& options);
  void close(SocketId stream);
  bool write(SocketId stream, Bytes bytes);
  std::size_t writable(SocketId stream) const;
  void push();

  // A connection that came in: it is read once read() was called.
  Result<SocketId, OpenError> adopt(TcpSocket accepted, SocketId listener);
  void read(SocketId stream);
  std::size_t acceptedBy(SocketId listener) const;  // and still open

 private:
  static constexpr std::size_t kRoom = limits::loop::kStreamBytesPerStep;
  static constexpr std::size_t kCapacity = 16 * kRoom;

  struct Stream;
  using StreamPointer = std::shared_ptr<Stream>;  // waits under way hold one too

  Result<StreamPointer, OpenError> add(TcpSocket socket);
  StreamPointer find(SocketId stream) const;
  void makeReady(const StreamPointer& stream);
  void awaitReadable(const StreamPointer& stream);
  void awaitWritable(const StreamPointer& stream);
  void finishConnect(const StreamPointer& stream, loop::Loop& to);
  void readFrom(const StreamPointer& stream, loop::Loop& to);
  void flush(const StreamPointer& stream);
  void finish(const StreamPointer& stream, StreamEnd reason, loop::Loop& to);
  void lingerOrShut(const StreamPointer& stream);
  void shut(const StreamPointer& stream);

  boost::asio::io_context& context_;
  Random& random_;
  loop::DriverStats& stats_;
  std::uint32_t& lastSocket_;
  std::function<void()> wake_;
  std::unordered_map<SocketId, StreamPointer> streams_;  // those that linger too
  std::unordered_map<SocketId, std::size_t> accepted_;   // by listener
  std::vector<StreamPointer> ready_;                     // something to tell in the next step
  std::vector<StreamPointer> written_;                   // in this batch
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t used_ = 0;
};

}  // namespace parley::runtime
