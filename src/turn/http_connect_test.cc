#include "turn/http_connect.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace parley::turn {
namespace {

const ProxyConfig kAnonymous{.host = "proxy.example", .port = 3'128};
const ProxyConfig kAnn{
    .host = "proxy.example", .port = 3'128, .username = "Aladdin", .password = "open sesame"};
const ProxyTarget kTarget{"turn.example", 443};

std::string saidBy(const ProxyConfig& proxy, const ProxyTarget& target) {
  return std::string(textOf(HttpConnect(proxy, target).takeUnsent()));
}

// What becomes of an answer, and how much of it was the proxy's.
struct Outcome {
  bool isThrough = false;
  std::string failure;
  std::size_t taken = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcomeOf(const ProxyConfig& proxy, std::string_view answer, std::size_t cut = 0) {
  HttpConnect way(proxy, kTarget);
  std::size_t taken = way.receive(bytesOf(answer.substr(0, cut)));
  if (taken == cut) taken += way.receive(bytesOf(answer.substr(cut)));
  return {way.isThrough(), way.failure().value_or(""), taken};
}

// The same wherever the stream is cut.
Outcome outcomeOfAll(const ProxyConfig& proxy, std::string_view answer) {
  const Outcome whole = outcomeOf(proxy, answer);
  for (std::size_t cut = 1; cut < answer.size(); ++cut) {
    const Outcome other = outcomeOf(proxy, answer, cut);
    EXPECT_EQ(other.isThrough, whole.isThrough) << "cut at " << cut;
    EXPECT_EQ(other.failure, whole.failure) << "cut at " << cut;
    if (whole.isThrough) EXPECT_EQ(other.taken, whole.taken) << "cut at " << cut;
  }
  return whole;
}

std::string failureOf(std::string_view answer) { return outcomeOfAll(kAnonymous, answer).failure; }

TEST(HttpConnect, AsksAsRfc9110Writes) {
  EXPECT_EQ(saidBy(kAnonymous, kTarget),
            "CONNECT turn.example:443 HTTP/1.1\r\nHost: turn.example:443\r\n\r\n");
  EXPECT_EQ(saidBy(kAnonymous, {"2001:db8::7", 3'478}),
            "CONNECT [2001:db8::7]:3478 HTTP/1.1\r\nHost: [2001:db8::7]:3478\r\n\r\n");
}

TEST(HttpConnect, SaysWhoAsksByBasic) {  // the example of RFC 7617 2
  EXPECT_EQ(saidBy(kAnn, kTarget),
            "CONNECT turn.example:443 HTTP/1.1\r\nHost: turn.example:443\r\n"
            "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

TEST(HttpConnect, AHostThatWouldEndTheLineIsNotTold) {
  for (const char* host : {"a\r\nX: y", "a b", "",
                           "b\xc3\xbc"
                           "cher.example"}) {
    HttpConnect way(kAnonymous, {host, 1});
    EXPECT_EQ(way.failure(), "the server's name cannot be told to a proxy") << host;
    EXPECT_TRUE(way.takeUnsent().empty());
    EXPECT_FALSE(way.isThrough());
  }
}

TEST(HttpConnect, Any2xxLetsThroughAndWhatFollowsIsTheServers) {
  for (const std::string head :
       {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 204 \r\nVia: 1.1 a (b)\r\nContent-Length: 100\r\nEmpty:\r\n\r\n",
        "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    EXPECT_EQ(outcomeOfAll(kAnonymous, head), (Outcome{true, "", head.size()}));
    EXPECT_EQ(outcomeOfAll(kAnonymous, head + "\r\nof the server"),
              (Outcome{true, "", head.size()}));
  }
}

TEST(HttpConnect, AnUnfinishedAnswerIsNone) {
  const std::string_view answer = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < answer.size(); ++size)
    EXPECT_EQ(outcomeOf(kAnonymous, answer.substr(0, size)), (Outcome{false, "", size}));
}

TEST(HttpConnect, ARefusalIsNamed) {
  EXPECT_EQ(failureOf("HTTP/1.1 403 Filtered\r\n\r\n"), "the proxy answered 403 Filtered");
  EXPECT_EQ(failureOf("HTTP/1.1 502\r\n"), "the proxy answered 502");
  EXPECT_EQ(failureOf("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n"), "the proxy answered 301 Moved");
  EXPECT_EQ(failureOf("HTTP/1.1 101 Switching\r\n\r\n"), "the proxy answered 101 Switching");
  EXPECT_EQ(failureOf("HTTP/1.1 407 Who?\r\n\r\n"),
            "the proxy asks for a user name and a password (407)");
  EXPECT_EQ(outcomeOfAll(kAnn, "HTTP/1.1 407 Who?\r\n\r\n").failure,
            "the proxy refused the user name or the password (407)");
}

TEST(HttpConnect, ARefusalRepeatsNoSecretAndNothingThatCannotBePrinted) {
  for (const char* secret : {"open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="})
    EXPECT_EQ(outcomeOfAll(kAnn, "HTTP/1.1 403 you are " + std::string(secret) + "\r\n").failure,
              "the proxy answered 403");
  EXPECT_EQ(failureOf("HTTP/1.1 403 \xff\xfe\tx\r\n"), "the proxy answered 403 ???x");
  const std::string failure =
      outcomeOf(kAnonymous, "HTTP/1.1 403 " + std::string(4'000, 'x') + "\r\n").failure;
  EXPECT_LE(failure.size(), limits::turn::kReason + 19);
}

TEST(HttpConnect, WhatIsNoHttpEndsIt) {
  for (const std::string answer :
       {"\r\n", "SSH-2.0-x\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 OK\r\n", "HTTP/1.1 600 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.x 200 OK\r\n",
        "HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\r\r\n", "HTTP/1.1 200 O\rK\r\n",
        "HTTP/1.1 200 O\x01K\r\n", "HTTP/1.1 200 OK\r\n\n", "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n", "\x05\x01"})
    EXPECT_EQ(failureOf(answer), "the proxy does not speak HTTP") << answer;
  EXPECT_EQ(failureOf(std::string("HTTP/1.1 200 O\0K\r\n", 18)), "the proxy does not speak HTTP");
}

TEST(HttpConnect, AnAnswerWithoutAnEndIsBounded) {
  const std::size_t most = limits::turn::kProxyAnswer;
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string end = "\r\n\r\n";
  const auto withField = [&](std::size_t whole) {
    return head + "A: " + std::string(whole - head.size() - end.size() - 3, 'x') + end;
  };
  EXPECT_TRUE(outcomeOf(kAnonymous, withField(most)).isThrough);
  EXPECT_EQ(outcomeOf(kAnonymous, withField(most + 1)).failure, "the proxy's answer is too long");
  std::string interim;  // none of them is too long
  while (interim.size() <= most) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(outcomeOf(kAnonymous, interim).failure, "the proxy's answer is too long");
}

TEST(HttpConnect, NothingIsHeardAfterAFailure) {
  HttpConnect way(kAnonymous, kTarget);
  way.receive(bytesOf("HTTP/1.1 403 No\r\n"));
  way.receive(bytesOf("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_FALSE(way.isThrough());
  EXPECT_EQ(way.failure(), "the proxy answered 403 No");
}

}  // namespace
}  // namespace parley::turn
