#include "ice/shared.h"

#include "ice/names.h"

namespace parley::ice {

bool Shared::switchRole(Step& step) {
  if (roleSwitches >= limits::ice::kRoleSwitches) return false;
  ++roleSwitches;
  setRole(role == Role::controlling ? Role::controlled : Role::controlling);
  PARLEY_TRACE(step, Topic::ice, "role_updated", {"new", nameOf(role)},
               {"trigger", "both sides claimed the same role"});
  emit(RoleChanged{role});
  return true;
}

void Shared::emit(Event event) { events.push(std::move(event)); }

}  // namespace parley::ice
