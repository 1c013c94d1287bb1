#include "runtime/interface_watch.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace parley::runtime {

namespace {

using boost::asio::posix::stream_descriptor;
using Errors = boost::system::error_code;

// A descriptor that becomes readable when links or addresses change; -1: the system has none.
int openNetlink() {
  const int descriptor =
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  local.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&local), sizeof local) == 0)
    return descriptor;
  ::close(descriptor);
  return -1;
}

// What it says does not matter: that it lost some (ENOBUFS) is news as well.
void drain(int descriptor) {
  std::array<char, 8'192> ignored{};
  while (::recv(descriptor, ignored.data(), ignored.size(), 0) >= 0 || errno == ENOBUFS) {
  }
}

}  // namespace

struct InterfaceWatch::State {
  State(boost::asio::io_context& context, const Options& options_, std::function<void()> changed_)
      : options(options_), changed(std::move(changed_)), netlink(context), timer(context) {}

  const Options options;
  const std::function<void()> changed;
  std::vector<NetworkInterface> last;
  stream_descriptor netlink;
  boost::asio::steady_timer timer;
  bool isLooking = false;  // the timer runs
  bool isOver = false;
};

InterfaceWatch::InterfaceWatch(boost::asio::io_context& context, Options options,
                               std::function<void()> changed)
    : context_(context), options_(std::move(options)), changed_(std::move(changed)) {}

InterfaceWatch::~InterfaceWatch() { stop(); }

void InterfaceWatch::start() {
  if (state_) return;
  state_ = std::make_shared<State>(context_, options_, changed_);
  if (const int descriptor = options_.useNetlink ? openNetlink() : -1; descriptor >= 0) {
    Errors error;
    (void)state_->netlink.assign(descriptor, error);
    if (error) ::close(descriptor);  // the reactor has no room for it
  }
  state_->last = options_.list();
  if (state_->netlink.is_open()) {
    await(state_);
  } else {
    lookAfter(state_, options_.poll);
  }
}

void InterfaceWatch::stop() {
  if (!state_) return;
  state_->isOver = true;
  Errors ignored;
  (void)state_->netlink.close(ignored);
  state_->timer.cancel();
  state_.reset();
}

const std::vector<NetworkInterface>* InterfaceWatch::known() const {
  const bool isCertain = state_ && state_->netlink.is_open() && !state_->isLooking;
  return isCertain ? &state_->last : nullptr;
}

std::size_t InterfaceWatch::sockets() const { return state_ && state_->netlink.is_open() ? 1 : 0; }

void InterfaceWatch::await(const std::shared_ptr<State>& state) {
  state->netlink.async_wait(stream_descriptor::wait_read, [state](const Errors& error) {
    if (error || state->isOver) return;
    drain(state->netlink.native_handle());
    lookAfter(state, state->options.settle);
    await(state);
  });
}

void InterfaceWatch::lookAfter(const std::shared_ptr<State>& state, Duration time) {
  if (std::exchange(state->isLooking, true)) return;
  state->timer.expires_after(time);
  state->timer.async_wait([state](const Errors& error) {
    if (error || state->isOver) return;
    state->isLooking = false;
    look(state);
  });
}

void InterfaceWatch::look(const std::shared_ptr<State>& state) {
  if (!state->netlink.is_open()) lookAfter(state, state->options.poll);
  std::vector<NetworkInterface> list = state->options.list();
  if (list == state->last) return;
  state->last = std::move(list);
  state->changed();
}

}  // namespace parley::runtime
