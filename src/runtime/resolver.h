#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/host.h"

namespace parley::runtime {

// Host names to addresses by the system's resolver, which blocks: on a few threads that come when
// there is something to ask and go when there is not. A look-up that hangs holds up neither the
// others nor the destructor; its thread ends on its own and nobody hears its answer.
class Resolver {
 public:
  using Answer = std::function<void(ResolveId, std::vector<IpAddress>)>;  // empty: it failed

  explicit Resolver(Answer answer);  // called on any thread, never after the destructor began
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void ask(ResolveId request, std::string hostname);
  void cancel(ResolveId request);  // an answer under way may still come

 private:
  struct State;
  static void work(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace parley::runtime
