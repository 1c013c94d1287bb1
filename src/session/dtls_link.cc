#include "session/dtls_link.h"

#include <utility>
#include <variant>

namespace parley::session {

DtlsLink::DtlsLink(Host& host, const BoundUdp& socket, const Address& server,
                   dtls::Context::Shared context, std::string hostname)
    : host_(host),
      socket_(socket),
      server_(server),
      hostname_(std::move(hostname)),
      session_(std::move(context), static_cast<dtls::Session::Lower&>(*this)) {}

void DtlsLink::start(Step& step) {
  session_.start(step, dtls::ServerName{hostname_, step.wallMicros});
  collect();
}

// Lent to the session, so that each of several records is a packet that may be written into.
void DtlsLink::onDatagram(Step& step, Packet datagram) {
  while (session_.read()) {
  }
  message_ = {};
  datagram_ = std::move(datagram);
  session_.receive(step, Packet::lend(datagram_.mutableBytes()));
  collect();
}

std::optional<MutableBytes> DtlsLink::next() {
  auto message = session_.read();
  if (!message) return std::nullopt;
  message_ = std::move(*message);
  return message_.mutableBytes();
}

void DtlsLink::send(Step& step, Packet message) {
  if (message.headroom() < dtls::RecordSealer::kFrontMax ||
      message.tailroom() < dtls::RecordSealer::kBack)
    message = step.packets.copyOf(message.bytes());
  if (message) session_.sendPacket(step, std::move(message));
  collect();
}

void DtlsLink::close(Step& step) { session_.close(step); }

void DtlsLink::onTimer(Step& step) {
  session_.onTimer(step);
  collect();
}

void DtlsLink::sendDatagram(Step&, Packet datagram) {
  host_.send({.socket = socket_.socket,
              .local = socket_.local,
              .remote = server_,
              .packet = std::move(datagram)});
}

void DtlsLink::collect() {
  while (const auto event = session_.nextEvent()) {
    if (std::holds_alternative<dtls::Closed>(*event))
      failure_ = "the server closed the DTLS connection";
    if (const auto* failed = std::get_if<dtls::Failed>(&*event))
      failure_ = "DTLS: " + (failed->reason == dtls::FailureReason::untrusted
                                 ? failed->detail
                                 : std::string(dtls::describe(failed->reason)));
  }
}

}  // namespace parley::session
