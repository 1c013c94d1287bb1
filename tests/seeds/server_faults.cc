#include "server_faults.h"

#include <algorithm>
#include <utility>

#include "stun/builder.h"
#include "stun/message.h"

namespace parley::seeds {
namespace {

using Kind = Fault::Kind;
using stun::ErrorCode;
using stun::Method;

server::ForcedError errorOf(const Fault& fault) {
  constexpr std::array kCodes = {ErrorCode::allocationMismatch,     ErrorCode::staleNonce,
                                 ErrorCode::allocationQuotaReached, ErrorCode::insufficientCapacity,
                                 ErrorCode::tryAlternate,           ErrorCode::forbidden};
  constexpr std::array<std::optional<Method>, 6> kMethods = {
      Method::allocate,         Method::allocate,    Method::refresh,
      Method::createPermission, Method::channelBind, std::nullopt};
  return {.code = kCodes.at(fault.number % kCodes.size()),
          .method = kMethods.at(fault.number / 8 % kMethods.size()),
          .probability = fault.strength,
          .isBeforeCredentials = fault.number / 64 % 4 == 0};
}

}  // namespace

ServerFaults::ServerFaults(sim::World& world, Network& network, const Plan& plan)
    : world_(world),
      network_(network),
      plan_(plan),
      random_(plan.seed ^ 0x5e4e),
      active_(plan.faults.size()) {
  if (!network_.server()) return;
  apply();
  if (std::ranges::find(plan.faults, Kind::forgedAnswers, &Fault::kind) == plan.faults.end())
    return;
  world.observe([this](const sim::Station& from, const sim::WireDatagram& datagram) {
    const bool isFromFront = &from == &network_.front(0) || &from == &network_.front(1);
    const bool isAsked = isFromFront && Network::isServer(datagram.destination);
    if (isOver_ || !isAsked || datagram.protocol == sim::Protocol::tcp) return;
    for (std::size_t i = 0; i < active_.size(); ++i)
      if (active_[i] && plan_.faults[i].kind == Kind::forgedAnswers)
        return forge(datagram, plan_.faults[i].strength);
  });
}

bool ServerFaults::concerns(Kind kind) {
  return kind >= Kind::serverLoses && kind <= Kind::forgedAnswers;
}

void ServerFaults::begin(std::size_t index) {
  if (isOver_ || !network_.server()) return;
  const Fault& fault = plan_.faults[index];
  active_[index] = true;
  const auto onServer = [this](auto what) {
    network_.serverNode()->post([this, what] { what(*network_.server()); });
  };
  switch (fault.kind) {
    case Kind::serverStalls:
      return onServer([time = fault.until - fault.from](auto& it) { it.stall(time); });
    case Kind::serverRestarts:
      return onServer([](auto& it) { it.restart(); });
    case Kind::nonces:
      return rotate(index);
    default:
      return apply();
  }
}

void ServerFaults::end(std::size_t index) {
  if (!active_[index]) return;
  active_[index] = false;
  apply();
}

void ServerFaults::clear() {
  isOver_ = true;
  active_.assign(active_.size(), false);
  if (!network_.server()) return;
  apply();
  network_.serverNode()->post([this] { network_.server()->stall(0s); });
}

void ServerFaults::apply() {
  server::Faults faults;
  faults.alternate = Address{network_.serverNode()->address(), 3'479};
  faults.lifetimeMax = plan_.server->allocations;
  if (!isOver_) {
    faults.permissionLifetime = plan_.server->permissions;
    faults.channelLifetime = plan_.server->channels;
  }
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!active_[i]) continue;
    const Fault& fault = plan_.faults[i];
    if (fault.kind == Kind::serverLoses)
      faults.loseAnswer = std::max(faults.loseAnswer, fault.strength);
    if (fault.kind == Kind::serverRefuses) faults.errors.push_back(errorOf(fault));
    if (fault.kind == Kind::nonceOnce) faults.oneNoncePerRequest = true;
  }
  network_.server()->setFaults(std::move(faults));
}

void ServerFaults::rotate(std::size_t index) {
  if (!active_[index] || isOver_) return;
  const Fault& fault = plan_.faults[index];
  network_.server()->rotateNonces();
  const Duration gap = (fault.until - fault.from) / static_cast<Duration::rep>(fault.number) + 1ms;
  world_.at(gap, [this, index] { rotate(index); });
}

// Somebody between who sees the request and has no password (T-2).
void ServerFaults::forge(const sim::WireDatagram& request, double probability) {
  const auto view = stun::MessageView::parse(request.bytes, limits::turn::kMessage);
  if (!view || view->messageClass() != stun::Class::request) return;
  if (view->method() == Method::binding || random_.unit() >= probability) return;
  sim::Node& server = *network_.serverNode();
  stun::MessageBuilder answer(server.packets().take(), stun::Class::success, view->method(),
                              view->transaction());
  const Address nobody{IpAddress::v4({203, 0, 113, 66}),
                       static_cast<std::uint16_t>(1'024 + random_.below(60'000))};
  if (view->method() == Method::allocate)
    answer.addXorAddress(stun::Attribute::xorRelayedAddress, nobody)
        .addXorAddress(stun::Attribute::xorMappedAddress, request.source);
  answer.addU32(stun::Attribute::lifetime, static_cast<std::uint32_t>(random_.below(2) * 600));
  const Packet packet = answer.finish();
  if (!packet) return;
  world_.transmit(server, {.source = request.destination,
                           .destination = request.source,
                           .bytes = toVector(packet.bytes())});
}

}  // namespace parley::seeds
