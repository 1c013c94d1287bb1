#include "turn/http_connect.h"

#include <algorithm>

#include "core/limits.h"
#include "crypto/base64.h"

namespace parley::turn {
namespace {

bool isDigit(char letter) { return letter >= '0' && letter <= '9'; }

// RFC 9110 5.6.2.
bool isTokenLetter(char letter) {
  return isDigit(letter) || (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(letter);
}

// RFC 9112 5: what begins with white space would be a line folded, which nobody may send.
bool isField(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != line.npos && colon > 0 &&
         std::ranges::all_of(line.substr(0, colon), isTokenLetter);
}

bool isControl(char letter) {
  return (static_cast<unsigned char>(letter) < 0x20 && letter != '\t') || letter == 0x7f;
}

// Whatever was let through before, nothing of it may end the line that it is put into.
bool isPlain(std::string_view host) {
  return !host.empty() &&
         std::ranges::all_of(host, [](char letter) { return letter > 0x20 && letter < 0x7f; });
}

// RFC 9112 4: "HTTP/1.x SP code [SP phrase]"; the code and what follows it.
std::optional<std::string_view> statusOf(std::string_view line) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kCode = 9;
  constexpr std::size_t kEnd = 12;
  const bool isStatus = line.size() >= kEnd && line.starts_with(kVersion) && isDigit(line[7]) &&
                        line[8] == ' ' && line[9] >= '1' && line[9] <= '5' && isDigit(line[10]) &&
                        isDigit(line[11]) && (line.size() == kEnd || line[kEnd] == ' ');
  return isStatus ? std::optional(line.substr(kCode)) : std::nullopt;
}

}  // namespace

HttpConnect::HttpConnect(const ProxyConfig& proxy, const ProxyTarget& target)
    : password_(proxy.password) {
  if (!isPlain(target.host)) {
    fail("the server's name cannot be told to a proxy");
    return;
  }
  const bool isV6 = target.host.contains(':');
  const std::string authority =
      (isV6 ? '[' + target.host + ']' : target.host) + ':' + std::to_string(target.port);
  std::string request =
      "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";  // RFC 9112 3.2.3
  if (!proxy.username.empty()) {
    token_ = crypto::base64Encode(bytesOf(proxy.username + ':' + proxy.password));
    request += "Proxy-Authorization: Basic " + token_ + "\r\n";
  }
  unsent_ = toVector(bytesOf(request + "\r\n"));
}

std::size_t HttpConnect::receive(Bytes bytes) {
  std::size_t count = 0;
  while (count < bytes.size() && !isThrough_ && !failure_) take(static_cast<char>(bytes[count++]));
  return failure_ ? bytes.size() : count;
}

// RFC 9112 2.2: lines end with CR LF, and neither stands elsewhere.
void HttpConnect::take(char letter) {
  if (++taken_ > limits::turn::kProxyAnswer) return fail("the proxy's answer is too long");
  const bool isEnding = line_.ends_with('\r');
  if ((letter == '\n') != isEnding || (isControl(letter) && letter != '\r' && letter != '\n'))
    return fail("the proxy does not speak HTTP");
  if (letter != '\n') {
    line_ += letter;
    return;
  }
  line_.pop_back();
  const std::string line = std::exchange(line_, {});
  onLine(line);
}

void HttpConnect::onLine(std::string_view line) {
  if (!isInFields_) return onStatus(line);
  if (!line.empty()) {
    if (!isField(line)) fail("the proxy does not speak HTTP");
    return;
  }
  isInFields_ = false;
  isThrough_ = !isInterim_;
}

// RFC 9110 9.3.6: any 2xx opens the tunnel behind the empty line, whatever length it tells.
void HttpConnect::onStatus(std::string_view line) {
  const auto status = statusOf(line);
  if (!status) return fail("the proxy does not speak HTTP");
  isInterim_ = status->starts_with('1') && !status->starts_with("101");
  if (!isInterim_ && !status->starts_with('2')) return fail(refusal(*status));
  isInFields_ = true;
}

// The proxy's words go to the application, unless they repeat what is secret.
std::string HttpConnect::refusal(std::string_view status) const {
  const std::string_view code = status.substr(0, 3);
  if (code == "407")
    return token_.empty() ? "the proxy asks for a user name and a password (407)"
                          : "the proxy refused the user name or the password (407)";
  std::string phrase(status);
  const bool isSecret = (!token_.empty() && phrase.contains(token_)) ||
                        (!password_.empty() && phrase.contains(password_));
  if (isSecret) phrase = code;
  phrase.resize(std::min(phrase.size(), limits::turn::kReason));
  std::ranges::replace_if(phrase, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return "the proxy answered " + phrase;
}

void HttpConnect::fail(std::string reason) {
  failure_ = std::move(reason);
  line_.clear();
}

}  // namespace parley::turn
