#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "core/byte_queue.h"
#include "core/host.h"
#include "core/time.h"
#include "core/timer.h"
#include "sim/tcp_segment.h"

namespace parley::sim {

// One end of a TCP connection as a plain model of it: bytes in order, a window of fixed size,
// repetition by time and by acknowledgements that say the same three times, and the end after
// limits::loop::kStreamTimeout without progress. It knows neither addresses nor sockets.
class TcpConnection {
 public:
  class Sink {
   public:
    virtual void sendSegment(const TcpSegment& segment) = 0;

   protected:
    ~Sink() = default;
  };

  // `peer` is 0 for the end that connects.
  TcpConnection(Sink& lower, std::uint32_t number, std::uint32_t peer)
      : lower_(lower), number_(number), peer_(peer) {}

  void start(Instant now);  // says SYN, or answers one
  void receive(const TcpSegment& segment, Instant now);
  void write(Bytes bytes) { out_.push(bytes); }
  void flush(Instant now);  // what the window allows
  void close(Instant now);  // FIN, behind what was written; what comes is forgotten
  void abort();             // RST
  void onTimer(Instant now);
  Instant deadline() const { return earliest(repeat_.due(), farewell_.due()); }

  bool isOpen() const { return isOpen_; }
  bool isGone() const;  // nothing more will come of it
  const std::optional<StreamEnd>& ended() const {
    return ended_;
  }  // but first what is in received()
  ByteQueue& received() { return in_; }
  std::size_t unsent() const { return out_.size(); }  // or not acknowledged
  std::uint32_t peer() const { return peer_; }

 private:
  std::uint64_t end() const { return acknowledged_ + out_.size(); }
  std::uint64_t expected() const { return next_ + (peerHasEnded_ ? 1 : 0); }
  void say(TcpSegment::Kind kind, std::uint64_t offset, Bytes payload = {});
  void greet();
  void sendFrom(std::uint64_t offset);
  void takeAcknowledgement(const TcpSegment& segment, Instant now);
  void takePayload(const TcpSegment& segment);
  void takeInOrder(Bytes bytes);
  void expectAnswer(Instant now);
  void noteProgress(Instant now);

  Sink& lower_;
  const std::uint32_t number_;
  std::uint32_t peer_;
  bool isOpen_ = false;
  bool isClosed_ = false;  // by us
  std::optional<StreamEnd> ended_;

  ByteQueue out_;                   // from acknowledged_ on
  std::uint64_t acknowledged_ = 0;  // of ours
  std::uint64_t sent_ = 0;
  bool isFinSent_ = false;
  bool isFinAcknowledged_ = false;
  int repeated_ = 0;  // acknowledgements that said the same

  ByteQueue in_;
  std::uint64_t next_ = 0;                     // of theirs
  std::map<std::uint64_t, ByteVector> ahead_;  // what overtook something
  std::optional<std::uint64_t> finAt_;
  bool peerHasEnded_ = false;

  Timer repeat_;
  Timer farewell_;
  Duration patience_;  // until the next repetition
  Instant progress_{};
};

}  // namespace parley::sim
