# setup [group...]: Debian packages by group, only those that are missing.

packages_of() {
  case "$1" in
    base)
      echo g++ cmake ninja-build ccache lld pkg-config python3 git \
        libboost-dev libssl-dev libgtest-dev libgmock-dev libbenchmark-dev \
        nlohmann-json3-dev libcli11-dev
      if [ "$(node_major)" -lt 18 ]; then echo nodejs; fi
      if ! command -v npm >/dev/null; then echo npm; fi
      ;;
    lint) echo clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev lld-19 ;;
    rivals) echo golang-go golang-github-pion-webrtc.v3-dev python3-aiortc ;;
    interop) echo chromium firefox-esr iproute2 coturn nftables openssl tinyproxy-bin microsocks ;;
    fresh) echo debootstrap git ;;
    shell) echo shellcheck ;;
    *) die "no such group of packages: $1" ;;
  esac
}

dpkg_has() {
  [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = "install ok installed" ]
}

install_groups() {
  command -v dpkg-query >/dev/null || {
    echo "dev: not Debian; assuming that the packages of: $* are there" >&2
    return 0
  }
  # A stamp per set of packages; a change of dpkg's state makes every stamp old.
  mkdir -p build
  local key stamp package
  key="$(printf '%s ' "$@" | cat - tools/dev/setup.sh | sha256sum | cut -c1-16)"
  stamp="build/.setup-$key"
  if [ -f "$stamp" ] && [ "$stamp" -nt /var/lib/dpkg/status ]; then return 0; fi

  local missing=() group list
  for group in "$@"; do
    list="$(packages_of "$group")"
    for package in $list; do
      dpkg_has "$package" || missing+=("$package")
    done
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "install ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    local apt=(apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq)
    local log=build/setup.log
    {
      as_root "${apt[@]}" update &&
        as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
    } </dev/null >"$log" 2>&1 || {
      tail -30 "$log"
      die "installing packages failed"
    }
  fi
  touch "$stamp"
}

dev_setup() {
  local groups=("$@")
  if [ ${#groups[@]} -eq 0 ]; then groups=(base); fi
  if [ "${groups[0]}" = all ]; then groups=(base lint interop fresh shell); fi
  install_groups "${groups[@]}"
  node_modules bindings/node
  if [[ " ${groups[*]} " == *" interop "* ]]; then node_modules tests/interop; fi
  say "set up: ${groups[*]}"
}
