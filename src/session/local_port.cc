#include "session/local_port.h"

#include <algorithm>

namespace parley::session {

void Attachment::detach() {
  // What a listener lets go of may be another port, so each is looked up anew.
  while (!ports.empty()) {
    LocalPort* port = ports.back();
    ports.pop_back();
    port->end();
    if (const auto listener = port->listener_.lock()) listener->onEngineGone();
  }
  host = nullptr;
}

LocalPort::LocalPort(std::shared_ptr<Attachment> attachment, dtls::Context::Shared context,
                     Config config, std::weak_ptr<Port::Listener> listener)
    : attachment_(std::move(attachment)), listener_(std::move(listener)) {
  if (!attachment_->host) return;
  attachment_->ports.push_back(this);
  if (config.subject == 0) config.subject = ++attachment_->subjects;
  session_ = std::make_unique<Session>(*attachment_->host, std::move(context), std::move(config),
                                       static_cast<Session::Listener&>(*this), attachment_->trust);
}

LocalPort::~LocalPort() {
  end();
  std::erase(attachment_->ports, this);
}

void LocalPort::execute(Command command) {
  if (!session_) return;
  if (std::holds_alternative<Close>(command)) return end();
  session_->execute(std::move(command));
}

void LocalPort::onEvents(std::vector<Event> events) {
  if (const auto listener = listener_.lock()) listener->onSession(std::move(events));
}

void LocalPort::end() { session_.reset(); }

}  // namespace parley::session
