#include "sim/segment.h"

#include <algorithm>
#include <utility>

#include "sim/chance.h"
#include "sim/node.h"

namespace parley::sim {

void Segment::leave(const Node& node) {
  std::erase(members_, &node);
  std::erase_if(records_, [&](const Record& record) { return record.node == &node; });
}

bool Segment::has(const Node& node) const {
  return std::ranges::find(members_, &node) != members_.end();
}

void Segment::announce(const Node& node, std::string hostname, std::optional<IpAddress> address) {
  records_.push_back({&node, std::move(hostname), address, std::nullopt});
}

void Segment::withdraw(const std::string& hostname) {
  std::erase_if(records_, [&](const Record& record) { return record.hostname == hostname; });
}

void Segment::spoof(const Node& liar, std::string hostname, const IpAddress& address,
                    Duration delay) {
  records_.push_back({&liar, std::move(hostname), address, delay});
}

std::vector<Segment::Record> Segment::recordsOf(const std::string& hostname) const {
  std::vector<Record> found;
  for (const Record& record : records_)
    if (record.hostname == hostname && has(*record.node)) found.push_back(record);
  for (const Node* member : members_)
    if (const IpAddress* address = member->published(hostname))
      found.push_back({member, hostname, *address, std::nullopt});
  return found;
}

NameAnswer Segment::ask(const Node& asker, const std::string& hostname) {
  NameAnswer first{{}, options_.timeout, options_.hangs};
  for (const Record& record : recordsOf(hostname)) {
    if (record.node != &asker && (!record.node->isReachable() || happens(dice_, options_.loss)))
      continue;
    const Duration usual = options_.delay + upTo(dice_, options_.jitter);
    const Duration delay = record.node == &asker ? Duration{} : record.delay.value_or(usual);
    const bool isLater = !first.addresses.empty() && delay >= first.delay;
    if (isLater || delay >= options_.timeout) continue;
    const auto address = record.address ? record.address : record.node->firstAddress();
    if (address) first = {{*address}, delay};
  }
  return first;
}

}  // namespace parley::sim
