/* SPDX-License-Identifier: ISC */
/* step_list: words to steps, and which lists cannot work. */
#include "config.h"

#include "session/step.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/nearest.h"
#include "base/text.h"
#include "io/descriptor.h"
#include "net/address.h"
#include "session/step_args.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP_TEXT_MAX = 60 }; /* of a step in messages */

/* --- one step --- */

/* Names from elsewhere. */
static const struct {
	const char *word, *step;
} synonyms[] = {
	{ "send", "write" },	       { "sendline", "writeline" }, { "puts", "writeline" },
	{ "writelines", "writeline" }, { "recv", "read" },	    { "get_extra_info", "info" },
	{ "wait_closed", "close" },    { "system", "exec" },	    { "forward", "to" },
	{ "chat", "broker" },
};

/* Could it be the ADDRESS of `to`? A number alone does not count. */
static bool is_target(const char *word)
{
	struct address address = { 0 };
	struct err ignored;
	bool is = strpbrk(word, ":/") != NULL &&
		  address_parse(word, NULL, ADDRESS_CONNECT, &address, &ignored) &&
		  address.kind != ADDRESS_FD;

	address_free(&address);
	return is;
}

/* Is the option after exec one of its COMMAND? One with quotes has its own. */
static bool is_of_command(const struct step_words *words, const struct step_kind *before)
{
	return before != NULL && (before->flags & STEP_COMMAND) &&
	       strchr(words->items[words->at - 2], ' ') == NULL;
}

/* `word` has been taken; `before` is the step that stands right before it, or NULL. */
static bool unknown_step(const struct step_words *words, const struct step_kind *before,
			 struct err *err)
{
	const char *word = words->items[words->at - 1];
	struct nearest nearest = { .word = word };

	for (size_t i = 0; step_table[i] != NULL; i++)
		nearest_try(&nearest, step_table[i]->name);
	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (strcmp(synonyms[i].word, word) == 0)
			nearest.best = synonyms[i].step;
	if (nearest_found(&nearest) != NULL)
		return nearest_refuse(&nearest, "step", err);
	if (word[0] == '-' && before != NULL && before->args[0] == '[' &&
	    isdigit((unsigned char)word[1]))
		return err_set(
			err, ERR_USAGE,
			"unknown step '%s': a number cannot be negative, and may be left out: %s",
			word, before->name);
	if (word[0] == '-' && word[1] != '\0' && !is_of_command(words, before))
		return err_set(err, ERR_USAGE,
			       "unknown step '%s': options stand before the first step", word);
	if (word[0] == '-' && word[1] != '\0')
		return err_set(err, ERR_USAGE,
			       "unknown step '%s': options stand before the first step, and those "
			       "of COMMAND need quotes: '%s %s'",
			       word, words->items[words->at - 2], word);
	if (before != NULL &&
	    (strstr(before->args, "TEXT") != NULL || strstr(before->args, "COMMAND") != NULL))
		return err_set(err, ERR_USAGE,
			       "unknown step '%s': a text of several words needs quotes: '%s %s'",
			       word, words->items[words->at - 2], word);
	if (is_target(word))
		return err_set(err, ERR_USAGE, "unknown step '%s', did you mean 'to %s'?", word,
			       word);
	return nearest_refuse(&nearest, "step", err);
}

/* `try` and the step it is for, or a step. */
static bool parse_kind(struct step *step, struct step_words *words, const struct step_kind *before,
		       struct err *err)
{
	step->tried = step_args_keyword(words, "try");
	if (words->at == words->count)
		return err_set(err, ERR_USAGE, "try needs a step after it");
	step->kind = step_kind_find(words->items[words->at++]);
	if (step->kind == NULL)
		return unknown_step(words, step->tried ? NULL : before, err);
	if (step->tried && step->kind->run == NULL)
		return err_set(err, ERR_USAGE, "try before try");
	if (step->tried && (step->kind->flags & STEP_LAST))
		return err_set(err, ERR_USAGE, "try before %s, which ends the list",
			       step->kind->name);
	return true;
}

/* The words from `from` on, for messages. */
static char *join_words(const struct step_words *words, size_t from)
{
	struct text text = { 0 };

	for (size_t i = from; i < words->at; i++)
		text_addf(&text, "%s%s", i > from ? " " : "", words->items[i]);
	if (text.len > STEP_TEXT_MAX) {
		size_t keep = bytes_utf8_prefix(bytes_of(text.data, STEP_TEXT_MAX - 3));

		memcpy(text.data + keep, "...", 4);
	}
	return text.data;
}

static bool parse_step(struct step *step, struct step_words *words, const struct step_kind *before,
		       struct err *err)
{
	size_t from = words->at;

	if (!parse_kind(step, words, before, err))
		return false;
	step->flags |= step->kind->flags;
	if ((step->flags & STEP_NEEDS_OTHERS) && !words->context->keep_open)
		return err_set(err, ERR_USAGE, "%s needs listen -k: one connection has no others",
			       step->kind->name);
	if (step->kind->parse != NULL && !step->kind->parse(step, words, err))
		return err_prefix(err, "%s", step->kind->name);
	step->text = join_words(words, from);
	return true;
}

