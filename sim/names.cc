#include "sim/names.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace parley::sim {

namespace {
constexpr Duration kUnknownNameDelay = 50ms;
}  // namespace

void Names::set(std::string hostname, std::vector<NameAnswer> answers) {
  PARLEY_ASSERT(!answers.empty());
  records_[std::move(hostname)] = {std::move(answers)};
}

NameAnswer Names::ask(const std::string& hostname) {
  if (const auto literal = IpAddress::parse(hostname)) return {{*literal}, Duration{}};
  const auto found = records_.find(hostname);
  if (found == records_.end()) return {{}, kUnknownNameDelay};
  Record& record = found->second;
  return record.answers[std::min(record.asked++, record.answers.size() - 1)];
}

std::size_t Names::asked(const std::string& hostname) const {
  const auto found = records_.find(hostname);
  return found == records_.end() ? 0 : found->second.asked;
}

}  // namespace parley::sim
