#!/usr/bin/env bash
# Round trips of curl with an event server: sse_curl.sh URL PUBLISH-URL.
set -euo pipefail

events=$1 publish=$2
token=$RANDOM$RANDOM
dir=$(mktemp -d)
children=()
cleanup() {
    [ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT

fail() {
    echo "$*" >&2
    exit 1
}

# open NAME ARGUMENT…: a stream in the background, whose headers have come when this returns.
open() {
    local name=$1
    shift
    : >"$dir/$name"
    curl -sSN --max-time 20 -D "$dir/$name.head" -H 'Accept: text/event-stream' "$@" "$events" >"$dir/$name" &
    children+=($!)
    await "$name.head" $'^\r$'
}

await() {
    local turn
    for turn in $(seq 200); do
        ! grep -q "$2" "$dir/$1" 2>/dev/null || return 0
        sleep 0.05
    done
    cat "$dir/$1" >&2
    fail "waited in vain for $2 in $1"
}

post() {
    local status
    status=$(curl -sS --max-time 10 -o "$dir/answer" -w '%{http_code}' "$@" "$publish")
    case $status in
        200 | 202) ;;
        *) fail "publish was answered with $status: $(cat "$dir/answer")" ;;
    esac
}

header() {
    sed -n "s/^$2: *//Ip" "$dir/$1.head" | tr -d '\r'
}

# The lines of this run's events in a stream, without the optional blank after the colon.
data() {
    tr -d '\r' <"$dir/$1" | sed -n 's/^data: \{0,1\}//p' | grep "$token" || true
}

echo "  headers come before the first event"
open first
case $(header first content-type) in
    text/event-stream | 'text/event-stream;'*) ;;
    *) fail "content type $(header first content-type)" ;;
esac

echo "  JSON and text"
post -H 'Content-Type: application/json' -d "{\"data\": \"$token one\"}"
post -H 'Content-Type: text/plain' -d "$token two"
await first "$token two"
[ "$(data first)" = "$token one"$'\n'"$token two" ] || fail "found: $(data first)"

echo "  replay after the last event ID"
# The id in the block of the first event, wherever it stands there.
id=$(tr -d '\r' <"$dir/first" | awk -v RS= -v want="$token one" 'index($0, want)' | sed -n 's/^id: \{0,1\}//p')
[ -n "$id" ] || fail "the event has no id"
post -H 'Content-Type: text/plain' -d "$token three"
open second -H "Last-Event-ID: $id"
await second "$token three"
[ "$(data second)" = "$token two"$'\n'"$token three" ] || fail "found: $(data second)"

echo "  compression asked for does not hold back events"
open compressed --compressed
post -H 'Content-Type: text/plain' -d "$token four"
await compressed "$token four"

echo "  HEAD ends by itself"
curl -sS --head --max-time 10 "$events" >"$dir/head" || fail "curl ended with status $?"
