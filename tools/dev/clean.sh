# clean: everything that can be built again. node_modules stay.
dev_clean() {
  if mount | grep -q " $PARLEY_ROOT/build/fresh"; then
    die "something is still mounted under build/fresh"
  fi
  rm -rf build bindings/node/build
  say "removed build/"
}
