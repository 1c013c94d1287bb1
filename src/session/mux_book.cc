#include "session/mux_book.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/limits.h"

namespace parley::session {

// Ours and random, so that nobody else chooses where they fall.
std::size_t MuxBook::TransactionHash::operator()(
    const stun::TransactionId& transaction) const noexcept {
  std::uint64_t word;
  static_assert(sizeof transaction >= sizeof word);
  std::memcpy(&word, transaction.data(), sizeof word);
  return static_cast<std::size_t>(word);
}

void MuxBook::add(SocketId share) { shares_.try_emplace(share); }

bool MuxBook::name(SocketId share, std::span<const std::string> fragments) {
  const auto isTaken = [&](const std::string& fragment) {
    const auto holder = fragments_.find(fragment);
    return holder != fragments_.end() && holder->second != share;
  };
  if (std::ranges::any_of(fragments, isTaken)) return false;
  Share& named = shares_[share];
  for (const std::string& before : named.fragments) fragments_.erase(before);
  named.fragments.assign(fragments.begin(), fragments.end());
  for (const std::string& fragment : named.fragments) fragments_.emplace(fragment, share);
  return true;
}

void MuxBook::expect(SocketId share, const stun::TransactionId& transaction) {
  const auto found = shares_.find(share);
  if (found == shares_.end() || !expected_.emplace(transaction, share).second) return;
  auto& expected = found->second.expected;
  expected.push_back(transaction);
  if (expected.size() <= limits::mux::kRequestsKept) return;
  expected_.erase(expected.front());
  expected.pop_front();
}

void MuxBook::remove(SocketId share) {
  const auto found = shares_.find(share);
  if (found == shares_.end()) return;
  for (const std::string& fragment : found->second.fragments) fragments_.erase(fragment);
  for (const stun::TransactionId& transaction : found->second.expected)
    expected_.erase(transaction);
  shares_.erase(found);
}

std::optional<SocketId> MuxBook::shareFor(const stun::MessageView& message) const {
  if (message.method() != stun::Method::binding) return std::nullopt;
  if (message.messageClass() == stun::Class::request) {
    // RFC 8445 7.2.2: the receiver's fragment comes first.
    const std::string_view username = message.username().value_or("");
    const auto named = fragments_.find(username.substr(0, username.find(':')));
    return named == fragments_.end() ? std::nullopt : std::optional(named->second);
  }
  if (message.messageClass() == stun::Class::indication) return std::nullopt;
  const auto asked = expected_.find(message.transaction());
  return asked == expected_.end() ? std::nullopt : std::optional(asked->second);
}

}  // namespace parley::session
