#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/bytes.h"
#include "core/ports.h"
#include "core/step.h"
#include "core/timer.h"
#include "tls/stream_context.h"

namespace parley::tls {

// The peer is who it should be, and bytes may flow.
struct Connected {
  std::string alpn;     // agreed on; empty: none
  std::string version;  // "TLSv1.3"
  std::string cipher;
};
// The peer said close_notify: it has said all that it will. Ours was sent in answer.
struct Closed {};

enum class FailureReason : std::uint8_t {
  unknownAuthority,  // the chain ends at nobody we trust
  expired,
  notYetValid,
  wrongHost,       // a good certificate, but of another name or address
  badCertificate,  // anything else that is wrong with the chain
  alert,           // the peer refused
  protocol,        // what came was no TLS, or none that we speak
  truncated,       // the stream ended without close_notify
  timeout,         // the handshake took too long
  unread,          // more plaintext than limits::tls::kUnreadBytes was left lying
  outOfMemory,
};
std::string_view describe(FailureReason reason);  // one sentence for people

struct Failed {
  FailureReason reason = FailureReason::protocol;
  std::string detail;  // OpenSSL's word for it
};
using Event = std::variant<Connected, Closed, Failed>;

// One end of a TLS connection over anything that carries bytes in order; Client and Server are the
// two kinds. It knows no sockets: the owner feeds it what comes, in pieces of any size, and writes
// what it says to `lower`. Nothing is handed out before Connected, nor after Closed or Failed.
class Stream {
 public:
  // Takes the bytes before it returns and never calls back.
  class Sink {
   public:
    virtual void sendBytes(Step& step, Bytes ciphertext) = 0;

   protected:
    ~Sink() = default;
  };

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void start(Step& step);  // once, when the connection below stands
  void receive(Step& step, Bytes ciphertext);
  void receiveEnd(Step& step);  // the connection below is no more
  ByteVector read();            // the plaintext that has come since; to be called after receive()
  bool send(Step& step, Bytes plaintext);  // false, and nothing was sent, unless connected
  void close(Step& step);                  // close_notify; the owner closes what is below

  void onTimer(Step& step);
  Instant deadline() const { return giveUp_.due(); }
  std::optional<Event> nextEvent() { return events_.pop(); }

  bool isConnected() const { return state_ == State::open; }
  // No more than what so many bytes of plaintext become below, to be compared with its room.
  static constexpr std::size_t sealedMax(std::size_t plaintext) {
    return plaintext + (plaintext / kRecord + 1) * kRecordOverhead;
  }

 protected:
  enum class Role : std::uint8_t { client, server };

  Stream(Context::Shared context, Role role, std::string hostname, Sink& lower);
  ~Stream();

 private:
  enum class State : std::uint8_t { idle, handshaking, open, ended };
  struct Native;

  static constexpr std::size_t kRecord = 16'384;      // RFC 8446 5.1
  static constexpr std::size_t kRecordOverhead = 64;  // header, nonce, tag, type

  bool prepare();
  void advance(Step& step);
  void handshake(Step& step);
  void readRecords(Step& step);
  void flush(Step& step);
  void failBy(Step& step, int outcome);
  void fail(Step& step, FailureReason reason, std::string detail);
  void end();

  Context::Shared context_;
  const Role role_;
  const std::string hostname_;
  Sink& lower_;
  std::unique_ptr<Native> native_;
  State state_ = State::idle;
  ByteVector plaintext_;
  EventQueue<Event> events_;
  Timer giveUp_;
};

// Verifies the chain and that it is of `hostname`, a DNS name or an IP address as text.
class Client final : public Stream {
 public:
  Client(Context::Shared context, std::string hostname, Sink& lower)
      : Stream(std::move(context), Role::client, std::move(hostname), lower) {}
};

class Server final : public Stream {
 public:
  Server(Context::Shared context, Sink& lower)
      : Stream(std::move(context), Role::server, {}, lower) {}
};

}  // namespace parley::tls
