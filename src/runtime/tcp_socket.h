#pragma once

#include <optional>
#include <utility>

#include "core/address.h"
#include "core/host.h"
#include "core/random.h"
#include "core/result.h"
#include "runtime/descriptor.h"

namespace parley::runtime {

// A non-blocking TCP descriptor as it is born: connecting, listening or accepted. It neither reads
// nor writes.
struct TcpSocket {
  Descriptor descriptor;
  Address local;                   // of one that connects only once it has connected
  Address remote;                  // of one that was accepted
  std::optional<StreamEnd> ended;  // it could not even begin to connect

  static Result<TcpSocket, OpenError> connect(const TcpOptions& options, Random& random);
  static Result<TcpSocket, OpenError> listen(const TcpListenOptions& options, Random& random);
  static Result<TcpSocket, int> accept(int listener);  // or an errno
};

Address localOf(int descriptor);
StreamEnd streamEndOf(int systemError);

}  // namespace parley::runtime
