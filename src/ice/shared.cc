#include "ice/shared.h"

namespace parley::ice {

bool Shared::switchRole(Step& step) {
  if (roleSwitches >= limits::ice::kRoleSwitches) return false;
  ++roleSwitches;
  setRole(role == Role::controlling ? Role::controlled : Role::controlling);
  PARLEY_TRACE(step, Topic::ice, "roleSwitched", {"controlling", role == Role::controlling});
  emit(RoleChanged{role});
  return true;
}

void Shared::emit(Event event) { events.push(std::move(event)); }

}  // namespace parley::ice
