# bench [arguments]: ours, then the other stacks in the same run, into docs/benchmarks.md; with
# arguments only ours, with these arguments.
dev_bench() {
  need base
  node_modules bench/rivals
  configure release
  compile release parley_bench parley_many
  if [ $# -gt 0 ]; then
    build/release/bench/parley_bench "$@"
    return
  fi
  has_target release parley_node && compile release parley_node
  say "benchmarks; leave the machine alone until they end"
  node bench/run.mjs
}
