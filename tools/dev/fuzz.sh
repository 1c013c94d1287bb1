# fuzz TARGET | --all [--seconds N] [--runs N]: libFuzzer. What it learns is kept in build/corpus,
# what it finds in build/findings.
dev_fuzz() {
  local targets=() seconds="" runs=-1 all=no name
  while [ $# -gt 0 ]; do
    case "$1" in
      --all) all=yes ;;
      --seconds) seconds="${2:?--seconds takes a number}" && shift ;;
      --runs) runs="${2:?--runs takes a number}" && shift ;;
      -*) die "fuzz: unknown option $1" ;;
      *) targets+=("$1") ;;
    esac
    shift
  done
  mapfile -t known < <(sed -nE 's/^ *parley_fuzz\((\w+) .*/\1/p' fuzz/CMakeLists.txt | sort)
  [ "$all" = no ] || targets=("${known[@]}")
  [ "${#targets[@]}" -gt 0 ] || die "fuzz: name a target, or --all; there are: ${known[*]}"
  for name in "${targets[@]}"; do
    [ -f "fuzz/$name.cc" ] || die "no fuzz target named '$name'; there are: ${known[*]}"
  done
  if [ -z "$seconds" ]; then
    seconds=60
    if [ "$all" = yes ]; then seconds=10; fi
    if [ "$runs" != -1 ]; then seconds=0; fi  # until they are done
  fi

  compile fuzz "${targets[@]/#/fuzz_}"
  mkdir -p build/findings
  for name in "${targets[@]}"; do fuzz_one "$name" "$seconds" "$runs"; done
  echo "${#targets[@]} fuzz targets ran without a finding"
}

# A target says in its first lines how long an input is worth being: "max_len: 64".
fuzz_one() {
  local name="$1" seconds="$2" runs="$3" corpus="build/corpus/$1" log="build/findings/$1.log"
  local options=() length
  length="$(sed -nE 's,^// max_len: ([0-9]+).*,\1,p' "fuzz/$name.cc")"
  if [ -n "$length" ]; then options+=("-max_len=$length"); fi
  if [ -f "fuzz/dictionaries/$name.dict" ]; then
    options+=("-dict=fuzz/dictionaries/$name.dict")
  fi
  mkdir -p "$corpus"
  "build/fuzz/fuzz/$name" -max_total_time="$seconds" -runs="$runs" -timeout=10 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/findings/$name-" \
    "${options[@]}" "$corpus" "fuzz/corpus/$name" 2>"$log" || {
    tail -40 "$log"
    die "fuzz target $name found something; the input is in build/findings"
  }
  awk -v name="$name" '
    /stat::number_of_executed_units/ { runs = $2 }
    /stat::average_exec_per_sec/ { speed = $2 }
    END { printf "%-18s %12d executions %8d a second\n", name, runs, speed }' "$log"
}
