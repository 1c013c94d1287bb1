# bench [arguments]: the benchmarks; without arguments their report becomes docs/benchmarks.md.
dev_bench() {
  configure release
  has_target release parley_bench || die "there is no target parley_bench (bench/) in this tree"
  compile release parley_bench
  local report=build/benchmarks.md
  say "benchmarks; leave the machine alone until they end"
  if [ $# -gt 0 ]; then
    build/release/bench/parley_bench "$@"
    return
  fi
  build/release/bench/parley_bench | tee "$report"
  [ -s "$report" ] || die "the benchmarks printed nothing"
  cp "$report" docs/benchmarks.md
  say "written: docs/benchmarks.md"
}
