#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "core/host.h"

namespace boost::asio {
class io_context;
}

namespace parley::runtime {

// Says which of many sockets can be read or written, by an epoll of its own of which Asio sees one
// descriptor. A server has thousands of sockets that come and go: here they cost no handler and no
// memory, and a wake-up finds all that are ready at once. Readiness is told once (edge triggered):
// who is told that a socket can be read reads until nothing is left, or remembers that there is
// more.
class Readiness {
 public:
  struct Ready {
    SocketId socket;
    bool canRead = false;  // or has an error, which a read shows
    bool canWrite = false;
  };
  using Take = std::function<void(const Ready&)>;

  // `take` is called in a handler of the context; it may add and remove.
  Readiness(boost::asio::io_context& context, Take take);
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // 0 or an errno. `descriptor` stays its owner's, who removes it before closing it.
  int add(int descriptor, SocketId socket);
  void remove(int descriptor);
  // To be told once that it can be written; told that it can be read is whoever was added anyway.
  void awaitWritable(int descriptor, SocketId socket);

 private:
  struct State;
  static void await(const std::shared_ptr<State>& state);
  static void look(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // handlers outlive us on contexts of others
};

}  // namespace parley::runtime
