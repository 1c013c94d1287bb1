#include "trace/json.h"

#include <cstdio>
#include <string>

namespace parley::trace {
namespace {

// RFC 8259 7. What is not ASCII may not be UTF-8 either: the bytes of a label are the peer's.
void appendString(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      text += escape;
    } else {
      text += c;
    }
  }
  text += '"';
}

void appendNamed(std::string& text, std::string_view name, std::string_view value) {
  appendString(text, name);
  text += ':';
  appendString(text, value);
}

}  // namespace

JsonWriter::JsonWriter(Output output, bool secrets)
    : output_(std::move(output)), secrets_(secrets) {
  output_(R"({"qlog_version":"0.3","qlog_format":"NDJSON","title":"parley","trace":)"
          R"({"vantage_point":{"type":"unknown"},"common_fields":)"
          R"({"time_format":"relative","reference_time":0}}})"
          "\n");
}

void JsonWriter::event(const Event& event) {
  char time[32];
  std::snprintf(time, sizeof time, "{\"time\":%.3f,",
                static_cast<double>(event.when.time_since_epoch().count()) / 1'000);
  std::string text = time;
  appendNamed(text, "name", std::string(topicName(event.topic)) + ':' + std::string(event.name));
  std::string group(event.node);
  if (event.subject != 0) group += '#' + std::to_string(event.subject);
  if (!group.empty()) {
    text += ',';
    appendNamed(text, "group_id", group);
  }
  text += ",\"data\":{";
  bool first = true;
  for (const Field& field : event.fields) {
    if (field.kind == Field::Kind::secret && !secrets_) continue;
    if (!std::exchange(first, false)) text += ',';
    if (field.kind == Field::Kind::number) {
      appendString(text, field.name);
      text += ':' + std::to_string(field.number);
    } else {
      appendNamed(text, field.name, field.text);
    }
  }
  output_(text + "}}\n");
}

}  // namespace parley::trace
