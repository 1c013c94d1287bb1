# tsan [filter]: what runs on threads, under ThreadSanitizer: loops, W3C objects, connections in
# cycles, the Node addon. filter: a GoogleTest filter; then the unit tests only.
dev_tsan() {
  local filter="${1:-}" layer options status=0
  local layers=(loop runtime peer parley) targets=()
  for layer in "${layers[@]}"; do targets+=("parley_${layer}_test"); done
  if [ -z "$filter" ]; then targets+=(parley_cycles parley_node); fi
  compile tsan "${targets[@]}"
  options="external_symbolizer_path=$(command -v llvm-symbolizer-19 || command -v llvm-symbolizer)"

  for layer in "${layers[@]}"; do
    say "tests of $layer"
    TSAN_OPTIONS="$options" "build/tsan/parley_${layer}_test" --gtest_brief=1 \
      --gtest_filter="${filter:-*}" || status=1
  done
  if [ -z "$filter" ]; then
    say "100 connections"
    TSAN_OPTIONS="$options" build/tsan/tests/cycles/parley_cycles 100 || status=1
    tsan_node "$options" || status=1
  fi
  if [ "$status" -ne 0 ]; then die "tsan: there are findings"; fi
}

# node is not built with the sanitizer: what it does by itself is not looked at, what the addon
# does is. The runtime has to be in the process before node begins.
tsan_node() {
  local runtime tests
  runtime="$(clang++-19 -print-file-name="libclang_rt.tsan-$(uname -m).so")"
  mapfile -t tests < <(find bindings/node/test -name '*.test.mjs' | sort)
  say "Node tests"
  LD_PRELOAD="$runtime" TSAN_OPTIONS="$1:ignore_noninstrumented_modules=1" \
    PARLEY_NODE_BINARY="$PWD/build/tsan/bindings/node/parley.node" node --test "${tests[@]}"
}
