# interop [chromium] [firefox] [--closes N]: calls between Parley and the browsers of the system.
# interop coturn [udp] [tcp] [tls] [dtls] [proxy] [--closes N]: through a TURN server.
# interop nats: NATs in namespaces.
dev_interop() {
  [ -f tests/interop/run.mjs ] || die "there is no tests/interop/run.mjs in this tree"
  need base interop
  node_modules tests/interop
  configure release
  has_target release parley_node && compile release parley_node
  has_target release parley_interop && compile release parley_interop
  has_target release parley_signalling_peer &&
    compile release parley_signalling_peer parley_signalling_server
  case "${1:-}" in
    coturn | nats)
      say "interoperation: $*"
      node "tests/interop/$1.mjs" "${@:2}"
      return
      ;;
  esac
  say "interoperation ${*:-with every browser}"
  node tests/interop/run.mjs "$@"
}
