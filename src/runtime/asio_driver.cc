#include "runtime/asio_driver.h"

#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <chrono>
#include <deque>
#include <utility>

#include "core/limits.h"
#include "core/local_name.h"
#include "runtime/clock.h"
#include "runtime/descriptor.h"
#include "runtime/interfaces.h"

namespace parley::runtime {

namespace {

constexpr std::size_t kBusy = 16;  // datagrams that wait at once: offload pays from here on
constexpr std::int64_t kArrivalAgeMax = 1'000'000;  // older ones mean that a clock was set

// The kernel's timestamp on the time line of the loop; zero when it makes no sense.
Instant arrivalOf(std::int64_t wallMicros, const loop::ClockReading& clock) {
  const std::int64_t age = clock.wallMicros - wallMicros;
  if (wallMicros == 0 || age < 0 || age > kArrivalAgeMax) return {};
  return clock.now - Duration{age};
}

}  // namespace

struct AsioDriver::Socket {
  Socket(SocketId id_, UdpSocket opened, const DriverConfig& config, std::size_t most)
      : id(id_),
        unsentMost(most),
        local(opened.local()),
        writer(config.tuning.useMmsg, opened.canSegment(), config.calls),
        joinsRuns(!config.tuning.useMmsg || !config.tuning.useGso),
        descriptor(opened.release()) {}

