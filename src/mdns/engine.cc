#include "mdns/engine.h"

#include <array>
#include <utility>

namespace parley::mdns {

namespace {

void setScope(Message& message, std::uint32_t scope) {
  for (Record& record : message.records) {
    if (!record.address.isV6() || !record.address.isLinkLocal()) continue;
    std::array<std::uint8_t, 16> bytes{};
    copyBytes(bytes, record.address.bytes());
    record.address = IpAddress::v6(bytes, scope);
  }
}

}  // namespace

void Engine::ask(Instant now, ResolveId request, std::string_view name) {
  if (const IpAddress* own = responder_.find(name)) return own_.push({request, {*own}});
  resolver_.ask(now, request, name);
}

void Engine::cancel(ResolveId request) { resolver_.cancel(request); }

bool Engine::publish(Instant now, std::string name, const IpAddress& address) {
  return responder_.publish(now, std::move(name), address);
}

void Engine::receive(Instant now, const Origin& origin, Bytes datagram) {
  if (!origin.wasMulticast && !origin.isOnLink) {
    ++stats_.notOnLink;
    return;
  }
  auto message = parse(datagram);
  if (!message) {
    ++stats_.malformed;
  } else if (!message->isResponse) {
    responder_.receive(now, origin.from, *message);
  } else if (origin.from.port != kPort) {
    ++stats_.wrongPort;
  } else {
    setScope(*message, origin.scope);
    resolver_.receive(*message);
  }
}

std::optional<Outgoing> Engine::nextOutgoing(Instant now) {
  if (auto answer = responder_.next(now)) return answer;
  if (auto query = resolver_.nextQuery(now)) return Outgoing{std::nullopt, std::move(*query), true};
  return std::nullopt;
}

std::optional<Answer> Engine::nextAnswer() {
  if (auto answer = own_.pop()) return answer;
  return resolver_.nextAnswer();
}

Instant Engine::deadline() const { return earliest(resolver_.deadline(), responder_.deadline()); }

EngineStats Engine::stats() const {
  EngineStats stats = stats_;
  stats.unanswered = responder_.unanswered();
  return stats;
}

}  // namespace parley::mdns
