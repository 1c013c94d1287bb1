#pragma once

#include <memory>
#include <vector>

#include "parley/event.h"

namespace parley::peer {

// Where the user's callables wait for their end. Destroying one may destroy anything, even the
// object whose handlers are being cleared, so they are collected first and let go last.
class Graves {
 public:
  template <class... Handlers>
  void bury(Handlers&... handlers) {
    (callables_.push_back(handlers.release()), ...);
  }
  void keep(std::shared_ptr<void> object) { callables_.push_back(std::move(object)); }

 private:
  std::vector<std::shared_ptr<void>> callables_;
};

}  // namespace parley::peer
