#include "server/server.h"
#include "stun/builder.h"
#include "stun/channel_data.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::Class;
using stun::ErrorCode;
using stun::Method;

bool isTurn(Method method) {
  return method == Method::allocate || method == Method::refresh ||
         method == Method::createPermission || method == Method::channelBind;
}

// Comprehension-required ones that are understood; RFC 8656 has those of TURN. DONT-FRAGMENT is
// not: there is no way to set the bit through Host.
stun::MessageView::Unknown unknownIn(const stun::MessageView& request) {
  using enum Attribute;
  if (request.method() == Method::binding) {
    return request.unknownRequired({mappedAddress, xorMappedAddress, username, userhash, realm,
                                    nonce, passwordAlgorithm, errorCode, unknownAttributes});
  }
  return request.unknownRequired({username, userhash, realm, nonce, passwordAlgorithm, lifetime,
                                  requestedTransport, requestedAddressFamily, evenPort,
                                  reservationToken, xorPeerAddress, channelNumber, data});
}

bool isWithin(ErrorCode code, std::initializer_list<ErrorCode> list) {
  return std::ranges::find(list, code) != list.end();
}

}  // namespace

void Server::onRequest(Step& step, const Request& request) {
  const Method method = request.message.method();
  if (method != Method::binding && !isTurn(method)) {
    ++stats_.unexpected;  // RFC 8489 6.3: silently
    return;
  }
  ++stats_.requests;
  if (const auto forced = config_.faults.takeError(step.random, method, true))
    return send(step, request.from, plainError(step, request, *forced));
  if (method == Method::binding) return onBinding(step, request);

  const Verdict verdict = authenticator_.check(step.now, request.message, request.from.client);
  if (const auto* code = std::get_if<ErrorCode>(&verdict))
    return sendToStranger(step, request, plainError(step, request, *code));
  const auto& client = std::get<Authenticated>(verdict);
  if (config_.faults.oneNoncePerRequest) authenticator_.rotateNonces();
  if (const auto forced = config_.faults.takeError(step.random, method, false))
    return refuse(step, request, client, *forced);
  if (const auto unknown = unknownIn(request.message); unknown.count > 0)
    return refuseUnknown(step, request, &client, unknown);

  const Decision decision = decide(step, request, client.user);
  if (decision) return grant(step, request, client, *decision);
  if (method == Method::allocate) ++stats_.allocationsRefused;
  refuse(step, request, client, decision.error());
}

void Server::onBinding(Step& step, const Request& request) {
  ++stats_.bindings;
  if (const auto forced = config_.faults.takeError(step.random, Method::binding, false))
    return send(step, request.from, plainError(step, request, *forced));
  if (const auto unknown = unknownIn(request.message); unknown.count > 0)
    return refuseUnknown(step, request, nullptr, unknown);
  ++stats_.successes;
  sendToStranger(step, request,
                 answerTo(step, request, Class::success)
                     .addXorAddress(Attribute::xorMappedAddress, request.from.client)
                     .finish(stun::Integrity::none, {}, request.message.hasFingerprint()));
}

Server::Decision Server::decide(Step& step, const Request& request, std::string_view user) {
  const Method method = request.message.method();
  if (method == Method::allocate) return allocate(step, request, user);
  Allocation* allocation = table_.find(request.from);
  if (!allocation) return Unexpected(ErrorCode::allocationMismatch);
  if (allocation->user() != user) return Unexpected(ErrorCode::wrongCredentials);
  const AllocationId id = allocation->id();
  Decision decision = method == Method::refresh ? refresh(step, request, *allocation)
                      : method == Method::createPermission
                          ? permit(step, request, *allocation)
                          : bindChannel(step, request, *allocation);
  table_.reschedule(id);
  return decision;
}

