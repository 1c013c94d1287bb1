#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/packet.h"
#include "core/ports.h"
#include "core/rate.h"
#include "core/step.h"
#include "core/time.h"
#include "core/timer.h"
#include "crypto/fingerprint.h"
#include "tls/context.h"
#include "tls/events.h"
#include "tls/flight.h"
#include "tls/handshake.h"
#include "tls/held.h"
#include "tls/hello.h"
#include "tls/record.h"
#include "tls/restarts.h"

namespace parley::dtls {

// One DTLS 1.2 association. OpenSSL makes the handshake and is then let go; records are sealed and
// opened here, in place, by keys taken from it. A session is tied to no address: whoever owns it
// says which datagrams reach it and where the ones it sends go.
//
// Order is its security: before start() nothing is parsed beyond record headers; the certificate
// is compared with the fingerprints before our Finished leaves; nothing is handed out before
// Connected; bytes without a valid tag are counted and forgotten, whatever they say.
class Session final : public PacketSink {
 public:
  // Takes one finished datagram before it returns and never calls back.
  class Lower {
   public:
    virtual void sendDatagram(Step& step, Packet datagram) = 0;

   protected:
    ~Lower() = default;
  };

  Session(Context::Shared context, Lower& lower);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Once, when a path is validated and the remote description is known. What came before is
  // processed now. `roundTrip`, where ICE measured one, sets the first retransmission; 0: unknown.
  void start(Step& step, Role role, std::vector<crypto::Fingerprint> fingerprints,
             Duration roundTrip = Duration::zero());
  // In its place: as the client of a server of the web, whose certificate OpenSSL verifies.
  void start(Step& step, ServerName server);

  // One datagram whose first byte is 20 to 63 (RFC 7983), in any state. Drain read() and
  // nextEvent() after it: plaintext of a lent datagram is valid for this step only.
  void receive(Step& step, Packet datagram);
  std::optional<Packet> read();

  // Seals in the packet's own room: 21 bytes in front, 16 behind. Dropped and counted unless
  // connected.
  void sendPacket(Step& step, Packet plaintext) override;

  // Says close_notify at once; nothing is sent or handed out after it. closeNotify() is the
  // datagram that was sent, to be repeated as it is while the peer may have missed it: as a replay
  // it can do no harm. Empty where there was nothing to say goodbye to. A session that is kept
  // still reports the peer's answer as Closed.
  void close(Step& step);
  Bytes closeNotify() const;

  void onTimer(Step& step);
  void flush(Step&) {}  // every packet leaves in the call that made it
  Instant deadline() const;
  std::optional<Event> nextEvent() { return events_.pop(); }

  bool isConnected() const { return std::holds_alternative<Open>(state_); }
  const Stats& stats() const { return stats_; }
  const Context& context() const { return *context_; }

 private:
  struct Waiting {  // for start()
    HeldDatagrams held;
  };
  struct Handshaking {
    Handshaking(Role role_, Policy policy_, Duration firstRetransmit)
        : role(role_),
          policy(std::make_unique<const Policy>(std::move(policy_))),
          retransmit({.initial = firstRetransmit, .longest = limits::dtls::kRetransmitMax}) {}

    Role role;
    std::unique_ptr<const Policy> policy;  // before the attempt, which looks at it
    MessageAssembler messages;
    std::unique_ptr<Handshake> attempt;  // client: none while a restart has to wait; server: none
                                         // before a hello was taken
    std::optional<Cookie> cookie;        // server: once a hello was not what it seemed
    Instant cookieAsked = Instant::min();
    HeldDatagrams early;  // application records that overtook the end
    FlightSender flight;
    Instant flightSent{};
    BackoffTimer retransmit;
    Timer giveUp;
    Timer secondOpinion;  // after a certificate that was not announced
    Restarts restarts;
    PerSecond verdicts{limits::dtls::kVerdictsPerSecond};
    std::optional<std::uint8_t> alertReceived;
    std::string lastError;
  };
  struct Open {
    RecordSealer sealer;
    RecordOpener opener;
    FlightSender lastFlight;  // server: until the peer has shown that it has it
    Instant lastFlightSent{};
  };
  struct Closing {  // we said close_notify and listen for the peer's
    RecordOpener opener;
    ByteVector closeNotify;
  };
  struct Ended {
    ByteVector closeNotify;
  };
  using State = std::variant<Waiting, Handshaking, Open, Closing, Ended>;

  // A datagram record by record; `owner` is the packet that holds the bytes, or null when they are
  // copies of ours.
  void receiveRecords(Step& step, MutableBytes datagram, Packet* owner);
  void receiveRecord(Step& step, const RecordView& record, bool isLast, Packet* owner);
  void hold(Waiting& waiting, Bytes datagram);

  // session_handshake.cc
  void begin(Step& step, Role role, Policy policy, Duration roundTrip);
  void receiveInHandshake(Step& step, Handshaking& handshaking, const RecordView& record);
  void receiveMessage(Step& step, Handshaking& handshaking, Message message);
  void receiveHello(Step& step, Handshaking& handshaking, Message message);
  void admit(Step& step, Handshaking& handshaking, Message hello, bool bringsCookie);
  void askForCookie(Step& step, Handshaking& handshaking);
  void repeatFlight(Step& step, Handshaking& handshaking);
  void onDatagramEnd(Step& step, Handshaking& handshaking);
  void beginAttempt(Step& step, Handshaking& handshaking);
  void settleAttempt(Step& step, Handshaking& handshaking);
  void restart(Step& step, Handshaking& handshaking);
  void retry(Step& step, Handshaking& handshaking);
  void connect(Step& step, Handshaking& handshaking);
  void sendFlight(Step& step, Handshaking& handshaking, const char* trigger);
  void giveUp(Step& step, Handshaking& handshaking, Failed failed);
  void onHandshakeTimer(Step& step, Handshaking& handshaking);

  // session.cc
  void receiveOpen(Step& step, Open& open, const RecordView& record, bool isLast, Packet* owner);
  void receiveClosing(Step& step, Closing& closing, const RecordView& record);
  void receiveAlert(Step& step, Open& open, Bytes alert);
  void sendLastFlight(Step& step, Open& open);
  void deliver(Step& step, MutableBytes plain, bool isLast, Packet* owner);
  std::optional<MutableBytes> openRecord(RecordOpener& opener, const RecordView& record);
  void send(Step& step, Bytes datagram);
  void fail(Step& step, Failed failed);
  void end(Step& step, State state, const char* name, std::string_view trigger);
  void receiveAny(Step& step, Packet datagram);
  const char* stateName() const;

  Context::Shared context_;
  Lower& lower_;
  State state_;
  EventQueue<Packet> plaintext_;
  std::size_t unread_ = 0;
  EventQueue<Event> events_;
  Stats stats_;
};

}  // namespace parley::dtls
