#pragma once

#include <optional>
#include <vector>

#include "channel/channels.h"
#include "core/ports.h"
#include "core/step.h"
#include "sctp/association.h"
#include "session/port.h"

namespace parley::session {

// The association of a peer and the channels in it. It rides on whatever transport route() names
// and is made when that is settled; channels opened before wait. Events are queued for the session.
class DataPlane final : private PacketSink {
 public:
  explicit DataPlane(const Config& config) : config_(config) {}

  void start(Step& step, const StartSctp& start, bool dtlsClient);
  void route(PacketSink& transport) { transport_ = &transport; }
  void unroute() { transport_ = nullptr; }
  void connect(Step& step);  // DTLS is up

  bool isEnded() const { return ended_; }
  bool isStarted() const { return association_.has_value(); }
  TransportId transport() const { return transportId_; }

  void open(Step& step, OpenChannel command);
  void send(Step& step, SendMessage command);
  void close(Step& step, const CloseChannel& command);
  void consumed(Step& step, const Consumed& command);

  void receive(Step& step, Bytes packet);
  void settle(Step& step);
  void onTimer(Step& step);
  Instant deadline() const;

  // ABORT leaves at once, and all is silent after it; nothing if it never connected.
  void abort(Step& step);
  // All that was sent is delivered, then SCTP says SHUTDOWN (RFC 9260 9.2) and this has ended.
  // False: it is not connected.
  bool shutdown(Step& step);
  // The path is gone for good (DTLS failed or was closed): every channel ends with this reason.
  void fail(Step& step, bool closedByPeer, const char* reason);
  // The data section went away: the same without an error, and start() may begin anew.
  void stop(Step& step);

  std::vector<Event> takeEvents() { return std::move(events_); }
  const char* inconsistency() const;
  std::size_t bytesUnread() const;

 private:
  void sendPacket(Step& step, Packet packet) override;
  bool pump(Step& step);  // true: something had happened
  void collect();
  void noteAssociation(const sctp::Event& event);
  void end(Step& step, const sctp::Event& how, SctpStateChanged change);

  const Config& config_;
  PacketSink* transport_ = nullptr;
  TransportId transportId_{};
  std::optional<sctp::Association> association_;
  std::optional<channel::Channels> channels_;
  std::uint32_t number_ = 0;          // of the association
  std::uint32_t announced_ = 0;       // channels, by associations before
  std::vector<OpenChannel> waiting_;  // opened before there was an association
  std::vector<Event> events_;
  bool connected_ = false;
  bool ended_ = false;
};

}  // namespace parley::session
