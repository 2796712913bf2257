#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# 92-rules: the rules about the sources fire.

load helpers

# source_file NAME INCLUDE...: one of a small tree.
source_file() {
	local file=$BATS_TEST_TMPDIR/src/$1
	mkdir -p "${file%/*}"
	printf '#include "%s"\n' "${@:2}" >"$file"
}

# layers: what check-layers says of the small tree.
layers() {
	capture env -u LIU_COMPILE srcdir="$BATS_TEST_TMPDIR" "$TOP/tests/check-layers"
}

@test "check-layers: files that include each other, by way of their headers and of a third one" {
	source_file net/a.c config.h net/a.h net/b.h
	source_file net/a.h io/z.h
	source_file net/b.c config.h net/b.h net/c.h
	source_file net/b.h io/z.h
	source_file net/c.h net/b.h
	source_file io/z.h base/x.h
	layers
	assert_output_has 'not ok 2 - files do not include each other in a circle'
	assert_output_has '# src/net/b includes net/c, which leads back to it'
	assert_output_has '# src/net/c includes net/b, which leads back to it'
	! grep -E '^# src/(net/a|io/z) includes' "$OUT" || fail "a circle where there is none"
	source_file net/c.h net/a.h
	layers
	assert_output_has '# src/net/a includes net/b, which leads back to it'
	assert_output_has '# src/net/c includes net/a, which leads back to it'
}

@test "check-layers: an include that points up, libevent above io, a step in the session" {
	source_file io/a.c config.h net/b.h
	source_file session/session.c config.h session/step_read.h
	printf '#include <event2/%s.h>\n' buffer event >"$BATS_TEST_TMPDIR/src/session/x.h"
	layers
	assert_output_has '# src/io/a.c:2: io must not include "net/b.h"'
	assert_output_has '# src/session/session.c:2: "session/step_read.h" is not for the session'
	assert_output_has '# src/session/x.h:2: <event2/event.h> is not for this layer'
}

# contract: what check-contract says of a small tree whose table is standard input.
contract() {
	mkdir -p "$BATS_TEST_TMPDIR"/{man,tests/bats,tests/interop,tests/unit}
	cat >"$BATS_TEST_TMPDIR/tests/contract"
	cat >"$BATS_TEST_TMPDIR/man/liu.1" <<-'END'
		.Sh NAME
		.Nm liu
		.Sh STEPS
		.Ss Sending
		These never wait;
		others do.
		.Bl -tag
		.It Ic write Ar TEXT
		Send
		.Ar TEXT .
		It may be empty.
		.It Fl w , -timeout Ar D
		Also
		.Fl 4
		(see
		.Sx Sending ) .
		.El
		.Sh JSON OUTPUT
		.Bl -tag
		.It Cm open
		.Cm conn :
		its number.
		.El
		.Sh SIGNALS
		.Dv SIGTERM
		ends it.
		.Sh ENVIRONMENT
		.Bl -tag
		.It Ev A , B
		Two.
		.El
	END
	printf '@test "%s" {\n}\n' 'sent: TEXT' 'the rest' >"$BATS_TEST_TMPDIR/tests/bats/10-x.bats"
	printf 'static void %s(void **state)\n{\n}\n' one >"$BATS_TEST_TMPDIR/tests/unit/test_x.c"
	capture env srcdir="$BATS_TEST_TMPDIR" "$TOP/tests/check-contract"
}

# Every rule of the small manual, with its test.
CONTRACT='
= STEPS, Sending
These never
	10-x: the rest
others do
	none: it is about others
= STEPS, write
Send TEXT.
	10-x: sent: TEXT
	test_x: one
It may
	test_x: one
= STEPS, --timeout
Also -4 (see Sending).
	test_x: one
= JSON OUTPUT, open
key conn
	test_x: one
conn: its number.
	test_x: one
= SIGNALS
signal SIGTERM
	test_x: one
SIGTERM ends it.
	test_x: one
= ENVIRONMENT, A, B
variable A
	test_x: one
variable B
	test_x: one
Two.
	test_x: one
'

@test "check-contract: a table that has each rule and its test" {
	contract <<<"$CONTRACT"
	assert_output_is 'ok 1 - every rule of the manual has a row
ok 2 - every row is a rule of the manual
ok 3 - every row names a test
ok 4 - every test that is named exists
1..4'
	assert_status 0
}

@test "check-contract: a rule without a row, or with two" {
	contract < <(grep -v -e '^It may' -e '^variable B' <<<"$CONTRACT")
	assert_status 1
	assert_output_has 'not ok 1 - every rule of the manual has a row
# man/liu.1:11: "It may be empty." has no row: write its first words below "= STEPS, write" in tests/contract, and in the next line a tab and FILE: TITLE of its test
# man/liu.1:29: "variable B" has no row: write its first words below "= ENVIRONMENT, A, B" in tests/contract, and in the next line a tab and FILE: TITLE of its test
ok 2'
	contract <<<"$CONTRACT$CONTRACT"
	assert_output_has '# man/liu.1:11: "It may be empty." has 2 rows in tests/contract: leave one'
}

@test "check-contract: a row that is a rule no longer, or of which there are several" {
	contract < <(sed 's/^Send TEXT/Send it/; s/^It may/I/; s/^These.*/T/' <<<"$CONTRACT")
	assert_status 1
	assert_output_has 'not ok 2 - every row is a rule of the manual
# tests/contract:8: "Send it." begins no rule of man/liu.1 at "STEPS, write": follow the manual, or remove the row
ok 3'
	contract < <(sed 's/^signal SIGTERM/S/; s/^SIGTERM ends.*/s/; s/^variable A/variable/' <<<"$CONTRACT")
	assert_output_has '# tests/contract:27: "variable" begins 2 rules of man/liu.1 at "ENVIRONMENT, A, B": give more of its words'
}

@test "check-contract: a row without a test, and a test that does not exist" {
	contract < <(sed '/^\t10-x: the rest/d; s/sent: TEXT/sent/; s/^\(SIGTERM.*\)/\1\n\tnone:/' <<<"$CONTRACT")
	assert_status 1
	assert_output_has 'not ok 3 - every row names a test
# tests/contract:3: no test below "These never": a tab and FILE: TITLE, or none: and the reason
not ok 4 - every test that is named exists
# tests/contract:8: there is no test "10-x: sent"
# tests/contract:24: there is no test "none:"'
}

@test "check-contract: every rule of the manual has its test" {
	capture env srcdir="$TOP" "$TOP/tests/check-contract"
	assert_status 0
}
