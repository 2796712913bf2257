/* SPDX-License-Identifier: ISC */
/* step_table: every step there is, in the order that help shows them. */
#include "config.h"

#include "session/step.h"

extern const struct step_kind step_write, step_writeline, step_writehex, step_writefile,
	step_writeframe, step_drain, step_write_eof, step_read, step_readline, step_readexactly,
	step_readuntil, step_readframe, step_readmatch, step_skip, step_skipline, step_skipuntil,
	step_at_eof, step_expect, step_info, step_sleep, step_try, step_loop, step_relay, step_echo,
	step_exec, step_to, step_broker, step_close, step_abort;

const struct step_kind *const step_table[] = {
	&step_write,	 &step_writeline, &step_writehex,  &step_writefile, &step_writeframe,
	&step_drain,	 &step_write_eof, &step_read,	   &step_readline,  &step_readexactly,
	&step_readuntil, &step_readframe, &step_readmatch, &step_skip,	    &step_skipline,
	&step_skipuntil, &step_at_eof,	  &step_expect,	   &step_info,	    &step_sleep,
	&step_try,	 &step_loop,	  &step_relay,	   &step_echo,	    &step_exec,
	&step_to,	 &step_broker,	  &step_close,	   &step_abort,	    NULL,
};

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
	const struct step_kind *const *kind = step_table;

	while (*kind != NULL && !same_name((*kind)->name, word))
		kind++;
	return *kind;
}
