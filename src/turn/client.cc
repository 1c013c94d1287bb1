#include "turn/client.h"

#include "core/planted.h"
#include "stun/channel_data.h"
#include "turn/framing.h"

namespace parley::turn {

using stun::Attribute;
using stun::Class;
using stun::Method;

namespace bounds = limits::turn;

Client::Client(Config config, Sink& lower) : config_(std::move(config)), lower_(lower) {
  config_.lifetime = std::max<Duration>(config_.lifetime, 1s);  // 0 would be a release
}

Client::~Client() = default;

void Client::allocate(Step& step) {
  if (state_ != State::idle || isReleasing_) return;
  state_ = State::allocating;
  ask(step, {.method = Method::allocate, .lifetime = config_.lifetime});
}

void Client::permit(Step& step, const Address& peer) {
  if (!isAllocated()) return;
  // Several of one step go out together, when its deadline is looked at.
  want(step, peer);
  if (peers_.hasWanted()) wantedSince_ = std::min(wantedSince_, step.now);
}

void Client::bindChannel(Step& step, const Address& peer) {
  if (!isAllocated()) return;
  if (peer.ip.family() != relayed_.family()) return;  // want() has said so, or will
  if (peers_.wantChannel(step.now, peer) == Standing::full) ++stats_.tooMany;
  askForWanted(step);
}

bool Client::send(Step& step, const Address& peer, Packet payload) {
  const Standing standing = isAllocated() ? want(step, peer) : Standing::refused;
  if (standing == Standing::refused || standing == Standing::full) {
    ++stats_.unsent;
    return false;
  }
  if (standing == Standing::asking) {
    askForWanted(step);  // and the packet right behind it: the server takes them in order
    peers_.hold(step.now, peer, payload.bytes());
  }
  sendData(step, peer, std::move(payload));
  return true;
}

// Who is of another family than the relay is refused without asking (RFC 8656 10.2).
Standing Client::want(Step& step, const Address& peer) {
  const Standing standing = peers_.want(step.now, peer);
  if (standing == Standing::full) ++stats_.tooMany;
  if (standing != Standing::asking || peer.ip.family() == relayed_.family()) return standing;
  peers_.refuse(step.now, peer.ip);
  events_.push(
      PeerRefused{peer, static_cast<std::uint16_t>(stun::ErrorCode::peerAddressFamilyMismatch)});
  return Standing::refused;
}

void Client::sendData(Step& step, const Address& peer, Packet payload) {
  const std::size_t size = payload.size();
  const auto channel = peers_.channelFor(step.now, peer);
  Packet framed = channel ? wrapInChannel(step, *channel, config_.overStream, std::move(payload))
                          : wrapInSend(step, peer, std::move(payload));
  if (!framed) {
    ++stats_.unsent;  // larger than any block, or the pool is empty: as if the network lost it
    return;
  }
  ++stats_.packetsSent;
  stats_.bytesSent += size;
  lower_.sendToServer(step, std::move(framed));
}

std::optional<Relayed> Client::receive(Step& step, Packet message) {
  const Bytes bytes = message.bytes();
  if (stun::ChannelData::looksLike(bytes)) return onChannelData(step, std::move(message));
  const auto view = stun::MessageView::parse(bytes, bounds::kMessage);
  if (!view || (view->hasFingerprint() && !view->checkFingerprint())) {
    ++stats_.malformed;
    return std::nullopt;
  }
  if (view->messageClass() == Class::indication && view->method() == Method::data)
    return onData(step, *view, std::move(message));
  if (view->messageClass() == Class::success || view->messageClass() == Class::error) {
    onAnswer(step, *view);
  } else {
    ++stats_.unexpected;
  }
  return std::nullopt;
}

std::optional<Relayed> Client::onChannelData(Step&, Packet message) {
  const auto view = stun::ChannelData::parse(message.bytes());
  if (!view) {
    ++stats_.malformed;
    return std::nullopt;
  }
  const auto peer = isAllocated() ? peers_.peerOf(view->number) : std::nullopt;
  if (!peer) {
    ++(isAllocated() ? stats_.noPermission : stats_.unexpected);
    return std::nullopt;
  }
  ++stats_.packetsReceived;
  stats_.bytesReceived += view->data.size();
  const std::size_t padding = message.size() - stun::kChannelHeader - view->data.size();
  message.trimFront(stun::kChannelHeader);
  message.trimBack(padding);
  return Relayed{*peer, std::move(message)};
}

// RFC 8656 11.4. ICMP indications carry no data, and nothing here acts on them.
std::optional<Relayed> Client::onData(Step&, const stun::MessageView& view, Packet message) {
  if (!isAllocated()) {
    ++stats_.unexpected;
    return std::nullopt;
  }
  const auto unknown = view.unknownRequired({Attribute::xorPeerAddress, Attribute::data});
  const auto peer = view.findXorAddress(Attribute::xorPeerAddress);
  const auto data = view.find(Attribute::data);
  if (unknown.count > 0 || !peer || !data) {
    ++stats_.malformed;
    return std::nullopt;
  }
  if (!peers_.mayHear(peer->ip)) {
    ++stats_.noPermission;
    return std::nullopt;
  }
  ++stats_.packetsReceived;
  stats_.bytesReceived += data->size();
  const auto front = static_cast<std::size_t>(data->data() - message.bytes().data());
  const std::size_t back = message.size() - front - data->size();
  message.trimFront(front);
  message.trimBack(back);
  return Relayed{*peer, std::move(message)};
}

void Client::ask(Step& step, Question question) {
  const stun::TransactionId id = stun::newTransactionId(step.secrets);
  stun::ClientTransaction transaction = transactionFor(id, question);
  transaction.start(step.now);
  if (config_.overStream) transaction.stopResending(step.now, bounds::kReliableWait);
  transmit(step,
           requests_.add(
               {.question = std::move(question), .transaction = transaction, .asked = step.now}));
}

// Allocate and Refresh keep the pace of RFC 8489 6.2.1, so that an allocation outlives half a
// minute without a network; the others may be quicker once the way is known, and so may what
// nobody waits for any more.
stun::ClientTransaction Client::transactionFor(const stun::TransactionId& id,
                                               const Question& question) const {
  const Duration known =
      roundTrip_ ? std::clamp<Duration>(2 * *roundTrip_, bounds::kRtoMin, limits::ice::kCheckRto)
                 : limits::ice::kCheckRto;
  if (isReleasing_)
    return {id, BackoffPolicy{.initial = known,
                              .longest = bounds::kReleaseRtoMax,
                              .attemptsMax = bounds::kReleaseTries}};
  const bool isForPeers = question.method != Method::allocate && question.method != Method::refresh;
  return stun::ClientTransaction(id, isForPeers ? known : limits::ice::kCheckRto);
}

void Client::transmit(Step& step, Request& request) {
  if (request.bytes.empty()) {
    request.signature = challenge_.signature();
    request.bytes = toVector(
        writeRequest(step.packets, request.transaction.id(), request.question, config_, challenge_)
            .bytes());
  }
  Packet packet = request.bytes.empty() ? Packet() : step.packets.copyOf(request.bytes);
  if (!packet) return;  // as if it were lost
  ++request.sends;
  ++stats_.requestsSent;
  lower_.sendToServer(step, std::move(packet));
}

bool Client::canAskForPeers() const {
  return requests_.size() + bounds::kTransactionsKept < bounds::kTransactions;
}

void Client::askForWanted(Step& step) {
  constexpr std::size_t kByPeer = 24;  // XOR-PEER-ADDRESS of IPv6
  const std::size_t fixed = stun::kHeaderSize + challenge_.overhead(config_);
  const std::size_t room = bounds::kRequest > fixed ? (bounds::kRequest - fixed) / kByPeer : 0;
  wantedSince_ = never();
  while (canAskForPeers()) {
    if (auto channel = peers_.takeWantedChannel(step.now)) {
      ask(step,
          {.method = Method::channelBind, .peers = {channel->first}, .number = channel->second});
      continue;
    }
    std::vector<Address> peers =
        peers_.takeWanted(std::clamp<std::size_t>(room, 1, bounds::kPeersByRequest));
    if (peers.empty()) return;
    ask(step, {.method = Method::createPermission, .peers = std::move(peers)});
  }
}

void Client::refresh(Step& step) {
  ask(step, {.method = Method::refresh, .lifetime = config_.lifetime});
}

void Client::prove(Step& step) {
  if (!isAllocated()) return;
  peers_.forgive(step.now);
  if (isProving()) return;
  refreshTimer_.stop();
  refresh(step);
}

bool Client::isProving() const { return isAllocated() && requests_.countOf(Method::refresh) > 0; }

void Client::onTimer(Step& step) {
  if (releaseTimer_.expire(step.now)) return finishRelease(step, false);
  while (Request* request = requests_.nextDue(step.now)) {
    switch (request->transaction.onTimer(step.now)) {
      case stun::ClientTransaction::Outcome::waiting:
        break;
      case stun::ClientTransaction::Outcome::resend:
        transmit(step, *request);
        break;
      case stun::ClientTransaction::Outcome::gaveUp:
        onUnanswered(step, requests_.take(request->transaction.id()));
        break;
    }
  }
  if (!isAllocated()) return;
  if (refreshTimer_.expire(step.now)) refresh(step);
  if (peers_.deadline() <= step.now) peers_.onTimer(step.now);
  askForWanted(step);
}

Instant Client::deadline() const {
  const Instant due = earliest(requests_.deadline(), releaseTimer_.due());
  if (!isAllocated()) return due;
  const Instant wanted = canAskForPeers() ? wantedSince_ : never();
  return earliest(due, refreshTimer_.due(), peers_.deadline(), wanted);
}

bool Client::isAllocated() const { return state_ == State::allocated && !isReleasing_; }

Held Client::held() const {
  const bool isThere = state_ == State::allocated || mayBeLeft_ || awaitsSignedAllocate();
  return {.allocations = isThere ? 1u : 0u,
          .permissions = peers_.permissionCount(),
          .channels = peers_.channelCount(),
          .transactions = requests_.size()};
}

std::size_t Client::memoryUsed() const {
  return sizeof *this + config_.username.capacity() + config_.password.capacity() +
         challenge_.memoryUsed() + requests_.memoryUsed() + peers_.memoryUsed();
}

const char* Client::inconsistency() const {
  if (requests_.size() > bounds::kTransactions) return "more requests than there may be";
  if (isReleased_ && requests_.size() > 0) return "a released client asks for something";
  if (requests_.countOf(Method::allocate) > (state_ == State::allocating ? 1u : 0u))
    return "an Allocate too many";
  if (state_ == State::allocating && requests_.countOf(Method::allocate) == 0)
    return "allocating, and nothing is under way";
  if (requests_.countOf(Method::refresh) > 1) return "a Refresh too many";
  if (!isAllocated()) return nullptr;
  if (!isPlanted(PlantedBug::turnRefreshForgotten) &&
      refreshTimer_.isRunning() == (requests_.countOf(Method::refresh) > 0))
    return "an allocation that nobody keeps";
  if (!peers_.askingIs([this](const IpAddress& peer) { return requests_.namesOf(peer); }))
    return "permissions and requests for them do not match";
  return peers_.inconsistency();
}

}  // namespace parley::turn
