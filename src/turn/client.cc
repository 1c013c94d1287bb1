#include "turn/client.h"
namespace parley::turn {
}
