#include "sctp/machine.h"

#include <utility>

// INIT to COOKIE ACK (RFC 9260 5). Both sides usually begin at once, so the same tag and TSN stand
// in our INIT and in every INIT ACK until there is a link: any order of the packets of two
// handshakes ends in one association.

namespace parley::sctp {
namespace {

constexpr Extensions kOurs{.partialReliability = true, .reConfig = true};

bool isUsable(const InitChunk& init) {
  return init.tag.value != 0 && init.streamsOut != 0 && init.streamsIn != 0 &&
         init.receiverWindow >= InitChunk::kReceiverWindowMin;
}

Tag randomTag(Step& step) {
  Tag tag;
  while (tag.value == 0) tag = {step.secrets.number<std::uint32_t>()};
  return tag;
}

}  // namespace

void Association::Machine::makeIdentity(Step& step) {
  if (hasIdentity_) return;
  hasIdentity_ = true;
  ownTag_ = randomTag(step);
  ownTsn_ = {step.secrets.number<std::uint32_t>()};
  step.secrets.fill(cookieKey_);
}

void Association::Machine::connect(Step& step) {
  if (!is<Idle>()) return;
  makeIdentity(step);
  CookieWait wait{BackoffTimer({config_.handshakeTimer, limits::sctp::kHandshakeTimerMax, 0})};
  wait.t1.start(step.now);
  become(step, wait, "DTLS is connected");
}

ByteVector Association::Machine::initChunk() const {
  InitChunk init;
  init.tag = ownTag_;
  init.receiverWindow = static_cast<std::uint32_t>(config_.receiveWindow);
  init.streamsOut = config_.streamsOut;
  init.streamsIn = config_.streamsIn;
  init.initialTsn = ownTsn_;
  init.extensions = kOurs;
  return init.toChunk(ChunkType::init);
}

void Association::Machine::onInit(Step& step, const CommonHeader&, const ChunkView& chunk) {
  if (hasEnded()) return drop(Drop::unexpectedChunk);
  const auto init = InitChunk::parse(chunk.body);
  if (!init || init->tag.value == 0) return drop(Drop::malformedChunk);
  if (!isUsable(*init)) {  // RFC 9260 3.3.2, 5.1
    drop(Drop::malformedChunk);
    return reply(init->tag, makeAbort(0, Cause::invalidMandatoryParameter, {}));
  }
  if (is<ShutdownAckSent>()) {  // RFC 9260 9.2
    return answer(makeChunk(ChunkType::shutdownAck, 0));
  }
  makeIdentity(step);
  Cookie cookie;
  cookie.made = step.now;
  cookie.localTag = ownTag_;
  cookie.localTsn = ownTsn_;
  cookie.remoteTag = init->tag;
  cookie.remoteTsn = init->initialTsn;
  cookie.remoteWindow = init->receiverWindow;
  cookie.streamsOut = std::min(config_.streamsOut, init->streamsIn);
  cookie.streamsIn = std::min(config_.streamsIn, init->streamsOut);
  cookie.extensions = kOurs & init->extensions;
  if (link_) {  // RFC 9260 5.2.1, 5.2.2
    cookie.localTie = link_->localTag;
    cookie.remoteTie = link_->remoteTag;
    if (!is<CookieEchoed>()) {
      cookie.localTag = randomTag(step);
      cookie.localTsn = {step.secrets.number<std::uint32_t>()};
    }
  }
  InitChunk ack;
  ack.tag = cookie.localTag;
  ack.receiverWindow = static_cast<std::uint32_t>(config_.receiveWindow);
  ack.streamsOut = config_.streamsOut;
  ack.streamsIn = config_.streamsIn;
  ack.initialTsn = cookie.localTsn;
  ack.extensions = kOurs;
  ack.unrecognized = init->unrecognized;
  ack.cookie = cookie.seal(cookieKey_);
  reply(init->tag, ack.toChunk(ChunkType::initAck));
}

void Association::Machine::onInitAck(Step& step, const ChunkView& chunk) {
  if (!is<CookieWait>()) return drop(Drop::unexpectedChunk);  // RFC 9260 5.2.3
  const auto ack = InitChunk::parse(chunk.body);
  const std::size_t echoMax = Outbox::roomOfPacket(config_) - kChunkHeader;
  if (!ack || !isUsable(*ack) || ack->cookie.empty() || ack->cookie.size() > echoMax) {
    return drop(Drop::malformedChunk);
  }
  Cookie known;
  known.localTag = ownTag_;
  known.localTsn = ownTsn_;
  known.remoteTag = ack->tag;
  known.remoteTsn = ack->initialTsn;
  known.remoteWindow = ack->receiverWindow;
  known.streamsOut = std::min(config_.streamsOut, ack->streamsIn);
  known.streamsIn = std::min(config_.streamsIn, ack->streamsOut);
  known.extensions = kOurs & ack->extensions;
  link_ = std::make_unique<Link>(known, config_);

  CookieEchoed echoed{BackoffTimer({config_.handshakeTimer, limits::sctp::kHandshakeTimerMax, 0}),
                      makeChunk(ChunkType::cookieEcho, 0, ack->cookie)};
  echoed.t1.start(step.now);
  become(step, std::move(echoed), "INIT ACK");
  if (!ack->unrecognized.empty()) {  // RFC 9260 3.2.1
    ByteVector all;
    for (const ByteVector& one : ack->unrecognized) {
      all.resize(padded(all.size()));
      all.insert(all.end(), one.begin(), one.end());
    }
    answer(makeError(Cause::unrecognizedParameters, all));
  }
}

// The table of RFC 9260 5.2.4. True: there is a link now to which the rest of the packet belongs.
bool Association::Machine::onCookieEcho(Step& step, const CommonHeader& header,
                                        const ChunkView& chunk) {
  const auto cookie = hasIdentity_ ? Cookie::open(cookieKey_, chunk.body) : std::nullopt;
  if (hasEnded() || !cookie || header.tag != cookie->localTag) {
    drop(Drop::badCookie);
    return false;
  }
  const bool localMatches = cookie->localTag == (link_ ? link_->localTag : ownTag_);
  const bool remoteMatches = link_ && cookie->remoteTag == link_->remoteTag;
  if (localMatches && remoteMatches) {  // D: a duplicate, or both began at once
    establish(step, "COOKIE ECHO of the peer");
    answer(makeChunk(ChunkType::cookieAck, 0));
    return true;
  }
  if (cookie->isStale(step.now)) {
    drop(Drop::badCookie);
    ByteVector staleness(4);
    const auto by = step.now - cookie->made - limits::sctp::kCookieLifetime;
    WireWriter(staleness).u32(
        static_cast<std::uint32_t>(std::min<std::int64_t>(by.count(), 0xffff'ffff)));
    reply(cookie->remoteTag, makeError(Cause::staleCookie, staleness));
    return false;
  }
  // B: the peer began anew before anything was exchanged. Later it could only harm.
  const bool untouched = !link_ || is<CookieEchoed>() ||
                         (link_->tracker.cumulative() == 0 && link_->outstanding.end() == 1);
  if (localMatches && untouched && !is<ShutdownAckSent>()) {
    const bool again = isTransferring();
    link_ = std::make_unique<Link>(*cookie, config_);
    if (!again) establish(step, "COOKIE ECHO of the peer");
    if (again) startHeartbeat(step);
    answer(makeChunk(ChunkType::cookieAck, 0));
    return true;
  }
  const bool tiesMatch =
      link_ && cookie->localTie == link_->localTag && cookie->remoteTie == link_->remoteTag;
  if (!localMatches && !remoteMatches && tiesMatch) {  // A: the peer restarted
    if (is<ShutdownAckSent>()) {
      answer(makeChunk(ChunkType::shutdownAck, 0));
      answer(makeError(Cause::cookieWhileShuttingDown, {}));
      return false;
    }
    restart(step, *cookie);
    return true;
  }
  drop(Drop::badCookie);  // C, and what is not in the table
  return false;
}

void Association::Machine::restart(Step& step, const Cookie& cookie) {
  link_ = std::make_unique<Link>(cookie, config_);
  queue_.clear();
  answers_.clear();
  become(step, Established{}, "the peer restarted");
  startHeartbeat(step);
  events_.push(Restarted{link_->streamsOut, link_->streamsIn});
  answer(makeChunk(ChunkType::cookieAck, 0));
}

void Association::Machine::onCookieAck(Step& step) {
  if (!is<CookieEchoed>()) return drop(Drop::unexpectedChunk);
  establish(step, "COOKIE ACK");
}

void Association::Machine::establish(Step& step, const char* trigger) {
  if (!is<Idle>() && !is<CookieWait>() && !is<CookieEchoed>()) return;
  become(step, Established{}, trigger);
  queue_.dropStreamsFrom(link_->streamsOut);
  startHeartbeat(step);
  events_.push(Connected{link_->streamsOut, link_->streamsIn});
  resetStreams(step, std::exchange(earlyResets_, {}));
  PARLEY_TRACE(step, Topic::sctp, "parameters_set", {"streams_out", link_->streamsOut},
               {"streams_in", link_->streamsIn},
               {"partial_reliability", link_->extensions.partialReliability},
               {"stream_reset", link_->extensions.reConfig});
}

void Association::Machine::onStaleCookie(Step& step) {  // RFC 9260 5.2.6
  link_.reset();
  answers_.clear();
  CookieWait wait{BackoffTimer({config_.handshakeTimer, limits::sctp::kHandshakeTimerMax, 0})};
  wait.t1.start(step.now);
  wait.initDue = false;  // the timer paces what a peer with a broken clock could make a loop
  become(step, wait, "the peer called our cookie stale");
}

}  // namespace parley::sctp
