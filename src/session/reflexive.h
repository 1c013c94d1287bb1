#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/host.h"
#include "core/ports.h"
#include "core/timer.h"
#include "session/udp_mux.h"
#include "stun/message.h"
#include "stun/transaction.h"

namespace parley::session {

// Asks STUN servers how they see our sockets (RFC 8445 5.1.1.2): one Binding transaction per socket
// and server, begun one Ta after the other. Until keepNoLonger(), it goes on asking now and then,
// for a mapping in a NAT lasts no longer than its traffic. It knows neither names nor candidates.
class Reflexive {
 public:
  struct Mapped {
    SocketId socket;
    Address local;
    Address server;
    Address mapped;
    std::string url;
  };
  // `code`: of STUN, 701 where nothing answered.
  struct Unanswered {
    Address local;
    std::string url;
    std::uint16_t code = 0;
    std::string reason;
  };
  using Event = std::variant<Mapped, Unanswered>;

  // On shares of `mux`, which may be none, answers have to find their way.
  Reflexive(Host& host, const std::shared_ptr<MuxHandle>& mux) : host_(host), mux_(mux) {}

  // False: there are as many already as we allow.
  bool probe(Step& step, SocketId socket, const Address& local, const Address& server,
             std::string url);
  // A response that came on `socket` from `remote`; false: we have not asked for it.
  bool receive(Step& step, SocketId socket, const Address& remote,
               const stun::MessageView& response);
  void onTimer(Step& step);
  Instant deadline() const;
  std::optional<Event> nextEvent() { return events_.pop(); }

  template <class Predicate>
  void drop(Predicate isGone) {  // what was to be asked on sockets that are no more
    std::erase_if(probes_, [&](const Probe& probe) { return isGone(probe.socket); });
  }
  void keepNoLonger();  // what was not answered yet is still awaited
  void restart() {      // all is to be asked anew
    probes_.clear();
    keeps_ = true;
  }
  std::size_t pending() const;        // not answered for the first time
  std::vector<Mapped> known() const;  // as it was last seen, of what is kept alive
  bool isAsked(SocketId socket, const std::string& url) const;

 private:
  struct Probe {
    SocketId socket;
    Address local;
    Address server;
    std::string url;
    stun::ClientTransaction transaction;
    Timer begin{};  // its turn has not come
    Timer again{};  // it was answered; the mapping is kept alive
    bool isAnswered = false;
    Address mapped{};  // by the last answer
  };

  void begin(Step& step, Probe& probe);
  bool goOn(Step& step, Probe& probe);
  void transmit(Step& step, const Probe& probe);
  void report(Probe& probe, std::uint16_t code, std::string reason);

  Host& host_;
  const std::shared_ptr<MuxHandle>& mux_;
  std::vector<Probe> probes_;
  Instant nextTurn_{};
  bool keeps_ = true;
  EventQueue<Event> events_;
};

}  // namespace parley::session
