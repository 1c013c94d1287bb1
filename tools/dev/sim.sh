# sim --nats [--seeds N]: the table of docs/ice.md, cell by cell, on all processors.
nats() {
  compile release parley_nats
  local part failed=0 running=()
  for ((part = 0; part < JOBS; ++part)); do
    build/release/tests/nats/parley_nats "$@" --part "$part" --parts "$JOBS" &
    running+=($!)
  done
  for part in "${running[@]}"; do wait "$part" || failed=1; done
  return "$failed"
}

# sim --notices [--seeds N]: how soon the other side notices close().
notices() {
  compile release parley_notices
  build/release/tests/notices/parley_notices "$@"
}

# sim [arguments]: whole peers in simulated networks, each from a seed; see docs/reliability.md.
# --power needs the build that has the planted bugs in it.
dev_sim() {
  if [ "${1:-}" = --nats ]; then
    nats "${@:2}"
    return
  fi
  if [ "${1:-}" = --notices ]; then
    notices "${@:2}"
    return
  fi
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
