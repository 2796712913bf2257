#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# demo: what liu does, shown on loopback. Fails when an answer is not the expected one.
set -u

LIU=$(realpath "${LIU:-$(dirname "$0")/../liu}")
SECONDS_MAX=10
export LC_ALL=C.UTF-8

scratch=$(mktemp -d "${TMPDIR:-/tmp}/liu-demo.XXXXXX")
servers=()
differences=0

clean_up() {
	local pid
	for pid in ${servers[@]+"${servers[@]}"}; do
		kill "$pid" 2>/dev/null
	done
	wait
	rm -rf "$scratch"
}
trap clean_up EXIT

heading() {
	printf '\n== %s\n\n' "$1"
}

# The command as one would type it.
show_command() {
	local word
	printf '$ liu'
	for word; do
		case $word in
		*[!a-zA-Z0-9_./:@=,-]* | '') printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
}

# serve ARGUMENT...: a server in the background. --ready-fd tells where it listens, once it does:
# ADDRESS. What it says on standard error is in $said.
serve() {
	show_command "$@"
	printf ' &\n'
	said=$scratch/said-${#servers[@]}
	local ready=$scratch/ready-${#servers[@]} descriptor
	mkfifo "$ready"
	# Open both ways: neither side waits for the other to open it.
	exec {descriptor}<>"$ready"
	"$LIU" "${1}" --ready-fd 9 "${@:2}" 9>"$ready" {descriptor}>&- \
		>"$scratch/served" 2>"$said" </dev/null &
	servers+=($!)
	if ! IFS= read -r -t "$SECONDS_MAX" ADDRESS <&"$descriptor"; then
		cat "$said"
		echo "demo: the server is not ready after $SECONDS_MAX s"
		exit 1
	fi
	exec {descriptor}>&-
	sed 's/^/# /' "$said"
	echo
}

# show STATUS EXPECTED ARGUMENT...: run liu, and compare its standard output and exit status.
show() {
	local status=0 expected_status=$1 expected=$2 output
	shift 2
	show_command "$@"
	echo
	output=$(timeout -k 5 "$SECONDS_MAX" "$LIU" "$@" 2>"$scratch/error" </dev/null | tr -d '\r'
		exit "${PIPESTATUS[0]}") || status=$?
	printf '%s\n' "$output"
	sed 's/^/# /' "$scratch/error"
	[ "$status" -eq 0 ] || echo "# exit status $status"
	echo
	if [ "$output" != "$expected" ] || [ "$status" -ne "$expected_status" ]; then
		differences=$((differences + 1))
		printf 'demo: expected status %s and this output:\n%s\n\n' "$expected_status" "$expected"
	fi
}

# The same conversation, whatever carries it.
talk() {
	show 0 'Hello World!' connect "$@" write 'Hello World!' read 100
	show 0 $'one\ntwo' connect "$@" write 'one\ntwo\nthree\n' readline 2
	show 0 'key=' connect "$@" write 'key=value;rest' readuntil '=' or ';'
	show 7 'nine byte' connect "$@" write 'nine byte' write-eof readexactly 16
}

answer='HTTP/1.0 204 No Content\r\nServer: liu\r\n\r\n'
head_of_answer=$'HTTP/1.0 204 No Content\nServer: liu'

heading 'TCP: an echo server, and steps'
serve echo 127.0.0.1:0
talk "$ADDRESS"

heading 'TCP: an HTTP answer, and its headers'
serve listen -k 127.0.0.1:0 readuntil '\r\n\r\n' write "$answer"
show 0 "$head_of_answer" head "http://$ADDRESS/"

heading 'Unix socket: the same'
serve echo "unix:$scratch/echo"
talk "$ADDRESS"
serve listen -k "unix:$scratch/http" readuntil '\r\n\r\n' write "$answer"
show 0 "$head_of_answer" connect "$ADDRESS" write 'HEAD / HTTP/1.0\r\n\r\n' readuntil '\r\n\r\n'

heading 'TLS: the same, with a certificate made on the spot and known by its pin'
serve echo --tls 127.0.0.1:0
pin=$(grep -oE 'sha256:[0-9a-f]{64}' "$said" | head -n 1)
talk "$ADDRESS" --pin "$pin"
serve listen -k --tls 127.0.0.1:0 readuntil '\r\n\r\n' write "$answer"
pin=$(grep -oE 'sha256:[0-9a-f]{64}' "$said" | head -n 1)
show 0 "$head_of_answer" head "https://${ADDRESS#tls:}/" --pin "$pin"

heading 'A command for each connection, and TLS in front of it'
serve listen -k "unix:$scratch/app" exec 'tr a-z A-Z'
serve listen -k --tls 127.0.0.1:0 to "$ADDRESS"
pin=$(grep -oE 'sha256:[0-9a-f]{64}' "$said" | head -n 1)
show 0 HELLO connect "$ADDRESS" --pin "$pin" writeline hello write-eof read

heading 'A server for as long as a command runs'
PATH=${LIU%/*}:$PATH
# shellcheck disable=SC2016 # the variable is for the command
show 0 hello echo --run 'liu connect "$LIU_ADDRESS" writeline hello readline'

if [ "$differences" -gt 0 ]; then
	echo "demo: $differences answers differ from what was expected"
	exit 1
fi
echo 'demo: every answer was the expected one'
