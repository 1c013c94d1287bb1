#include "runtime/readiness.h"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

#include "runtime/descriptor.h"

namespace parley::runtime {

namespace {

using boost::asio::posix::stream_descriptor;
using Errors = boost::system::error_code;

constexpr std::uint32_t kRead = EPOLLIN | EPOLLET;
constexpr std::size_t kAtOnce = 128;  // per call

int change(int set, int how, int descriptor, std::uint32_t events, SocketId socket) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = std::uint64_t{socket.value} << 32 | static_cast<std::uint32_t>(descriptor);
  return ::epoll_ctl(set, how, descriptor, &event) == 0 ? 0 : errno;
}

SocketId socketOf(const epoll_event& event) {
  return SocketId{static_cast<std::uint32_t>(event.data.u64 >> 32)};
}

int descriptorOf(const epoll_event& event) {
  return static_cast<int>(static_cast<std::uint32_t>(event.data.u64));
}

}  // namespace

struct Readiness::State {
  State(boost::asio::io_context& context, Take take_) : take(std::move(take_)), set(context) {}

  const Take take;
  stream_descriptor set;
  std::size_t members = 0;
  std::uint64_t waits = 0;  // begun; a handler of an earlier one than the last has nothing to say
  bool isAwaited = false;
  bool isOver = false;
};

Readiness::Readiness(boost::asio::io_context& context, Take take)
    : state_(std::make_shared<State>(context, std::move(take))) {
  Descriptor set(::epoll_create1(EPOLL_CLOEXEC));
  if (set.number() < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  state_->set.assign(set.number());  // throws likewise
  set.release();
}

Readiness::~Readiness() {
  state_->isOver = true;
  Errors ignored;
  (void)state_->set.close(ignored);
}

int Readiness::add(int descriptor, SocketId socket) {
  const int error = change(state_->set.native_handle(), EPOLL_CTL_ADD, descriptor, kRead, socket);
  if (error != 0) return error;
  ++state_->members;
  await(state_);
  return 0;
}

// Without members nothing is awaited: a context with nothing else to do may return from run().
void Readiness::remove(int descriptor) {
  change(state_->set.native_handle(), EPOLL_CTL_DEL, descriptor, 0, {});
  if (--state_->members > 0 || !std::exchange(state_->isAwaited, false)) return;
  ++state_->waits;
  Errors ignored;
  (void)state_->set.cancel(ignored);
}

void Readiness::awaitWritable(int descriptor, SocketId socket) {
  change(state_->set.native_handle(), EPOLL_CTL_MOD, descriptor, kRead | EPOLLOUT, socket);
}

void Readiness::await(const std::shared_ptr<State>& state) {
  if (state->members == 0 || std::exchange(state->isAwaited, true)) return;
  state->set.async_wait(stream_descriptor::wait_read,
                        [state, wait = ++state->waits](const Errors& error) {
                          if (error == boost::asio::error::operation_aborted) return;
                          if (state->isOver || wait != state->waits) return;
                          state->isAwaited = false;
                          look(state);
                          if (!state->isOver) await(state);
                        });
}

void Readiness::look(const std::shared_ptr<State>& state) {
  std::array<epoll_event, kAtOnce> events;
  const std::size_t most = state->members;  // more have become ready anew: the next look finds them
  for (std::size_t seen = 0; seen < most;) {
    const int got = ::epoll_wait(state->set.native_handle(), events.data(), kAtOnce, 0);
    if (got <= 0) return;
    for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(got))) {
      const bool canWrite = (event.events & EPOLLOUT) != 0;
      // Were it left on, every packet that the system has sent would be told.
      if (canWrite)
        change(state->set.native_handle(), EPOLL_CTL_MOD, descriptorOf(event), kRead,
               socketOf(event));
      state->take({socketOf(event), (event.events & ~std::uint32_t{EPOLLOUT}) != 0, canWrite});
      if (state->isOver) return;
    }
    if (static_cast<std::size_t>(got) < events.size()) return;
    seen += static_cast<std::size_t>(got);
  }
}

}  // namespace parley::runtime
