# sim [arguments]: whole peers in simulated networks, every run from a seed.
dev_sim() {
  configure debug
  has_target debug parley_worlds || die "there is no target parley_worlds (tests/worlds)"
  compile debug parley_worlds
  say "worlds $*"
  build/debug/tests/worlds/parley_worlds "$@"
}
