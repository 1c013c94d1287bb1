#include "mdns/resolver.h"

#include <algorithm>
#include <array>

#include "core/local_name.h"

namespace parley::mdns {

namespace {

constexpr std::array kWaits = {Duration{1s}, Duration{2s}};  // after the first and the second time

std::string lower(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return text;
}

// Where ICE could send to. Others are what a liar would answer.
bool isUsable(const IpAddress& address) {
  static constexpr IpAddress kBroadcast = IpAddress::v4({255, 255, 255, 255});
  return !address.isUnspecified() && !address.isMulticast() && !address.isV4Mapped() &&
         address != kBroadcast;
}

}  // namespace

void Resolver::ask(Instant now, ResolveId request, std::string_view name) {
  if (!isCandidateName(name)) return answers_.push({request, {}});
  std::string asked = lower(name);
  const auto found = std::ranges::find(asked_, asked, &Asked::name);
  if (found != asked_.end()) {
    const bool hasRoom = found->requests.size() < limits::mdns::kAsked;
    return hasRoom ? found->requests.push_back(request) : answers_.push({request, {}});
  }
  if (asked_.size() >= limits::mdns::kAsked) return answers_.push({request, {}});
  asked_.push_back({.name = std::move(asked),
                    .requests = {request},
                    .due = now,
                    .end = now + limits::mdns::kTimeout});
}

void Resolver::cancel(ResolveId request) {
  for (Asked& asked : asked_) std::erase(asked.requests, request);
  std::erase_if(asked_, [](const Asked& asked) { return asked.requests.empty(); });
}

void Resolver::receive(const Message& response) {
  if (!response.isResponse) return;
  for (auto asked = asked_.begin(); asked != asked_.end();) {
    std::vector<IpAddress> found;
    for (const Record& record : response.records) {
      if (record.name != asked->name || record.ttl == Duration::zero()) continue;
      const bool isKnown = std::ranges::find(found, record.address) != found.end();
      if (isKnown || !isUsable(record.address) || found.size() >= limits::mdns::kAddresses)
        continue;
      found.push_back(record.address);
    }
    if (found.empty()) {
      ++asked;
      continue;
    }
    finish(asked, found);
    asked = asked_.erase(asked);
  }
}

void Resolver::finish(std::vector<Asked>::iterator asked, const std::vector<IpAddress>& found) {
  for (const ResolveId request : asked->requests) answers_.push({request, found});
}

void Resolver::onTimer(Instant now) {
  for (auto asked = asked_.begin(); asked != asked_.end();) {
    if (now < asked->end) {
      ++asked;
      continue;
    }
    finish(asked, {});
    asked = asked_.erase(asked);
  }
}

std::optional<ByteVector> Resolver::nextQuery(Instant now) {
  const auto isDue = [now](const Asked& asked) { return asked.due <= now; };
  if (std::ranges::none_of(asked_, isDue)) return std::nullopt;
  const bool isAllowed = queries_.take(now);
  std::vector<Question> questions;
  for (Asked& asked : asked_) {
    if (!isDue(asked)) continue;
    if (!isAllowed) {
      asked.due = now + 1s;
      continue;
    }
    questions.push_back({asked.name, asked.times == 0 && canHearUnicast_});
    asked.due = asked.times < kWaits.size() ? now + kWaits[asked.times] : never();
    ++asked.times;
    if (questions.size() == kNamesPerPacket) break;
  }
  if (questions.empty()) return std::nullopt;
  return writeQuery(questions);
}

Instant Resolver::deadline() const {
  Instant due = never();
  for (const Asked& asked : asked_) due = earliest(due, asked.due, asked.end);
  return due;
}

}  // namespace parley::mdns
