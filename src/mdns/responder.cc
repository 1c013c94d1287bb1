#include "mdns/responder.h"

#include <algorithm>
#include <utility>

namespace parley::mdns {

namespace {

constexpr Duration kBetweenMulticasts = 1s;  // RFC 6762 6

// RFC 6762 7.1: half of the lifetime is left, so it is known well enough.
bool isKnown(const Message& query, std::string_view name, const IpAddress& address) {
  return std::ranges::any_of(query.records, [&](const Record& record) {
    return record.name == name && record.address == address && record.ttl >= limits::mdns::kTtl / 2;
  });
}

}  // namespace

bool Responder::publish(Instant now, std::string name, const IpAddress& address) {
  if (find(name) || names_.size() >= limits::mdns::kPublished) return false;
  names_.push_back({.name = std::move(name), .address = address, .due = now});
  return true;
}

void Responder::withdraw(std::string_view name) {
  const auto found = std::ranges::find(names_, name, &Name::name);
  if (found == names_.end()) return;
  if (found->last != Instant::min())
    goodbyes_.push_back({found->name, found->address, Duration::zero()});
  names_.erase(found);
}

const IpAddress* Responder::find(std::string_view name) const {
  const auto found = std::ranges::find(names_, name, &Name::name);
  return found == names_.end() ? nullptr : &found->address;
}

bool Responder::wasRecent(const Name& name, Instant now) {
  return name.last != Instant::min() && now - name.last < limits::mdns::kTtl / 4;
}

void Responder::receive(Instant now, const Address& from, const Message& query) {
  if (query.isResponse) return;
  const bool isLegacy = from.port != kPort;
  std::vector<Record> records;
  std::vector<Question> repeated;
  for (const Question& question : query.questions) {
    const auto name = std::ranges::find(names_, question.name, &Name::name);
    if (name == names_.end() || isKnown(query, name->name, name->address)) continue;
    // RFC 6762 5.4: who asks for unicast still gets multicast when that is due for everybody.
    if (!isLegacy && !(question.wantsUnicast && wasRecent(*name, now))) {
      const bool wasSent = name->last != Instant::min();
      name->due =
          std::min(name->due, wasSent ? std::max(now, name->last + kBetweenMulticasts) : now);
      continue;
    }
    const bool isTaken = std::ranges::find(records, name->name, &Record::name) != records.end();
    if (isTaken || records.size() == kNamesPerPacket) continue;
    records.push_back({name->name, name->address,
                       isLegacy ? limits::mdns::kLegacyTtl : limits::mdns::kTtl, !isLegacy});
    if (isLegacy) repeated.push_back({name->name});
  }
  if (!records.empty())
    reply(now, {from, writeResponse(records, isLegacy ? query.id : std::uint16_t{0}, repeated)});
}

void Responder::reply(Instant now, Outgoing outgoing) {
  if (answers_.take(now)) {
    replies_.push_back(std::move(outgoing));
  } else {
    ++unanswered_;
  }
}

std::optional<Outgoing> Responder::next(Instant now) {
  if (!replies_.empty()) {
    Outgoing first = std::move(replies_.front());
    replies_.pop_front();
    return first;
  }
  if (auto farewell = goodbye(now)) return farewell;
  return multicast(now);
}

// What is not said for lack of turns is forgotten by the neighbours after the lifetime.
std::optional<Outgoing> Responder::goodbye(Instant now) {
  if (goodbyes_.empty()) return std::nullopt;
  if (!answers_.take(now)) {
    goodbyes_.clear();
    ++unanswered_;
    return std::nullopt;
  }
  const std::size_t count = std::min(goodbyes_.size(), kNamesPerPacket);
  Outgoing farewell{std::nullopt, writeResponse({goodbyes_.data(), count})};
  goodbyes_.erase(goodbyes_.begin(), goodbyes_.begin() + static_cast<std::ptrdiff_t>(count));
  return farewell;
}

std::optional<Outgoing> Responder::multicast(Instant now) {
  const auto isDue = [now](const Name& name) { return name.due <= now; };
  if (std::ranges::none_of(names_, isDue)) return std::nullopt;
  const bool isAllowed = answers_.take(now);
  if (!isAllowed) ++unanswered_;
  std::vector<Record> records;
  for (Name& name : names_) {
    if (!isDue(name)) continue;
    if (!isAllowed) {
      name.due = now + kBetweenMulticasts;
      continue;
    }
    records.push_back({name.name, name.address, limits::mdns::kTtl});
    name.last = now;
    if (name.announcements > 0) --name.announcements;
    name.due = name.announcements > 0 ? now + kBetweenMulticasts : never();
    if (records.size() == kNamesPerPacket) break;
  }
  if (records.empty()) return std::nullopt;
  return Outgoing{std::nullopt, writeResponse(records)};
}

Instant Responder::deadline() const {
  Instant due = never();
  for (const Name& name : names_) due = earliest(due, name.due);
  return due;
}

}  // namespace parley::mdns
