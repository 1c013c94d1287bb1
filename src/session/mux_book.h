#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/host.h"
#include "stun/message.h"

namespace parley::session {

// Whose a STUN message on a shared socket is: a request's by the fragment of ours in its USERNAME,
// a response's by the transaction. It believes nothing: the agent of the share checks what comes.
class MuxBook {
 public:
  void add(SocketId share);  // it may ask, and has no fragments yet
  // The fragments that are the share's from now on, in place of those before. False, and all is as
  // it was: one of them is another share's.
  bool name(SocketId share, std::span<const std::string> fragments);
  // A request went out whose answer may come from an address without a route.
  void expect(SocketId share, const stun::TransactionId& transaction);
  void remove(SocketId share);

  std::optional<SocketId> shareFor(const stun::MessageView& message) const;
  std::size_t shares() const { return shares_.size(); }

 private:
  struct Text {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct TransactionHash {
    std::size_t operator()(const stun::TransactionId& transaction) const noexcept;
  };
  struct Share {
    std::vector<std::string> fragments;
    std::deque<stun::TransactionId> expected;
  };

  std::unordered_map<SocketId, Share> shares_;
  std::unordered_map<std::string, SocketId, Text, std::equal_to<>> fragments_;
  std::unordered_map<stun::TransactionId, SocketId, TransactionHash> expected_;
};

}  // namespace parley::session
