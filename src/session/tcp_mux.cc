#include "session/tcp_mux.h"

#include <algorithm>

#include "core/limits.h"
#include "session/demux.h"
#include "stun/message.h"

namespace parley::session {

Result<BoundTcp, OpenError> TcpMux::open(const TcpListenOptions& options) {
  auto bound = host_.listenTcp(*this, options);
  if (bound) listeners_.push_back(*bound);
  return bound;
}

bool TcpMux::name(Taker& taker, TransportId transport, std::span<const std::string> fragments) {
  const Owner owner{&taker, transport};
  const auto isTaken = [&](const std::string& fragment) {
    const auto holder = owners_.find(fragment);
    return holder != owners_.end() && holder->second != owner;
  };
  if (std::ranges::any_of(fragments, isTaken)) {
    ++fragmentTaken_;
    return false;
  }
  std::vector<std::string>& named = named_[owner];
  for (const std::string& before : named) owners_.erase(before);
  named.assign(fragments.begin(), fragments.end());
  for (const std::string& fragment : named) owners_.emplace(fragment, owner);
  if (named.empty()) named_.erase(owner);
  return true;
}

void TcpMux::forget(const Taker& taker) {
  std::erase_if(named_, [&](const auto& each) {
    if (each.first.first != &taker) return false;
    for (const std::string& fragment : each.second) owners_.erase(fragment);
    return true;
  });
}

TcpMux::Stats TcpMux::stats() const {
  return {.waiting = waiting_.size(),
          .assigned = assigned_,
          .strangers = strangers_,
          .fragmentTaken = fragmentTaken_};
}

void TcpMux::onStreamAccepted(Step& step, SocketId, SocketId stream, const Address& local,
                              const Address& remote) {
  if (!makeRoom(remote.ip)) {
    ++strangers_;
    return host_.close(stream);
  }
  waiting_.push_back({.link = std::make_unique<FramedStream>(host_, stream, remote),
                      .local = local.ip,
                      .closesAt = step.now + limits::ice::kTcpProof});
}

// The one that has waited longest gives way, so that strangers cannot keep peers out for long.
bool TcpMux::makeRoom(const IpAddress& source) {
  const auto fromThere = std::ranges::count_if(
      waiting_, [&](const Waiting& each) { return each.link->remote().ip == source; });
  if (std::cmp_greater_equal(fromThere, limits::mux::kStreamsBySource)) return false;
  if (waiting_.size() >= limits::mux::kStreams) drop(waiting_.begin());
  return true;
}

void TcpMux::onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) {
  const auto waiting =
      std::ranges::find(waiting_, stream, [](const Waiting& each) { return each.link->id(); });
  if (waiting == waiting_.end()) return;
  FramedStream& link = *waiting->link;
  link.push(bytes);
  const auto packet = link.next();
  if (!packet && !link.isBroken()) return;
  const auto owner = packet ? ownerOf(*packet) : std::nullopt;
  if (!owner) return drop(waiting);
  link.putBack();
  Waiting known = std::move(*waiting);
  waiting_.erase(waiting);
  assign(step, std::move(known), *owner);
}

// RFC 8445 7.2.2: the receiver's fragment comes first.
std::optional<TcpMux::Owner> TcpMux::ownerOf(Bytes packet) const {
  if (protocolOf(packet) != Protocol::stun) return std::nullopt;
  const auto message = stun::MessageView::parse(packet);
  if (!message || message->method() != stun::Method::binding ||
      message->messageClass() != stun::Class::request)
    return std::nullopt;
  const std::string_view username = message->username().value_or("");
  const auto owner = owners_.find(username.substr(0, username.find(':')));
  return owner == owners_.end() ? std::nullopt : std::optional(owner->second);
}

void TcpMux::assign(Step& step, Waiting waiting, const Owner& owner) {
  const auto& [taker, transport] = owner;
  ++assigned_;
  host_.handOver(waiting.link->id(), taker->guest());
  host_.touch(taker->guest());
  taker->takeStream(step, transport, waiting.local, std::move(waiting.link));
}

void TcpMux::onStreamClosed(Step&, SocketId stream, StreamEnd) {
  strangers_ +=
      std::erase_if(waiting_, [stream](const Waiting& each) { return each.link->id() == stream; });
}

void TcpMux::onTimer(Step& step) {
  while (!waiting_.empty() && waiting_.front().closesAt <= step.now) drop(waiting_.begin());
}

void TcpMux::onStepEnd(Step&) {
  host_.wakeAt(*this, waiting_.empty() ? never() : waiting_.front().closesAt);
}

void TcpMux::drop(std::vector<Waiting>::iterator waiting) {
  ++strangers_;
  host_.close(waiting->link->id());
  waiting_.erase(waiting);
}

}  // namespace parley::session
