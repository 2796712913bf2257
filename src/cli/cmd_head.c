/* SPDX-License-Identifier: ISC */
/* cmd_head: print the headers of URLs, one after the other. */
#include "config.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/color.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/program.h"
#include "http/head_event.h"
#include "http/head_text.h"
#include "http/http_head.h"
#include "http/http_request.h"
#include "http/status_ranges.h"
#include "http/step_head.h"
#include "http/url.h"
#include "io/stdout_writer.h"
#include "io/transport.h"
#include "net/dial.h"
#include "session/event_writer.h"
#include "session/session.h"
#include "tls/tls_config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct head {
	const struct options *options;
	struct program program;
	struct dial_options dialing;
	size_t at;		/* the URL that is being asked for */
	struct tls_config *tls; /* NULL: no URL is https */
	struct address address;
	struct session_shared shared;
	struct session *session;
	struct fetch fetch;
	struct step_list *steps;
	struct task next; /* goes on to the next URL */
	struct head_times times;
	uint64_t started_us; /* of this URL */
	int status;	     /* of the first that failed */
	bool printed;	     /* an answer stands on standard output */
};

static void start_next(struct head *h);

/* --- checks --- */

static struct address url_address(const struct url *url)
{
	return (struct address){
		.kind = ADDRESS_TCP,
		.tls = url->https,
		.host_kind = url->literal ? HOST_LITERAL : HOST_NAME,
		.host = url->host,
		.port = url->port,
	};
}

static bool check(struct options *options, struct err *err)
{
	const struct string_list *words = &options->operands;

	options->urls = alloc_array(words->count, sizeof(*options->urls));
	for (size_t i = 0; i < words->count; i++) {
		struct address address;

		if (!url_parse(words->items[i], &options->urls[i], err))
			return false;
		address = url_address(&options->urls[i]);
		if (!command_check_family(options, &address, err))
			return false;
	}
	return http_request_check(&options->request, err);
}

static bool has_https(const struct options *options)
{
	for (size_t i = 0; i < options->operands.count; i++) {
		if (options->urls[i].https)
			return true;
	}
	return false;
}

/* --- one URL --- */

static const struct url *current(const struct head *h)
{
	return &h->options->urls[h->at];
}

static void note_failure(struct head *h, const struct err *err)
{
	log_line(LOG_ERROR, "%s: %s", current(h)->text, err->text);
	event_writer_error(h->program.events, 0, err);
	if (h->status == 0)
		h->status = err_status(err->kind);
}

/* Of the answer: what it says, or the fields asked for. False when it has none
 * of them. */
static bool print_answer(struct head *h)
{
	const struct string_list *fields = &h->options->fields;
	struct stdout_writer *output = h->program.output;
	bool terminal = stdout_writer_is_terminal(output);

	if (fields->count > 0)
		return head_text_fields(output, &h->fetch.head, fields->items, fields->count,
					terminal);
	if (h->printed)
		stdout_writer_add(output, bytes_of("\n", 1));
	h->printed = true;
	head_text_answer(output, h->fetch.text, terminal,
			 color_wanted(h->options->color, terminal));
	return true;
}

/* Is it what --field and --fail ask for? */
static void judge(struct head *h, bool has_fields)
{
	const struct http_ranges *ranges = h->options->fail;
	struct err err;

	if (!has_fields) {
		(void)err_set(&err, ERR_EXPECTATION, "the answer has no such header (--field)");
		note_failure(h, &err);
	}
	if (ranges != NULL && !http_ranges_hold(ranges, h->fetch.head.status)) {
		(void)err_set(&err, ERR_EXPECTATION, "the status is %d (--fail)",
			      h->fetch.head.status);
		note_failure(h, &err);
	}
}

static void answered(struct head *h)
{
	bool has_fields = true;

	h->times.total_us = loop_now_us() - h->started_us;
	if (h->options->json) {
		head_event(h->program.events, current(h)->text, &h->fetch.head, &h->times);
		if (h->options->fields.count > 0)
			has_fields = head_text_has_field(&h->fetch.head, h->options->fields.items,
							 h->options->fields.count);
	} else {
		has_fields = print_answer(h);
	}
	judge(h, has_fields);
}

