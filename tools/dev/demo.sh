# demo: two peers in one process, C++ first, then the same from Node.
dev_demo() {
  configure release
  has_target release parley_demo || die "there is no target parley_demo (apps/demo) in this tree"
  compile release parley_demo
  say "demo, C++"
  build/release/apps/demo/parley_demo "$@"

  [ -f bindings/node/demo.cjs ] || die "there is no bindings/node/demo.cjs in this tree"
  has_target release parley_node && compile release parley_node
  say "demo, Node"
  node bindings/node/demo.cjs
}
