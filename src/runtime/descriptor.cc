#include "runtime/descriptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>

#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

int bindOnce(int descriptor, const Address& address) {
  const SocketAddress to(address);
  return ::bind(descriptor, to.data(), to.size()) == 0 ? 0 : errno;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

bool setOption(int descriptor, int level, int name, int value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

int bindWithin(int descriptor, const IpAddress& local, PortRange ports, Random& random) {
  if (ports.min == 0 && ports.max == 0) return bindOnce(descriptor, {local, 0});
  if (ports.min == 0 || ports.max < ports.min) return EADDRNOTAVAIL;
  // Steps of a width prime to the count visit every port once.
  const std::uint32_t count = 1u + ports.max - ports.min;
  auto width = static_cast<std::uint32_t>(1 + random.below(count));
  while (std::gcd(width, count) != 1) ++width;
  auto offset = static_cast<std::uint32_t>(random.below(count));
  int error = EADDRINUSE;
  for (std::uint32_t i = 0; i < count && error == EADDRINUSE; ++i) {
    error = bindOnce(descriptor, {local, static_cast<std::uint16_t>(ports.min + offset)});
    offset = (offset + width) % count;
  }
  return error;
}

OpenError openErrorOf(int systemError) {
  switch (systemError) {
    case EADDRINUSE:
      return OpenError::addressInUse;
    case EADDRNOTAVAIL:
    case ENODEV:
    case EINVAL:  // a link-local address without its zone
      return OpenError::addressNotAvailable;
    case EACCES:
    case EPERM:
      return OpenError::permissionDenied;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return OpenError::outOfResources;
    default:
      return OpenError::unsupported;
  }
}

}  // namespace parley::runtime
