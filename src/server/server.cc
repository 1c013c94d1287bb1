#include "server/server.h"

#include "stun/builder.h"
#include "stun/channel_data.h"

namespace parley::server {

using stun::Attribute;
using stun::Class;
using stun::Method;

Server::Server(Host& host, Config config)
    : host_(host),
      config_(std::move(config)),
      authenticator_(config_.authentication, host.step().secrets),
      strangers_(config_.strangerAnswersPerSecond, limits::server::kStrangerSlots,
                 host.step().secrets.number<std::uint64_t>()),
      connections_(host, *this) {
  host_.enter(*this);
  open(config_.listen);
  openListeners();
}

Server::~Server() { close(); }

void Server::open(const std::vector<Address>& at) {
  const std::vector<NetworkInterface> interfaces = host_.interfaces();
  own_.clear();
  own_.reserve(interfaces.size() + config_.relays.size());
  for (const NetworkInterface& each : interfaces) own_.push_back(each.address);
  for (const RelayAddress& each : config_.relays) own_.push_back(each.announced);
  for (const Address& each : at) {
    const auto bound = host_.openUdp(*this, {each.ip, each.port, each.port});
    if (bound) {
      listening_.push_back(*bound);
    } else {
      error_ = bound.error();
    }
  }
}

void Server::openListeners() {
  for (const Address& each : config_.listenTcp)
    if (const auto error = connections_.listen(each, nullptr)) error_ = error;
  for (const Address& each : config_.listenTls)
    if (const auto error = connections_.listen(each, config_.tls)) error_ = error;
}

std::vector<Address> Server::addresses() const {
  std::vector<Address> list;
  list.reserve(listening_.size());
  for (const BoundUdp& each : listening_) list.push_back(each.local);
  return list;
}

bool Server::isListening(SocketId socket) const {
  return std::ranges::find(listening_, socket, &BoundUdp::socket) != listening_.end();
}

void Server::closeSockets() {
  while (Allocation* allocation = table_.nextDue(never()))
    removeAllocation(*allocation, stats_.allocationsReset);
  for (const BoundUdp& each : listening_) host_.close(each.socket);
  listening_.clear();
  connections_.close();
}

void Server::stall(Duration time) { stalledUntil_ = host_.step().now + time; }

void Server::restart() {
  if (closed_) return;
  const std::vector<Address> at = addresses();
  closeSockets();
  authenticator_.forgetNonces(host_.step().secrets);
  open(at);
  openListeners();
  host_.touch(*this);
}

void Server::close() {
  if (std::exchange(closed_, true)) return;
  closeSockets();
  host_.leave(*this);
}

Held Server::held() const {
  Held held{.allocations = table_.size(),
            .sockets = listening_.size() + table_.size() + connections_.sockets()};
  table_.forEach([&](const Allocation& each) {
    held.permissions += each.permissionCount();
    held.channels += each.channelCount();
  });
  return held;
}

std::size_t Server::memoryUsed() const { return sizeof *this + table_.memoryUsed(); }

void Server::onDatagram(Step& step, Datagram datagram) {
  if (step.now < stalledUntil_) {
    ++stats_.stalled;
    return;
  }
  expireDue(step.now);
  if (!isListening(datagram.socket)) return relayToClient(step, datagram);
  onPacket(step, {datagram.socket, datagram.local, datagram.remote}, datagram.packet.bytes());
}

void Server::onStreamAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                              const Address& remote) {
  connections_.onAccepted(step, listener, stream, local, remote);
}

void Server::onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) {
  expireDue(step.now);
  connections_.onBytes(step, stream, bytes);
  while (const auto message = connections_.next(stream)) {
    if (step.now < stalledUntil_)
      ++stats_.stalled;
    else
      onPacket(step, message->from, message->bytes);
  }
}

// RFC 8656 5: an allocation goes with the connection that it was made over.
void Server::onStreamClosed(Step&, SocketId stream, StreamEnd) {
  const auto client = connections_.onClosed(stream);
  Allocation* allocation = client ? table_.find(*client) : nullptr;
  if (allocation) removeAllocation(*allocation, stats_.allocationsDeleted);
}

void Server::onPacket(Step& step, const FiveTuple& from, Bytes bytes) {
  if (stun::ChannelData::looksLike(bytes)) return onChannelData(step, from, bytes);
  onMessage(step, from, bytes);
}

void Server::onTimer(Step& step) { expireDue(step.now); }

void Server::onStepEnd(Step&) { host_.wakeAt(*this, table_.deadline()); }

void Server::onMessage(Step& step, const FiveTuple& from, Bytes bytes) {
  const auto message = stun::MessageView::parse(bytes, limits::server::kMessage);
  if (!message || (message->hasFingerprint() && !message->checkFingerprint())) {
    ++stats_.malformed;
    return;
  }
  if (message->messageClass() == Class::request) return onRequest(step, {*message, from});
  const bool isSend =
      message->messageClass() == Class::indication && message->method() == Method::send;
  if (isSend) return onSend(step, from, *message);
  ++stats_.unexpected;
}

