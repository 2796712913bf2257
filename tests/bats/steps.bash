# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# steps.bash: a server of a text, and what the steps of a client make of it.

# serve TEXT: every connection gets TEXT and then a clean end. $ADDRESS is where.
serve() {
	start_liu listen -k 127.0.0.1:0 write "$1"
}

# gives TEXT STEP...: they succeed at $ADDRESS, with that and nothing else.
gives() {
	local text=$1
	shift
	run_liu connect "$ADDRESS" "$@"
	assert_status 0 && assert_error_is '' && assert_output_bytes "$text"
}

# fails STATUS TEXT MESSAGE STEP...: they fail at $ADDRESS after having printed TEXT.
fails() {
	local expected=$1 text=$2 message=$3
	shift 3
	run_liu connect "$ADDRESS" "$@"
	assert_status "$expected" && assert_error_is "liu: $message" && assert_output_bytes "$text"
}
