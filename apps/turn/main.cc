// A STUN and TURN server over UDP for trying things out: the very object that worlds and tests use,
// on real sockets.

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "crypto/secrets.h"
#include "runtime/loop_runner.h"
#include "server/server.h"

namespace {

using parley::IpAddress;
using parley::server::Config;
using parley::server::Server;

struct Options {
  std::string listen = "127.0.0.1";
  std::uint16_t port = 3'478;
  std::string announced;
  std::string user = "user", password = "password";
  int seconds = 0;
  Config config;
};

int fail(const std::string& what) {
  std::fprintf(stderr, "parley_turn: %s\n", what.c_str());
  return 1;
}

void report(const Server& server) {
  const parley::server::Stats& stats = server.stats();
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "%llu requests (%llu bindings), %llu errors, %llu allocations made, %zu live\n"
      "%llu packets to peers, %llu to clients; dropped: %llu malformed, %llu without permission, "
      "%llu rate-limited\n",
      number(stats.requests), number(stats.bindings), number(stats.errors),
      number(stats.allocationsMade), server.held().allocations, number(stats.packetsToPeers),
      number(stats.packetsToClients), number(stats.malformed), number(stats.noPermission),
      number(stats.rateLimited));
}

int run(Options& options) {
  const auto ip = IpAddress::parse(options.listen);
  const auto announced = IpAddress::parse(options.announced);
  if (!ip) return fail(options.listen + " is no address");
  if (!options.announced.empty() && !announced) return fail(options.announced + " is no address");
  options.config.listen = {{*ip, options.port}};
  if (announced) options.config.relays = {{*ip, *announced}};
  options.config.authentication.users = {{options.user, options.password}};
  options.config.software = "Parley test server";

  parley::crypto::SystemSecrets secrets;
  parley::runtime::LoopRunner runner({.secrets = &secrets});
  {
    Server server(runner.host(), options.config);
    if (server.error()) return fail("cannot listen at " + options.config.listen[0].toString());
    std::printf("listening at %s, realm %s\n", server.addresses()[0].toString().c_str(),
                options.config.authentication.realm.c_str());
    std::fflush(stdout);
    boost::asio::signal_set signals(runner.context(), SIGINT, SIGTERM);
    signals.async_wait([&](const boost::system::error_code&, int) { runner.stop(); });
    if (options.seconds > 0) {
      runner.runFor(std::chrono::seconds(options.seconds));
    } else {
      runner.run();
    }
    report(server);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A STUN and TURN server over UDP, for tests.");
  Options options;
  Config& config = options.config;
  app.add_option("--listen", options.listen, "the address to listen at and to relay from");
  app.add_option("--port", options.port, "the port to listen at; 0: any");
  app.add_option("--announced", options.announced, "the address clients are told of relays");
  app.add_option("--user", options.user, "the one user's name");
  app.add_option("--password", options.password, "and password");
  app.add_option("--realm", config.authentication.realm, "the realm of the long-term credentials");
  app.add_option("--seconds", options.seconds, "ends after so long; 0: never");
  app.add_flag("--sha256", config.authentication.offersSha256, "offer SHA-256 beside MD5");
  app.add_flag("--strict", config.strict, "never answer a stranger with more than it sent");
  app.add_flag("--allow-local", config.peers.allowsLoopback,
               "relay to this machine, loopback included")
      ->each([&](const std::string&) { config.peers.allowsOwn = true; });
  app.add_option("--stranger-rate", config.strangerAnswersPerSecond,
                 "answers a second to one source that has not proved who it is");
  CLI11_PARSE(app, argc, argv);
  return run(options);
}
