#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace parley {

// A number with a meaning: two kinds never mix, and the raw value is asked for by name.
template <class Tag, class Rep>
struct Strong {
  Rep value{};

  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

}  // namespace parley

template <class Tag, class Rep>
struct std::hash<parley::Strong<Tag, Rep>> {
  std::size_t operator()(const parley::Strong<Tag, Rep>& strong) const noexcept {
    return std::hash<Rep>{}(strong.value);
  }
};
