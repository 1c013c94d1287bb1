#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jsep/effects.h"
#include "jsep/types.h"

namespace parley::jsep {

// The other side's half of one transport, as a description has it.
struct RemoteHalf {
  Credentials ice;
  bool lite = false;
  bool isFacingLite = false;  // we are
  bool trickle = false;
  bool renomination = false;
  std::optional<DtlsRole> role;  // ours; none: "holdconn", the handshake waits
  std::vector<sdp::Fingerprint> fingerprints;
  std::string tlsId;
};

// What the world has been told about one transport.
struct Transport {
  TransportId id;
  std::uint16_t index = 0;  // of the section whose transport it is
  Credentials local;
  std::optional<Credentials> former;  // while our offer to restart is open
  std::string tlsId;
  bool controlling = true;
  bool provisional = true;  // opened by an offer that is still open

  std::optional<Credentials> remote;
  Credentials pairedWith;  // the local half that `remote` was told with
  bool remoteLite = false;
  std::vector<std::string> candidates;  // told, of this generation
  bool ended = false;
  std::vector<std::string> pastRemoteUfrags;

  std::optional<DtlsRole> role;
  std::vector<sdp::Fingerprint> fingerprints;
  std::string remoteTlsId;
};

// Keeps what was told apart from what is proposed: telling twice says nothing, and undoing an
// offer undoes exactly what it opened or restarted.
class Transports {
 public:
  TransportId open(MediaLine line, Credentials local, std::string tlsId, bool controlling,
                   Effects& effects);
  void restart(TransportId id, Credentials local, Effects& effects);
  void connect(TransportId id, const RemoteHalf& remote, Effects& effects);
  void addCandidate(TransportId id, std::string_view candidate, Effects& effects);
  void endCandidates(TransportId id, Effects& effects);
  void close(TransportId id, Effects& effects);

  void commit();                    // the offer was answered
  void rollback(Effects& effects);  // the offer was withdrawn

  const Transport* find(TransportId id) const;
  const std::vector<Transport>& all() const { return transports_; }

 private:
  Transport& at(TransportId id);

  std::vector<Transport> transports_;
  std::uint32_t next_ = 1;
};

}  // namespace parley::jsep
