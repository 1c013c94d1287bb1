#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/host.h"
#include "core/random.h"
#include "loop/driver.h"
#include "loop/loop.h"
#include "runtime/tcp_streams.h"

namespace parley::runtime {

// The TCP ports on which a driver waits for others. What they bring becomes one of its streams.
class TcpListeners {
 public:
  TcpListeners(boost::asio::io_context& context, Random& random, TcpStreams& streams,
               loop::DriverStats& stats, std::uint32_t& lastSocket, std::function<void()> wake);
  ~TcpListeners();
  TcpListeners(const TcpListeners&) = delete;
  TcpListeners& operator=(const TcpListeners&) = delete;

  void receive(loop::Loop& to);
  bool hasMore() const { return !ready_.empty(); }

  Result<BoundTcp, OpenError> listen(const TcpListenOptions& options);
  void close(SocketId listener);

 private:
  struct Listener;
  using ListenerPointer = std::shared_ptr<Listener>;  // waits under way hold one too

  void await(const ListenerPointer& listener);
  void pause(const ListenerPointer& listener);
  void makeReady(const ListenerPointer& listener);
  void acceptFrom(const ListenerPointer& listener, loop::Loop& to);
  void take(const ListenerPointer& listener, TcpSocket accepted, loop::Loop& to);
  static void shut(Listener& listener);

  boost::asio::io_context& context_;
  Random& random_;
  TcpStreams& streams_;
  loop::DriverStats& stats_;
  std::uint32_t& lastSocket_;
  std::function<void()> wake_;
  std::unordered_map<SocketId, ListenerPointer> listeners_;
  std::vector<ListenerPointer> ready_;
};

}  // namespace parley::runtime
