#!/usr/bin/env bash
# A private MariaDB server for tests, on a unix socket and a loopback port of its own.
#
#   mariadb_fixture.sh start DIR [SERVER-OPTION...]   DIR/socket, DIR/port and DIR/pid say where it is
#   mariadb_fixture.sh restart DIR                    after a crash or a kill, on the same data
#   mariadb_fixture.sh stop DIR                       ends it and removes its data
#   mariadb_fixture.sh template DIR                   prints the path of a data directory to copy
#
# Its account root has no password. Without a MariaDB server on this machine `start` writes why to
# DIR/skipped and succeeds, unless CI=true: there a missing server is a failure.
# It does not sync to the disk, which makes creating tables ten times faster and loses nothing when the server
# is killed, only when the machine is; `--innodb-flush-method=fsync` among the options turns that round.
# A data directory is made once per machine and version and copied from then on.
set -euo pipefail
command=${1:?start, restart, stop or template}
dir=${2:?a directory}
shift 2
PATH=$PATH:/usr/sbin  # where the server is, and where users other than root do not look

server_user=()
if [ "$(id -u)" = 0 ]; then server_user=(--user=nobody); fi  # the server refuses to run as root

skip() {
  echo "SKIPPED: $1"
  if [ "${CI:-}" = true ]; then exit 1; fi
  echo "$1" >"$dir/skipped"
  exit 0
}

template() {  # prints the path of the template
  local version cache
  version=$(mariadbd --no-defaults --version | sha256sum | cut -c1-16)
  cache=${XDG_CACHE_HOME:-${TMPDIR:-/tmp}}/invctl-tests-$(id -u)
  mkdir -p -m 700 "$cache"
  [ -O "$cache" ] || { echo "$cache belongs to somebody else" >&2; exit 1; }
  (
    flock 9
    if [ ! -d "$cache/mariadb-$version" ]; then
      local new
      new=$(mktemp -d "${TMPDIR:-/tmp}/invctl-template-XXXXXX")
      chmod 755 "$new"
      mkdir "$new/data"
      [ "$(id -u)" != 0 ] || chown nobody "$new/data"
      mariadb-install-db --no-defaults ${server_user[@]+"${server_user[@]}"} --datadir="$new/data" \
        --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve \
        --innodb-log-file-size=4M --innodb-flush-method=nosync >"$new/log" 2>&1 || { cat "$new/log" >&2; exit 1; }
      cp -a "$new/data" "$cache/mariadb-$version.new"
      mv "$cache/mariadb-$version.new" "$cache/mariadb-$version"
      rm -rf "$new"
    fi
  ) 9>"$cache/lock"
  echo "$cache/mariadb-$version"
}

free_port() {
  # Somebody may take it before the server does; then the start is tried again with another.
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

running() { [ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }

launch() {  # launch DATA PORT [SERVER-OPTION...]
  local data=$1 port=$2
  shift 2
  setsid mariadbd --no-defaults ${server_user[@]+"${server_user[@]}"} --datadir="$data" --socket="$data/sock" \
    --pid-file="$data/pid" --log-error="$data/error.log" --bind-address=127.0.0.1 --port="$port" \
    --skip-name-resolve --character-set-server=utf8mb4 --collation-server=utf8mb4_bin \
    --innodb-log-file-size=4M --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=1 \
    --innodb-flush-method=nosync --sync-frm=0 --max-connections=300 "$@" </dev/null >/dev/null 2>&1 9>&- &
  local pid=$!
  echo "$pid" >"$dir/pid"
  for _ in $(seq 300); do
    if mariadb --no-defaults -uroot --socket="$data/sock" -e 'select 1' >/dev/null 2>&1; then return 0; fi
    running "$pid" || return 1
    sleep 0.1
  done
  return 1
}

end_server() {
  local pid
  pid=$(cat "$dir/pid" 2>/dev/null || true)
  running "$pid" || return 0
  # The number may be another program's by now.
  grep -qa mariadbd "/proc/$pid/cmdline" || return 0
  kill "$pid"
  for _ in $(seq 200); do
    running "$pid" || return 0
    sleep 0.1
  done
  kill -9 "$pid"
}

case "$command" in
  start)
    mkdir -p "$dir"
    [ ! -e "$dir/data" ] || "$0" stop "$dir"
    rm -f "$dir/skipped" "$dir/socket"
    for program in mariadbd mariadb mariadb-install-db flock; do
      command -v "$program" >/dev/null || skip "$program is not installed (package mariadb-server-core or mariadb-client-core)"
    done
    data=$(mktemp -d "${TMPDIR:-/tmp}/invctl-mariadb-XXXXXX")
    echo "$data" >"$dir/data"
    printf '%s\n' "$@" >"$dir/options"
    rmdir "$data"
    cp -a "$(template)" "$data"
    chmod 755 "$data"
    for _ in 1 2 3; do
      port=$(free_port)
      if launch "$data" "$port" "$@"; then
        echo "$port" >"$dir/port"
        echo "$data/sock" >"$dir/socket"
        exit 0
      fi
      end_server
    done
    echo "mariadbd does not start:" >&2
    tail -20 "$data/error.log" >&2
    exit 1
    ;;
  restart)
    end_server
    mapfile -t options <"$dir/options"
    [ -n "${options[0]:-}" ] || options=()
    launch "$(cat "$dir/data")" "$(cat "$dir/port")" ${options[@]+"${options[@]}"}
    ;;
  template) template ;;
  stop)
    [ -e "$dir/data" ] || exit 0
    end_server
    data=$(cat "$dir/data")
    case "$data" in */invctl-mariadb-*) rm -rf "$data" ;; esac
    rm -f "$dir/data" "$dir/pid" "$dir/port" "$dir/socket" "$dir/options"
    ;;
  *)
    sed -n '2,13s/^# \?//p' "$0" >&2
    exit 2
    ;;
esac
