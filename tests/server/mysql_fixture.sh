#!/usr/bin/env bash
# Oracle's MySQL for tests, on Debian, whose stable releases have only MariaDB: from a chroot of unstable.
#
#   mysql_fixture.sh start DIR   DIR/socket, DIR/port and DIR/pid say where it is, as for mariadb_fixture.sh
#   mysql_fixture.sh stop DIR    ends it and removes its data; the chroot stays for the next time
#
# Its account root has no password. The chroot (about 1 GB) is made once, below INVCTL_TEST_MYSQL_ROOT (default: beside
# the templates of mariadb_fixture.sh), from the mirror that this machine's apt uses, or INVCTL_TEST_MIRROR. Where that
# cannot be done, `start` writes why to DIR/skipped and succeeds. Nothing is synced to the disk.
set -euo pipefail
command=${1:?start or stop}
dir=${2:?a directory}
PATH=$PATH:/usr/sbin
root=${INVCTL_TEST_MYSQL_ROOT:-${XDG_CACHE_HOME:-${TMPDIR:-/tmp}}/invctl-tests-$(id -u)/mysql}

skip() {
  echo "SKIPPED: $1"
  echo "$1" >"$dir/skipped"
  exit 0
}

running() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

make_chroot() {
  [ ! -e "$root/usr/sbin/mysqld" ] || return 0
  [ "$(id -u)" = 0 ] || skip "making a chroot needs root"
  command -v debootstrap >/dev/null || skip "debootstrap is not installed: scripts/install-deps --mysql"
  local log=$dir/chroot.log
  local mirror=${INVCTL_TEST_MIRROR:-}
  if [ -z "$mirror" ]; then
    # The archive itself, not that of security fixes, which has no unstable.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
      grep -m 1 '/debian/\?$' || true)
  fi
  [ -n "$mirror" ] || skip "apt knows no mirror of Debian: INVCTL_TEST_MIRROR names one"
  rm -rf "$root.new"
  mkdir -p "$root.new"
  echo "making a chroot of Debian unstable with MySQL in it, once"
  debootstrap --variant=minbase sid "$root.new" "$mirror" >"$log" 2>&1 || skip "debootstrap failed: $(tail -1 "$log")"
  printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"  # no package starts a service in it
  chmod 755 "$root.new/usr/sbin/policy-rc.d"
  chroot "$root.new" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    mysql-server-core mysql-client-core >>"$log" 2>&1 || skip "MySQL cannot be installed: $(tail -1 "$log")"
  chroot "$root.new" useradd -r mysql >>"$log" 2>&1 || true
  rm -rf "$root"
  mv "$root.new" "$root"
}

case "$command" in
  start)
    mkdir -p "$dir"
    [ ! -e "$dir/data" ] || "$0" stop "$dir"
    rm -f "$dir/skipped" "$dir/socket"
    make_chroot
    data=$(mktemp -d "$root/srv/invctl-XXXXXX")
    inside=${data#"$root"}
    echo "$data" >"$dir/data"
    chroot "$root" chown mysql "$inside"
    chroot "$root" mysqld --no-defaults --initialize-insecure --user=mysql --datadir="$inside/data" \
      --log-error="$inside/error.log" || { tail -20 "$data/error.log" >&2; exit 1; }
    port=$((20000 + RANDOM % 12000))
    # It waits for no lock longer than the tests do, and logs in who has no password, as MariaDB does.
    setsid chroot "$root" mysqld --no-defaults --user=mysql --datadir="$inside/data" --socket="$inside/sock" \
      --pid-file="$inside/pid" --log-error="$inside/error.log" --bind-address=127.0.0.1 --port="$port" \
      --secure-file-priv=NULL --mysqlx=OFF --skip-log-bin --skip-name-resolve --character-set-server=utf8mb4 \
      --collation-server=utf8mb4_bin --innodb-flush-log-at-trx-commit=1 --innodb-flush-method=nosync \
      --innodb-doublewrite=OFF --innodb-redo-log-capacity=32M --innodb-buffer-pool-size=128M --max-connections=300 \
      </dev/null >/dev/null 2>&1 9>&- &
    pid=$!
    echo "$pid" >"$dir/pid"
    for _ in $(seq 300); do
      if mariadb --no-defaults -uroot --socket="$data/sock" -e 'select 1' >/dev/null 2>&1; then
        echo "$port" >"$dir/port"
        echo "$data/sock" >"$dir/socket"
        exit 0
      fi
      running "$pid" || break
      sleep 0.1
    done
    echo "mysqld does not start:" >&2
    tail -20 "$data/error.log" >&2
    exit 1
    ;;
  stop)
    [ -e "$dir/data" ] || exit 0
    pid=$(cat "$dir/pid" 2>/dev/null || true)
    # The number may be another program's by now.
    if running "$pid" && grep -qa mysqld "/proc/$pid/cmdline"; then
      kill "$pid"
      for _ in $(seq 200); do
        running "$pid" || break
        sleep 0.1
      done
    fi
    data=$(cat "$dir/data")
    case "$data" in */srv/invctl-*) rm -rf "$data" ;; esac
    rm -f "$dir/data" "$dir/pid" "$dir/port" "$dir/socket"
    ;;
  *)
    sed -n '2,10s/^# \?//p' "$0" >&2
    exit 2
    ;;
esac
