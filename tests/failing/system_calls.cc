#include "failing/system_calls.h"

#include <dlfcn.h>
#include <ifaddrs.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <map>

namespace parley::failing {
namespace {

constexpr int kNoDescriptor[] = {EMFILE};
constexpr int kNoMemory[] = {ENOMEM};
constexpr int kBind[] = {EADDRNOTAVAIL, EPERM};
constexpr int kOption[] = {ENOPROTOOPT};
constexpr int kSend[] = {ENOBUFS, EAGAIN, EPERM, ENETUNREACH, EINTR};
constexpr int kReceive[] = {EAGAIN, EINTR, ECONNREFUSED, ENOMEM};
constexpr int kWait[] = {EINTR};

constexpr Call kCalls[] = {{"socket", kNoDescriptor, true},
                           {"bind", kBind, true},
                           {"getsockname", kNoMemory, true},
                           {"setsockopt", kOption, false},
                           {"sendmmsg", kSend, false},
                           {"recvmmsg", kReceive, false},
                           {"epoll_create1", kNoDescriptor, true},
                           {"epoll_ctl", kNoMemory, true},
                           {"epoll_wait", kWait, false},
                           {"eventfd", kNoDescriptor, true},
                           {"timerfd_create", kNoDescriptor, true},
                           {"getifaddrs", kNoMemory, true}};

constexpr int kConnect[] = {ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL, EACCES};
constexpr int kListen[] = {EADDRINUSE, EOPNOTSUPP};
constexpr int kAccept[] = {EMFILE, EAGAIN, EINTR, ECONNABORTED};
constexpr int kSendBytes[] = {EAGAIN, EINTR, ECONNRESET, EPIPE, ENOBUFS};
constexpr int kReceiveBytes[] = {EAGAIN, EINTR, ECONNRESET, ENOMEM};

constexpr Call kStreamCalls[] = {
    {"socket", kNoDescriptor, true},  {"bind", kBind, true},
    {"getsockname", kNoMemory, true}, {"getsockopt", kNoMemory, true},
    {"setsockopt", kOption, false},   {"connect", kConnect, true},
    {"listen", kListen, true},        {"accept4", kAccept, false},
    {"send", kSendBytes, true},       {"recv", kReceiveBytes, true},
    {"epoll_ctl", kNoMemory, true},   {"epoll_wait", kWait, false},
    {"eventfd", kNoDescriptor, true}, {"timerfd_create", kNoDescriptor, true},
};

std::map<std::string_view, std::uint64_t> counts;
std::string_view refusedName;
std::uint64_t refusedNth = 0;
int refusedError = 0;
bool isCounting = false;

bool isRefused(std::string_view name) {
  if (!isCounting || ++counts[name] != refusedNth || name != refusedName) return false;
  errno = refusedError;
  return true;
}

}  // namespace

std::span<const Call> calls() { return kCalls; }
std::span<const Call> streamCalls() { return kStreamCalls; }

void startCounting() {
  counts.clear();
  refusedNth = 0;
  isCounting = true;
}

std::uint64_t countOf(std::string_view name) { return counts[name]; }

void refuse(std::string_view name, std::uint64_t nth, int error) {
  startCounting();
  refusedName = name;
  refusedNth = nth;
  refusedError = error;
}

// The function of that name that would have been called without ours.
template <class Result, class... Parameters, class... Arguments>
static Result callOr(Result (*)(Parameters...), const char* name, Arguments... arguments) {
  using Function = Result(Parameters...);
  if (isRefused(name)) return -1;
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name))(arguments...);
}

}  // namespace parley::failing

using parley::failing::callOr;

extern "C" {

int socket(int domain, int type, int protocol) noexcept {
  return callOr(socket, "socket", domain, type, protocol);
}
int bind(int to, const sockaddr* address, socklen_t size) noexcept {
  return callOr(bind, "bind", to, address, size);
}
int getsockname(int of, sockaddr* address, socklen_t* size) noexcept {
  return callOr(getsockname, "getsockname", of, address, size);
}
int setsockopt(int of, int level, int name, const void* value, socklen_t size) noexcept {
  return callOr(setsockopt, "setsockopt", of, level, name, value, size);
}
int getsockopt(int of, int level, int name, void* value, socklen_t* size) noexcept {
  return callOr(getsockopt, "getsockopt", of, level, name, value, size);
}
int connect(int from, const sockaddr* address, socklen_t size) {
  return callOr(connect, "connect", from, address, size);
}
int listen(int at, int backlog) noexcept { return callOr(listen, "listen", at, backlog); }
int accept4(int at, sockaddr* address, socklen_t* size, int flags) {
  return callOr(accept4, "accept4", at, address, size, flags);
}
ssize_t send(int to, const void* bytes, size_t count, int flags) {
  return callOr(send, "send", to, bytes, count, flags);
}
ssize_t recv(int from, void* bytes, size_t count, int flags) {
  return callOr(recv, "recv", from, bytes, count, flags);
}
int sendmmsg(int to, mmsghdr* messages, unsigned count, int flags) {
  return callOr(sendmmsg, "sendmmsg", to, messages, count, flags);
}
int recvmmsg(int from, mmsghdr* messages, unsigned count, int flags, timespec* limit) {
  return callOr(recvmmsg, "recvmmsg", from, messages, count, flags, limit);
}
int epoll_create1(int flags) noexcept { return callOr(epoll_create1, "epoll_create1", flags); }
int epoll_ctl(int set, int how, int descriptor, epoll_event* event) noexcept {
  return callOr(epoll_ctl, "epoll_ctl", set, how, descriptor, event);
}
int epoll_wait(int set, epoll_event* events, int room, int limit) {
  return callOr(epoll_wait, "epoll_wait", set, events, room, limit);
}
int eventfd(unsigned value, int flags) noexcept { return callOr(eventfd, "eventfd", value, flags); }
int timerfd_create(clockid_t clock, int flags) noexcept {
  return callOr(timerfd_create, "timerfd_create", clock, flags);
}
int getifaddrs(ifaddrs** list) noexcept { return callOr(getifaddrs, "getifaddrs", list); }
}
