#pragma once

#include <cstdint>

// Bugs we plant on purpose, to prove that the simulator finds them: each re-creates one that some
// stack really had. Only builds with PARLEY_PLANTED (the `checked` preset) contain them, one at a
// time switched on by `./dev sim --power`; everywhere else isPlanted() is the constant false and
// the code behind it is gone.

namespace parley {

enum class PlantedBug : std::uint8_t {
  none,
};

struct PlantedBugName {
  PlantedBug bug;
  const char* name;
};
inline constexpr PlantedBugName kPlantedBugs[] = {
    {PlantedBug::none, "none"},
};

#ifdef PARLEY_PLANTED
namespace planted {
inline PlantedBug active = PlantedBug::none;  // set before a world begins, never during it
}
inline bool isPlanted(PlantedBug bug) { return planted::active == bug; }
#else
constexpr bool isPlanted(PlantedBug) { return false; }
#endif

}  // namespace parley
