# test [filter]: everything a change must pass, under AddressSanitizer and UBSan. Node and the
# consumers come last; the closing line is ctest's own.

# One line for a hundred tests that passed; everything else as it is.
quieter() {
  awk '/^ +Start +[0-9]+:/ {next}
       / Passed +[0-9.]+ sec$/ {if (++passed % 100 == 0) print passed " passed"; fflush(); next}
       {print; fflush()}'
}

dev_test() {
  local filter="${1:-}" status=0 log
  compile debug
  log=build/test.log

  local ctest=(ctest --test-dir build/debug -j 2 --output-on-failure --no-tests=error)
  if [ -n "$filter" ]; then
    "${ctest[@]}" -R "$filter"
    return
  fi

  say "unit tests, worlds and checks of the tree"
  "${ctest[@]}" -LE consumer 2>&1 | tee "$log" | quieter || status=1
  local summary
  summary="$(grep -E 'tests passed' "$log" | tail -1)"
  if [ "$status" -ne 0 ]; then
    echo "$summary"
    die "tests failed; see build/debug/Testing/Temporary/LastTest.log"
  fi

  local node_tests=()
  if [ -d bindings/node/test ]; then
    mapfile -t node_tests < <(find bindings/node/test -name '*[._]test.*js' | sort)
  fi
  if [ ${#node_tests[@]} -gt 0 ]; then
    # Without sanitizers: node itself is not built with them.
    configure release
    compile release parley_node parley_demo parley_bench parley_interop parley_signalling_server \
      parley_signalling_peer parley_seeds
    mkdir -p build/sim
    say "2,000 seeds"
    PARLEY_TRACES=build/sim build/release/tests/seeds/parley_seeds --seeds 2000 --jobs "$JOBS" ||
      die "seeds failed; their traces are in build/sim"
    say "Node tests"
    node --test "${node_tests[@]}" || die "Node tests failed"
  fi

  if ctest --test-dir build/debug -N -L consumer | grep 'Total Tests: [1-9]' >/dev/null; then
    say "programs that use an installed Parley"
    "${ctest[@]}" -L consumer || die "consumer tests failed"
  fi
  echo "$summary"
}
