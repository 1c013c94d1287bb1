#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/host.h"
#include "mdns/engine.h"
#include "runtime/links.h"
#include "runtime/mdns_socket.h"

namespace boost::asio {
class io_context;
}

namespace parley::runtime {

// Multicast DNS on real sockets, one or two of each kind of address, that are open while a name is
// asked for or published and no longer.
class MdnsService {
 public:
  using Answered = std::function<void(ResolveId, std::vector<IpAddress>)>;  // empty: it failed

  MdnsService(boost::asio::io_context& context, Answered answered);
  ~MdnsService();
  MdnsService(const MdnsService&) = delete;
  MdnsService& operator=(const MdnsService&) = delete;

  // The answer may come before ask() returns.
  void ask(ResolveId request, std::string_view name);
  void cancel(ResolveId request);
  void publish(const std::string& name, const IpAddress& address);
  void withdraw(const std::string& name);
  void linksChanged();

  std::size_t sockets() const { return sockets_.size(); }
  mdns::EngineStats stats() const { return engine_.stats(); }

 private:
  struct Socket;
  struct Alarm;
  using SocketPointer = std::shared_ptr<Socket>;  // waits under way hold one too

  void open();
  bool openSockets(IpAddress::Family family);  // whether what comes by unicast is ours
  void add(MdnsSocket opened);
  void close();
  void lookAtLinks();
  void await(const SocketPointer& socket);
  void read(Socket& socket);
  void send(const mdns::Outgoing& outgoing);
  void settle();
  void sleep();

  boost::asio::io_context& context_;
  Answered answered_;
  mdns::Engine engine_;
  std::vector<SocketPointer> sockets_;
  std::vector<LinkNetwork> links_;
  Instant linksSeenAt_ = Instant::min();
  ByteVector room_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace parley::runtime
