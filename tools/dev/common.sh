# Shared by the subcommands of ./dev; sourced with PARLEY_ROOT set and as the working directory.

JOBS="${PARLEY_JOBS:-$(nproc)}"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }
die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# as_root <command...>: directly, or by sudo where there is one.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    die "this needs root or sudo: $*"
  fi
}

# node_major: the major version of the node that is there, 0 when there is none.
node_major() {
  if command -v node >/dev/null; then node -p 'process.versions.node.split(".")[0]'; else echo 0; fi
}

# need <group...>: installs the groups' packages that are missing. Cheap when nothing changed.
need() {
  source tools/dev/setup.sh
  install_groups "$@"
}

# configure <preset>: only when there is no build file yet or the presets are newer; ninja sees to
# the rest. The Node binding is part of the release build and of ThreadSanitizer's.
configure() {
  local preset="$1"
  case "$preset" in
    clang | tsan | fuzz) need base lint ;;
    *) need base ;;
  esac
  node_modules bindings/node
  local made="build/$preset/build.ninja" options=()
  if [[ "$preset" =~ ^(release|tsan)$ ]] && [ -d bindings/node/node_modules ]; then
    options+=(-D PARLEY_NODE=ON)
  fi
  if [ ! -f "$made" ] || [ CMakePresets.json -nt "$made" ] ||
    { [ ${#options[@]} -gt 0 ] && ! grep -q '^PARLEY_NODE:BOOL=ON' "${made%/*}/CMakeCache.txt"; }
  then
    say "configure $preset"
    cmake --preset "$preset" "${options[@]}" >"build/$preset.configure.log" || {
      cat "build/$preset.configure.log"
      die "configuring $preset failed"
    }
  fi
}

# compile <preset> [target...]
compile() {
  local preset="$1"
  shift
  configure "$preset"
  say "build $preset ${*:-everything}"
  local arguments=()
  if [ $# -gt 0 ]; then arguments=(--target "$@"); fi
  cmake --build "build/$preset" -j "$JOBS" "${arguments[@]}"
}

# has_target <preset> <target>
has_target() { ninja -C "build/$1" -t query "$2" >/dev/null 2>&1; }

# node_modules <folder>: what its package.json asks for, when that changed. Browsers are never
# downloaded: those of the system are used.
node_modules() {
  local folder="$1" key stamp
  [ -f "$folder/package.json" ] || return 0
  grep -qE '"(dev)?[dD]ependencies"' "$folder/package.json" || return 0
  key="$(cat "$folder"/package.json "$folder"/package-lock.json 2>/dev/null | sha256sum)"
  key="${key%% *}"
  stamp="$folder/node_modules/.parley-$key"
  if [ -f "$stamp" ]; then return 0; fi
  say "npm modules for $folder"
  local verb=install
  if [ -f "$folder/package-lock.json" ]; then verb=ci; fi
  (
    cd "$folder" || exit
    export PUPPETEER_SKIP_DOWNLOAD=1 PUPPETEER_SKIP_CHROMIUM_DOWNLOAD=1
    export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm_config_audit=false npm_config_fund=false
    npm "$verb" --ignore-scripts --no-progress
  )
  mkdir -p "$folder/node_modules"
  touch "$stamp"
}
