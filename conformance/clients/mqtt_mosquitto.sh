#!/usr/bin/env bash
# Round trips of mosquitto_pub and mosquitto_sub with an MQTT server: mqtt_mosquitto.sh URL VERSION.
set -euo pipefail

address=${1#mqtt://}
address=${address%%/*}
host=${address%:*} port=${address##*:}
version=$2
case $version in
    3.1) level=mqttv31 ;;
    3.1.1) level=mqttv311 ;;
    5.0) level=mqttv5 ;;
    *) echo "unknown version $version" >&2; exit 2 ;;
esac

prefix=pushspec/$RANDOM$RANDOM
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

# No command waits without end: -W bounds a subscriber, timeout the rest.
publish() { timeout 10 mosquitto_pub -h "$host" -p "$port" -V "$level" "$@"; }
subscribe() { timeout 20 mosquitto_sub -h "$host" -p "$port" -V "$level" -W 10 -F '%q %r %t %p' "$@"; }

# start NAME ARGUMENT…: a subscriber in the background, which has its SUBACK when this returns.
start() {
    local name=$1
    shift
    stdbuf -oL mosquitto_sub -h "$host" -p "$port" -V "$level" -d -W 20 -F 'MESSAGE %q %r %t %p' "$@" >"$dir/$name" 2>&1 &
    children+=($!)
    started=$!
    await "$name" '^Subscribed'
}

await() {
    local turn
    for turn in $(seq 200); do
        ! grep -q "$2" "$dir/$1" || return 0
        sleep 0.05
    done
    cat "$dir/$1" >&2
    fail "waited in vain for $2"
}

# ended NAME MESSAGE…: the subscriber ends, having received exactly these messages.
ended() {
    local name=$1 expected
    shift
    wait "$started" || { cat "$dir/$name" >&2; fail "mosquitto_sub ended with status $?"; }
    expected=$(printf 'MESSAGE %s\n' "$@")
    same "$expected" "$(grep '^MESSAGE' "$dir/$name")"
}

same() {
    [ "$1" = "$2" ] || fail "$(printf 'expected:\n%s\nfound:\n%s' "$1" "$2")"
}

echo "  each quality of service"
for granted in 0 1 2; do
    topic=$prefix/qos/$granted
    start "qos$granted" -q "$granted" -t "$topic" -C 3
    for sent in 0 1 2; do publish -q "$sent" -t "$topic" -m "sent $sent"; done
    messages=()
    for sent in 0 1 2; do
        messages+=("$((sent < granted ? sent : granted)) 0 $topic sent $sent")
    done
    ended "qos$granted" "${messages[@]}"
done

echo "  wildcards"
start wild -t "$prefix/wild/+/end" -t "$prefix/deep/#" -C 3
publish -t "$prefix/wild/a/b/end" -m 'must not match'
publish -t "$prefix/wild/a/end" -m one
publish -t "$prefix/deep" -m two
publish -t "$prefix/deep/a/b" -m three
ended wild "0 0 $prefix/wild/a/end one" "0 0 $prefix/deep two" "0 0 $prefix/deep/a/b three"

echo "  a payload of 200 kB"
head -c 150000 /dev/urandom | base64 -w 0 >"$dir/large"
start size -q 1 -t "$prefix/large" -C 1
publish -q 1 -t "$prefix/large" -f "$dir/large"
ended size "1 0 $prefix/large $(cat "$dir/large")"

echo "  retained messages"
publish -q 1 -r -t "$prefix/lamp" -m on
same "1 1 $prefix/lamp on" "$(subscribe -q 1 -t "$prefix/lamp" -C 1)"
publish -q 1 -r -t "$prefix/lamp" -n
start lamp -q 1 -t "$prefix/lamp" -C 1
publish -q 1 -t "$prefix/lamp" -m fence
ended lamp "1 0 $prefix/lamp fence"

echo "  will messages"
start watcher -q 1 -t "$prefix/will" -C 2
watcher=$started
start mortal -t "$prefix/other" --will-topic "$prefix/will" --will-payload gone --will-qos 1
{ kill -KILL "$started" && wait "$started" || true; } 2>/dev/null
await watcher 'MESSAGE.*gone'
# A DISCONNECT discards the Will Message.
subscribe -E -t "$prefix/other" --will-topic "$prefix/will" --will-payload 'must not be sent' --will-qos 1
publish -q 1 -t "$prefix/will" -m fence
started=$watcher
ended watcher "1 0 $prefix/will gone" "1 0 $prefix/will fence"

echo "  session resumption"
session=(-c -i "pub-$RANDOM$RANDOM" -q 2 -t "$prefix/session")
[ "$version" != 5.0 ] || session+=(-x 60)
subscribe "${session[@]}" -E
publish -q 1 -t "$prefix/session" -m one
publish -q 1 -t "$prefix/session" -m two
publish -q 1 -t "$prefix/session" -m three
same "$(printf "1 0 $prefix/session %s\n" one two three)" "$(subscribe "${session[@]}" -C 3)"
# Connecting without -c ends the session, so that none is left behind.
publish -i "${session[2]}" -t "$prefix/session" -m over

if [ "$version" = 5.0 ]; then
    echo "  properties"
    start properties -q 1 -t "$prefix/properties" -C 1 -F 'MESSAGE %P|%C|%R|%D|%p'
    publish -q 1 -t "$prefix/properties" -m text -D publish user-property key value \
        -D publish content-type text/plain -D publish response-topic answer/here -D publish correlation-data number
    ended properties "key:value|text/plain|answer/here|number|text"

    echo "  request and response"
    start responder -q 1 -t "$prefix/request" -C 1 -F 'MESSAGE %R %p'
    timeout 10 mosquitto_rr -h "$host" -p "$port" -V "$level" -q 1 -t "$prefix/request" -e "$prefix/answer" -m question >"$dir/answer" &
    requester=$!
    children+=("$requester")
    ended responder "$prefix/answer question"
    publish -q 1 -t "$prefix/answer" -m reply
    wait "$requester" || fail "mosquitto_rr got no answer"
    same reply "$(cat "$dir/answer")"
fi
