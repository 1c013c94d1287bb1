#include "proxy_server.h"

#include <algorithm>
#include <utility>

#include "crypto/base64.h"

namespace parley::worlds {
namespace {

std::string taken(std::string& from, std::size_t size) {
  std::string front = from.substr(0, size);
  from.erase(0, size);
  return front;
}

std::size_t byteAt(const std::string& text, std::size_t at) {
  return static_cast<unsigned char>(text.at(at));
}

std::string withoutBrackets(const std::string& host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

ProxyServer::ProxyServer(Host& host, Kind kind, const Address& at) : host_(host), kind_(kind) {
  host_.enter(*this);
  static_cast<void>(host_.listenTcp(*this, {at.ip, at.port, at.port}));
}

void ProxyServer::demand(std::string username, std::string password) {
  login_ = std::move(username) + ':' + std::move(password);
}

void ProxyServer::cutTunnels() {
  while (!legs_.empty()) drop(legs_.begin()->first);
}

std::size_t ProxyServer::tunnels() const {
  return static_cast<std::size_t>(std::ranges::count_if(
             legs_, [](const auto& each) { return each.second.phase == Phase::open; })) /
         2;
}

void ProxyServer::onStreamAccepted(Step&, SocketId, SocketId stream, const Address&,
                                   const Address&) {
  legs_[stream].phase = kind_ == Kind::http ? Phase::request : Phase::greeting;
}

void ProxyServer::onStreamBytes(Step&, SocketId stream, MutableBytes bytes) {
  const auto found = legs_.find(stream);
  if (found == legs_.end() || isMute) return;
  if (!lie.empty()) return say(stream, lie);
  Leg& leg = found->second;
  if (leg.phase == Phase::open) return say(*leg.other, textOf(bytes));
  leg.heard += textOf(bytes);
  while (legs_.contains(stream) && converse(stream, leg)) {
  }
}

bool ProxyServer::converse(SocketId client, Leg& leg) {
  switch (leg.phase) {
    case Phase::greeting:
      return onGreeting(client, leg);
    case Phase::login:
      return onLogin(client, leg);
    case Phase::request:
      return kind_ == Kind::http ? converseHttp(client, leg) : onRequest(client, leg);
    case Phase::dialling:
    case Phase::open:
      break;
  }
  return false;
}

bool ProxyServer::converseHttp(SocketId client, Leg& leg) {
  const std::size_t end = leg.heard.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = taken(leg.heard, end + 4);
  const std::string authority = head.substr(8, head.find(' ', 8) - 8);
  asked.push_back(authority);
  constexpr std::string_view kField = "\r\nProxy-Authorization: Basic ";
  std::string login;
  if (const std::size_t at = head.find(kField); at != std::string::npos) {
    const std::string_view rest = std::string_view(head).substr(at + kField.size());
    if (const auto text = crypto::base64Decode(rest.substr(0, rest.find('\r'))))
      login = textOf(*text);
    logins.push_back(login);
  }
  if (!head.starts_with("CONNECT ") || login != login_) {
    refuse(client, "407 Who are you?\r\nProxy-Authenticate: Basic realm=\"here\"", 0);
    return false;
  }
  const std::size_t colon = authority.rfind(':');
  dial(client, leg, withoutBrackets(authority.substr(0, colon)),
       static_cast<std::uint16_t>(std::stoi(authority.substr(colon + 1))));
  return false;
}

bool ProxyServer::onGreeting(SocketId client, Leg& leg) {
  if (leg.heard.size() < 2 || leg.heard.size() < 2 + byteAt(leg.heard, 1)) return false;
  const std::string greeting = taken(leg.heard, 2 + byteAt(leg.heard, 1));
  const char wanted = login_.empty() ? '\0' : '\2';
  if (greeting.find(wanted, 2) == std::string::npos) {
    say(client, "\x05\xff");
    drop(client);
    return false;
  }
  leg.phase = login_.empty() ? Phase::request : Phase::login;
  say(client, std::string{'\5', wanted});
  return true;
}

bool ProxyServer::onLogin(SocketId client, Leg& leg) {
  if (leg.heard.size() < 2) return false;
  const std::size_t name = byteAt(leg.heard, 1);
  if (leg.heard.size() < 3 + name) return false;
  const std::size_t password = byteAt(leg.heard, 2 + name);
  if (leg.heard.size() < 3 + name + password) return false;
  const std::string login = taken(leg.heard, 3 + name + password);
  logins.push_back(login.substr(2, name) + ':' + login.substr(3 + name));
  const bool isWelcome = logins.back() == login_;
  say(client, std::string{'\1', isWelcome ? '\0' : '\1'});
  leg.phase = Phase::request;
  if (!isWelcome) drop(client);
  return isWelcome;
}

bool ProxyServer::onRequest(SocketId client, Leg& leg) {
  if (leg.heard.size() < 5) return false;
  const std::size_t type = byteAt(leg.heard, 3);
  const std::size_t size = type == 1 ? 4 : type == 4 ? 16 : byteAt(leg.heard, 4);
  const std::size_t start = type == 3 ? 5 : 4;
  if (leg.heard.size() < start + size + 2) return false;
  const std::string request = taken(leg.heard, start + size + 2);
  std::string host = request.substr(start, size);
  if (type != 3) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(bytesOf(host), bytes.begin());
    host =
        (type == 4 ? IpAddress::v6(bytes) : IpAddress::v4({bytes[0], bytes[1], bytes[2], bytes[3]}))
            .toString();
  }
  const auto port = static_cast<std::uint16_t>(byteAt(request, start + size) << 8 |
                                               byteAt(request, start + size + 1));
  asked.push_back(host + ':' + std::to_string(port));
  dial(client, leg, std::move(host), port);
  return false;
}

void ProxyServer::dial(SocketId client, Leg& leg, std::string host, std::uint16_t port) {
  if (refuses) return refuse(client, "403 Filtered", 2);
  leg.phase = Phase::dialling;
  leg.port = port;
  if (const auto ip = IpAddress::parse(host)) return connect(client, leg, *ip);
  lookups_.emplace(host_.resolve(*this, std::move(host)), client);
}

void ProxyServer::onResolved(Step&, ResolveId request, std::vector<IpAddress> found) {
  const auto lookup = lookups_.extract(request);
  const auto client = lookup.empty() ? legs_.end() : legs_.find(lookup.mapped());
  if (client == legs_.end()) return;
  if (found.empty()) return refuse(client->first, "502 No such host", 4);
  connect(client->first, client->second, found.front());
}

void ProxyServer::connect(SocketId client, Leg& leg, const IpAddress& to) {
  const auto stream = host_.connectTcp(*this, {.remote = {to, leg.port}});
  if (!stream) return refuse(client, "502 No way", 3);
  leg.other = *stream;
  legs_[*stream] = {.phase = Phase::dialling, .other = client};
}

void ProxyServer::onStreamOpened(Step&, SocketId stream, const Address&) {
  const auto server = legs_.find(stream);
  if (server == legs_.end()) return;
  const SocketId clientId = *server->second.other;
  Leg& client = legs_.at(clientId);
  client.phase = server->second.phase = Phase::open;
  say(clientId, kind_ == Kind::http
                    ? std::string("HTTP/1.1 200 Connection established\r\nVia: 1.1 here\r\n\r\n")
                    : std::string("\5\0\0\1\0\0\0\0\0\0", 10));
  if (!preface.empty()) say(clientId, preface);
  const std::string early = std::exchange(client.heard, {});
  if (!early.empty()) say(stream, early);
}

void ProxyServer::onStreamClosed(Step&, SocketId stream, StreamEnd) {
  const auto gone = legs_.extract(stream);
  if (gone.empty() || !gone.mapped().other) return;
  const SocketId other = *gone.mapped().other;
  legs_.at(other).other.reset();
  if (gone.mapped().phase == Phase::dialling && gone.mapped().port == 0)
    return refuse(other, "502 It does not answer", 5);
  drop(other);
}

void ProxyServer::say(SocketId stream, std::string_view text) {
  if (!host_.write(stream, bytesOf(text))) drop(stream);
}

void ProxyServer::refuse(SocketId client, std::string_view http, char socks) {
  say(client, kind_ == Kind::http
                  ? "HTTP/1.1 " + std::string(http) + "\r\n\r\n"
                  : std::string{'\5', socks, '\0', '\1', '\0', '\0', '\0', '\0', '\0', '\0'});
  drop(client);
}

void ProxyServer::drop(SocketId stream) {
  const auto gone = legs_.extract(stream);
  if (gone.empty()) return;
  host_.close(stream);
  if (gone.mapped().other) drop(*gone.mapped().other);
}

}  // namespace parley::worlds