/* --- the whole list --- */

/* What may not stand after what. */
static bool check_order(const struct step_list *list, struct err *err)
{
	unsigned before = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct step *step = &list->steps[i];

		if (before & STEP_LAST)
			return err_set(err, ERR_USAGE, "'%s' after %s, which ends the list",
				       step->text, list->steps[i - 1].kind->name);
		if ((before & STEP_WRITE_EOF) && (step->flags & STEP_SENDS))
			return err_set(err, ERR_USAGE,
				       "'%s' after write-eof: nothing can be sent then",
				       step->text);
		if ((step->flags & STEP_NEEDS_RECORD) && !(before & STEP_RECORD))
			return err_set(err, ERR_USAGE, "%s needs a read or info before it",
				       step->kind->name);
		before |= step->flags;
	}
	if (!(before & STEP_LOOPS))
		return true;
	if (!(before & STEP_READS))
		return err_set(err, ERR_USAGE, "loop needs a step that reads");
	if ((before & STEP_WRITE_EOF) && (before & STEP_SENDS))
		return err_set(err, ERR_USAGE, "round the loop a step would send after write-eof");
	return true;
}

/* inetd gives a program the connection as 0, 1 and 2. */
static bool is_connection(const struct step_context *context, int fd)
{
	return context->connection_fd == fd ||
	       (context->connection_fd >= 0 && descriptor_is_same(context->connection_fd, fd));
}

/* Two things cannot use one descriptor. */
static bool check_descriptors(const struct step_list *list, const struct step_context *context,
			      struct err *err)
{
	const struct step *reads = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct step *step = &list->steps[i];
		bool prints = context->json || (step->flags & STEP_PRINTS);

		if (prints && is_connection(context, STDOUT_FILENO))
			return err_set(err, ERR_USAGE,
				       "'%s' prints on standard output, which is the connection",
				       step->text);
		if (!(step->flags & STEP_STDIN))
			continue;
		if (is_connection(context, STDIN_FILENO))
			return err_set(err, ERR_USAGE,
				       "'%s' reads standard input, which is the connection",
				       step->text);
		if (context->runs_command)
			return err_set(
				err, ERR_USAGE,
				"'%s'%s reads standard input, which the command of --run has",
				step->text, list->visible ? "" : ", as no step is given,");
		if (reads != NULL)
			return err_set(err, ERR_USAGE, "'%s' and '%s' both use standard input",
				       reads->text, step->text);
		reads = step;
	}
	return true;
}

struct step_list *step_list_parse(char *const *items, size_t count,
				  const struct step_context *context, struct err *err)
{
	static char relay[] = "relay";
	static char *const only_relay[] = { relay };
	struct step_words words = { count > 0 ? items : only_relay, count > 0 ? count : 1, 0,
				    context };
	struct step_list *list = alloc_zeroed(sizeof(*list));

	/* No more steps than words. */
	list->steps = alloc_array(words.count, sizeof(*list->steps));
	list->visible = count > 0;
	list->prints = !is_connection(context, STDOUT_FILENO);
	for (const struct step_kind *before = NULL; words.at < words.count;) {
		struct step *step = &list->steps[list->count++];

		step->index = list->count;
		if (!parse_step(step, &words, before, err))
			goto fail;
		list->flags |= step->flags;
		before = step->kind;
	}
	if (!check_order(list, err) || !check_descriptors(list, context, err))
		goto fail;
	return list;
fail:
	step_list_free(list);
	return NULL;
}

struct step_list *step_list_of(const struct step_kind *kind, void *args)
{
	struct step_list *list = alloc_zeroed(sizeof(*list));

	list->steps = alloc_zeroed(sizeof(*list->steps));
	list->count = 1;
	list->flags = kind->flags;
	list->prints = true;
	list->steps[0] = (struct step){
		.kind = kind,
		.flags = kind->flags,
		.index = 1,
		.text = alloc_string(kind->name),
		.args = args,
	};
	return list;
}

bool step_list_open(const struct step_list *list, const struct step_context *context,
		    struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct step *step = &list->steps[i];

		if (step->kind->open != NULL && !step->kind->open(step, list, context, err))
			return false;
	}
	return true;
}

void step_list_free(struct step_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		struct step *step = &list->steps[i];

		if (step->args != NULL && step->kind->free_args != NULL)
			step->kind->free_args(step->args);
		free(step->text);
	}
	free(list->steps);
	free(list);
}

/* A word before a step, not one that runs. */
const struct step_kind step_try = {
	.name = "try",
	.args = "STEP",
	.summary = "run STEP; go on if it fails",
	.returns = "what STEP returns; its failure is reported on standard error",
	.fails = "only by the timeout of -w and the end of a loop, which are not caught",
	.example = "try readline writeline QUIT",
};
