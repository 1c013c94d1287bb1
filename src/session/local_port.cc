#include "session/local_port.h"

#include <algorithm>

namespace parley::session {
namespace {

template <class Handle>
std::shared_ptr<Handle> open(Host* host, std::vector<std::weak_ptr<Handle>>& all) {
  if (!host) return nullptr;
  std::erase_if(all, [](const auto& each) { return each.expired(); });
  auto handle = std::make_shared<Handle>(*host);
  all.push_back(handle);
  return handle;
}

template <class Handle>
void shut(std::vector<std::weak_ptr<Handle>>& all) {
  for (const auto& each : all)
    if (const auto handle = each.lock()) handle->mux.reset();
  all.clear();
}

template <class Handle>
std::size_t openOf(const std::vector<std::weak_ptr<Handle>>& all) {
  return static_cast<std::size_t>(std::ranges::count_if(all, [](const auto& each) {
    const auto handle = each.lock();
    return handle && handle->mux;
  }));
}

}  // namespace

void Attachment::detach() {
  // What a listener lets go of may be another port, so each is looked up anew.
  while (!ports.empty()) {
    LocalPort* port = ports.back();
    ports.pop_back();
    port->end();
    if (const auto listener = port->listener_.lock()) listener->onEngineGone();
  }
  while (!flushing_.empty()) flushing_.back().session->close();
  shut(muxes);
  shut(tcpMuxes);
  host = nullptr;
}

void Attachment::flush(std::unique_ptr<Session> session, Close how) {
  // One with nothing to deliver closes as it goes.
  if (!session->flush(*this, how.flush)) return tell(std::move(how.flushed));
  flushing_.push_back({session.get(), std::move(how.flushed)});
  host->adopt(std::move(session));
}

void Attachment::onClosed(Session& session) {
  const auto found = std::ranges::find(flushing_, &session, &Flushing::session);
  if (found == flushing_.end()) return;
  tell(std::move(found->flushed));
  flushing_.erase(found);
}

// As a task, for it may do anything.
void Attachment::tell(std::function<void()> flushed) {
  if (flushed) host->queueTask(std::move(flushed));
}

std::size_t Attachment::openMuxes() const { return openOf(muxes) + openOf(tcpMuxes); }

std::shared_ptr<MuxHandle> Attachment::openMux() { return open(host, muxes); }

std::shared_ptr<TcpMuxHandle> Attachment::openTcpMux() { return open(host, tcpMuxes); }

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
  if (auto* close = std::get_if<Close>(&command)) {
    if (close->flush > Duration::zero()) attachment_->flush(std::move(session_), std::move(*close));
    return end();
  }
  session_->execute(std::move(command));
}

void LocalPort::onEvents(std::vector<Event> events) {
  if (const auto listener = listener_.lock()) listener->onSession(std::move(events));
}

void LocalPort::end() { session_.reset(); }

}  // namespace parley::session
