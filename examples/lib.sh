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

# stop NAME: ends what was started under that name.
stop() {
  local pid still=() other
  pid=$(cat "$work/$1.pid")
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  for other in "${started[@]}"; do [ "$other" = "$pid" ] || still+=("$other"); done
  started=(${still[@]+"${still[@]}"})
}

# ready NAME URL: back when what was started as NAME answers there, whatever its certificate.
ready() {
  for ((i = 0; i < 600; i++)); do
    ! curl -sk -o /dev/null --max-time 5 "$2" || return 0
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
tls_port=${TLS_PORT:-$(port 7643)}
tokenry=http://127.0.0.1:$tokenry_port
proxy=http://127.0.0.1:$proxy_port

# The configurations stand as they are, with the usual ports; these are ours.
configure() { sed -e "s/127\.0\.0\.1:7600/127.0.0.1:$tokenry_port/; s/127\.0\.0\.1:8081/127.0.0.1:$api_port/; s/127\.0\.0\.1:8080/127.0.0.1:$proxy_port/" "$1"; }

# The tests bring both builds (EXAMPLE_BUILT); otherwise they are made when the sources are newer.
run=("$root/run")
[ -z "${EXAMPLE_BUILT:-}" ] || run=(dotnet "$root/src/Tokenry.Server/bin/Release/net10.0/Tokenry.Server.dll")

# build PROJECT: an example's own program, if its sources are newer than it; $dll is then what "dotnet" starts.
build() {
  local project=$examples/$1 name
  name=$(basename "$project"/*.csproj .csproj)
  dll=$project/bin/Release/net10.0/$name.dll
  if [ -z "${EXAMPLE_BUILT:-}" ] && { [ ! -f "$dll" ] ||
    [ -n "$(find "$project" "$root/src/Tokenry.Protocol" -name '*.cs' -not -path '*/obj/*' -newer "$dll" -print -quit)" ]; }; then
    say "Building $1 ..."
    (cd "$root" && dotnet build "$project" -c Release --nologo -v quiet) >&2
    touch "$dll" # a build that had nothing to do leaves it old
  fi
}

# command_for NAME PROJECT: has it built, and makes it a command of that name for here and for whoever reads try.env.
command_for() {
  build "$2"
  mkdir -p "$work/bin"
  printf '#!/bin/sh\nexec dotnet "%s" "$@"\n' "$dll" >"$work/bin/$1"
  chmod +x "$work/bin/$1"
  PATH=$work/bin:$PATH
}

# Tokenry with data of its own; $admin is its administrator's token. It believes this host's proxies, unless a run says that it has none.
start_tokenry() {
  export Tokenry__DataDirectory=$work/tokenry Tokenry__TrustedProxies=${Tokenry__TrustedProxies-127.0.0.1}
  say "Starting Tokenry (the first time builds it: half a minute) ..."
  admin=$("${run[@]}" admin token 2>"$work/admin.log") || { cat "$work/admin.log" >&2; exit 1; }
  serve_tokenry
  keep TOKENRY "$tokenry"
  keep PROXY "$proxy"
  keep ADMIN "$admin"
}

serve_tokenry() {
  start tokenry "${run[@]}" --urls "$tokenry"
  ready tokenry "$tokenry/health/ready"
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

# The same for other commands, by their exit code, and by what must stand in what they print.
try_command() {
  local answer code=0
  printf '\n# %s\n%s\n' "$2" "$3"
  [ "$mode" = check ] || return 0
  answer=$(eval "$3" 2>&1) || code=$?
  sed 's/^/  /' <<<"$answer"
  [ $code = "$1" ] || { echo "  ^ exit code $code, expected $1"; failed=1; }
  [[ "$answer" == *"${4:-}"* ]] || { echo "  ^ expected $4"; failed=1; }
}

# afterwards "words" COMMAND…: what happens next; a person says when, by Enter.
afterwards() {
  printf '\n## %s\n' "$1"
  [ "$mode" = check ] || read -rp "(Enter to go on) " || true
  "${@:2}"
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
