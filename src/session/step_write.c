/* SPDX-License-Identifier: ISC */
/* step_write: the steps whose bytes are known when the list is read. */
#include "config.h"

#include "session/session.h"
#include "session/step_args.h"

/* write, writeline, writehex and writeframe: their bytes were made when the
 * list was read. */
static enum step_result run_write(struct session *s, const struct step *step)
{
	if (s->connection->writer.broken)
		return session_fail_write(s);
	writer_write(&s->connection->writer, step->data);
	return session_step_moved(s, step->data.len);
}

const struct step_kind step_write = {
	.name = "write",
	.args = "TEXT",
	.summary = "send TEXT",
	.flags = STEP_SENDS,
	.parse = parse_text,
	.run = run_write,
};

const struct step_kind step_writeline = {
	.name = "writeline",
	.args = "TEXT",
	.summary = "send TEXT and a newline (CR LF with --crlf)",
	.flags = STEP_SENDS,
	.parse = parse_line_text,
	.run = run_write,
};

const struct step_kind step_writehex = {
	.name = "writehex",
	.args = "HEX",
	.summary = "send the bytes of hexadecimal digits",
	.flags = STEP_SENDS,
	.parse = parse_hex,
	.run = run_write,
};

const struct step_kind step_writeframe = {
	.name = "writeframe",
	.args = "FORMAT TEXT",
	.summary = "send TEXT with its length in front",
	.flags = STEP_SENDS,
	.parse = parse_frame_text,
	.run = run_write,
};
