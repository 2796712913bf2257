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
