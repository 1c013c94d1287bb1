#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/address.h"
#include "core/host.h"

namespace parley::runtime {

// The two ways out, replaceable where a test needs a socket that blocks: a local one never does.
struct SendCalls {
  decltype(&::sendmmsg) sendmmsg = &::sendmmsg;
  decltype(&::sendto) sendto = &::sendto;
};

struct WriteOutcome {
  std::uint64_t sent = 0;
  std::uint64_t errors = 0;
  std::uint64_t refused = 0;
  bool wouldBlock = false;
};

// Empties a queue of datagrams into a socket. Up to 64 go out with one call, and a run of equal
// sizes to one destination as one message that the kernel or the card cuts up (UDP GSO). What the
// system refuses for itself (too large, no route) is dropped and counted; order is kept.
class DatagramWriter {
 public:
  DatagramWriter(bool useMmsg, bool useGso, const SendCalls& calls = {})
      : useMmsg_(useMmsg), useGso_(useGso), calls_(calls) {}

  // On return the queue is empty, or begins with what would block.
  WriteOutcome write(int descriptor, const Address& bound, std::deque<Datagram>& queue);

 private:
  void writeBatch(int descriptor, const Address& bound, std::deque<Datagram>& queue,
                  WriteOutcome& outcome);
  void writeOne(int descriptor, std::deque<Datagram>& queue, WriteOutcome& outcome);
  void noteError(int error, std::size_t run, std::deque<Datagram>& queue, WriteOutcome& outcome);

  const bool useMmsg_;
  bool useGso_;  // falls once the system has refused it for good
  const SendCalls calls_;
  std::size_t unsegmented_ = 0;  // so many at the front go alone: refused as a run
};

}  // namespace parley::runtime
