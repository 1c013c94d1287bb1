#include "minimise.h"

#include <algorithm>
#include <numeric>

namespace parley::seeds {

std::vector<std::size_t> needlessItems(const Plan& plan, const Judge& judge) {
  const auto whole = judge(plan);
  if (!whole) return {};
  std::vector<std::size_t> gone;
  std::vector<std::size_t> left(plan.items());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t piece = std::max<std::size_t>(left.size() / 2, 1); piece > 0;) {
    bool shrank = false;
    for (std::size_t at = 0; at < left.size();) {
      const std::size_t end = std::min(at + piece, left.size());
      std::vector<std::size_t> without = gone;
      without.insert(without.end(), left.begin() + static_cast<std::ptrdiff_t>(at),
                     left.begin() + static_cast<std::ptrdiff_t>(end));
      const auto violation = judge(plan.without(without));
      if (violation && violation->invariant == whole->invariant) {
        gone = std::move(without);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(at),
                   left.begin() + static_cast<std::ptrdiff_t>(end));
        shrank = true;
      } else {
        at = end;
      }
    }
    if (piece == 1 && !shrank) break;
    piece = piece == 1 ? 1 : piece / 2;
  }
  std::ranges::sort(gone);
  return gone;
}

}  // namespace parley::seeds