  const SocketId id;
  const std::size_t unsentMost;
  const Address local;
  DatagramWriter writer;
  std::deque<Datagram> unsent;
  bool joinsRuns;           // or never will
  bool isGathered = false;  // among those that got something to send
  bool isReady = false;     // among those to be read
  bool isBlocked = false;   // waits to be writable
  bool isClosed = false;
  Descriptor descriptor;
};

AsioDriver::AsioDriver(boost::asio::io_context& context, const DriverConfig& config,
                       std::function<void()> wake, Mailbox& mailbox)
    : context_(context),
      config_(config),
      wake_(std::move(wake)),
      random_(config.seed),
      reader_(config.tuning.useMmsg),
      readiness_(context, [this](const Readiness::Ready& ready) { onReady(ready); }),
      streams_(context, random_, stats_, lastSocket_, wake_),
      listeners_(context, random_, streams_, stats_, lastSocket_, wake_),
      resolver_([this, &mailbox](ResolveId request, std::vector<IpAddress> found) {
        mailbox.post([this, request, found = std::move(found)]() mutable {
          answers_.emplace_back(request, std::move(found));
        });
      }),
      mdns_(context,
            [this](ResolveId request, std::vector<IpAddress> found) {
              answers_.emplace_back(request, std::move(found));
              wake_();
            }),
      watch_(context, {.list = listInterfaces}, [this] {
        interfacesChanged_ = true;
        mdns_.linksChanged();
        wake_();
      }) {}

AsioDriver::~AsioDriver() {
  for (auto& [id, socket] : sockets_) shut(*socket);
}

// Who is being read from it right now sees the flag.
void AsioDriver::shut(Socket& socket) {
  socket.isClosed = true;
  socket.unsent.clear();
  readiness_.remove(socket.descriptor.number());
  ::close(socket.descriptor.release());
}

loop::ClockReading AsioDriver::readClock() { return runtime::readClock(); }

Result<BoundUdp, OpenError> AsioDriver::openUdp(const UdpOptions& options) {
  auto opened = UdpSocket::open(options, config_.tuning, random_);
  if (!opened) return Unexpected(opened.error());
  const SocketId id{++lastSocket_};
  const std::size_t most =
      options.isForMany ? limits::mux::kUnsent : limits::loop::kUnsentPerSocket;
  const auto socket = std::make_shared<Socket>(id, std::move(*opened), config_, most);
  if (const int error = readiness_.add(socket->descriptor.number(), id))
    return Unexpected(openErrorOf(error));  // the system has no room for it
  sockets_.emplace(id, socket);
  return BoundUdp{id, socket->local};
}

void AsioDriver::closeUdp(SocketId id) {
  const auto found = sockets_.find(id);
  if (found == sockets_.end()) return;
  stats_.unsentDropped += found->second->unsent.size();
  shut(*found->second);
  sockets_.erase(found);
}

void AsioDriver::onReady(const Readiness::Ready& ready) {
  const auto found = sockets_.find(ready.socket);
  if (found == sockets_.end()) return;
  const SocketPointer socket = found->second;
  if (ready.canRead && !std::exchange(socket->isReady, true)) {
    ready_.push_back(socket);
    wake_();
  }
  if (ready.canWrite && std::exchange(socket->isBlocked, false)) flush(socket);
}

void AsioDriver::receive(loop::Loop& to) {
  listeners_.receive(to);
  streams_.receive(to);
  reader_.recycle();
  const loop::ClockReading clock{to.step().now, to.step().wallMicros};
  for (const SocketPointer& socket : std::exchange(ready_, {})) {
    if (socket->isClosed) continue;
    if (reader_.isFull()) {
      ready_.push_back(socket);
    } else {
      socket->isReady = false;
      readFrom(socket, to, clock);
    }
  }
}

void AsioDriver::readFrom(const SocketPointer& socket, loop::Loop& to,
                          const loop::ClockReading& clock) {
  const auto take = [&](const ReceivedDatagram& datagram) {
    to.deliver(socket->id, datagram.local, datagram.remote, datagram.ecn, datagram.bytes,
               arrivalOf(datagram.wallMicros, clock));
    return !socket->isClosed;
  };
  const ReadOutcome outcome = reader_.read(socket->descriptor.number(), socket->local,
                                           limits::loop::kDatagramsPerStep, take);
  stats_.datagramsReceived += outcome.datagrams;
  stats_.receivedTruncated += outcome.truncated;
  stats_.receiveErrors += outcome.errors;
  stats_.refusedByPeer += outcome.refused;
  if (socket->isClosed) return;
  if (outcome.datagrams >= kBusy && !std::exchange(socket->joinsRuns, true))
    UdpSocket::joinRuns(socket->descriptor.number());
  if (outcome.isDrained) return;
  socket->isReady = true;
  ready_.push_back(socket);
}

void AsioDriver::send(std::span<Datagram> batch) {
  for (Datagram& datagram : batch) {
    const auto found = sockets_.find(datagram.socket);
    if (found == sockets_.end()) {
      ++stats_.sendErrors;
      continue;
    }
    const SocketPointer& socket = found->second;
    socket->unsent.push_back(std::move(datagram));
    if (!std::exchange(socket->isGathered, true)) waiting_.push_back(socket);
  }
  for (const SocketPointer& socket : waiting_) {
    socket->isGathered = false;
    flush(socket);
  }
  waiting_.clear();
}

void AsioDriver::flush(const SocketPointer& socket) {
  if (!socket->isBlocked) {
    const WriteOutcome outcome =
        socket->writer.write(socket->descriptor.number(), socket->local, socket->unsent);
    stats_.datagramsSent += outcome.sent;
    stats_.sendErrors += outcome.errors;
    stats_.refusedByPeer += outcome.refused;
    if (outcome.wouldBlock) {
      socket->isBlocked = true;
      readiness_.awaitWritable(socket->descriptor.number(), socket->id);
    }
  }
  for (; socket->unsent.size() > socket->unsentMost; socket->unsent.pop_back()) {
    ++stats_.unsentDropped;
  }
}

std::vector<std::pair<ResolveId, std::vector<IpAddress>>> AsioDriver::takeAnswers() {
  return std::exchange(answers_, {});
}

void AsioDriver::resolve(ResolveId request, std::string hostname) {
  if (isLocalName(hostname)) return mdns_.ask(request, hostname);
  resolver_.ask(request, std::move(hostname));
}

void AsioDriver::cancel(ResolveId request) {
  resolver_.cancel(request);
  mdns_.cancel(request);
}

void AsioDriver::publishName(const std::string& name, const IpAddress& address) {
  mdns_.publish(name, address);
}

void AsioDriver::withdrawName(const std::string& name) { mdns_.withdraw(name); }

std::vector<NetworkInterface> AsioDriver::interfaces() {
  const auto* known = watch_.known();
  return known ? *known : listInterfaces();
}

void AsioDriver::watchInterfaces(bool isOn) {
  if (isOn) {
    watch_.start();
  } else {
    watch_.stop();
    interfacesChanged_ = false;
  }
}

loop::DriverStats AsioDriver::stats() const {
  loop::DriverStats stats = stats_;
  stats.socketsOfItsOwn = mdns_.sockets() + watch_.sockets();
  return stats;
}

}  // namespace parley::runtime
