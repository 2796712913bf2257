#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 90-manual: the manual is well-formed, and its examples do what they show.

load helpers

MANUAL=$TOP/man/liu.1

# namespace COMMAND...: in a network of its own, where every port is free.
namespace() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -rn sh -c 'ip link set lo up && exec "$@"' sh "$@"
}

# own_ports FILE: without a network of its own, put free ports in the place of the example's.
own_ports() {
	local example_port
	grep -oE 'liu (listen|echo) .*' "$1" | grep -oE '\<[1-9][0-9]{3}\>' | sort -u >"$1.ports" || :
	while read -r example_port; do
		start_liu echo || return
		stop "$SERVER" || return
		sed -i "s/\\<$example_port\\>/${PORT:?}/g" "$1"
	done <"$1.ports"
}

# play FILE DIRECTORY: in DIRECTORY, and compare.
play() {
	local network=namespace
	mkdir "$2"
	if ! namespace true 2>/dev/null; then
		network=
		own_ports "$1" || return
	fi
	(
		export PATH=$BATS_TEST_TMPDIR/bin:$PATH
		cd "$2" && $network timeout -k 5 "$((5 * LIU_TIMEOUT))" "$BASH" "$BATS_TEST_DIRNAME/manual-examples" play "$1"
	) >"$2.shown" 2>&1 </dev/null 3>&-
	same "$1" "$2.shown" "${1##*/}"
}

@test "the manual is well-formed" {
	need mandoc
	# Whether other manuals are installed, and in which section, is not its business.
	capture mandoc -T lint -W style "$MANUAL"
	run grep -vE 'referenced manual not found|mandoc.db' "$OUT"
	assert_equal '' "$output"
}

@test "the examples of the manual, pasted into one shell, show what the manual says" {
	local all=$BATS_TEST_TMPDIR/examples
	need openssl tr seq cmp curl
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$LIU" "$BATS_TEST_TMPDIR/bin/liu"
	"$BATS_TEST_DIRNAME/manual-examples" extract "$MANUAL" >"$all"
	[ "$(grep -c '^\$ ' "$all")" -ge 50 ] || fail "$(cat "$all")"
	play "$all" "$all.d"
}
