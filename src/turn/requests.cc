#include "turn/requests.h"

#include <algorithm>

#include "core/assert.h"

namespace parley::turn {

using stun::Attribute;
using stun::Method;

Request& Requests::add(Request request) {
  const stun::TransactionId id = request.transaction.id();
  const auto [at, isNew] = all_.insert_or_assign(id, std::move(request));
  return at->second;
}

Request* Requests::find(const stun::TransactionId& id) {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

Request* Requests::find(Method method) {
  for (auto& [id, request] : all_)
    if (request.question.method == method) return &request;
  return nullptr;
}

Request Requests::take(const stun::TransactionId& id) {
  const auto found = all_.find(id);
  PARLEY_ASSERT(found != all_.end());
  Request taken = std::move(found->second);
  all_.erase(found);
  return taken;
}

Request* Requests::nextDue(Instant now) {
  for (auto& [id, request] : all_)
    if (request.transaction.due() <= now) return &request;
  return nullptr;
}

Instant Requests::deadline() const {
  Instant due = never();
  for (const auto& [id, request] : all_) due = earliest(due, request.transaction.due());
  return due;
}

std::size_t Requests::countOf(Method method) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      all_, [method](const auto& each) { return each.second.question.method == method; }));
}

std::size_t Requests::namesOf(const IpAddress& peer) const {
  return static_cast<std::size_t>(std::ranges::count_if(all_, [&peer](const auto& each) {
    return std::ranges::any_of(each.second.question.peers,
                               [&peer](const Address& other) { return other.ip == peer; });
  }));
}

std::size_t Requests::memoryUsed() const {
  std::size_t used = 0;
  for (const auto& [id, request] : all_)
    used += sizeof(id) + sizeof(request) + 4 * sizeof(void*) + request.bytes.capacity() +
            request.question.peers.capacity() * sizeof(Address);
  return used;
}

Packet writeRequest(PacketPool& pool, const stun::TransactionId& id, const Question& question,
                    const Config& config, const Challenge& challenge) {
  stun::MessageBuilder message(pool.take(), stun::Class::request, question.method, id);
  if (question.method == Method::allocate) {
    message.addU8(Attribute::requestedTransport, stun::kTransportUdp);  // RFC 8656 7.1
    if (config.family)
      message.addU8(Attribute::requestedAddressFamily, static_cast<std::uint8_t>(*config.family));
  }
  if (question.method == Method::allocate || question.method == Method::refresh) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(question.lifetime).count();
    message.addU32(Attribute::lifetime, static_cast<std::uint32_t>(seconds));
  }
  if (question.method == Method::channelBind) message.addChannelNumber(question.number);
  for (const Address& peer : question.peers) message.addXorAddress(Attribute::xorPeerAddress, peer);
  return challenge.sign(config, message);
}

}  // namespace parley::turn
