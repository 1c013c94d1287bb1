#include "many/pipe.h"

#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace bench {
namespace {

struct Header {
  Frame::Kind kind;
  std::uint32_t id;
  std::uint32_t size;
};

bool readAll(int descriptor, void* to, std::size_t size) {
  for (auto* at = static_cast<char*>(to); size > 0;) {
    const ssize_t got = ::read(descriptor, at, size);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

void writeAll(int descriptor, const void* from, std::size_t size) {
  for (const auto* at = static_cast<const char*>(from); size > 0;) {
    const ssize_t put = ::send(descriptor, at, size, MSG_NOSIGNAL);
    if (put <= 0) return;
    at += put;
    size -= static_cast<std::size_t>(put);
  }
}

}  // namespace

Pipe::Pipe(int descriptor, parley::Loop& loop, std::function<void(Frame)> handler)
    : descriptor_(descriptor),
      loop_(loop),
      handler_(std::move(handler)),
      reader_([this] { read(); }) {}

Pipe::~Pipe() {
  ::shutdown(descriptor_, SHUT_RDWR);
  reader_.join();
  ::close(descriptor_);
}

void Pipe::send(const Frame& frame) {
  const Header header{frame.kind, frame.id, static_cast<std::uint32_t>(frame.text.size())};
  writeAll(descriptor_, &header, sizeof header);
  writeAll(descriptor_, frame.text.data(), frame.text.size());
}

void Pipe::read() {
  const std::weak_ptr<int> life = life_;
  for (Header header; readAll(descriptor_, &header, sizeof header);) {
    Frame frame{header.kind, header.id, std::string(header.size, '\0')};
    if (!readAll(descriptor_, frame.text.data(), frame.text.size())) break;
    loop_.post([this, life, frame = std::move(frame)]() mutable {
      if (life.lock()) handler_(std::move(frame));
    });
  }
  loop_.post([this, life] {
    if (life.lock()) isOver_ = true;
  });
}

}  // namespace bench
