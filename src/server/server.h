#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/host.h"
#include "server/allocation_table.h"
#include "server/authenticator.h"
#include "server/config.h"
#include "server/connections.h"
#include "server/faults.h"
#include "server/limiter.h"
#include "server/stats.h"
#include "stun/message.h"

namespace parley::server {

// A STUN (RFC 8489) and TURN (RFC 8656) server over UDP, TCP and TLS, for tests, worlds and trying
// things out. It is a guest like a peer, so the same object runs in a simulated network and on a
// real loop. Of those who have not proved who they are it keeps nothing. This class dispatches and
// relays; what is granted is decided in server_requests.cc. On demand it misbehaves: see Faults.
//
// Not here: DTLS towards clients, TCP towards peers, pairs of ports, both families in one
// allocation.
class Server final : public Host::Guest {
 public:
  Server(Host& host, Config config);
  ~Server() override;  // the same as close()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::optional<OpenError> error() const { return error_; }  // a socket that could not be opened
  std::vector<Address> addresses() const;                    // where it listens

  void setFaults(Faults faults) { config_.faults = std::move(faults); }
  const Faults& faults() const { return config_.faults; }
  void stall(Duration time);  // hears nothing and says nothing for so long
  void restart();             // all allocations and nonces are gone; listens at the same addresses
  void rotateNonces() { authenticator_.rotateNonces(); }
  void close();  // nothing is left of it with the host

  const Stats& stats() const { return stats_; }
  Held held() const;
  const AllocationTable& allocations() const { return table_; }
  std::size_t memoryUsed() const;  // what grows with the clients

  void onDatagram(Step& step, Datagram datagram) override;
  void onStreamAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                        const Address& remote) override;
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override;
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override;
  void onTimer(Step& step) override;
  void onStepEnd(Step& step) override;
  const char* inconsistency() const override;

 private:
  struct Request {
    const stun::MessageView& message;
    FiveTuple from;
  };
  // What a success says.
  struct Grant {
    std::optional<Duration> lifetime = std::nullopt;
    std::optional<Address> relayed = std::nullopt;
    std::optional<Address> mapped = std::nullopt;
    bool refusesSecondFamily = false;
  };
  using Decision = Result<Grant, stun::ErrorCode>;

  void open(const std::vector<Address>& at);
  void closeSockets();
  bool isListening(SocketId socket) const;

  void openListeners();
  void onPacket(Step& step, const FiveTuple& from, Bytes bytes);
  void onMessage(Step& step, const FiveTuple& from, Bytes bytes);
  void onRequest(Step& step, const Request& request);
  void onBinding(Step& step, const Request& request);
  void onSend(Step& step, const FiveTuple& from, const stun::MessageView& message);
  void onChannelData(Step& step, const FiveTuple& from, Bytes bytes);
  const Allocation* allocationOf(const FiveTuple& from);
  void relayToPeer(Step& step, const Allocation& allocation, const Address& peer, Bytes data);
  void relayToClient(Step& step, Datagram& datagram);

  Decision decide(Step& step, const Request& request, std::string_view user);
  Decision allocate(Step& step, const Request& request, std::string_view user);
  Decision makeAllocation(Step& step, const Request& request, std::string_view user,
                          const RelayAddress& where);
  Decision refresh(Step& step, const Request& request, Allocation& allocation);
  Decision permit(Step& step, const Request& request, Allocation& allocation);
  Decision bindChannel(Step& step, const Request& request, Allocation& allocation);
  Result<RelayAddress, stun::ErrorCode> relayAddressFor(const Request& request) const;
  std::optional<BoundUdp> openRelay(const RelayAddress& where, bool isEven);
  Duration lifetimeFor(const stun::MessageView& request) const;
  bool mayReach(const Address& peer) const;

  stun::MessageBuilder answerTo(Step& step, const Request& request, stun::Class kind) const;
  void grant(Step& step, const Request& request, const Authenticated& client, const Grant& what);
  void refuse(Step& step, const Request& request, const Authenticated& client,
              stun::ErrorCode code);
  void refuseUnknown(Step& step, const Request& request, const Authenticated* client,
                     const stun::MessageView::Unknown& unknown);
  // Without a signature, and with a challenge where the code asks for one.
  Packet plainError(Step& step, const Request& request, stun::ErrorCode code);
  void sendToStranger(Step& step, const Request& request, Packet answer);
  void send(Step& step, const FiveTuple& to, Packet answer);

  void removeAllocation(Allocation& allocation, std::uint64_t& count);
  void expireDue(Instant now);

  Host& host_;
  Config config_;
  Stats stats_;
  Authenticator authenticator_;
  Limiter strangers_;
  AllocationTable table_;
  std::vector<BoundUdp> listening_;
  Connections connections_;
  std::vector<IpAddress> own_;
  std::optional<OpenError> error_;
  Instant stalledUntil_{};
  bool closed_ = false;
};

}  // namespace parley::server
