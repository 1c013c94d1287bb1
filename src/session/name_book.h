#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/host.h"
#include "session/port.h"

namespace parley::session {

// Remote candidates whose address is a name (draft-ietf-mmusic-mdns-ice-candidates 3.2): they wait
// here for the answer, and with them the word that there are no more. What may go on after an
// answer comes back as commands. Names are asked for a few at a time, each once however many
// candidates have it.
class NameBook {
 public:
  NameBook(Host& host, Host::Guest& owner) : host_(host), owner_(owner) {}

  // True: kept, or dropped and traced. False: the command is to be obeyed as it is. Host names that
  // are not on the link are nobody's to ask for: browsers ignore them, and so does the agent.
  bool take(Step& step, AddRemoteCandidate& command);
  bool take(const EndRemoteCandidates& command);

  // Another generation of the peer's candidates: those of the one before are waited for no longer.
  void setRemote(TransportId transport, const std::string& ufrag);
  void forget(TransportId transport);

  std::vector<Command> onResolved(Step& step, ResolveId request,
                                  const std::vector<IpAddress>& found);
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Name {
    std::string hostname;
    std::optional<ResolveId> request;  // none: its turn has not come
  };
  struct Generation {
    TransportId transport;
    std::string ufrag;
    bool isEnded = false;  // as soon as nothing waits
  };

  void ask();
  bool isWaited(TransportId transport) const;
  Generation& generationOf(TransportId transport);
  void release(std::vector<Command>& commands);
  void dropUnwanted();

  Host& host_;
  Host::Guest& owner_;
  std::vector<Name> names_;
  std::vector<AddRemoteCandidate> waiting_;
  std::vector<Generation> generations_;
};

}  // namespace parley::session
