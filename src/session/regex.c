/* SPDX-License-Identifier: ISC */
/* regex: does a record match a pattern, in turns of bounded work. */
#include "config.h"

#include "session/regex.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "io/loop.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/*
 * A search is cut into slices of start offsets in one and the same subject, so that
 * ^ and look-behind see what comes before. PCRE2 (10.42) counts its match limit anew
 * for each start offset, in one call too: 20 and 20,000 of them need the same limit.
 * Hence neither the limit nor the answer depends on the slices (test_steps has both).
 * There is no JIT: its match limit counts other things, and a pattern would answer
 * differently where executable memory is refused.
 */
enum {
	SLICE = 8,	      /* start offsets of one call */
	MATCH_LIMIT = 100000, /* of one start offset: some 20 ms */
	HEAP_LIMIT_KIB = 32 * 1024,
	FIRST_OF_LINE = 2, /* PCRE2_INFO_FIRSTCODETYPE: it matches at a line's start or not */
};

struct regex {
	char *pattern;
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *data;
	bool anchored;	  /* only offset 0 can match */
	bool at_newlines; /* only the starts of lines can */
};

static void *allocate(size_t size, void *arg)
{
	(void)arg;
	return alloc_resize(NULL, size);
}

static void release(void *block, void *arg)
{
	(void)arg;
	free(block);
}

/* What would make the answer depend on where a slice begins. */
static const char *find_refused(const char *pattern)
{
	for (const char *p = pattern; *p != '\0'; p++) {
		if (p[0] == '(' && p[1] == '*' && p[2] >= 'A' && p[2] <= 'Z')
			return p;
		if (p[0] == '\\' && p[1] == 'G')
			return p;
		if (p[0] == '\\' && p[1] != '\0')
			p++;
	}
	return NULL;
}

static void set_invalid(struct err *err, const char *pattern, const char *why, size_t at)
{
	(void)err_set(err, ERR_USAGE, "invalid regular expression '%s' (%s after %zu byte%s)",
		      pattern, why, at, at == 1 ? "" : "s");
}

static pcre2_code *compile(const char *pattern, pcre2_general_context *memory, struct err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	PCRE2_UCHAR why[120];
	PCRE2_SIZE offset;
	pcre2_code *code;
	int error;

	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     PCRE2_NEVER_UTF | PCRE2_USE_OFFSET_LIMIT, &error, &offset, context);
	pcre2_compile_context_free(context);
	if (code == NULL) {
		(void)pcre2_get_error_message(error, why, sizeof(why));
		set_invalid(err, pattern, (const char *)why, offset);
	}
	return code;
}

static void learn_starts(struct regex *regex)
{
	uint32_t options = 0, first = 0;

	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_ALLOPTIONS, &options);
	(void)pcre2_pattern_info(regex->code, PCRE2_INFO_FIRSTCODETYPE, &first);
	regex->anchored = options & PCRE2_ANCHORED;
	regex->at_newlines = first == FIRST_OF_LINE;
}

struct regex *regex_new(const char *pattern, struct err *err)
{
	const char *refused = find_refused(pattern);
	pcre2_general_context *memory;
	struct regex *regex;

	if (refused != NULL) {
		set_invalid(err, pattern,
			    refused[0] == '(' ? "a verb is not supported,"
					      : "\\G is not supported,",
			    (size_t)(refused - pattern));
		return NULL;
	}
	regex = alloc_zeroed(sizeof(*regex));
	regex->pattern = alloc_string(pattern);
	memory = pcre2_general_context_create(allocate, release, NULL);
	regex->code = compile(pattern, memory, err);
	regex->data = pcre2_match_data_create(1, memory);
	regex->limits = pcre2_match_context_create(memory);
	pcre2_general_context_free(memory);
	if (regex->code == NULL) {
		regex_free(regex);
		return NULL;
	}
	pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KIB);
	learn_starts(regex);
	return regex;
}

void regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_match_context_free(regex->limits);
	pcre2_match_data_free(regex->data);
	pcre2_code_free(regex->code);
	free(regex->pattern);
	free(regex);
}

void regex_error(const struct regex *regex, struct bytes subject, enum regex_answer answer,
		 struct err *err)
{
	char shown[120], pattern[60];

	(void)err_set(err, ERR_EXPECTATION, "%s '%s', expected '%s'",
		      answer == REGEX_LIMIT ? "match limit reached on" : "got",
		      escape_visible(subject, shown, sizeof(shown)),
		      escape_visible(bytes_of_string(regex->pattern), pattern, sizeof(pattern)));
}

/* The next start offset to try; past the end: none is left. */
static size_t next_start(const struct regex *regex, struct bytes subject, size_t at)
{
	const unsigned char *newline = NULL;

	if (!regex->anchored && !regex->at_newlines)
		return at + SLICE;
	if (regex->at_newlines && at < subject.len)
		newline = memchr(subject.data + at, '\n', subject.len - at);
	return newline != NULL ? (size_t)(newline - subject.data) + 1 : subject.len + 1;
}

enum regex_answer regex_search(struct regex *regex, struct bytes subject, size_t *at,
			       uint64_t end_us)
{
	bool one_start = regex->anchored || regex->at_newlines;
	int matched = PCRE2_ERROR_NOMATCH;

	while (*at <= subject.len && matched == PCRE2_ERROR_NOMATCH) {
		if (loop_now_us() >= end_us)
			return REGEX_AGAIN;
		pcre2_set_offset_limit(regex->limits, one_start ? *at : *at + SLICE - 1);
		matched = pcre2_match(regex->code, subject.data, subject.len, *at, 0, regex->data,
				      regex->limits);
		*at = next_start(regex, subject, *at);
	}
	if (matched == PCRE2_ERROR_NOMATCH)
		return REGEX_NO_MATCH;
	return matched >= 0 ? REGEX_MATCH : REGEX_LIMIT;
}
