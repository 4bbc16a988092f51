# What the examples share; each ./run sources it. Starts Tokenry with credentials to try, and ends what it started.
set -euo pipefail
export PATH=$PATH:/usr/sbin DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
examples=$root/examples
mode=${1:-run}
case $mode in run | check) ;; *) echo "usage: ${0##*/} [check]" >&2; exit 2 ;; esac

say() { printf '%s\n' "$*" >&2; }

# Packages by the programs they bring: need nginx=nginx …
need() {
  local pair missing=()
  for pair in curl=curl jq=jq "$@"; do [ -n "$(command -v "${pair%%=*}")" ] || missing+=("${pair#*=}"); done
  [ ${#missing[@]} -eq 0 ] || { say "Installing ${missing[*]} ..."; "$examples/apt-install" "${missing[@]}"; }
}

# A port on loopback: the usual one, or another if it is taken.
port() {
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((20000 + RANDOM % 12000)); done
  echo "$port"
}

# Where data and logs are: EXAMPLE_DATA, which stays, or a folder that is gone at the end.
if [ -n "${EXAMPLE_DATA:-}" ]; then
  work=$EXAMPLE_DATA
  mkdir -p "$work"
else
  work=$(mktemp -d)
fi
chmod 711 "$work" # a proxy started by root works as somebody else

started=()
finish() {
  trap - EXIT INT TERM
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do kill "${started[i]}" 2>/dev/null || true; done
  wait
  [ -n "${EXAMPLE_DATA:-}" ] || rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM

# start NAME COMMAND…: in the background, its words in NAME.log, its id in NAME.pid.
start() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 </dev/null &
  started+=($!)
  echo $! >"$work/$name.pid"
}

# ready NAME URL: back when what was started as NAME answers there.
ready() {
  for ((i = 0; i < 600; i++)); do
    ! curl -s -o /dev/null --max-time 5 "$2" || return 0
    kill -0 "$(cat "$work/$1.pid")" 2>/dev/null || break
    sleep 0.1
  done
  say "$1 did not start:"
  cat "$work/$1.log" >&2
  exit 1
}

tokenry_port=${TOKENRY_PORT:-$(port 7600)}
api_port=${API_PORT:-$(port 8081)}
proxy_port=${PROXY_PORT:-$(port 8080)}
tokenry=http://127.0.0.1:$tokenry_port
proxy=http://127.0.0.1:$proxy_port

# The configurations stand as they are, with the usual ports; these are ours.
configure() { sed -e "s/127\.0\.0\.1:7600/127.0.0.1:$tokenry_port/; s/127\.0\.0\.1:8081/127.0.0.1:$api_port/; s/127\.0\.0\.1:8080/127.0.0.1:$proxy_port/" "$1"; }

# The tests bring both builds (EXAMPLE_BUILT); otherwise they are made when the sources are newer.
run=("$root/run")
[ -z "${EXAMPLE_BUILT:-}" ] || run=(dotnet "$root/src/Tokenry.Server/bin/Release/net10.0/Tokenry.Server.dll")

# Tokenry with data of its own and this host's proxies on the list of those it believes; $admin is its administrator's token.
start_tokenry() {
  export Tokenry__DataDirectory=$work/tokenry Tokenry__TrustedProxies=127.0.0.1
  say "Starting Tokenry (the first time builds it: half a minute) ..."
  admin=$("${run[@]}" admin token 2>"$work/admin.log") || { cat "$work/admin.log" >&2; exit 1; }
  start tokenry "${run[@]}" --urls "$tokenry"
  ready tokenry "$tokenry/health/ready"
  keep TOKENRY "$tokenry"
  keep PROXY "$proxy"
  keep ADMIN "$admin"
}

# ask PATH JSON: a request to Tokenry as its administrator.
ask() { curl -sS --fail-with-body -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' "$tokenry$1" -d "$2"; }

# keep NAME VALUE: as a variable here, and in the folder for whoever wants to go on by hand (. try.env).
keep() {
  [ -n "$2" ] && [ "$2" != null ] || { say "Tokenry gave no $1."; exit 1; }
  printf -v "$1" %s "$2"
  (umask 077 && printf '%s=%q\n' "$1" "$2" >>"$work/try.env")
}

# try STATUS "words" 'curl …': prints what a person can type; with "check", types it and looks at the status of the answer.
failed=0
try() {
  local answer status
  printf '\n# %s\n%s\n' "$2" "$3"
  [ "$mode" = check ] || return 0
  answer=$(eval "$3" 2>&1 | tr -d '\r')
  status=$(awk '/^HTTP\//{print $2; exit}' <<<"$answer")
  grep -iE '^(HTTP/|WWW-Authenticate|Retry-After|RateLimit)|^[{[]' <<<"$answer" | sed 's/^/  /'
  [ "$status" = "$1" ] || { echo "  ^ expected $1"; failed=1; }
}

# The same for other commands, by their exit code.
try_command() {
  local answer code=0
  printf '\n# %s\n%s\n' "$2" "$3"
  [ "$mode" = check ] || return 0
  answer=$(eval "$3" 2>&1) || code=$?
  sed 's/^/  /' <<<"$answer"
  [ $code = "$1" ] || { echo "  ^ exit code $code, expected $1"; failed=1; }
}

# The last line of every example: until Ctrl-C, or the result of "check".
wait_or_check() {
  if [ "$mode" = check ]; then
    [ $failed = 0 ] && echo && echo "All as promised."
    exit $failed
  fi
  printf '\nData and logs: %s\nCtrl-C ends what was started here.\n' "$work"
  wait
}
