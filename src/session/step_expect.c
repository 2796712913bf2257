/* SPDX-License-Identifier: ISC */
/* step_expect: compare what was read. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "session/session.h"
#include "session/step_args.h"

#include <event2/buffer.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static void free_args(void *args)
{
	regfree(args);
	free(args);
}

/* The ']' that ends the bracket expression at `p`, or the end of the text. */
static const char *bracket_end(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	p += *p == ']';
	while (*p != '\0' && *p != ']') {
		char class[] = { p[1], ']', '\0' };
		const char *end = NULL;

		if (*p == '[' && p[1] != '\0' && strchr(":.=", p[1]) != NULL)
			end = strstr(p + 2, class);
		p = end != NULL ? end + 2 : p + 1;
	}
	return p;
}

/* A back-reference makes matching exponential; \1 outside brackets is one. */
static bool has_back_reference(const char *regex)
{
	for (const char *p = regex; *p != '\0'; p++) {
		if (*p == '[') {
			p = bracket_end(p);
			if (*p == '\0')
				return false;
		} else if (*p == '\\' && p[1] != '\0') {
			p++;
			if (*p >= '1' && *p <= '9')
				return true;
		}
	}
	return false;
}

static bool parse_expect(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "REGEX", err);
	regex_t *regex;
	char why[120];
	int error;

	if (word == NULL)
		return false;
	if (has_back_reference(word))
		return err_set(err, ERR_USAGE, "'%s': a back-reference cannot be used", word);
	regex = alloc_zeroed(sizeof(*regex));
	error = regcomp(regex, word, REG_EXTENDED | REG_NOSUB);
	if (error == 0) {
		step->args = regex;
		return true;
	}
	(void)regerror(error, regex, why, sizeof(why));
	free(regex);
	return err_set(err, ERR_USAGE, "'%s' is no regular expression: %s", word, why);
}

/* expect: the record is a C string for regexec; a NUL in it ends it. */
static enum step_result run_expect(struct session *s, const struct step *step)
{
	size_t len = evbuffer_get_length(s->record);
	const char *text;
	char shown[160];
	struct err err;

	evbuffer_add(s->record, "", 1);
	text = (const char *)evbuffer_pullup(s->record, -1);
	if (regexec(step->args, text, 0, NULL, 0) == 0) {
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
	.parse = parse_expect,
	.free_args = free_args,
	.run = run_expect,
};
