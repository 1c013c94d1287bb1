# lint [--fix] [--all]: format, tidy, headers that stand alone, clang-tidy and shell scripts.
# clang-tidy skips what it has already seen unchanged; --all looks at everything again.

cxx_files() {
  local folder folders=()
  for folder in src include apps examples bench bindings fuzz sim tests; do
    if [ -d "$folder" ]; then folders+=("$folder"); fi
  done
  find "${folders[@]}" -name node_modules -prune -o \( -name '*.h' -o -name '*.cc' \) -print | sort
}

dev_lint() {
  local fix=0 all=() failed=() argument
  for argument in "$@"; do
    case "$argument" in
      --fix) fix=1 ;;
      --all) all=(--all) ;;
      *) die "lint knows --fix and --all, not $argument" ;;
    esac
  done
  need base lint shell

  if [ "$fix" -eq 1 ]; then
    say "clang-format, in place"
    cxx_files | xargs clang-format-19 -i
  else
    say "clang-format"
    cxx_files | xargs -n 40 clang-format-19 --dry-run -Werror >build/format.log 2>&1 || {
      sed -nE 's/^([^ :]+):[0-9]+:.*/\1/p' build/format.log | sort -u >build/format.files
      sed -n '1,20p' build/format.files
      echo "$(wc -l <build/format.files) files are not formatted; ./dev lint --fix formats them"
      failed+=(clang-format)
    }
  fi

  say "tidy"
  if [ "$fix" -eq 1 ]; then python3 tools/rfc.py; fi
  python3 tools/tidy.py || failed+=(tidy)
  python3 tools/rfc.py --check || failed+=(rfc)

  say "shellcheck"
  shellcheck -x -P SCRIPTDIR -s bash dev .ci/run tools/dev/*.sh || failed+=(shellcheck)

  # The second compiler, so every header is seen by both.
  configure clang
  say "headers that stand alone"
  cmake --build build/clang -j "$JOBS" --target parley_std parley_testing_pch \
    parley_headers_check || failed+=(headers)

  say "clang-tidy"
  python3 tools/clang_tidy.py --build build/clang --jobs "$JOBS" "${all[@]}" || failed+=(clang-tidy)

  if [ ${#failed[@]} -gt 0 ]; then die "lint: ${failed[*]} failed"; fi
  say "lint: nothing to say"
}
