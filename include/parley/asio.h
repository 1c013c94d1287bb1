#pragma once

#include <boost/asio/io_context.hpp>

#include "parley/runtime.h"

namespace parley {

// A Parley loop on an io_context of your own: run the context, not the loop. Both belong to the
// one thread that runs the context. The context outlives the loop.
class AsioLoop : public Loop {
 public:
  explicit AsioLoop(boost::asio::io_context& context, LoopConfig config = {})
      : Loop(std::move(config), context) {}
};

}  // namespace parley
