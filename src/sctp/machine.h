#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "core/ports.h"
#include "sctp/association.h"
#include "sctp/link.h"
#include "sctp/outbox.h"
#include "sctp/packet/error_causes.h"
#include "sctp/transmit/send_queue.h"

namespace parley::sctp {

// The states of RFC 9260 4, each with exactly the timers that run in it.
struct Idle {};
struct CookieWait {
  BackoffTimer t1;
  bool initDue = true;
};
struct CookieEchoed {
  BackoffTimer t1;
  ByteVector echo;
  bool echoDue = true;
};
struct Established {};
struct ShutdownPending {};
struct ShutdownSent {
  BackoffTimer t2;
  Timer t5;
};
struct ShutdownReceived {};
struct ShutdownAckSent {
  BackoffTimer t2;
  Timer t5;
};
struct Ended {
  bool answersShutdownAck = false;  // our SHUTDOWN COMPLETE may have been lost
};
using StateVariant = std::variant<Idle, CookieWait, CookieEchoed, Established, ShutdownPending,
                                  ShutdownSent, ShutdownReceived, ShutdownAckSent, Ended>;

// The inside of an association: dispatch in association.cc, the handlers by phase of life in
// handshake.cc, transfer.cc (both directions), reset.cc and shutdown.cc.
class Association::Machine {
 public:
  Machine(const Config& config, PacketSink& lower);

  // association.cc
  void receive(Step& step, Bytes packet);
  void receiveChunks(Step& step, Bytes packet);
  void dispatch(Step& step, const CommonHeader& header, const ChunkView& chunk, bool first);
  bool hasAcceptableTag(const CommonHeader& header, const ChunkView& chunk) const;
  void onStranger(const CommonHeader& header, const ChunkView& chunk);
  bool onUnknown(const ChunkView& chunk);  // false: the rest of the packet is not for us
  void onAbort(Step& step, const ChunkView& chunk);
  void onError(Step& step, const ChunkView& chunk);
  void onTimer(Step& step);
  void flush(Step& step);
  bool flushReplies(Step& step);
  void flushHandshake(Outbox& out);
  Instant deadline() const;
  Stats snapshot() const;
  const char* inconsistency() const;

  // handshake.cc
  void connect(Step& step);
  void makeIdentity(Step& step);
  void onInit(Step& step, const CommonHeader& header, const ChunkView& chunk);
  void onInitAck(Step& step, const ChunkView& chunk);
  bool onCookieEcho(Step& step, const CommonHeader& header, const ChunkView& chunk);
  void onCookieAck(Step& step);
  void onStaleCookie(Step& step);
  void establish(Step& step, const char* trigger);
  void restart(Step& step, const Cookie& cookie);
  ByteVector initChunk() const;

  // transfer_in.cc
  void onData(Step& step, const ChunkView& chunk);
  void onForwardTsn(Step& step, const ChunkView& chunk);
  void deliver(std::vector<Complete>& complete);
  bool hasRoomFor(const DataChunk& data, bool next) const;
  std::size_t windowNow() const;
  bool owesWindow() const;  // the peer believes in a window that is much smaller
  void consumed(std::size_t bytes, std::size_t messages);
  bool sendSack(Outbox& out);

  // transfer_out.cc
  Result<void, SendError> send(Step& step, Message message, const SendOptions& options);
  void onSack(Step& step, const ChunkView& chunk);
  void takeSack(Step& step, const SackChunk& sack);
  void onT3(Step& step);
  bool mayTransmit() const;
  void sendData(Step& step, Outbox& out);
  bool sendLost(Step& step, Outbox& out, std::size_t packetsMax);
  void sendNew(Step& step, Outbox& out, std::size_t packetsMax);
  bool sendForwardTsn(Step& step, Outbox& out);
  void writeData(Step& step, MutableBytes room, DataChunk chunk, bool first);
  bool fitsWindows(std::size_t wire, std::size_t payload) const;
  void reportSent();

  // heartbeat.cc
  void startHeartbeat(Step& step);
  void onHeartbeat(const ChunkView& chunk);
  void onHeartbeatAck(Step& step, const ChunkView& chunk);
  void onHeartbeatTimer(Step& step);

  // reset.cc
  void resetStreams(Step& step, std::span<const StreamId> streams);
  void onReConfig(Step& step, const ChunkView& chunk);
  void onOutgoingRequest(Step& step, const OutgoingResetRequest& request);
  ResetResult judge(Step& step, const OutgoingResetRequest& request);
  void performReset(Step& step, const OutgoingResetRequest& request);
  void onIncomingRequest(Step& step, const IncomingResetRequest& request);
  void onResetResponse(Step& step, const ResetResponse& response);
  void respond(std::uint32_t sequence, ResetResult result);
  bool isNextRequest(std::uint32_t sequence);
  void tryDeferredReset(Step& step);
  void prepareReset();
  bool sendReset(Step& step, Outbox& out);

  // shutdown.cc
  void shutdown(Step& step);
  void abort(Step& step);
  void onShutdown(Step& step, const ChunkView& chunk);
  void onShutdownAck(Step& step);
  void onShutdownComplete(Step& step);
  void advanceShutdown(Step& step);
  void onShutdownTimers(Step& step);
  void fail(Step& step, Failed::Why why, const char* reason, Cause cause);
  void end(Step& step, bool answersShutdownAck, const char* trigger);
  ByteVector abortPacket() const;

  // Small things for all of them.
  template <class S>
  bool is() const {
    return std::holds_alternative<S>(state_);
  }
  bool hasEnded() const { return is<Ended>(); }
  bool isTransferring() const {
    return link_ && (is<Established>() || is<ShutdownPending>() || is<ShutdownReceived>());
  }
  void drop(Drop why) {
    ++stats_.drops[static_cast<std::size_t>(why)];
    untoldDrops_ |= 1u << static_cast<unsigned>(why);
  }
  void become(Step& step, StateVariant next, const char* trigger);
  void tellDrops(Step& step);
  void answer(ByteVector chunk);          // bundled, with the peer's tag
  void reply(Tag tag, ByteVector chunk);  // a packet of its own
  CommonHeader headerFor(Tag tag) const { return {config_.localPort, config_.remotePort, tag}; }

  struct Reply {
    Tag tag;
    ByteVector chunk;
  };

  Config config_;
  PacketSink& lower_;
  StateVariant state_;
  std::unique_ptr<Link> link_;
  SendQueue queue_;
  EventQueue<Event> events_;
  Stats stats_;
  std::uint32_t untoldDrops_ = 0;  // a bit per Drop, for the trace

  Tag ownTag_;
  Tsn ownTsn_;
  SipKey cookieKey_{};
  bool hasIdentity_ = false;

  std::vector<ChunkView> chunks_;   // of the packet being received
  std::vector<Complete> complete_;  // of the chunk being received
  bool sawData_ = false;            // in the packet being received
  std::vector<ByteVector> answers_;
  std::vector<Reply> replies_;
  std::vector<StreamId> earlyResets_;  // asked for before there was a link
  std::size_t unread_ = 0;
  std::uint64_t packetNumber_ = 0;
  std::optional<Tag> lastRemoteTag_;  // for abortPacket() after the end
  Cause lastCause_ = Cause::userAbort;
  Timer poolRetry_;
};

}  // namespace parley::sctp