// RFC 8656 11.2. DONT-FRAGMENT counts as unknown here, and an indication with such is dropped.
void Server::onSend(Step& step, const FiveTuple& from, const stun::MessageView& message) {
  const auto unknown = message.unknownRequired({Attribute::xorPeerAddress, Attribute::data});
  const auto peer = message.findXorAddress(Attribute::xorPeerAddress);
  const auto data = message.find(Attribute::data);
  if (unknown.count > 0 || !peer || !data) {
    ++stats_.malformed;
    return;
  }
  const Allocation* allocation = allocationOf(from);
  if (!allocation) return;
  relayToPeer(step, *allocation, *peer, *data);
}

void Server::onChannelData(Step& step, const FiveTuple& from, Bytes bytes) {
  const auto message = stun::ChannelData::parse(bytes);
  if (!message) {
    ++stats_.malformed;
    return;
  }
  const Allocation* allocation = allocationOf(from);
  if (!allocation) return;
  const Channel* channel = allocation->channel(step.now, message->number);
  if (!channel) {
    ++stats_.noChannel;
    return;
  }
  relayToPeer(step, *allocation, channel->peer, message->data);
}

// Counts when there is none.
const Allocation* Server::allocationOf(const FiveTuple& from) {
  const Allocation* allocation = table_.find(from);
  if (!allocation) ++stats_.noAllocation;
  return allocation;
}

bool Server::mayReach(const Address& peer) const {
  return config_.peers.allows(peer, own_, table_.isRelay(peer));
}

void Server::relayToPeer(Step& step, const Allocation& allocation, const Address& peer,
                         Bytes data) {
  if (!allocation.permits(step.now, peer.ip)) {
    ++stats_.noPermission;
    return;
  }
  if (!mayReach(peer)) {
    ++stats_.forbiddenPeer;
    return;
  }
  Packet packet = step.packets.copyOf(data);
  if (!packet) {
    ++stats_.tooLarge;
    return;
  }
  ++stats_.packetsToPeers;
  stats_.bytesToPeers += data.size();
  host_.send({.socket = allocation.relaySocket(),
              .local = allocation.relayBound(),
              .remote = peer,
              .packet = std::move(packet)});
}

void Server::relayToClient(Step& step, Datagram& datagram) {
  const Allocation* allocation = table_.findRelay(datagram.socket);
  if (!allocation) {
    ++stats_.noAllocation;  // it ended in this very step
    return;
  }
  if (!allocation->permits(step.now, datagram.remote.ip)) {
    ++stats_.noPermission;
    return;
  }
  const Bytes data = datagram.packet.bytes();
  Packet packet;
  if (const Channel* channel = allocation->channelTo(step.now, datagram.remote)) {
    packet = step.packets.copyOf(data);
    if (packet) stun::ChannelData::wrap(channel->number, packet);
  } else {
    packet = stun::MessageBuilder(step.packets.take(), Class::indication, Method::data,
                                  stun::newTransactionId(step.secrets))
                 .addXorAddress(Attribute::xorPeerAddress, datagram.remote)
                 .add(Attribute::data, data)
                 .finish(stun::Integrity::none, {}, false);
  }
  if (!packet) {
    ++stats_.tooLarge;
    return;
  }
  ++stats_.packetsToClients;
  stats_.bytesToClients += data.size();
  const FiveTuple& to = allocation->tuple();
  if (connections_.has(to.socket)) {
    connections_.send(step, to.socket, std::move(packet));
    return;
  }
  host_.send(
      {.socket = to.socket, .local = to.server, .remote = to.client, .packet = std::move(packet)});
}

void Server::removeAllocation(Allocation& allocation, std::uint64_t& count) {
  ++count;
  host_.close(allocation.relaySocket());
  table_.remove(allocation.id());
}

void Server::expireDue(Instant now) {
  while (Allocation* allocation = table_.nextDue(now)) {
    if (allocation->expires() <= now) {
      removeAllocation(*allocation, stats_.allocationsExpired);
    } else {
      allocation->expire(now);
      table_.reschedule(allocation->id());
    }
  }
}

const char* Server::inconsistency() const {
  if (const char* found = table_.inconsistency()) return found;
  const std::uint64_t gone =
      stats_.allocationsExpired + stats_.allocationsDeleted + stats_.allocationsReset;
  if (stats_.allocationsMade != gone + table_.size())
    return "allocations made are not those that live or ended";
  if (table_.size() > config_.allocationsMax) return "more allocations than there may be";
  if (closed_ && held() != Held{}) return "a closed server holds something";
  return nullptr;
}

}  // namespace parley::server
