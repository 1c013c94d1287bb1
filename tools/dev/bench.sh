# bench [setup]: ours, then the other stacks in the same run, into docs/benchmarks.md; with "setup"
# only what it takes to make, hold and close connections, and nothing is written.
dev_bench() {
  need base rivals
  node_modules bench/rivals
  configure release
  compile release parley_bench parley_many
  has_target release parley_node && compile release parley_node
  say "benchmarks; leave the machine alone until they end"
  # Where the sources of Debian's package are not, Pion is skipped.
  GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$PWD/build/go" \
    go build -o build/release/bench/pion_pairs ./bench/rivals/pion ||
    say "Pion could not be built"
  node bench/run.mjs "$@"
}
