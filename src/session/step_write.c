/* SPDX-License-Identifier: ISC */
/* step_write: the steps whose bytes are known when the list is read. */
#include "config.h"

#include "base/err.h"
#include "base/escape.h"
#include "base/text.h"
#include "session/frame.h"
#include "session/session_record.h"
#include "session/session_struct.h"
#include "session/settings.h"
#include "session/step_args.h"

#include <inttypes.h>
#include <stdlib.h>

/* step->args is what is sent, step->n bytes of it. */

static void set_data(struct step *step, struct bytes data)
{
	free(step->args);
	step->args = (void *)data.data;
	step->n = data.len;
}

static bool parse_write(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "TEXT", err);
	struct bytes data;

	if (word == NULL || !escape_decode(word, &data, err))
		return false;
	set_data(step, data);
	return true;
}

static bool parse_writehex(struct step *step, struct step_words *words, struct err *err)
{
	const char *word = step_args_word(words, "HEX", err);
	struct bytes data;

	if (word == NULL || !escape_decode_hex(word, &data, err))
		return false;
	set_data(step, data);
	return true;
}

/* Put `head` and `tail` around the data. */
static void surround(struct step *step, struct bytes head, const char *tail)
{
	struct text whole = { 0 };

	text_add(&whole, head);
	text_add(&whole, bytes_of(step->args, step->n));
	text_add(&whole, bytes_of_string(tail));
	set_data(step, bytes_of(whole.data, whole.len));
}

static bool parse_writeline(struct step *step, struct step_words *words, struct err *err)
{
	if (!parse_write(step, words, err))
		return false;
	surround(step, bytes_of_string(""), words->context->settings->crlf ? "\r\n" : "\n");
	return true;
}

static bool parse_writeframe(struct step *step, struct step_words *words, struct err *err)
{
	unsigned char header[FRAME_HEADER_SIZE];
	enum frame_format format;
	size_t len;

	if (!step_args_format(step, words, err))
		return false;
	format = (enum frame_format)step->n;
	if (!parse_write(step, words, err))
		return false;
	len = frame_encode(format, step->n, header);
	if (len == 0)
		return err_set(err, ERR_USAGE,
			       "TEXT of %" PRIu64 " bytes is too %s for this format", step->n,
			       step->n > 0 ? "long" : "short");
	surround(step, bytes_of(header, len), frame_trailer(format) > 0 ? "," : "");
	return true;
}

static enum step_result run_write(struct session *s, const struct step *step)
{
	if (s->connection->writer.broken)
		return STEP_WRITE_FAILED;
	writer_write(&s->connection->writer, bytes_of(step->args, step->n));
	return session_step_moved(s, step->n);
}

const struct step_kind step_write = {
	.name = "write",
	.args = "TEXT",
	.summary = "send TEXT",
	.returns = "nothing, without waiting",
	.fails = "io if sending has failed",
	.example = "write hello read 100",
	.flags = STEP_SENDS | STEP_TEXT,
	.parse = parse_write,
	.free_args = free,
	.run = run_write,
};

const struct step_kind step_writeline = {
	.name = "writeline",
	.args = "TEXT",
	.summary = "send TEXT and a newline (CR LF with --crlf)",
	.returns = "nothing, without waiting",
	.fails = "io if sending has failed",
	.example = "writeline PING readline",
	.flags = STEP_SENDS | STEP_TEXT,
	.parse = parse_writeline,
	.free_args = free,
	.run = run_write,
};

const struct step_kind step_writehex = {
	.name = "writehex",
	.args = "HEX",
	.summary = "send the bytes of hexadecimal digits",
	.returns = "nothing, without waiting",
	.fails = "io if sending has failed",
	.example = "writehex 50494e470a readline",
	.flags = STEP_SENDS | STEP_TEXT,
	.parse = parse_writehex,
	.free_args = free,
	.run = run_write,
};

const struct step_kind step_writeframe = {
	.name = "writeframe",
	.args = "FORMAT TEXT",
	.summary = "send TEXT preceded by its length",
	.returns = "nothing, without waiting",
	.fails = "usage if TEXT does not fit FORMAT, io if sending has failed",
	.example = "writeframe u32be hello readframe u32be",
	.flags = STEP_SENDS | STEP_TEXT,
	.parse = parse_writeframe,
	.free_args = free,
	.run = run_write,
};
