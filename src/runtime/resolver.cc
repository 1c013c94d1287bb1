#include "runtime/resolver.h"

#include <netdb.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "core/limits.h"
#include "runtime/socket_address.h"

namespace parley::runtime {

struct Resolver::State {
  std::mutex mutex;
  Answer answer;  // false: the resolver is gone
  std::deque<std::pair<ResolveId, std::string>> questions;
  std::size_t workers = 0;
};

namespace {

IpAddress ipOf(const addrinfo& entry) {
  if (entry.ai_family == AF_INET) {
    return runtime::ipOf(reinterpret_cast<const sockaddr_in*>(entry.ai_addr)->sin_addr);
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry.ai_addr);
  return runtime::ipOf(v6->sin6_addr, v6->sin6_scope_id);
}

std::vector<IpAddress> lookUp(const std::string& hostname) {
  if (const auto literal = IpAddress::parse(hostname)) return {*literal};
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* first = nullptr;
  if (::getaddrinfo(hostname.c_str(), nullptr, &hints, &first) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(first, &::freeaddrinfo);
  std::vector<IpAddress> found;
  for (const addrinfo* at = first; at; at = at->ai_next) {
    if (at->ai_family != AF_INET && at->ai_family != AF_INET6) continue;
    const IpAddress ip = ipOf(*at);
    if (std::ranges::find(found, ip) == found.end()) found.push_back(ip);
  }
  return found;
}

}  // namespace

Resolver::Resolver(Answer answer) : state_(std::make_shared<State>()) {
  state_->answer = std::move(answer);
}

Resolver::~Resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->answer = nullptr;
  state_->questions.clear();
}

void Resolver::ask(ResolveId request, std::string hostname) {
  const std::lock_guard lock(state_->mutex);
  state_->questions.emplace_back(request, std::move(hostname));
  if (state_->workers >= limits::loop::kResolverThreads) return;
  try {
    std::thread([state = state_] { work(state); }).detach();
    ++state_->workers;
  } catch (const std::system_error&) {  // no more threads to be had
    if (state_->workers > 0) return;    // whoever works will come to it
    state_->questions.pop_back();
    state_->answer(request, {});
  }
}

void Resolver::cancel(ResolveId request) {
  const std::lock_guard lock(state_->mutex);
  std::erase_if(state_->questions, [&](const auto& one) { return one.first == request; });
}

void Resolver::work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  while (!state->questions.empty()) {
    const auto [request, hostname] = std::move(state->questions.front());
    state->questions.pop_front();
    lock.unlock();
    std::vector<IpAddress> found = lookUp(hostname);
    lock.lock();
    if (state->answer) state->answer(request, std::move(found));
  }
  --state->workers;
}

}  // namespace parley::runtime
