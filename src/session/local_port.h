#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/host.h"
#include "session/port.h"
#include "session/session.h"
#include "session/tcp_mux.h"
#include "session/udp_mux.h"

namespace parley::session {

class LocalPort;

// What the ports of one host share: the host while it lives, and who must hear when it ends.
struct Attachment final : private Session::Listener {
  Host* host = nullptr;
  std::vector<LocalPort*> ports;
  std::vector<std::weak_ptr<MuxHandle>> muxes;
  std::vector<std::weak_ptr<TcpMuxHandle>> tcpMuxes;
  std::uint32_t subjects = 0;  // connections numbered so far
  std::shared_ptr<Trust> trust = std::make_shared<Trust>();

  std::shared_ptr<MuxHandle> openMux();  // without sockets; null: the host is gone
  std::shared_ptr<TcpMuxHandle> openTcpMux();
  std::size_t openMuxes() const;  // of both kinds
  void detach();                  // closes every session; the ports stay and are deaf
  // Takes a session that is to deliver what it was given before it closes.
  void flush(std::unique_ptr<Session> session, Close how);

 private:
  struct Flushing {
    Session* session;  // it belongs to the host
    std::function<void()> flushed;
  };
  void onEvents(std::vector<Event>) override {}
  void onClosed(Session& session) override;
  void tell(std::function<void()> flushed);

  std::vector<Flushing> flushing_;
};

// A session on the same thread: a command is a call, a batch of events is a call back at the end
// of the step. The listener queues tasks there and touches nothing else.
class LocalPort final : public Port, private Session::Listener {
 public:
  LocalPort(std::shared_ptr<Attachment> attachment, dtls::Context::Shared context, Config config,
            std::weak_ptr<Port::Listener> listener);
  ~LocalPort() override;

  void execute(Command command) override;

 private:
  friend struct Attachment;
  void onEvents(std::vector<Event> events) override;
  void end();

  std::shared_ptr<Attachment> attachment_;
  std::weak_ptr<Port::Listener> listener_;
  std::unique_ptr<Session> session_;
};

}  // namespace parley::session
