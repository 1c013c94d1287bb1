#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/host.h"

namespace parley::worlds {

// A proxy on a node: HTTP CONNECT or SOCKS 5, with or without a user. It looks names up, makes the
// connection and carries bytes both ways. On demand it refuses, lies or says nothing.
class ProxyServer final : public Host::Guest {
 public:
  enum class Kind : std::uint8_t { http, socks };

  ProxyServer(Host& host, Kind kind, const Address& at);
  ~ProxyServer() override { host_.leave(*this); }

  void demand(std::string username, std::string password);
  void cutTunnels();

  std::string lie;       // said to whoever comes, in place of an answer
  std::string preface;   // pretended to be the server's, right behind the answer
  bool isMute = false;   // hears and says nothing
  bool refuses = false;  // every target

  std::vector<std::string> asked;   // "host:port", as it was asked for
  std::vector<std::string> logins;  // "name:password"
  std::size_t tunnels() const;      // that stand
  std::size_t streams() const { return legs_.size(); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onResolved(Step& step, ResolveId request, std::vector<IpAddress> found) override;
  void onStreamAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                        const Address& remote) override;
  void onStreamOpened(Step& step, SocketId stream, const Address& local) override;
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override;
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override;

 private:
  enum class Phase : std::uint8_t { greeting, login, request, dialling, open };
  struct Leg {
    Phase phase = Phase::greeting;
    std::string heard;
    std::uint16_t port = 0;           // to dial
    std::optional<SocketId> other{};  // towards the server, or back
  };

  bool converse(SocketId client, Leg& leg);  // whether there may be more to make of what was heard
  bool converseHttp(SocketId client, Leg& leg);
  bool onGreeting(SocketId client, Leg& leg);
  bool onLogin(SocketId client, Leg& leg);
  bool onRequest(SocketId client, Leg& leg);
  void dial(SocketId client, Leg& leg, std::string host, std::uint16_t port);
  void connect(SocketId client, Leg& leg, const IpAddress& to);
  void say(SocketId stream, std::string_view text);
  void refuse(SocketId client, std::string_view http, char socks);
  void drop(SocketId stream);

  Host& host_;
  const Kind kind_;
  std::string login_;  // empty: nobody has to say who they are
  std::map<SocketId, Leg> legs_;
  std::map<ResolveId, SocketId> lookups_;
};

}  // namespace parley::worlds
