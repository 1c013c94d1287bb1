#pragma once

#include <cstdint>
#include <utility>

#include "core/address.h"
#include "core/host.h"
#include "core/random.h"

namespace parley::runtime {

// A file descriptor with an owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();

  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }  // who takes it closes it

 private:
  int number_ = -1;
};

bool setOption(int descriptor, int level, int name, int value);

struct PortRange {
  std::uint16_t min = 0;  // 0 and 0: any port the system gives
  std::uint16_t max = 0;
};

// Tries the ports of a range in random order, each once; 0 or an errno.
int bindWithin(int descriptor, const IpAddress& local, PortRange ports, Random& random);

OpenError openErrorOf(int systemError);

}  // namespace parley::runtime
