#pragma once

#include <memory>

#include "core/host.h"

namespace parley::session {

// What a configuration says of a mux, of either kind. The mux goes when its maker or its host does,
// and configurations may be held on other threads: only `host` may be looked at there.
template <class Mux>
struct MuxHandleOf {
  explicit MuxHandleOf(Host& on) : host(&on), mux(std::make_unique<Mux>(on)) {}

  Host* const host;
  std::unique_ptr<Mux> mux;
};

// Null: there is none, or it is gone, or it is another host's.
template <class Handle>
auto* muxOn(const Host& host, const std::shared_ptr<Handle>& handle) {
  return handle && handle->host == &host ? handle->mux.get() : nullptr;
}

}  // namespace parley::session
