#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "journal.h"
#include "plan.h"

namespace parley::seeds {

// What a plan violates, or nothing.
using Judge = std::function<std::optional<Violation>(const Plan&)>;

// The items of a failing plan that can be left out while it fails in the same way: large pieces
// first, then single ones, until none can go. Empty when it does not fail.
std::vector<std::size_t> needlessItems(const Plan& plan, const Judge& judge);

}  // namespace parley::seeds
