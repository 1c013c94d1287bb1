#include "session/name_book.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/local_name.h"
#include "ice/names.h"

namespace parley::session {

namespace {

void traceDropped(Step& step, const ice::Candidate& candidate, const char* trigger) {
  PARLEY_TRACE(step, Topic::ice, "candidate_refused", {"type", ice::nameOf(candidate.type)},
               {"side", "remote"}, {"trigger", trigger},
               {"address", candidate.hostname, Field::Kind::secret});
}

// Anybody on the link may have answered. Null, or why the answer is not to be believed.
const char* faultOf(const std::vector<IpAddress>& found) {
  if (found.empty()) return "nobody knows its name";
  if (found.size() > 1) return "its name has several addresses";  // the draft, 3.2.2
  const IpAddress& address = found.front();
  if (address.isLoopback()) return "its name leads to ourselves";
  if (address.isUnspecified() || address.isMulticast() || address.isV4Mapped())
    return "its name leads to no machine";
  return nullptr;
}

}  // namespace

bool NameBook::take(Step& step, AddRemoteCandidate& command) {
  const ice::Candidate& candidate = command.candidate;
  const bool isNamed = candidate.needsResolution() && isCandidateName(candidate.hostname);
  // Nobody connects to an active one.
  const bool isForUs = candidate.component == 1 && (candidate.protocol == ice::Protocol::udp ||
                                                    candidate.tcpType == ice::TcpType::passive);
  if (!isNamed || !isForUs) return false;
  const auto name = std::ranges::find(names_, candidate.hostname, &Name::hostname);
  const bool isFull = name == names_.end() ? names_.size() >= limits::mdns::kNamesOfSession
                                           : waiting_.size() >= limits::mdns::kCandidatesOfSession;
  if (isFull) {
    traceDropped(step, candidate, "too many names wait");
    return true;
  }
  PARLEY_TRACE(step, Topic::ice, "name_asked", {"name", candidate.hostname, Field::Kind::secret});
  if (name == names_.end()) names_.push_back({candidate.hostname, std::nullopt});
  waiting_.push_back(std::move(command));
  ask();
  return true;
}

bool NameBook::take(const EndRemoteCandidates& command) {
  if (!isWaited(command.id)) return false;
  generationOf(command.id).isEnded = true;
  return true;
}

void NameBook::setRemote(TransportId transport, const std::string& ufrag) {
  Generation& generation = generationOf(transport);
  const std::string before = std::exchange(generation.ufrag, ufrag);
  if (before.empty() || before == ufrag) return;
  generation.isEnded = false;
  std::erase_if(waiting_, [&](const AddRemoteCandidate& one) {
    return one.id == transport && one.candidate.usernameFragment != ufrag;
  });
  dropUnwanted();
  ask();
}

void NameBook::forget(TransportId transport) {
  std::erase_if(waiting_, [&](const AddRemoteCandidate& one) { return one.id == transport; });
  std::erase_if(generations_, [&](const Generation& one) { return one.transport == transport; });
  dropUnwanted();
  ask();
}

std::vector<Command> NameBook::onResolved(Step& step, ResolveId request,
                                          const std::vector<IpAddress>& found) {
  std::vector<Command> commands;
  const auto name = std::ranges::find(names_, std::optional(request), &Name::request);
  if (name == names_.end()) return commands;
  const char* fault = faultOf(found);
  std::vector<AddRemoteCandidate> others;
  for (AddRemoteCandidate& one : waiting_) {
    if (one.candidate.hostname != name->hostname) {
      others.push_back(std::move(one));
    } else if (fault) {
      traceDropped(step, one.candidate, fault);
    } else {
      one.candidate.address.ip = found.front();
      commands.emplace_back(std::move(one));
    }
  }
  waiting_ = std::move(others);
  names_.erase(name);
  release(commands);
  ask();
  return commands;
}

void NameBook::ask() {
  auto underWay = static_cast<std::size_t>(
      std::ranges::count_if(names_, [](const Name& name) { return name.request.has_value(); }));
  for (Name& name : names_) {
    if (underWay >= limits::mdns::kNamesAskedBySession) return;
    if (name.request) continue;
    name.request = host_.resolve(owner_, name.hostname);
    ++underWay;
  }
}

bool NameBook::isWaited(TransportId transport) const {
  return std::ranges::find(waiting_, transport, &AddRemoteCandidate::id) != waiting_.end();
}

NameBook::Generation& NameBook::generationOf(TransportId transport) {
  const auto found = std::ranges::find(generations_, transport, &Generation::transport);
  if (found != generations_.end()) return *found;
  return generations_.emplace_back(Generation{.transport = transport, .ufrag = {}});
}

// The ends that have waited for the last name of their transport.
void NameBook::release(std::vector<Command>& commands) {
  for (Generation& generation : generations_)
    if (generation.isEnded && !isWaited(generation.transport)) {
      generation.isEnded = false;
      commands.emplace_back(EndRemoteCandidates{generation.transport});
    }
}

// A name that is asked for already keeps its place until the answer: the bound is on look-ups.
void NameBook::dropUnwanted() {
  std::erase_if(names_, [&](const Name& name) {
    return !name.request && std::ranges::none_of(waiting_, [&](const AddRemoteCandidate& one) {
      return one.candidate.hostname == name.hostname;
    });
  });
}

}  // namespace parley::session
