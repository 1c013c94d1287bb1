#pragma once

#include <string_view>
#include <vector>

#include "core/host.h"

namespace parley::runtime {

// Every address of every interface that is up, loopback included, in the system's order.
std::vector<NetworkInterface> listInterfaces();

InterfaceKind kindByName(std::string_view name);  // unknown unless the name tells

}  // namespace parley::runtime
