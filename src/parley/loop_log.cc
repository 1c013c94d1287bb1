#include "parley/loop_log.h"

#include <string>

#include "trace/json.h"
#include "trace/pcapng.h"
#include "trace/text.h"

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
  record();
  if (!config.sink) return;
  for (unsigned bit = 0; bit <= kLastTopic; ++bit)
    if (config.topics.empty() || isListed(config.topics, topicName(static_cast<Topic>(bit))))
      logged_ |= 1u << bit;
  topics_ |= logged_;
}

void Loop::Log::record() {
  if (config_.text) recorder_.add<trace::TextWriter>(config_.text, config_.secrets);
  if (config_.json) recorder_.add<trace::JsonWriter>(config_.json, config_.secrets);
  if (config_.pcapng) recorder_.add<trace::PcapngWriter>(config_.pcapng);
  if (config_.keyLog) recorder_.add<trace::KeyLogWriter>(config_.keyLog);
  if (config_.text || config_.json) topics_ |= (2u << kLastTopic) - 1;
  if (recorder_.wantsPackets()) topics_ |= kPackets;
  if (recorder_.wantsKeys()) topics_ |= kKeys;
}

void Loop::Log::write(Instant when, Topic topic, const char* event,
                      std::initializer_list<Field> fields) {
  if (recorder_.wants(topic)) {
    recorder_.setSubject(subject());
    recorder_.write(when, topic, event, fields);
  }
  if (logged_ >> static_cast<unsigned>(topic) & 1) writeRecord(when, topic, event, fields);
}

void Loop::Log::writeRecord(Instant when, Topic topic, const char* event,
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
