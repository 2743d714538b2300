#!/usr/bin/env bash
# install_test.sh CMAKE BUILD_DIR: what `cmake --install` puts in place is this list, no less and no more, and it
# works from there.
set -euo pipefail
cmake=$1 build=$2
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

expected='bin/invctl
share/bash-completion/completions/invctl
share/doc/invctl/CHANGELOG.md
share/doc/invctl/LICENSE
share/doc/invctl/README.md
share/fish/vendor_completions.d/invctl.fish
share/man/man1/invctl.1
share/man/man5/invctl-config.5
share/zsh/site-functions/_invctl'

"$cmake" --install "$build" --prefix "$prefix" >/dev/null
found=$(cd "$prefix" && find . ! -type d -printf '%P\n' | LC_ALL=C sort)
if [ "$found" != "$expected" ]; then
  echo 'the installed files (>) are not the expected ones (<):' >&2
  diff <(echo "$expected") <(echo "$found") >&2 || true
  exit 1
fi

"$prefix/bin/invctl" --version | grep -qE '^invctl [0-9]+\.[0-9]+\.[0-9]+$'
bash -n "$prefix/share/bash-completion/completions/invctl"

# What everybody may read, nobody but the owner may change; only the program is executable.
(cd "$prefix" && find . ! -type d -perm /022 -o -type f ! -perm -0444) | while read -r file; do
  echo "$file has the wrong mode" >&2
  exit 1
done
[ "$(cd "$prefix" && find . -type f -perm /111 -printf '%P\n')" = bin/invctl ] || {
  echo 'only bin/invctl should be executable' >&2
  exit 1
}