// RFC 8656 7.2, in its order.
Server::Decision Server::allocate(Step& step, const Request& request, std::string_view user) {
  const stun::MessageView& message = request.message;
  if (const Allocation* held = table_.find(request.from)) {
    if (held->request() != message.transaction() || held->user() != user)
      return Unexpected(ErrorCode::allocationMismatch);
    return Grant{.lifetime = held->expires() - step.now,  // the same request came again
                 .relayed = held->relayed(),
                 .mapped = request.from.client};
  }
  const auto transport = message.findU8(Attribute::requestedTransport);
  const bool hasLifetime = message.has(Attribute::lifetime);
  if (!transport || (hasLifetime && !message.findU32(Attribute::lifetime)))
    return Unexpected(ErrorCode::badRequest);
  if (*transport != stun::kTransportUdp) return Unexpected(ErrorCode::unsupportedTransport);
  const auto where = relayAddressFor(request);
  if (!where) return Unexpected(where.error());
  return makeAllocation(step, request, user, *where);
}

Result<RelayAddress, ErrorCode> Server::relayAddressFor(const Request& request) const {
  const stun::MessageView& message = request.message;
  const bool hasFamily = message.has(Attribute::requestedAddressFamily);
  const bool hasSecond = message.has(Attribute::additionalAddressFamily);
  const bool hasToken = message.has(Attribute::reservationToken);
  const bool hasEvenPort = message.has(Attribute::evenPort);
  if ((hasToken && (hasEvenPort || hasFamily || hasSecond)) || (hasFamily && hasSecond))
    return Unexpected(ErrorCode::badRequest);

  IpAddress::Family family = IpAddress::Family::v4;
  if (hasFamily) {
    const auto asked = message.findU8(Attribute::requestedAddressFamily);
    if (!asked) return Unexpected(ErrorCode::badRequest);
    const auto known = static_cast<stun::AddressFamily>(*asked);
    if (known != stun::AddressFamily::v4 && known != stun::AddressFamily::v6)
      return Unexpected(ErrorCode::addressFamilyNotSupported);
    if (known == stun::AddressFamily::v6) family = IpAddress::Family::v6;
  }
  const auto evenPort = message.find(Attribute::evenPort);
  if (evenPort && evenPort->size() != 1) return Unexpected(ErrorCode::badRequest);
  // No port is ever reserved, so no token is known and no pair can be given.
  const bool wantsPair = evenPort && ((*evenPort)[0] & 0x80) != 0;
  if (hasToken || wantsPair) return Unexpected(ErrorCode::insufficientCapacity);
  for (const RelayAddress& each : config_.relays)
    if (each.local.family() == family) return each;
  const IpAddress& heardAt = request.from.server.ip;
  if (!config_.relays.empty() || heardAt.family() != family)
    return Unexpected(ErrorCode::addressFamilyNotSupported);
  return RelayAddress{heardAt, heardAt};
}

Server::Decision Server::makeAllocation(Step& step, const Request& request, std::string_view user,
                                        const RelayAddress& where) {
  if (table_.countOf(user) >= config_.allocationsPerUserMax)
    return Unexpected(ErrorCode::allocationQuotaReached);
  if (table_.size() >= config_.allocationsMax) return Unexpected(ErrorCode::insufficientCapacity);
  const auto bound = openRelay(where, request.message.has(Attribute::evenPort));
  if (!bound) return Unexpected(ErrorCode::insufficientCapacity);
  const Duration lifetime = lifetimeFor(request.message);
  const Allocation& made =
      table_.add({request.from, std::string(user), request.message.transaction()}, *bound,
                 {where.announced, bound->local.port}, step.now + lifetime);
  ++stats_.allocationsMade;
  PARLEY_TRACE(step, Topic::turn, "allocation made", {"port", made.relayed().port},
               {"live", static_cast<std::int64_t>(table_.size())});
  return Grant{.lifetime = lifetime,
               .relayed = made.relayed(),
               .mapped = request.from.client,
               .refusesSecondFamily = request.message.has(Attribute::additionalAddressFamily)};
}

