# fuzz [target [seconds]]: libFuzzer; what it learns is kept in build/corpus, what it finds in
# build/findings.
dev_fuzz() {
  compgen -G 'fuzz/*.cc' >/dev/null || die "there are no fuzz targets (fuzz/*.cc) in this tree"
  local only="${1:-}" seconds="${2:-}" source name corpus ran=0
  if [ -n "$only" ]; then seconds="${seconds:-60}"; else seconds="${seconds:-10}"; fi
  compile fuzz
  mkdir -p build/findings
  for source in fuzz/*.cc; do
    name="$(basename "$source" .cc)"
    if [ -n "$only" ] && [ "$only" != "$name" ]; then continue; fi
    [ -x "build/fuzz/fuzz/$name" ] || continue
    say "fuzz $name for $seconds s"
    corpus="build/corpus/$name"
    mkdir -p "$corpus"
    local seeds=()
    if [ -d "fuzz/corpus/$name" ]; then seeds=("fuzz/corpus/$name"); fi
    "build/fuzz/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
      -print_final_stats=1 -artifact_prefix="build/findings/$name-" "$corpus" "${seeds[@]}" \
      2>"build/findings/$name.log" || {
      tail -40 "build/findings/$name.log"
      die "fuzz target $name found something; the input is in build/findings"
    }
    grep -E 'stat::(number_of_executed_units|new_units_added)' "build/findings/$name.log" || true
    ran=$((ran + 1))
  done
  [ "$ran" -gt 0 ] || die "no fuzz target named '$only'"
  echo "$ran fuzz targets ran without a finding"
}
