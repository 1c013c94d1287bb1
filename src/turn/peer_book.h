#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/bytes.h"
#include "core/time.h"

namespace parley::turn {

enum class Standing : std::uint8_t { granted, asking, refused, full };

// The permissions and channels of one allocation (RFC 8656 9, 12): what is wanted, asked for,
// granted until when, and due to be asked for again. A permission is for all ports of an address,
// a channel for one; binding a channel gives the permission as well, so it is not asked for twice.
// What nobody has used for a while is left to lapse. A channel keeps its number while the server
// may know it, and no number ever goes to a second peer. It sends nothing.
class PeerBook {
 public:
  // Both count as use. Whom there is no room for is `full`.
  Standing want(Instant now, const Address& peer);
  Standing wantChannel(Instant now, const Address& peer);

  // The bound channel to a peer that data is sent to now.
  std::optional<std::uint16_t> channelFor(Instant now, const Address& peer);
  std::optional<Address> peerOf(std::uint16_t number) const;  // of a bound channel
  bool mayHear(const IpAddress& peer) const;                  // has, or has been asked for

  // Next to ask for: peers of one CreatePermission, or one channel.
  bool hasWanted() const { return !wanted_.empty() || !wantedChannels_.empty(); }
  std::vector<Address> takeWanted(std::size_t most);
  std::optional<std::pair<Address, std::uint16_t>> takeWantedChannel(Instant now);

  // What became of what was taken. `since`: when it was asked for.
  void grant(const IpAddress& peer, Instant since);
  void bind(const Address& peer, Instant since);
  void refuse(Instant now, const IpAddress& peer);
  void failChannel(Instant now, const Address& peer, bool isForGood);
  void leaveUnanswered(Instant now, const IpAddress& peer);
  void forgive(Instant now);              // as if nobody had been refused
  void wantAlone(const IpAddress& peer);  // one of several was refused, and nobody said which

  // The last packet to a peer that is not permitted yet, for once it is.
  struct HeldPacket {
    Address peer;
    ByteVector bytes;
    Instant sent{};
  };
  void hold(Instant now, const Address& peer, Bytes packet);
  std::vector<HeldPacket> takeHeld(const IpAddress& peer);

  void onTimer(Instant now);
  Instant deadline() const { return due_; }
  void clear() { *this = PeerBook(); }

  std::size_t permissionCount() const;  // granted
  std::size_t channelCount() const;     // bound
  std::size_t memoryUsed() const;
  const char* inconsistency() const;
  // How many requests are out for each, for whoever can compare.
  template <class Check>
  bool askingIs(Check&& check) const {
    return std::ranges::all_of(permissions_, [&](const auto& each) {
      return check(each.first) == static_cast<std::size_t>(each.second.asking);
    });
  }

 private:
  struct Permission {
    Address peer;  // whom it was wanted for last
    Instant expires = Instant::min();
    Instant refusedUntil = Instant::min();
    Instant refreshAt = never();
    Instant used{};
    int asking = 0;          // requests, of channels as well
    int wantedChannels = 0;  // each of which will ask for it
    bool isWanted = false;
    bool isAlone = false;

    bool isBusy() const { return asking > 0 || isWanted || wantedChannels > 0; }
    Instant over() const { return std::max(expires, refusedUntil); }
  };
  struct Channel {
    std::uint16_t number = 0;
    Instant expires = Instant::min();
    Instant refreshAt = never();
    Instant kept = never();  // until the number is out of use for certain
    Instant used{};
    bool isBound = false;
    bool isAsking = false;
    bool isWanted = false;
    bool isRefused = false;

    bool isBusy() const { return isAsking || isWanted; }
  };

  Permission* permissionFor(Instant now, const Address& peer);
  Channel* channelSlot(Instant now, const Address& peer);
  bool makeRoom(Instant now);
  void wantPermission(const IpAddress& peer, Permission& permission);
  void unwantPermission(const IpAddress& peer, Permission& permission);
  void wantAgain(const Address& peer, Channel& channel, Permission& permission);
  void refreshChannels(Instant now);
  void reschedule();

  std::map<IpAddress, Permission> permissions_;
  std::map<Address, Channel> channels_;
  std::map<std::uint16_t, Address> byNumber_;
  std::vector<IpAddress> wanted_;  // in order
  std::vector<Address> wantedChannels_;
  std::map<Address, HeldPacket> held_;
  std::uint16_t nextNumber_ = 0x4000;  // RFC 8656 12
  Instant due_ = never();
};

}  // namespace parley::turn
