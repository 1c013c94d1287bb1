// What a client makes of the answers to its requests, and of there being none.

#include <algorithm>

#include "core/planted.h"
#include "turn/client.h"

namespace parley::turn {
namespace {

using stun::Attribute;
using stun::Class;
using stun::ErrorCode;
using stun::Method;

namespace bounds = limits::turn;

bool isOneOf(std::uint16_t code, std::initializer_list<ErrorCode> list) {
  return std::ranges::find(list, static_cast<ErrorCode>(code)) != list.end();
}

bool isChallenge(std::uint16_t code) {
  return isOneOf(code, {ErrorCode::unauthenticated, ErrorCode::staleNonce});
}

// A server's phrase goes into events and logs: a bounded length of what can be printed.
std::string printable(std::string_view phrase) {
  std::string text(phrase.substr(0, bounds::kReason));
  std::ranges::replace_if(text, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text;
}

std::string reasonOf(const stun::ErrorView& error) {
  return error.reason.empty() ? "error " + std::to_string(error.code) : printable(error.reason);
}

// What is given back must be believed, however often the server wants another nonce.
int challengesOf(const Question& question) {
  return question.isRelease() ? bounds::kReleaseTries : bounds::kChallenges;
}

}  // namespace

void Client::onAnswer(Step& step, const stun::MessageView& answer) {
  const Request* found = requests_.find(answer.transaction());
  if (!found || found->question.method != answer.method()) {
    ++stats_.unexpected;
    return;
  }
  if (!isBelieved(*found, answer)) {
    ++stats_.unauthenticated;
    return;
  }
  const auto error = answer.findError();
  const bool isSuccess = answer.messageClass() == Class::success;
  if (isSuccess ? !isWholeSuccess(*found, answer) : !error) {
    ++stats_.malformed;
    return;
  }
  const bool asksAgain = !isSuccess && isChallenge(error->code);
  const bool wasSigned = found->signature.isThere();
  const bool isRefusal = asksAgain && wasSigned && found->question.method == Method::allocate &&
                         isOneOf(error->code, {ErrorCode::unauthenticated});
  if (asksAgain && !isRefusal && !challenge_.learn(config_, answer)) {
    ++stats_.unauthenticated;  // RFC 8489 9.2.5: as if it had not come
    return;
  }
  ++stats_.responsesReceived;
  const Request request = requests_.take(answer.transaction());
  if (request.sends == 1) {
    const Duration measured = step.now - request.asked;
    roundTrip_ = roundTrip_ ? (*roundTrip_ * 7 + measured) / 8 : measured;
  }
  if (isSuccess) {
    onSuccess(step, request, answer);
  } else if (asksAgain && !isRefusal) {
    onChallenge(step, request.question, error->code, wasSigned && request.sends > 1);
  } else {
    onError(step, request, answer, *error);
  }
  if (isAllocated() && peers_.hasWanted()) askForWanted(step);
}

// RFC 8489 9.2.5: answers to what was signed are signed, but for those that say how to sign. Of an
// Allocate every error is heard, because servers refuse without looking at the credentials, and
// nothing is lost by it that whoever can forge it could not have held back.
bool Client::isBelieved(const Request& request, const stun::MessageView& answer) const {
  const bool isSuccess = answer.messageClass() == Class::success;
  if (isSuccess && isPlanted(PlantedBug::turnUnsignedBelieved)) return true;
  const auto error = answer.findError();
  if (!isSuccess && error && isChallenge(error->code)) return true;
  if (!request.signature.isThere()) return !isSuccess;
  if (request.signature.isCarriedBy(answer)) return request.signature.holds(answer);
  return !isSuccess && request.question.method == Method::allocate;
}

bool Client::isWholeSuccess(const Request& request, const stun::MessageView& answer) const {
  using enum Attribute;
  const auto unknown = answer.unknownRequired(
      {username, realm, nonce, userhash, passwordAlgorithm, lifetime, xorRelayedAddress,
       xorMappedAddress, mappedAddress, channelNumber, xorPeerAddress, reservationToken});
  if (unknown.count > 0 || (answer.has(lifetime) && !answer.findU32(lifetime))) return false;
  if (request.question.method != Method::allocate) return true;
  return answer.findXorAddress(xorRelayedAddress) && answer.findXorAddress(xorMappedAddress);
}

void Client::onChallenge(Step& step, Question question, std::uint16_t code, bool mayHaveBeenMade) {
  const bool isAllocate = question.method == Method::allocate;
  // One copy may have allocated and its answer have been lost, before a second met the challenge.
  if (isAllocate && mayHaveBeenMade) mayBeLeft_ = true;
  if (isReleasing_ && isAllocate) return onAllocateEndedInRelease(step);
  if (isPlanted(PlantedBug::turnNonceIgnored) && question.isRelease())
    return finishRelease(step, true);
  if (++question.challenges <= challengesOf(question)) return ask(step, std::move(question));
  if (isAllocate) return fail(step, code, "challenged again and again");
  if (question.isRelease()) return finishRelease(step, false);
  if (question.method == Method::refresh) return lose(step, "challenged again and again", false);
  for (const Address& peer : question.peers) {
    if (question.method == Method::channelBind) {
      peers_.failChannel(step.now, peer, false);
    } else {
      peers_.leaveUnanswered(step.now, peer.ip);
    }
  }
}

void Client::onSuccess(Step& step, const Request& request, const stun::MessageView& answer) {
  switch (request.question.method) {
    case Method::allocate:
      return onAllocateSuccess(step, request, answer);
    case Method::refresh:
      if (request.question.isRelease()) return finishRelease(step, true);
      return startRefreshing(step.now, request.asked,
                             std::chrono::seconds(answer.findU32(Attribute::lifetime).value_or(0)));
    default:
      return onPeersGranted(step, request);
  }
}

void Client::onAllocateSuccess(Step& step, const Request& request,
                               const stun::MessageView& answer) {
  const auto relayed = answer.findXorAddress(Attribute::xorRelayedAddress).value();
  const auto mapped = answer.findXorAddress(Attribute::xorMappedAddress).value();
  state_ = State::allocated;
  mayBeLeft_ = false;
  if (isReleasing_) return onAllocateEndedInRelease(step);
  relayed_ = relayed.ip;
  startRefreshing(step.now, request.asked,
                  std::chrono::seconds(answer.findU32(Attribute::lifetime).value_or(0)));
  PARLEY_TRACE(step, Topic::turn, "allocated",
               {"relayed", relayed.toString(), Field::Kind::secret});
  events_.push(Allocated{relayed, mapped});
}

// A minute before the end or, of a short life, in its middle (RFC 8656 3.2). The life counts from
// when it was asked for: the server's began no earlier.
void Client::startRefreshing(Instant now, Instant since, Duration lifetime) {
  const Duration granted = lifetime == Duration{} ? bounds::kLifetime : lifetime;
  const Duration believed = std::min<Duration>(granted, bounds::kLifetimeBelieved);
  const Duration after =
      believed >= 2 * bounds::kRefreshEarly ? believed - bounds::kRefreshEarly : believed / 2;
  expires_ = since + believed;
  if (isPlanted(PlantedBug::turnRefreshForgotten)) return;
  refreshTimer_.startAt(std::max(since + after, now + limits::ice::kCheckRto));
}

// What was sent meanwhile stood right behind the request. When that was refused or lost at first,
// so was the data: the last packet to each goes out once more.
void Client::onPeersGranted(Step& step, const Request& request) {
  const bool wasAtOnce = request.sends == 1 && request.question.challenges == 0;
  for (const Address& peer : request.question.peers) {
    if (request.question.method == Method::channelBind) {
      peers_.bind(peer, request.asked);
    } else {
      peers_.grant(peer.ip, request.asked);
    }
    for (const PeerBook::HeldPacket& held : peers_.takeHeld(peer.ip)) {
      if (wasAtOnce && held.sent >= request.asked) continue;
      if (Packet packet = step.packets.copyOf(held.bytes))
        sendData(step, held.peer, std::move(packet));
    }
  }
}

void Client::onError(Step& step, const Request& request, const stun::MessageView& answer,
                     const stun::ErrorView& error) {
  PARLEY_TRACE(step, Topic::turn, "request_refused", {"code", error.code},
               {"method", static_cast<int>(request.question.method)});
  switch (request.question.method) {
    case Method::allocate:
      // 437: something stands on our own five-tuple, ours from a copy that went before or an older
      // one. Any other error after a repetition leaves open what the first copy has done.
      if (isOneOf(error.code, {ErrorCode::allocationMismatch}) ||
          (request.signature.isThere() && request.sends > 1 &&
           !isOneOf(error.code, {ErrorCode::unauthenticated})))
        mayBeLeft_ = challenge_.isKnown();
      return onAllocateError(step, answer, error);
    case Method::refresh:
      return onRefreshError(step, request.question, error);
    default:
      return onPeersRefused(step, request.question, error);
  }
}

void Client::onAllocateError(Step& step, const stun::MessageView& answer,
                             const stun::ErrorView& error) {
  if (isReleasing_) {
    state_ = State::over;
    return onAllocateEndedInRelease(step);
  }
  const auto alternate = answer.findAddress(Attribute::alternateServer);
  if (isOneOf(error.code, {ErrorCode::tryAlternate}) && alternate) {
    const std::string_view domain = answer.findText(Attribute::alternateDomain).value_or("");
    return endWith(step, Redirected{*alternate, printable(domain)});
  }
  fail(step, error.code, reasonOf(error));
}

void Client::onRefreshError(Step& step, const Question& question, const stun::ErrorView& error) {
  const bool isGone = isOneOf(error.code, {ErrorCode::allocationMismatch});
  if (question.isRelease()) {
    if (isGone) return finishRelease(step, true);
    Question again = question;
    if (++again.challenges > challengesOf(again)) return finishRelease(step, false);
    return ask(step, std::move(again));
  }
  if (isGone) return lose(step, reasonOf(error), true);
  // The allocation stands until it ends, and the error may pass.
  if (step.now + bounds::kRefreshRetry >= expires_) return lose(step, reasonOf(error), false);
  refreshTimer_.start(step.now, bounds::kRefreshRetry);
}

void Client::onPeersRefused(Step& step, const Question& question, const stun::ErrorView& error) {
  if (isOneOf(error.code, {ErrorCode::allocationMismatch}))
    return lose(step, reasonOf(error), true);
  if (question.method == Method::channelBind)
    return peers_.failChannel(step.now, question.peers[0], true);
  for (const Address& peer : question.peers) {
    if (question.peers.size() > 1) {
      peers_.wantAlone(peer.ip);
    } else {
      peers_.refuse(step.now, peer.ip);
      events_.push(PeerRefused{peer, error.code});
    }
  }
}

void Client::onUnanswered(Step& step, const Request& request) {
  const Question& question = request.question;
  switch (question.method) {
    case Method::allocate:
      if (request.signature.isThere()) mayBeLeft_ = true;
      state_ = State::over;
      if (isReleasing_) return onAllocateEndedInRelease(step);
      return fail(step, 701, "no answer");
    case Method::refresh:
      return question.isRelease() ? finishRelease(step, false)
                                  : lose(step, "no answer to a Refresh", false);
    case Method::channelBind:
      return peers_.failChannel(step.now, question.peers[0], false);
    default:
      for (const Address& peer : question.peers) peers_.leaveUnanswered(step.now, peer.ip);
  }
}

void Client::fail(Step& step, std::uint16_t code, std::string reason) {
  PARLEY_TRACE(step, Topic::turn, "failed", {"code", code}, {"reason", reason});
  endWith(step, Failed{code, std::move(reason)});
}

void Client::lose(Step& step, std::string reason, bool isGone) {
  PARLEY_TRACE(step, Topic::turn, "lost", {"reason", reason});
  mayBeLeft_ = !isGone;
  endWith(step, Lost{std::move(reason), isGone});
}

void Client::endWith(Step&, Event event) {
  state_ = State::over;
  refreshTimer_.stop();
  requests_.clear();
  peers_.clear();
  events_.push(std::move(event));
}

}  // namespace parley::turn
