#include "runtime/mdns_service.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>

#include "core/limits.h"
#include "runtime/clock.h"

namespace parley::runtime {

namespace {

using boost::asio::posix::stream_descriptor;
using Errors = boost::system::error_code;

Instant now() { return readClock().now; }

}  // namespace

struct MdnsService::Socket {
  Socket(boost::asio::io_context& context, MdnsSocket opened)
      : socket(std::move(opened)), descriptor(context) {}
  ~Socket() { shut(); }

  void shut() {
    if (std::exchange(isClosed, true)) return;
    Errors ignored;
    if (descriptor.is_open()) socket.release();  // Asio closes it
    (void)descriptor.close(ignored);
  }

  MdnsSocket socket;
  stream_descriptor descriptor;
  bool isClosed = false;
};

struct MdnsService::Alarm {
  explicit Alarm(boost::asio::io_context& context) : timer(context) {}
  boost::asio::steady_timer timer;
  std::shared_ptr<int> life = std::make_shared<int>(0);  // waits outlive us on foreign contexts
};

MdnsService::MdnsService(boost::asio::io_context& context, Answered answered)
    : context_(context), answered_(std::move(answered)), alarm_(std::make_unique<Alarm>(context)) {}

MdnsService::~MdnsService() { close(); }

void MdnsService::ask(ResolveId request, std::string_view name) {
  open();
  engine_.ask(now(), request, name);
  settle();
}

void MdnsService::cancel(ResolveId request) {
  engine_.cancel(request);
  settle();
}

void MdnsService::publish(const std::string& name, const IpAddress& address) {
  open();
  engine_.publish(now(), name, address);
  settle();
}

void MdnsService::withdraw(const std::string& name) {
  engine_.withdraw(name);
  settle();
}

void MdnsService::open() {
  if (sockets_.empty()) {
    const bool isV4Ours = openSockets(IpAddress::Family::v4);
    const bool isV6Ours = openSockets(IpAddress::Family::v6);
    engine_.setCanHearUnicast(isV4Ours && isV6Ours);
    linksSeenAt_ = Instant::min();
  }
  lookAtLinks();
}

// Where others have the port as well, answers by unicast may reach them instead of us (RFC 6762
// 15.1), and multicast ones may have to wait for a second (RFC 6762 6). So the question leaves from
// a port of our own too, where the answer to a plain resolver comes at once. Without the port
// itself that is all there is, and nobody can ask us.
bool MdnsService::openSockets(IpAddress::Family family) {
  auto main = MdnsSocket::open(family, MdnsSocket::Port::ours);
  const bool isAlone = main && !main->isShared();
  const bool isShared = main && main->isShared();
  if (main) add(std::move(*main));
  if (isAlone) return true;
  if (auto other = MdnsSocket::open(family, MdnsSocket::Port::any)) add(std::move(*other));
  return !isShared;
}

void MdnsService::add(MdnsSocket opened) {
  const int descriptor = opened.descriptor();
  const auto socket = std::make_shared<Socket>(context_, std::move(opened));
  Errors error;
  (void)socket->descriptor.assign(descriptor, error);
  if (error) return;  // the reactor has no room for it
  sockets_.push_back(socket);
  await(socket);
}

void MdnsService::close() {
  for (const SocketPointer& socket : sockets_) socket->shut();
  sockets_.clear();
  alarm_->timer.cancel();
  room_ = {};
}

// Networks come and go while names are published.
void MdnsService::lookAtLinks() {
  const Instant at = now();
  if (linksSeenAt_ != Instant::min() && at - linksSeenAt_ < limits::loop::kInterfacesPoll) return;
  linksSeenAt_ = at;
  links_ = listLinks();
  for (const SocketPointer& socket : sockets_)
    for (const LinkNetwork& network : links_)
      if (network.address.isV4() == socket->socket.isV4()) socket->socket.join(network.interface);
}

void MdnsService::linksChanged() {
  linksSeenAt_ = Instant::min();
  if (!sockets_.empty()) lookAtLinks();
}

void MdnsService::await(const SocketPointer& socket) {
  socket->descriptor.async_wait(
      stream_descriptor::wait_read,
      [this, socket, life = std::weak_ptr(alarm_->life)](const Errors& error) {
        if (error || !life.lock() || socket->isClosed) return;
        read(*socket);
        if (!socket->isClosed) await(socket);
      });
}

void MdnsService::read(Socket& socket) {
  room_.resize(limits::mdns::kMessage);
  for (std::size_t i = 0; i < limits::loop::kDatagramsPerStep; ++i) {
    const auto received = socket.socket.receive(room_);
    if (!received) break;
    if (received->size == 0) continue;
    engine_.receive(now(),
                    {received->from, received->wasMulticast, isOnLink(links_, received->from.ip),
                     received->interface},
                    Bytes(room_).first(received->size));
  }
  settle();
}

void MdnsService::send(const mdns::Outgoing& outgoing) {
  for (const SocketPointer& socket : sockets_) {
    if (!outgoing.isQuery && !socket->socket.isOnPort()) continue;  // RFC 6762 6
    if (!outgoing.to) {
      socket->socket.sendToGroup(outgoing.bytes);
    } else if (outgoing.to->ip.isV4() == socket->socket.isV4()) {
      socket->socket.sendTo(*outgoing.to, outgoing.bytes);
    }
  }
}

void MdnsService::settle() {
  const Instant at = now();
  engine_.onTimer(at);
  while (const auto outgoing = engine_.nextOutgoing(at)) send(*outgoing);
  while (auto answer = engine_.nextAnswer()) answered_(answer->request, std::move(answer->found));
  if (engine_.isIdle()) return close();
  sleep();
}

void MdnsService::sleep() {
  if (engine_.deadline() == never()) {
    alarm_->timer.cancel();
    return;
  }
  alarm_->timer.expires_at(
      std::chrono::steady_clock::time_point{engine_.deadline().time_since_epoch()});
  alarm_->timer.async_wait([this, life = std::weak_ptr(alarm_->life)](const Errors& error) {
    if (error || !life.lock()) return;
    settle();
  });
}

}  // namespace parley::runtime
