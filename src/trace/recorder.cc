#include "trace/recorder.h"

namespace parley::trace {

constexpr std::uint32_t kAllTopics = (1u << (static_cast<unsigned>(Topic::peer) + 1)) - 1;

class Recorder::Node final : public TraceSink {
 public:
  Node(Recorder& recorder, std::string name, std::uint32_t wanted)
      : recorder_(recorder), name_(std::move(name)) {
    topics_ = wanted;
  }
  void write(Instant when, Topic topic, const char* event,
             std::initializer_list<Field> fields) override {
    recorder_.tell({when, name_, subject(), topic, event, {fields.begin(), fields.size()}});
  }
  void packet(const TracedPacket& packet) override { recorder_.tell(name_, packet); }
  void keyLine(Instant when, std::string_view line) override { recorder_.keyLine(when, line); }

 private:
  Recorder& recorder_;
  std::string name_;
};

Recorder::Recorder() = default;
Recorder::~Recorder() = default;

void Recorder::take(std::unique_ptr<Writer> writer) {
  if (writer->wantsEvents()) topics_ |= kAllTopics;
  if (writer->wantsPackets()) topics_ |= kPackets;
  if (writer->wantsKeys()) topics_ |= kKeys;
  writers_.push_back(std::move(writer));
}

TraceSink& Recorder::ofNode(std::string_view name) {
  const auto found = nodes_.find(name);
  if (found != nodes_.end()) return *found->second;
  auto node = std::make_unique<Node>(*this, std::string(name), topics_);
  return *nodes_.emplace(name, std::move(node)).first->second;
}

void Recorder::write(Instant when, Topic topic, const char* event,
                     std::initializer_list<Field> fields) {
  tell({when, {}, subject(), topic, event, {fields.begin(), fields.size()}});
}

void Recorder::packet(const TracedPacket& packet) { tell({}, packet); }

void Recorder::keyLine(Instant when, std::string_view line) {
  for (const auto& writer : writers_)
    if (writer->wantsKeys()) writer->keyLine(when, line);
}

void Recorder::tell(const Event& event) const {
  for (const auto& writer : writers_)
    if (writer->wantsEvents()) writer->event(event);
}

void Recorder::tell(std::string_view node, const TracedPacket& packet) const {
  for (const auto& writer : writers_)
    if (writer->wantsPackets()) writer->packet(node, packet);
}

}  // namespace parley::trace
