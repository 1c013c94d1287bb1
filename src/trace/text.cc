#include "trace/text.h"

#include <algorithm>
#include <cstdio>

namespace parley::trace {
namespace {

constexpr std::size_t kWhoWidth = 10;
constexpr std::size_t kTopicWidth = 8;
constexpr std::size_t kEventWidth = 26;

void pad(std::string& text, std::size_t to) {
  text.append(text.size() < to ? to - text.size() : 1, ' ');
}

// Labels are the peer's words: what would break a line is shown as a dot.
void appendQuoted(std::string& text, std::string_view value) {
  text += '"';
  for (const char c : value) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '.' : c;
  text += '"';
}

bool mustBeQuoted(char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == 0x7f; }

void appendField(std::string& text, const Field& field) {
  text += field.name;
  text += '=';
  if (field.kind == Field::Kind::number) {
    text += std::to_string(field.number);
  } else if (std::ranges::any_of(field.text, mustBeQuoted)) {
    appendQuoted(text, field.text);
  } else {
    text += field.text;
  }
}

}  // namespace

std::string textOf(const Event& event, bool secrets) {
  const auto micros = event.when.time_since_epoch().count();
  char time[32];
  std::snprintf(time, sizeof time, "%12.3f  ", static_cast<double>(micros) / 1'000);
  std::string text = time;
  std::size_t column = text.size();
  text += event.node;
  if (event.subject != 0) text += '#' + std::to_string(event.subject);
  pad(text, column += kWhoWidth);
  text += topicName(event.topic);
  pad(text, column += kTopicWidth);
  text += event.name;
  pad(text, column + kEventWidth);
  for (const Field& field : event.fields) {
    if (field.kind == Field::Kind::secret && !secrets) continue;
    appendField(text, field);
    text += ' ';
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

void RingWriter::event(const Event& event) {
  if (lines_.size() >= linesMax_ && !lines_.empty()) lines_.pop_front();
  if (linesMax_ > 0) lines_.push_back(textOf(event, secrets_));
}

std::string RingWriter::text() const {
  std::string all;
  for (const std::string& line : lines_) all += line + '\n';
  return all;
}

}  // namespace parley::trace
