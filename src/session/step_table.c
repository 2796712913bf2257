/* SPDX-License-Identifier: ISC */
/* step_table: every step there is, in the order that help shows them. */
#include "config.h"

#include "session/step.h"

extern const struct step_kind step_write, step_writeline, step_writehex, step_writefile,
	step_writeframe, step_drain, step_write_eof, step_read, step_readline, step_readexactly,
	step_readuntil, step_readframe, step_readmatch, step_skip, step_skipline, step_skipuntil,
	step_at_eof, step_expect, step_info, step_sleep, step_try, step_loop, step_relay, step_echo,
	step_close, step_abort;

static const struct step_kind *const kinds[] = {
	&step_write,	 &step_writeline, &step_writehex,  &step_writefile, &step_writeframe,
	&step_drain,	 &step_write_eof, &step_read,	   &step_readline,  &step_readexactly,
	&step_readuntil, &step_readframe, &step_readmatch, &step_skip,	    &step_skipline,
	&step_skipuntil, &step_at_eof,	  &step_expect,	   &step_info,	    &step_sleep,
	&step_try,	 &step_loop,	  &step_relay,	   &step_echo,	    &step_close,
	&step_abort,
};

const struct step_kind *const *step_kinds(size_t *count)
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
		if (same_name(kinds[i]->name, word))
			return kinds[i];
	}
	return NULL;
}
