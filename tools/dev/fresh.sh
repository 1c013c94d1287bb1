# fresh [command...]: what a newcomer sees. Makes a bare Debian 12 under build/fresh, puts the last
# commit into it and runs `./dev demo` and `./dev test` there (or the commands given). The mounts
# live in a mount namespace of their own and the folder is removed, whatever happens.

# Debian's own repositories as apt here knows them: "uri release component" a line.
debian_repositories() {
  # shellcheck disable=SC2016  # apt expands these
  apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(RELEASE) $(COMPONENT)' |
    sed -n 's/^Debian|//p' | sort -u
}

fresh_system() {
  local root="$1" mirror file bundle=/etc/ssl/certs/ca-certificates.crt proxy=
  debian_repositories | grep -q . || apt-get -qq update
  mirror="$(debian_repositories | awk '$2 == "bookworm" && $3 == "main" {print $1; exit}')"
  [ -n "$mirror" ] || die "apt here knows no Debian 12 (bookworm) repository to start from"
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [ -n "$proxy" ]; then export http_proxy="${http_proxy:-$proxy}"; fi

  say "debootstrap"
  mkdir -p "$PARLEY_ROOT/build/fresh.debs"
  debootstrap --variant=minbase --include=ca-certificates \
    --cache-dir="$PARLEY_ROOT/build/fresh.debs" bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -30 "$root.log"
    die "debootstrap failed"
  }

  # The roads to the network that this machine uses, and nothing else of it.
  debian_repositories | sed 's/^/deb /' >"$root/etc/apt/sources.list"
  for file in /etc/apt/apt.conf.d/*; do
    if grep -q 'Acquire::' "$file"; then cp "$file" "$root/etc/apt/apt.conf.d/"; fi
  done
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  if [ -f "$bundle" ]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp "$bundle" "$root/usr/local/share/ca-certificates/of-this-machine.crt"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
  fi
  if [ -f "$HOME/.npmrc" ]; then cp "$HOME/.npmrc" "$root/root/.npmrc"; fi
  if command -v npm >/dev/null; then
    file="$(npm config get globalconfig 2>/dev/null || true)"
    if [ -f "$file" ]; then cp "$file" "$root/etc/npmrc"; fi
  fi
}

# The variables that a way out may need, when they are set here.
fresh_environment() {
  local name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY PARLEY_JOBS TERM \
    NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR npm_config_registry; do
    if [ -n "${!name:-}" ]; then printf '%s=%s\n' "$name" "${!name}"; fi
  done
}

dev_fresh() {
  [ "$(id -u)" -eq 0 ] || die "fresh needs root: sudo ./dev fresh"
  need fresh
  local commands=("$@") environment
  if [ ${#commands[@]} -eq 0 ]; then commands=(demo test); fi
  mkdir -p build/fresh
  FRESH_ROOT="$(mktemp -d "$PARLEY_ROOT/build/fresh/XXXXXX")"
  trap 'rm -rf --one-file-system "$FRESH_ROOT" "$FRESH_ROOT.log"' EXIT
  chmod 755 "$FRESH_ROOT"
  fresh_system "$FRESH_ROOT"
  mkdir -p "$FRESH_ROOT/parley"
  git archive HEAD | tar -x -C "$FRESH_ROOT/parley"
  mapfile -t environment < <(fresh_environment)

  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --propagation private bash -euc '
    root="$1"; count="$2"; shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount --rbind /sys "$root/sys"
    environment=("${@:1:count}"); shift "$count"
    for command in "$@"; do
      printf "==> in a bare Debian 12: ./dev %s\n" "$command"
      chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 NPM_CONFIG_GLOBALCONFIG=/etc/npmrc \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${environment[@]}" \
        bash -c "cd /parley && ./dev $command"
    done' fresh "$FRESH_ROOT" "${#environment[@]}" "${environment[@]}" "${commands[@]}"
  say "a bare Debian 12 ran: ${commands[*]}"
}
