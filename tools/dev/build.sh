# build [preset]
dev_build() { compile "${1:-release}"; }
