/* SPDX-License-Identifier: ISC */
/* step_expect: compare what was read. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>

/* expect: the record is a C string for regexec; a NUL in it ends it. */
static enum step_result run_expect(struct session *s, const struct step *step)
{
	size_t len = evbuffer_get_length(s->record);
	const char *text;
	char shown[160];
	struct err err;

	evbuffer_add(s->record, "", 1);
	text = (const char *)evbuffer_pullup(s->record, -1);
	if (regexec(step->regex, text, 0, NULL, 0) == 0) {
		session_record_cut(s, len);
		return session_step_done(s);
	}
	(void)err_set(&err, ERR_EXPECTATION, "got '%s'",
		      escape_visible(bytes_of(text, len), shown, sizeof(shown)));
	session_record_cut(s, len);
	return session_fail(s, &err, NULL);
}

const struct step_kind step_expect = {
	.name = "expect",
	.args = "REGEX",
	.summary = "succeed when what was read matches",
	.flags = STEP_NEEDS_RECORD,
	.parse = parse_regex,
	.run = run_expect,
};
