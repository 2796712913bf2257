/* SPDX-License-Identifier: ISC */
/* step_args: the arguments of the steps, read from the words of the command line. */
#include "config.h"

#include "session/step_args.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "base/number.h"
#include "session/frame.h"
#include "session/settings.h"

#include <stdlib.h>
#include <string.h>

enum { SEPARATORS_MAX = 64 };

/* The next word, or a failure that says what is missing. */
static const char *take_word(struct words *words, const char *what, struct err *err)
{
	if (words->at < words->count)
		return words->items[words->at++];
	(void)err_set(err, ERR_USAGE, "%s is missing", what);
	return NULL;
}

static bool next_is(const struct words *words, const char *word)
{
	return words->at < words->count && strcmp(words->items[words->at], word) == 0;
}

static bool next_is_number(const struct words *words)
{
	const char *word = words->at < words->count ? words->items[words->at] : "";

	return word[0] >= '0' && word[0] <= '9';
}

bool parse_text(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "TEXT", err);

	return word != NULL && escape_decode(word, &step->data, err);
}

/* `head` and `tail` around what is there. */
static void surround(struct bytes *data, struct bytes head, struct bytes tail)
{
	unsigned char *whole = alloc_zeroed(head.len + data->len + tail.len + 1);

	memcpy(whole, head.data, head.len);
	if (data->len > 0)
		memcpy(whole + head.len, data->data, data->len);
	memcpy(whole + head.len + data->len, tail.data, tail.len);
	free((void *)data->data);
	*data = bytes_of(whole, head.len + data->len + tail.len);
}

bool parse_line_text(struct step *step, struct words *words, struct err *err)
{
	if (!parse_text(step, words, err))
		return false;
	surround(&step->data, bytes_of_string(""),
		 bytes_of_string(words->context->settings->crlf ? "\r\n" : "\n"));
	return true;
}

bool parse_hex(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "HEX", err);

	return word != NULL && escape_decode_hex(word, &step->data, err);
}

bool parse_path(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "PATH", err);

	if (word == NULL)
		return false;
	if (word[0] == '\0')
		return err_set(err, ERR_USAGE, "the PATH is empty");
	step->path = alloc_string(word);
	if (strcmp(word, "-") == 0)
		step->flags |= STEP_STDIN;
	return true;
}

bool parse_format(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "FORMAT", err);

	if (word == NULL)
		return false;
	if (frame_format_find(word, &step->format))
		return true;
	return err_set(err, ERR_USAGE, "'%s' is no frame format: %s", word, frame_format_names());
}

bool parse_frame_text(struct step *step, struct words *words, struct err *err)
{
	unsigned char header[FRAME_HEADER_MAX];
	size_t len;

	if (!parse_format(step, words, err) || !parse_text(step, words, err))
		return false;
	len = frame_encode(step->format, step->data.len, header);
	if (len == 0)
		return err_set(err, ERR_USAGE, "TEXT of %zu bytes is too long for this format",
			       step->data.len);
	surround(&step->data, bytes_of(header, len),
		 bytes_of_string(frame_trailer(step->format) > 0 ? "," : ""));
	return true;
}

bool parse_size(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "N", err);

	step->has_number = true;
	return word != NULL && number_size(word, &step->number, err);
}

bool parse_optional_size(struct step *step, struct words *words, struct err *err)
{
	return !next_is_number(words) || parse_size(step, words, err);
}

bool parse_optional_count(struct step *step, struct words *words, struct err *err)
{
	step->number = 1;
	if (!next_is_number(words))
		return true;
	step->has_number = true;
	return number_count(words->items[words->at++], "COUNT", 1, UINT64_MAX, &step->number, err);
}

static bool take_separator(struct words *words, struct bytes *out, struct err *err)
{
	const char *word = take_word(words, "SEP", err);

	if (word == NULL)
		return false;
	if (word[0] == '\0')
		return err_set(err, ERR_USAGE, "the separator is empty");
	return escape_decode(word, out, err);
}

bool parse_separators(struct step *step, struct words *words, struct err *err)
{
	struct bytes items[SEPARATORS_MAX];
	size_t count = 0;
	bool good;

	do {
		good = take_separator(words, &items[count], err);
		count += good;
		if (!good || !next_is(words, "or"))
			break;
		words->at++;
		if (count == SEPARATORS_MAX)
			good = err_set(err, ERR_USAGE, "more than %d separators", SEPARATORS_MAX);
	} while (good);
	if (good)
		step->seps = separators_new(items, count);
	for (size_t i = 0; i < count; i++)
		free((void *)items[i].data);
	return good;
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

bool parse_regex(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "REGEX", err);
	char why[120];
	int error;

	if (word == NULL)
		return false;
	if (has_back_reference(word))
		return err_set(err, ERR_USAGE, "'%s': a back-reference cannot be used", word);
	step->regex = alloc_zeroed(sizeof(*step->regex));
	error = regcomp(step->regex, word, REG_EXTENDED | REG_NOSUB);
	if (error == 0)
		return true;
	(void)regerror(error, step->regex, why, sizeof(why));
	free(step->regex);
	step->regex = NULL;
	return err_set(err, ERR_USAGE, "'%s' is no regular expression: %s", word, why);
}

bool parse_key(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "KEY", err);
	struct nearest nearest;
	const char *near;

	if (word == NULL)
		return false;
	nearest_begin(&nearest, word);
	for (int key = 0; key < INFO_KEYS; key++) {
		const char *name = info_key_name((enum info_key)key);

		if (strcmp(name, word) == 0) {
			step->key = (enum info_key)key;
			return true;
		}
		nearest_try(&nearest, name);
	}
	near = nearest_found(&nearest);
	if (near != NULL)
		return err_set(err, ERR_USAGE, "'%s' is no KEY, did you mean '%s'?", word, near);
	return err_set(err, ERR_USAGE, "'%s' is no KEY", word);
}

bool parse_duration(struct step *step, struct words *words, struct err *err)
{
	const char *word = take_word(words, "DURATION", err);

	return word != NULL && number_duration(word, false, &step->number, err);
}

/* No words: whether standard input is read is an option's to say. */
bool parse_relay(struct step *step, struct words *words, struct err *err)
{
	(void)err;
	if (!words->context->settings->relay.recv_only)
		step->flags |= STEP_STDIN;
	return true;
}

static bool parse_echo_size(struct step *step, struct words *words, struct err *err)
{
	size_t limit = words->context->settings->limit;

	step->echo = ECHO_EXACTLY;
	if (!parse_size(step, words, err))
		return false;
	if (step->number == 0)
		return err_set(err, ERR_USAGE, "N is 0");
	if (step->number > limit)
		return err_set(err, ERR_USAGE, "N is above the limit of %zu bytes (--limit)",
			       limit);
	return true;
}

bool parse_echo(struct step *step, struct words *words, struct err *err)
{
	step->echo = ECHO_RAW;
	if (next_is(words, "line")) {
		words->at++;
		step->echo = ECHO_LINE;
	} else if (next_is(words, "exactly")) {
		words->at++;
		return parse_echo_size(step, words, err);
	} else if (next_is(words, "until")) {
		words->at++;
		step->echo = ECHO_UNTIL;
		return parse_separators(step, words, err);
	}
	return true;
}
