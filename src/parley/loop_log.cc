#include "parley/loop_log.h"

#include <string>

namespace parley {
namespace {

bool isListed(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    list.remove_prefix(std::min(list.find_first_not_of(' '), list.size()));
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == name) return true;
    list.remove_prefix(std::min(list.size(), comma + 1));
  }
  return false;
}

constexpr auto kLastTopic = static_cast<unsigned>(Topic::peer);

}  // namespace

Loop::Log::Log(const LogConfig& config) : config_(config) {
  if (!config.sink) return;
  for (unsigned bit = 0; bit <= kLastTopic; ++bit)
    if (config.topics.empty() || isListed(config.topics, topicName(static_cast<Topic>(bit))))
      topics_ |= 1u << bit;
}

void Loop::Log::write(Instant when, Topic topic, const char* event,
                      std::initializer_list<Field> fields) {
  std::string text;
  for (const Field& field : fields) {
    if (field.kind == Field::Kind::secret && !config_.secrets) continue;
    if (!text.empty()) text += ' ';
    text += field.name;
    text += '=';
    text +=
        field.kind == Field::Kind::number ? std::to_string(field.number) : std::string(field.text);
  }
  config_.sink({.micros = when.time_since_epoch().count(),
                .topic = topicName(topic),
                .event = event,
                .fields = text});
}

}  // namespace parley
