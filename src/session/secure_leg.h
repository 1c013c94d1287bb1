#pragma once

#include "core/packet.h"
#include "core/step.h"
#include "tls/session.h"

namespace parley::session {

// Where the records of a DTLS session leave: a transport while the peer lives, its tail after.
class DatagramSink {
 public:
  virtual void sendDatagram(Step& step, Packet datagram) = 0;

 protected:
  ~DatagramSink() = default;
};

// A DTLS session that can change hands: it outlives the transport that made it when close()
// leaves it, with its keys and its farewell, to the tail.
class SecureLeg final : private dtls::Session::Lower {
 public:
  SecureLeg(dtls::Context::Shared context, DatagramSink& sink)
      : sink_(&sink), session_(std::move(context), *this) {}

  dtls::Session& session() { return session_; }
  const dtls::Session& session() const { return session_; }
  void moveTo(DatagramSink& sink) { sink_ = &sink; }

 private:
  void sendDatagram(Step& step, Packet datagram) override {
    sink_->sendDatagram(step, std::move(datagram));
  }

  DatagramSink* sink_;
  dtls::Session session_;
};

}  // namespace parley::session
