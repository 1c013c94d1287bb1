# interop [chromium] [firefox]: calls between Parley and the browsers of the system, headless.
dev_interop() {
  [ -f tests/interop/run.mjs ] || die "there is no tests/interop/run.mjs in this tree"
  need base interop
  node_modules tests/interop
  configure release
  has_target release parley_node && compile release parley_node
  has_target release parley_interop && compile release parley_interop
  say "interoperation ${*:-with every browser}"
  node tests/interop/run.mjs "$@"
}
