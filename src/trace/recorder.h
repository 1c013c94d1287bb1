#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trace.h"
#include "trace/writer.h"

namespace parley::trace {

// The sink that writes one run in several forms at once: add writers, then give it to a loop or a
// world. It asks for no more than its writers do. Add all of them before the first node is named.
class Recorder final : public TraceSink {
 public:
  Recorder();
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  template <class W, class... Args>
  W& add(Args&&... args) {
    auto writer = std::make_unique<W>(std::forward<Args>(args)...);
    W& added = *writer;
    take(std::move(writer));
    return added;
  }

  void write(Instant when, Topic topic, const char* event,
             std::initializer_list<Field> fields) override;
  void packet(const TracedPacket& packet) override;
  void keyLine(Instant when, std::string_view line) override;
  TraceSink& ofNode(std::string_view name) override;

 private:
  class Node;
  void take(std::unique_ptr<Writer> writer);
  void tell(const Event& event) const;
  void tell(std::string_view node, const TracedPacket& packet) const;

  std::vector<std::unique_ptr<Writer>> writers_;
  std::map<std::string, std::unique_ptr<Node>, std::less<>> nodes_;
};

}  // namespace parley::trace