static void next_url(struct head *h)
{
	step_list_free(h->steps);
	h->steps = NULL;
	fetch_clear(&h->fetch);
	h->at++;
	if (h->at < h->options->operands.count && !program_is_late(&h->program))
		start_next(h);
	else
		program_finish(&h->program, h->status);
}

/* It is still on the stack: what it borrows lives until it is gone. */
static void session_done(void *arg, struct session *session)
{
	struct head *h = arg;

	h->session = NULL;
	if (h->fetch.first_byte_us > 0)
		h->times.first_byte_us = h->fetch.first_byte_us;
	if (session_error(session) == NULL) {
		answered(h);
	} else {
		/* What came of a cut answer is shown. */
		if (!h->options->json && h->options->fields.count == 0 &&
		    head_text_any(h->fetch.text))
			(void)print_answer(h);
		note_failure(h, session_error(session));
	}
	task_wake(&h->next);
}

static void run_next(void *arg)
{
	next_url(arg);
}

static void dialled(void *arg, struct transport *transport, const struct err *err,
		    const struct dial_times *times)
{
	struct head *h = arg;

	h->times.resolve_us = times->resolve_us;
	h->times.connect_us = times->connect_us;
	h->times.tls_us = times->tls_us;
	if (transport == NULL) {
		note_failure(h, err);
		task_wake(&h->next);
		return;
	}
	h->session = session_new(&h->shared, transport, (unsigned)h->at + 1,
				 program_time_left(&h->program), session_done, h);
}

static void start_next(struct head *h)
{
	const struct url *url = current(h);
	const char *server_name = h->options->tls_settings.server_name;

	h->started_us = loop_now_us();
	h->times = (struct head_times){ 0 };
	h->address = url_address(url);
	h->dialing.tls_name = server_name != NULL ? server_name : url->host;
	fetch_init(&h->fetch, http_request(url, &h->options->request));
	h->steps = fetch_steps(&h->fetch);
	h->shared.steps = h->steps;
	program_dial(&h->program, &h->address, &h->dialing, dialled);
}

/* --- the program --- */

static void on_output_error(void *arg, const struct err *err)
{
	struct head *h = arg;

	log_line(LOG_ERROR, "%s", err->text);
	program_finish(&h->program, err_status(err->kind));
}

static void clean(void *arg)
{
	struct head *h = arg;

	session_abort(h->session);
	task_cancel(&h->next);
}

static int work(struct head *h)
{
	struct program *p = &h->program;

	program_init(p, h->options);
	p->on_output_error = on_output_error;
	p->arg = h;
	program_set_deadline(p, h->options->session.timeout_ms);
	task_init(&h->next, p->loop, run_next, h);
	h->shared = (struct session_shared){
		.loop = p->loop,
		.settings = &h->options->session,
		.events = p->events,
	};
	start_next(h);
	return program_run(p, clean);
}

static bool run(const struct options *options, int *status, struct err *err)
{
	struct head h = { .options = options, .dialing = options->dialing };

	if (has_https(options)) {
		h.tls = command_client_tls(options, err);
		if (h.tls == NULL)
			return false;
	}
	h.dialing.tls = h.tls;
	*status = work(&h);
	step_list_free(h.steps);
	fetch_clear(&h.fetch);
	tls_config_free(h.tls);
	return true;
}

const struct command command_head = {
	.name = "head",
	.operands = "URL...",
	.needs = "a URL",
	.summary = "print the head of what HTTP servers answer",
	.text = "Send HEAD to each URL and print status line and headers as they came, with\n"
		"a blank line between answers. No scheme means http.\n",
	.examples = {
		"liu head https://example.com/path/page.html",
		"liu head -w 5 --fail=200 http://localhost:8080/health",
		"liu head -X GET --field content-type example.com",
	},
	.takes = FOR_ALL | FOR_CLIENTS | FOR_HEAD,
	.check = check,
	.run = run,
};
