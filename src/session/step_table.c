/* SPDX-License-Identifier: ISC */
/* step_table: every step there is, one row each. */
#include "config.h"

#include "session/steps.h"

#include <stdio.h>
#include <string.h>

/* In the order that help shows them. */
static const struct step_kind kinds[] = {
	{ "write", "TEXT", "send TEXT", STEP_SENDS, parse_text, run_write },
	{ "writeline", "TEXT", "send TEXT and a newline (CR LF with --crlf)", STEP_SENDS,
	  parse_line_text, run_write },
	{ "writehex", "HEX", "send the bytes of hexadecimal digits", STEP_SENDS, parse_hex,
	  run_write },
	{ "writefile", "PATH", "send a file ('-': standard input)", STEP_SENDS, parse_path,
	  run_writefile },
	{ "writeframe", "FORMAT TEXT", "send TEXT with its length in front", STEP_SENDS,
	  parse_frame_text, run_write },
	{ "drain", "", "wait until the write buffer is at its low mark", 0, NULL, run_drain },
	{ "write-eof", "", "flush, then close the sending half", STEP_WRITE_EOF, NULL,
	  run_write_eof },
	{ "read", "[N]", "read to the end, or once at most N bytes",
	  STEP_READS | STEP_PRINTS | STEP_RECORD, parse_optional_size, run_read },
	{ "readline", "[COUNT]", "read COUNT lines (1)", STEP_READS | STEP_PRINTS | STEP_RECORD,
	  parse_optional_count, run_readline },
	{ "readexactly", "N", "read exactly N bytes", STEP_READS | STEP_PRINTS | STEP_RECORD,
	  parse_size, run_readexactly },
	{ "readuntil", "SEP [or SEP]...", "read up to and with a separator",
	  STEP_READS | STEP_PRINTS | STEP_RECORD, parse_separators, run_readuntil },
	{ "readframe", "FORMAT", "read a length, then that many bytes",
	  STEP_READS | STEP_PRINTS | STEP_RECORD, parse_format, run_readframe },
	{ "skip", "N", "read N bytes and throw them away", STEP_READS, parse_size, run_skip },
	{ "skipline", "[COUNT]", "throw COUNT lines (1) away", STEP_READS, parse_optional_count,
	  run_skipline },
	{ "skipuntil", "SEP [or SEP]...", "throw away up to and with a separator", STEP_READS,
	  parse_separators, run_skipuntil },
	{ "at-eof", "", "succeed at the end of the stream", 0, NULL, run_at_eof },
	{ "expect", "REGEX", "succeed when what was read matches", STEP_NEEDS_RECORD, parse_regex,
	  run_expect },
	{ "info", "KEY", "print one fact about the connection", STEP_PRINTS | STEP_RECORD,
	  parse_key, run_info },
	{ "sleep", "DURATION", "wait", 0, parse_duration, run_sleep },
	{ "try", "STEP", "run STEP; should it fail, go on", 0, NULL, NULL },
	{ "loop", "", "go back to the first step, until the peer ends", STEP_LAST | STEP_LOOPS,
	  NULL, run_loop },
	{ "relay", "", "join with standard input and output",
	  STEP_LAST | STEP_READS | STEP_SENDS | STEP_PRINTS, parse_relay, run_relay },
	{ "echo", "[line | exactly N | until SEP]", "send back what comes",
	  STEP_LAST | STEP_READS | STEP_SENDS, parse_echo, run_echo },
	{ "close", "", "close in order, as at the end of every list", STEP_LAST, NULL, run_close },
	{ "abort", "", "reset the connection", STEP_LAST, NULL, run_abort },
};

const struct step_kind *step_kinds(size_t *count)
{
	*count = sizeof(kinds) / sizeof(kinds[0]);
	return kinds;
}

static bool same_name(const char *name, const char *word)
{
	for (; *name != '\0' || *word != '\0'; name++, word++) {
		if (*name != (*word == '_' ? '-' : *word))
			return false;
	}
	return true;
}

const struct step_kind *step_kind_find(const char *word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (same_name(kinds[i].name, word))
			return &kinds[i];
	}
	return NULL;
}
