/* SPDX-License-Identifier: ISC */
/* cmd_head: print the headers of URLs, one after the other. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "http/head_print.h"
#include "http/http_request.h"
#include "http/step_head.h"
#include "http/url.h"
#include "io/fd_writer.h"
#include "net/address.h"
#include "session/client.h"
#include "session/event_writer.h"
#include "session/step.h"
#include "tls/tls_config.h"

struct head_command {
	const struct options *options;
	struct program program;
	struct tls_config *tls; /* NULL: no URL is https */
	size_t at;		/* the index of the current URL */
	struct client *client;
	struct step_head step;
	struct step_list *steps;
	int status;   /* of the first that failed */
	bool printed; /* a response has been printed */
};

static void start_next(struct head_command *h);

static bool check(struct options *options, struct err *err)
{
	const struct string_list *words = &options->operands;

	options->urls = alloc_array(words->count, sizeof(*options->urls));
	for (size_t i = 0; i < words->count; i++) {
		struct url *url = &options->urls[i];

		if (!url_parse(words->items[i], url, err) ||
		    !address_check_family(&url->address, options->dialing.family, err))
			return false;
		options->address_has_tls = options->address_has_tls || url->address.tls;
	}
	for (size_t i = 0; i < options->fields.count; i++)
		if (!http_name_check(options->fields.items[i], err))
			return err_prefix(err, "--field");
	return http_request_check(&options->request, err);
}

static const struct url *current(const struct head_command *h)
{
	return &h->options->urls[h->at];
}

static void note_failure(struct head_command *h, const struct err *err)
{
	event_writer_error(h->program.shared.events, 0, current(h)->text, err);
	if (h->status == 0)
		h->status = err_status(err);
}

/* Print the response, or only the fields asked for. */
static void print_response(struct head_command *h)
{
	const struct string_list *fields = &h->options->fields;
	struct fd_writer *output = h->program.output;

	for (size_t i = 0; i < fields->count; i++)
		head_print_field(output, &h->step, fields->items[i], fields->count > 1);
	if (fields->count > 0)
		return;
	if (h->printed)
		fd_writer_add(output, bytes_of("\n", 1));
	h->printed = true;
	head_print_lines(output, &h->step,
			 options_color(h->options, fd_writer_is_terminal(output)));
}

/* Fail if --field or --fail does not hold. */
static void judge(struct head_command *h)
{
	const struct string_list *fields = &h->options->fields;
	const char *ranges = h->options->fail;
	struct err err;

	for (size_t i = 0; i < fields->count; i++) {
		if (http_head_has(&h->step.head, fields->items[i]))
			continue;
		(void)err_set(&err, ERR_EXPECTATION, "the response has no header '%s' (--field)",
			      fields->items[i]);
		note_failure(h, &err);
	}
	if (ranges != NULL && !http_ranges_hold(ranges, h->step.head.status)) {
		(void)err_set(&err, ERR_EXPECTATION, "the status is %d (--fail)",
			      h->step.head.status);
		note_failure(h, &err);
	}
}

static void url_clear(struct head_command *h)
{
	client_free(h->client);
	h->client = NULL;
	step_list_free(h->steps);
	h->steps = NULL;
	step_head_clear(&h->step);
}

static void responded(struct head_command *h)
{
	if (h->options->json)
		head_print_event(h->program.shared.events, current(h)->text, &h->step,
				 client_times(h->client));
	else
		print_response(h);
	judge(h);
}

/* Print what arrived of a response that was cut. */
static void cut_off(struct head_command *h, const struct err *err)
{
	if (!h->options->json && h->options->fields.count == 0 && h->step.text.len > 0)
		print_response(h);
	note_failure(h, err);
}

static void client_done(void *arg, const struct err *err)
{
	struct head_command *h = arg;

	if (err == NULL)
		responded(h);
	else
		cut_off(h, err);
	url_clear(h);
	h->at++;
	if (h->at < h->options->operands.count && !program_is_late(&h->program))
		start_next(h);
	else
		program_finish(&h->program, h->status);
}

static void start_next(struct head_command *h)
{
	const struct url *url = current(h);
	struct client_options client = {
		.shared = &h->program.shared,
		.address = &url->address,
		.dialing = h->options->dialing,
		.conn = h->at + 1,
		.started_ms = h->program.started_us / 1000,
	};

	client.dialing.tls = h->tls;
	h->steps = step_head_list(&h->step, http_request(url, &h->options->request));
	h->program.shared.steps = h->steps;
	h->client = client_start(&client, client_done, h);
}

static bool run(const struct options *options, int *status, struct err *err)
{
	struct head_command h = { .options = options };

	if (!command_client_tls(options, &h.tls, err))
		return false;
	program_init(&h.program, options);
	start_next(&h);
	program_run(&h.program);
	url_clear(&h);
	tls_config_free(h.tls);
	*status = program_end(&h.program);
	return true;
}

const struct command command_head = {
	.name = "head",
	.operands = "URL...",
	.needs = "a URL",
	.summary = "print the headers of HTTP responses",
	.text = "Send HEAD to each URL and print the status line and headers as received, with\n"
		"a blank line between responses. No scheme means http.\n",
	.examples = {
		"liu head https://example.com/path/page.html",
		"liu head -w 5 --fail=200 http://localhost:8080/health",
		"liu head -X GET --field content-type example.com",
	},
	.takes = FOR_ALL | FOR_CLIENTS | FOR_HEAD | FOR_DIALING,
	.check = check,
	.run = run,
};