// An even port is found by trying; the odd ones stay open meanwhile, so that none comes twice.
std::optional<BoundUdp> Server::openRelay(const RelayAddress& where, bool isEven) {
  std::vector<SocketId> odd;
  std::optional<BoundUdp> found;
  const int tries = isEven ? limits::server::kEvenPortTries : 1;
  for (int i = 0; i < tries && !found; ++i) {
    const auto bound =
        host_.openUdp(*this, {where.local, config_.relayPortMin, config_.relayPortMax});
    if (!bound) break;
    if (isEven && bound->local.port % 2 != 0) {
      odd.push_back(bound->socket);
    } else {
      found = *bound;
    }
  }
  for (const SocketId each : odd) host_.close(each);
  return found;
}

Duration Server::lifetimeFor(const stun::MessageView& request) const {
  const std::uint32_t asked = request.findU32(Attribute::lifetime).value_or(0);
  const Duration granted =
      std::clamp(Duration(std::chrono::seconds(asked)), Duration(limits::server::kLifetimeDefault),
                 Duration(limits::server::kLifetimeMax));
  return std::min(granted, config_.faults.lifetimeMax.value_or(granted));
}

// RFC 8656 8.2.
Server::Decision Server::refresh(Step& step, const Request& request, Allocation& allocation) {
  const stun::MessageView& message = request.message;
  if (message.has(Attribute::requestedAddressFamily)) {
    const auto wanted =
        allocation.relayed().ip.isV4() ? stun::AddressFamily::v4 : stun::AddressFamily::v6;
    if (message.findU8(Attribute::requestedAddressFamily) != static_cast<std::uint8_t>(wanted))
      return Unexpected(ErrorCode::peerAddressFamilyMismatch);
  }
  const auto asked = message.findU32(Attribute::lifetime);
  if (message.has(Attribute::lifetime) && !asked) return Unexpected(ErrorCode::badRequest);
  if (asked == 0u) {
    removeAllocation(allocation, stats_.allocationsDeleted);
    return Grant{.lifetime = Duration{}};
  }
  const Duration lifetime = lifetimeFor(message);
  allocation.refresh(step.now + lifetime);
  return Grant{.lifetime = lifetime};
}

// RFC 8656 10.2: all peers or none.
Server::Decision Server::permit(Step& step, const Request& request, Allocation& allocation) {
  const auto peers = request.message.findXorAddresses(Attribute::xorPeerAddress);
  if (peers.count == 0 || !peers.isWhole) return Unexpected(ErrorCode::badRequest);
  const std::span<const Address> list(peers.list.data(), peers.count);
  for (const Address& peer : list) {
    if (peer.ip.family() != allocation.relayed().ip.family())
      return Unexpected(ErrorCode::peerAddressFamilyMismatch);
    if (!config_.peers.allows(peer.ip)) return Unexpected(ErrorCode::forbidden);
  }
  const Duration lifetime =
      config_.faults.permissionLifetime.value_or(limits::server::kPermissionLifetime);
  const auto given = allocation.permit(step.now, list, step.now + lifetime);
  if (!given) return Unexpected(given.error());
  return Grant{};
}

// RFC 8656 12.2; it gives the permission, too.
Server::Decision Server::bindChannel(Step& step, const Request& request, Allocation& allocation) {
  const auto number = request.message.findChannelNumber();
  const auto peer = request.message.findXorAddress(Attribute::xorPeerAddress);
  if (!number || !peer || !allocation.canBind(step.now, *number, *peer))
    return Unexpected(ErrorCode::badRequest);
  if (peer->ip.family() != allocation.relayed().ip.family())
    return Unexpected(ErrorCode::peerAddressFamilyMismatch);
  if (!mayReach(*peer)) return Unexpected(ErrorCode::forbidden);
  const Faults& faults = config_.faults;
  const Instant permitted =
      step.now + faults.permissionLifetime.value_or(limits::server::kPermissionLifetime);
  const Instant bound =
      step.now + faults.channelLifetime.value_or(limits::server::kChannelLifetime);
  const auto given = allocation.bind(step.now, {*number, *peer, bound}, permitted);
  if (!given) return Unexpected(given.error());
  return Grant{};
}

stun::MessageBuilder Server::answerTo(Step& step, const Request& request, Class kind) const {
  return {step.packets.take(), kind, request.message.method(), request.message.transaction()};
}

