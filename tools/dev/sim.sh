# sim [arguments]: whole peers in simulated networks, each from a seed; see docs/reliability.md.
# --power needs the build that has the planted bugs in it.
dev_sim() {
  local preset=release argument
  for argument in "$@"; do
    if [ "$argument" = --power ]; then preset=checked; fi
  done
  compile "$preset" parley_seeds
  mkdir -p build/sim
  say "seeds $*"
  PARLEY_COMMIT="$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" \
    PARLEY_TRACES=build/sim \
    "build/$preset/tests/seeds/parley_seeds" --jobs "$JOBS" "$@"
}
