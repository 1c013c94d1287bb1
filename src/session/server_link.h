#pragma once

#include <optional>
#include <string>

#include "core/host.h"

namespace parley::session {

// A way to a TURN server that has to be made before anything can be asked, other than UDP: a
// stream, or DTLS. It opens no socket; its owner tells it what comes on that, and closes it.
class ServerLink {
 public:
  virtual ~ServerLink() = default;

  virtual void start(Step& step) = 0;
  virtual void onDatagram(Step&, Packet) {}
  virtual void onOpened(Step&) {}
  virtual void onBytes(Step&, MutableBytes) {}
  virtual void onClosed(Step&, StreamEnd) {}
  // The next whole message that came, to be asked for until there is none. Its bytes stay put until
  // the next call of anything, and no longer than the step.
  virtual std::optional<MutableBytes> next() = 0;

  virtual void send(Step& step, Packet message) = 0;  // dropped unless it is ready and has room
  virtual void close(Step& step) = 0;                 // says goodbye

  virtual void onTimer(Step& step) = 0;
  virtual Instant deadline() const = 0;
  virtual bool isReady() const = 0;
  virtual const std::optional<std::string>& failure() const = 0;  // why it is of no use
};

}  // namespace parley::session
