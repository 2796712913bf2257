/* SPDX-License-Identifier: ISC */
/* step_write: the steps whose bytes are known when the list is read. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/escape.h"
#include "session/frame.h"
#include "session/session.h"
#include "session/settings.h"
#include "session/step_args.h"

#include <stdlib.h>
#include <string.h>

struct write_args {
	struct bytes data; /* owned */
};

static void free_args(void *p)
{
	struct write_args *args = p;

	free((void *)args->data.data);
	free(args);
}

static bool parse_write(struct step *step, struct step_words *words, struct err *err)
{
	struct write_args *args = step->args = alloc_zeroed(sizeof(*args));

	return step_args_text(words, &args->data, err);
}

static bool parse_writehex(struct step *step, struct step_words *words, struct err *err)
{
	struct write_args *args = step->args = alloc_zeroed(sizeof(*args));
	const char *word = step_args_word(words, "HEX", err);

	return word != NULL && escape_decode_hex(word, &args->data, err);
}

/* Put `head` and `tail` around the data. */
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

static bool parse_writeline(struct step *step, struct step_words *words, struct err *err)
{
	const char *end = words->context->settings->crlf ? "\r\n" : "\n";
	struct write_args *args;

	if (!parse_write(step, words, err))
		return false;
	args = step->args;
	surround(&args->data, bytes_of_string(""), bytes_of_string(end));
	return true;
}

static bool parse_writeframe(struct step *step, struct step_words *words, struct err *err)
{
	unsigned char header[FRAME_HEADER_MAX];
	enum frame_format format;
	struct write_args *args;
	size_t len;

	if (!step_args_format(words, &format, err) || !parse_write(step, words, err))
		return false;
	args = step->args;
	len = frame_encode(format, args->data.len, header);
	if (len == 0)
		return err_set(err, ERR_USAGE, "TEXT of %zu bytes is too long for this format",
			       args->data.len);
	surround(&args->data, bytes_of(header, len),
		 bytes_of_string(frame_trailer(format) > 0 ? "," : ""));
	return true;
}

static enum step_result run_write(struct session *s, const struct step *step)
{
	const struct write_args *args = step->args;

	if (s->connection->writer.broken)
		return STEP_SALVAGE;
	writer_write(&s->connection->writer, args->data);
	return session_step_moved(s, args->data.len);
}

const struct step_kind step_write = {
	.name = "write",
	.args = "TEXT",
	.summary = "send TEXT",
	.returns = "nothing, without waiting",
	.fails = "io if sending has failed",
	.example = "write hello read 100",
	.flags = STEP_SENDS,
	.parse = parse_write,
	.free_args = free_args,
	.run = run_write,
};

const struct step_kind step_writeline = {
	.name = "writeline",
	.args = "TEXT",
	.summary = "send TEXT and a newline (CR LF with --crlf)",
	.returns = "nothing, without waiting",
	.fails = "io if sending has failed",
	.example = "writeline PING readline",
	.flags = STEP_SENDS,
	.parse = parse_writeline,
	.free_args = free_args,
	.run = run_write,
};

const struct step_kind step_writehex = {
	.name = "writehex",
	.args = "HEX",
	.summary = "send the bytes of hexadecimal digits",
	.returns = "nothing, without waiting",
	.fails = "io if sending has failed",
	.example = "writehex 50494e470a readline",
	.flags = STEP_SENDS,
	.parse = parse_writehex,
	.free_args = free_args,
	.run = run_write,
};

const struct step_kind step_writeframe = {
	.name = "writeframe",
	.args = "FORMAT TEXT",
	.summary = "send TEXT preceded by its length",
	.returns = "nothing, without waiting",
	.fails = "usage if TEXT is too long for FORMAT, io if sending has failed",
	.example = "writeframe u32be hello readframe u32be",
	.flags = STEP_SENDS,
	.parse = parse_writeframe,
	.free_args = free_args,
	.run = run_write,
};
