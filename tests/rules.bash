# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# rules.bash: a rule is a function that prints what breaks it; a TAP test for each.

rules_count=0
rules_broken=0

# rule NAME FUNCTION [ARGUMENT...]
rule() {
	local name=$1 found
	shift
	rules_count=$((rules_count + 1))
	found=$("$@" 2>&1)
	if [ -z "$found" ]; then
		echo "ok $rules_count - $name"
		return
	fi
	rules_broken=$((rules_broken + 1))
	echo "not ok $rules_count - $name"
	while IFS= read -r line; do
		echo "# $line"
	done <<<"$found"
}

# note NAME FUNCTION: like rule, but what it finds is only shown.
note() {
	rules_count=$((rules_count + 1))
	echo "ok $rules_count - $1"
	"$2" | sed 's/^/# /'
}

rules_done() {
	echo "1..$rules_count"
	[ "$rules_broken" -eq 0 ]
}
