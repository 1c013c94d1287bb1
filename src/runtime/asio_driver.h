#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/random.h"
#include "loop/driver.h"
#include "loop/loop.h"
#include "runtime/datagram_reader.h"
#include "runtime/datagram_writer.h"
#include "runtime/interface_watch.h"
#include "runtime/mailbox.h"
#include "runtime/mdns_service.h"
#include "runtime/readiness.h"
#include "runtime/resolver.h"
#include "runtime/tcp_listeners.h"
#include "runtime/tcp_streams.h"
#include "runtime/udp_socket.h"

namespace boost::asio {
class io_context;
}

namespace parley::runtime {

struct DriverConfig {
  SocketTuning tuning;
  std::uint64_t seed = 0;  // for the order of ports
  SendCalls calls;
};

// Real sockets, real clocks. Asio only says when a descriptor is ready; reads and writes are our
// own batched calls. Somebody else (LoopRunner) turns the loop when `wake` says that there is
// something to turn it for. Answers of the resolver come as tasks in the mailbox.
class AsioDriver final : public loop::Driver {
 public:
  AsioDriver(boost::asio::io_context& context, const DriverConfig& config,
             std::function<void()> wake, Mailbox& mailbox);
  ~AsioDriver();
  AsioDriver(const AsioDriver&) = delete;
  AsioDriver& operator=(const AsioDriver&) = delete;

  // One step's worth from every socket that is ready. What it lends lasts until the next call.
  void receive(loop::Loop& to);
  bool hasMore() const { return !ready_.empty() || streams_.hasMore() || listeners_.hasMore(); }
  bool isLingering() const { return stats_.streamsLingering != 0; }
  std::vector<std::pair<ResolveId, std::vector<IpAddress>>> takeAnswers();
  bool takeInterfacesChanged() { return std::exchange(interfacesChanged_, false); }

  loop::ClockReading readClock() override;
  Result<BoundUdp, OpenError> openUdp(const UdpOptions& options) override;
  void closeUdp(SocketId socket) override;
  void send(std::span<Datagram> batch) override;
  Result<SocketId, OpenError> connectTcp(const TcpOptions& options) override {
    return streams_.connect(options);
  }
  Result<BoundTcp, OpenError> listenTcp(const TcpListenOptions& options) override {
    return listeners_.listen(options);
  }
  void closeTcp(SocketId socket) override { streams_.close(socket), listeners_.close(socket); }
  bool write(SocketId stream, Bytes bytes) override { return streams_.write(stream, bytes); }
  std::size_t writable(SocketId stream) const override { return streams_.writable(stream); }
  void pushStreams() override { streams_.push(); }
  void resolve(ResolveId request, std::string hostname) override;
  void cancel(ResolveId request) override;
  void publishName(const std::string& name, const IpAddress& address) override;
  void withdrawName(const std::string& name) override;
  std::vector<NetworkInterface> interfaces() override;
  void watchInterfaces(bool isOn) override;
  void scheduleTurn() override { wake_(); }
  loop::DriverStats stats() const override;

 private:
  struct Socket;
  using SocketPointer = std::shared_ptr<Socket>;  // a socket may be closed while it is read

  void onReady(const Readiness::Ready& ready);
  void readFrom(const SocketPointer& socket, loop::Loop& to, const loop::ClockReading& clock);
  void flush(const SocketPointer& socket);
  void shut(Socket& socket);

  boost::asio::io_context& context_;
  const DriverConfig config_;
  std::function<void()> wake_;
  Random random_;
  DatagramReader reader_;
  Readiness readiness_;
  loop::DriverStats stats_;
  std::unordered_map<SocketId, SocketPointer> sockets_;
  std::uint32_t lastSocket_ = 0;
  TcpStreams streams_;
  TcpListeners listeners_;
  std::vector<SocketPointer> ready_;    // to be read in the next step
  std::vector<SocketPointer> waiting_;  // given something to send in this batch
  std::vector<std::pair<ResolveId, std::vector<IpAddress>>> answers_;
  Resolver resolver_;
  MdnsService mdns_;
  InterfaceWatch watch_;
  bool interfacesChanged_ = false;
};

}  // namespace parley::runtime
