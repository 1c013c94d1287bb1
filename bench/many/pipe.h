#pragma once

#include <parley/parley.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace bench {

// What the two processes tell each other beside the packets.
struct Frame {
  enum class Kind : std::uint32_t { offer, answer, allConnected, allClosed };
  Kind kind{};
  std::uint32_t id = 0;
  std::string text{};
};

// One end of a socket pair. A thread reads and posts to the loop; writing blocks, which is safe
// because the other side always reads.
class Pipe {
 public:
  Pipe(int descriptor, parley::Loop& loop, std::function<void(Frame)> handler);
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void send(const Frame& frame);
  bool isOver() const { return isOver_; }  // on the loop's thread: the other side has gone

 private:
  void read();

  int descriptor_;
  parley::Loop& loop_;
  std::function<void(Frame)> handler_;
  bool isOver_ = false;
  std::shared_ptr<int> life_ = std::make_shared<int>(0);  // posted tasks may come after us
  std::thread reader_;
};

}  // namespace bench
