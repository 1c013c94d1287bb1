#include "jsep/transports.h"

#include <algorithm>

#include "core/assert.h"
#include "core/limits.h"

namespace parley::jsep {

namespace {

constexpr std::size_t kPastGenerations = 8;

}  // namespace

TransportId Transports::open(MediaLine line, Credentials local, std::string tlsId, bool controlling,
                             Effects& effects) {
  Transport& transport = transports_.emplace_back();
  transport.id = {next_++};
  transport.index = line.index;
  transport.local = std::move(local);
  transport.tlsId = std::move(tlsId);
  transport.controlling = controlling;
  effects.push_back(OpenTransport{transport.id, std::move(line), transport.local, controlling});
  return transport.id;
}

void Transports::restart(TransportId id, Credentials local, Effects& effects) {
  Transport& transport = at(id);
  if (!transport.former && !transport.provisional) transport.former = transport.local;
  transport.local = std::move(local);
  effects.push_back(RestartIce{id, transport.local});
}

void Transports::connect(TransportId id, const RemoteHalf& remote, Effects& effects) {
  Transport& transport = at(id);
  if (transport.remote != remote.ice || transport.pairedWith != transport.local) {
    const bool again = transport.remote.has_value();
    if (again && transport.remote->ufrag != remote.ice.ufrag) {
      if (transport.pastRemoteUfrags.size() == kPastGenerations)
        transport.pastRemoteUfrags.erase(transport.pastRemoteUfrags.begin());
      transport.pastRemoteUfrags.push_back(transport.remote->ufrag);
    }
    // RFC 8445 6.1.1: facing a lite agent, the full one controls.
    if (remote.lite != remote.isFacingLite) transport.controlling = remote.lite;
    transport.remote = remote.ice;
    transport.pairedWith = transport.local;
    transport.candidates.clear();
    transport.ended = false;
    effects.push_back(SetRemoteIce{.transport = id,
                                   .remote = remote.ice,
                                   .lite = remote.lite,
                                   .trickle = remote.trickle,
                                   .renomination = remote.renomination,
                                   .controlling = transport.controlling,
                                   .restart = again});
  }
  if (remote.role && !transport.role) {
    transport.role = remote.role;
    transport.fingerprints = remote.fingerprints;
    transport.remoteTlsId = remote.tlsId;
    effects.push_back(StartDtls{id, *remote.role, remote.fingerprints, remote.tlsId});
  }
}

void Transports::addCandidate(TransportId id, std::string_view candidate, Effects& effects) {
  Transport& transport = at(id);
  if (std::ranges::find(transport.candidates, candidate) != transport.candidates.end()) return;
  // Past the limit they still go down, where a better one may displace a worse one.
  if (transport.candidates.size() < limits::ice::kRemoteCandidates)
    transport.candidates.emplace_back(candidate);
  effects.push_back(AddRemoteCandidate{id, std::string(candidate), transport.remote->ufrag});
}

void Transports::endCandidates(TransportId id, Effects& effects) {
  Transport& transport = at(id);
  if (transport.ended) return;
  transport.ended = true;
  effects.push_back(EndOfRemoteCandidates{id, transport.remote->ufrag});
}

void Transports::close(TransportId id, Effects& effects) {
  std::erase_if(transports_, [&](const Transport& transport) { return transport.id == id; });
  effects.push_back(CloseTransport{id});
}

void Transports::commit() {
  for (Transport& transport : transports_) {
    transport.provisional = false;
    transport.former.reset();
  }
}

void Transports::rollback(Effects& effects) {
  std::vector<TransportId> opened;
  for (Transport& transport : transports_) {
    if (transport.provisional) {
      opened.push_back(transport.id);
    } else if (transport.former) {
      transport.local = std::move(*transport.former);
      transport.former.reset();
      effects.push_back(CancelIceRestart{transport.id, transport.local});
    }
  }
  for (const TransportId id : opened) close(id, effects);
}

const Transport* Transports::find(TransportId id) const {
  const auto at = std::ranges::find(transports_, id, &Transport::id);
  return at == transports_.end() ? nullptr : &*at;
}

Transport& Transports::at(TransportId id) {
  const auto at = std::ranges::find(transports_, id, &Transport::id);
  PARLEY_ASSERT(at != transports_.end());
  return *at;
}

}  // namespace parley::jsep
