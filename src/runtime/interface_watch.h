#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/host.h"
#include "core/limits.h"

namespace boost::asio {
class io_context;
}

namespace parley::runtime {

// Says when the list of interfaces is not what it was. The system tells over netlink that something
// happened; where it does not, the list is looked at now and then. Changes that come together are
// one, and what leaves the list as it was is none.
class InterfaceWatch {
 public:
  struct Options {
    std::function<std::vector<NetworkInterface>()> list;
    bool useNetlink = true;
    Duration settle = limits::loop::kInterfacesSettle;
    Duration poll = limits::loop::kInterfacesPoll;
  };

  InterfaceWatch(boost::asio::io_context& context, Options options, std::function<void()> changed);
  ~InterfaceWatch();
  InterfaceWatch(const InterfaceWatch&) = delete;
  InterfaceWatch& operator=(const InterfaceWatch&) = delete;

  void start();
  void stop();
  // The list while it is certain to be told of changes and knows of none; else nullptr.
  const std::vector<NetworkInterface>* known() const;
  std::size_t sockets() const;  // 0 while it is stopped and where it polls

 private:
  struct State;
  static void await(const std::shared_ptr<State>& state);
  static void lookAfter(const std::shared_ptr<State>& state, Duration time);
  static void look(const std::shared_ptr<State>& state);

  boost::asio::io_context& context_;
  Options options_;
  std::function<void()> changed_;
  std::shared_ptr<State> state_;  // of one watch, from start() to stop()
};

}  // namespace parley::runtime