void Server::grant(Step& step, const Request& request, const Authenticated& client,
                   const Grant& what) {
  ++stats_.successes;
  stun::MessageBuilder answer = answerTo(step, request, Class::success);
  if (what.relayed) answer.addXorAddress(Attribute::xorRelayedAddress, *what.relayed);
  if (what.lifetime) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*what.lifetime).count();
    answer.addU32(Attribute::lifetime, static_cast<std::uint32_t>(seconds));
  }
  if (what.mapped) answer.addXorAddress(Attribute::xorMappedAddress, *what.mapped);
  if (what.refusesSecondFamily)
    answer.addAddressError(stun::AddressFamily::v6, ErrorCode::addressFamilyNotSupported);
  if (!config_.software.empty()) answer.addText(Attribute::software, config_.software);
  send(step, request.from,
       answer.finish(client.integrity, client.key, request.message.hasFingerprint()));
}

void Server::refuse(Step& step, const Request& request, const Authenticated& client,
                    ErrorCode code) {
  // Only faults come here with these.
  if (isWithin(code, {ErrorCode::unauthenticated, ErrorCode::staleNonce}))
    return send(step, request.from, plainError(step, request, code));
  ++stats_.errors;
  stun::MessageBuilder answer = answerTo(step, request, Class::error);
  answer.addError(code);
  if (code == ErrorCode::tryAlternate && config_.faults.alternate)
    answer.addAddress(Attribute::alternateServer, *config_.faults.alternate);
  if (!config_.software.empty()) answer.addText(Attribute::software, config_.software);
  PARLEY_TRACE(step, Topic::turn, "request refused", {"code", static_cast<std::int64_t>(code)},
               {"method", static_cast<std::int64_t>(request.message.method())});
  send(step, request.from,
       answer.finish(client.integrity, client.key, request.message.hasFingerprint()));
}

void Server::refuseUnknown(Step& step, const Request& request, const Authenticated* client,
                           const stun::MessageView::Unknown& unknown) {
  ++stats_.errors;
  stun::MessageBuilder answer = answerTo(step, request, Class::error);
  answer.addError(ErrorCode::unknownAttribute)
      .addUnknown(std::span(unknown.types).first(unknown.count));
  const bool fingerprint = request.message.hasFingerprint();
  if (client)
    return send(step, request.from, answer.finish(client->integrity, client->key, fingerprint));
  sendToStranger(step, request, answer.finish(stun::Integrity::none, {}, fingerprint));
}

Packet Server::plainError(Step& step, const Request& request, ErrorCode code) {
  ++stats_.errors;
  stun::MessageBuilder answer = answerTo(step, request, Class::error);
  answer.addError(code);
  if (isWithin(code, {ErrorCode::unauthenticated, ErrorCode::staleNonce}))
    authenticator_.addChallenge(answer, step.now, request.from.client);
  if (code == ErrorCode::tryAlternate && config_.faults.alternate)
    answer.addAddress(Attribute::alternateServer, *config_.faults.alternate);
  return answer.finish(stun::Integrity::none, {}, request.message.hasFingerprint());
}

// T-5: what is larger than the request may go to whoever the source of the request is said to be.
void Server::sendToStranger(Step& step, const Request& request, Packet answer) {
  if (answer.size() > request.message.size()) {
    if (config_.strict) {
      ++stats_.tooShort;
      return;
    }
    if (!strangers_.take(step.now, request.from.client.ip)) {
      ++stats_.rateLimited;
      return;
    }
  }
  send(step, request.from, std::move(answer));
}

void Server::send(Step& step, const FiveTuple& to, Packet answer) {
  if (!answer) {
    ++stats_.tooLarge;
    return;
  }
  if (config_.faults.losesAnswer(step.random)) {
    ++stats_.answersLost;
    return;
  }
  if (connections_.has(to.socket)) {
    connections_.send(step, to.socket, std::move(answer));
    return;
  }
  host_.send(
      {.socket = to.socket, .local = to.server, .remote = to.client, .packet = std::move(answer)});
}

}  // namespace parley::server
