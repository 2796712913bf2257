/* SPDX-License-Identifier: ISC */
/* test_transport_tls: TLS between two transports, and against peers that misbehave. */
#include "config.h"

#include "tls/transport_tls.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/loop.h"
#include "io/transport_impl.h"
#include "tls/tls_cert_text.h"
#include "tls/tls_config.h"
#include "tls/tls_settings.h"
#include "unit/certificate.h"
#include "unit/support.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	KIBIBYTE = 1024,
	MEBIBYTE = 1024 * 1024,
	BULK = 8 * MEBIBYTE,
	ROOM = 256 * KIBIBYTE,
	RECORD_OVERHEAD = 64, /* more than any cipher adds to one */
	IDLE_MS = 50,
	PATH_SIZE = 64,
};

enum who {
	WHO_GOOD,
	WHO_ADDRESSES,
	WHO_OTHER,
	WHO_EXPIRED,
	WHO_EARLY,
	WHO_ALONE, /* self-signed */
	WHO_COUNT,
};

/* What all tests use: an authority, and what it signed. */
struct world {
	char dir[PATH_SIZE];
	char *ca;
	struct identity authority, stranger, who[WHO_COUNT];
	char *files[WHO_COUNT];
	char *pins[WHO_COUNT];
};

struct end {
	struct loop *loop;
	struct tls_config *config;
	struct transport *lower, *t;
	int fd;
	unsigned wakes;
	/* The owner: takes what comes, and wants `step` more. */
	struct task task;
	size_t step, most;
	uint64_t limit, taken;
	bool wrong;
};

struct rig {
	const struct world *world;
	struct end client, server;
	struct tls_settings client_settings, server_settings;
	const char *pin;
	bool apart; /* a loop for each end: a test chooses who is awake */
};

/* --- the world --- */

static const struct certificate specs[WHO_COUNT] = {
	[WHO_GOOD] = { .name = "good", .names = "DNS:localhost,DNS:good.example" },
	[WHO_ADDRESSES] = { .name = "addresses", .names = "IP:127.0.0.1,IP:::1" },
	[WHO_OTHER] = { .name = "other", .names = "DNS:a.example,DNS:*.b.example,IP:10.0.0.1" },
	[WHO_EXPIRED] = { .name = "expired", .names = "DNS:localhost" },
	[WHO_EARLY] = { .name = "early", .names = "DNS:localhost" },
	[WHO_ALONE] = { .name = "alone", .names = "DNS:localhost" },
};

static struct identity make(struct world *w, enum who who)
{
	struct certificate c = specs[who];

	c.from = -1;
	c.until = 20;
	c.issuer = who == WHO_ALONE ? NULL : &w->authority;
	struct identity made = certificate_make(&c);
	if (who == WHO_EXPIRED)
		ASN1_TIME_set_string(X509_getm_notAfter(made.cert), "20240501123456Z");
	if (who == WHO_EARLY)
		ASN1_TIME_set_string(X509_getm_notBefore(made.cert), "20990203000000Z");
	assert_true(X509_sign(made.cert, who == WHO_ALONE ? made.key : w->authority.key,
			      EVP_sha256()) > 0);
	return made;
}

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct certificate ca = {
		.name = "Test Authority", .from = -1, .until = 20, .authority = true
	};

	snprintf(w->dir, sizeof(w->dir), "/tmp/liu-test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->authority = certificate_make(&ca);
	w->ca = alloc_printf("%s/ca.pem", w->dir);
	certificate_write(w->ca, "w", &(struct identity){ w->authority.cert, NULL });
	for (int i = 0; i < WHO_COUNT; i++) {
		w->who[i] = make(w, (enum who)i);
		w->pins[i] = tls_cert_text_pin(w->who[i].cert);
		w->files[i] = alloc_printf("%s/%d.pem", w->dir, i);
		certificate_write(w->files[i], "w", &w->who[i]);
	}
	*state = w;
	return 0;
}

static int free_world(void **state)
{
	struct world *w = *state;

	(void)unlink(w->ca);
	for (int i = 0; i < WHO_COUNT; i++) {
		(void)unlink(w->files[i]);
		certificate_free(&w->who[i]);
		free(w->files[i]);
		free(w->pins[i]);
	}
	free(w->ca);
	assert_int_equal(rmdir(w->dir), 0);
	certificate_free(&w->authority);
	free(w);
	return 0;
}

/* --- a connection --- */

static void on_wake(void *arg)
{
	struct end *end = arg;

	end->wakes++;
	task_wake(&end->task);
}

/* Take what is there, compare it with the pattern, and want more. */
static void own(void *arg)
{
	struct end *end = arg;
	size_t len = evbuffer_get_length(end->t->input);

	if (end->step == 0)
		return;
	if (len > end->most)
		end->most = len;
	if (!support_is_pattern(end->t->input, end->taken))
		end->wrong = true;
	end->taken += len;
	evbuffer_drain(end->t->input, len);
	transport_want(end->t, end->step);
}

static void end_new(struct end *end, struct loop *loop, int fd)
{
	end->loop = loop;
	end->fd = fd;
	end->lower = transport_plain_new(end->loop, fd, NULL, false);
	task_init(&end->task, end->loop, own, end);
}

static void end_use(struct end *end, struct transport *t)
{
	end->t = t;
	transport_set_wake(t, on_wake, end);
}

static void end_close(struct end *end)
{
	task_cancel(&end->task);
	transport_free(end->t);
	end->t = NULL;
}

static struct rig *rig_prepare(void **state, enum who who)
{
	const struct world *w = *state;
	struct rig *rig = calloc(1, sizeof(*rig));

	rig->world = w;
	rig->client_settings.cacert = w->ca;
	rig->server_settings.cert = w->files[who];
	return rig;
}

static void rig_configure(struct rig *rig)
{
	struct err err;

	rig->client.config = tls_config_client(&rig->client_settings, &err);
	assert_non_null(rig->client.config);
	rig->server.config = tls_config_server(&rig->server_settings, NULL, 0, &err);
	assert_non_null(rig->server.config);
}

/* The two ends, before they have said anything. */
static void rig_attach(struct rig *rig, bool tcp, const char *name)
{
	int pair[2];

	(tcp ? support_tcp_pair : support_unix_pair)(pair);
	end_new(&rig->client, loop_new(), pair[0]);
	end_new(&rig->server, rig->apart ? loop_new() : rig->client.loop, pair[1]);
	end_use(&rig->client, transport_tls_new(rig->client.lower, rig->client.config, name));
	end_use(&rig->server, transport_tls_new(rig->server.lower, rig->server.config, NULL));
}

static void rig_connect(struct rig *rig, bool tcp, const char *name)
{
	rig_configure(rig);
	rig_attach(rig, tcp, name);
}

/* libevent frees a turn later. */
static void last_turn(struct loop *loop)
{
	support_run_for(loop, 1);
	loop_free(loop);
}

static void rig_free(struct rig *rig)
{
	end_close(&rig->client);
	end_close(&rig->server);
	last_turn(rig->client.loop);
	if (rig->apart)
		last_turn(rig->server.loop);
	tls_config_free(rig->client.config);
	tls_config_free(rig->server.config);
	free(rig);
}

static bool turn_until(struct rig *rig, bool (*met)(const struct rig *rig))
{
	uint64_t end = loop_now() + SUPPORT_DEADLINE_MS;

	while (!met(rig)) {
		if (loop_now() > end)
			return false;
		support_run_for(rig->client.loop, 1);
		if (rig->apart)
			support_run_for(rig->server.loop, 1);
	}
	return true;
}

static void turn_end(struct end *end, uint64_t ms)
{
	support_run_for(end->loop, ms);
}

static bool shaken(const struct rig *rig)
{
	return support_handshake(rig->client.t) != STREAM_AGAIN &&
	       support_handshake(rig->server.t) != STREAM_AGAIN;
}

static void shake(struct rig *rig)
{
	assert_true(turn_until(rig, shaken));
	assert_int_equal(support_handshake(rig->client.t), STREAM_OK);
	assert_int_equal(support_handshake(rig->server.t), STREAM_OK);
}

static struct rig *rig_open(void **state, bool tcp)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig_connect(rig, tcp, "localhost");
	shake(rig);
	return rig;
}

static struct rig *rig_open_12(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig_configure(rig);
	SSL_CTX_set_max_proto_version(rig->client.config->ctx, TLS1_2_VERSION);
	rig_attach(rig, true, "localhost");
	shake(rig);
	return rig;
}

/* Take what comes, `step` bytes at a time, until there are `limit`. */
static void take(struct end *end, size_t step, uint64_t limit)
{
	end->step = step;
	end->limit = limit;
	transport_want(end->t, step);
}

static bool all_taken(const struct rig *rig)
{
	return rig->client.taken >= rig->client.limit && rig->server.taken >= rig->server.limit;
}

static bool client_ended(const struct rig *rig)
{
	return rig->client.t->read_half != READ_OPEN;
}

static bool server_ended(const struct rig *rig)
{
	return rig->server.t->read_half != READ_OPEN;
}

static void check_error(const struct err *err, enum err_kind kind, const char *text)
{
	assert_non_null(err);
	assert_string_equal(err->text, text);
	assert_int_equal(err->kind, kind);
}

static void check_info(const struct end *end, enum info_key key, const char *expected)
{
	struct evbuffer *out = evbuffer_new();
	bool has = transport_info(end->t, key, out);

	assert_int_equal(has, expected != NULL);
	assert_int_equal(evbuffer_add(out, "", 1), 0);
	assert_string_equal((const char *)evbuffer_pullup(out, -1), expected ? expected : "");
	evbuffer_free(out);
}

/* --- who the peer is --- */

static void both_failed(struct rig *rig, const char *client, const char *server)
{
	assert_true(turn_until(rig, shaken));
	assert_int_equal(support_handshake(rig->client.t), STREAM_ERROR);
	check_error(rig->client.t->read_error, ERR_TLS, client);
	check_error(rig->client.t->write_error, ERR_TLS, client);
	if (server == NULL)
		return;
	assert_int_equal(support_handshake(rig->server.t), STREAM_ERROR);
	check_error(rig->server.t->read_error, ERR_TLS, server);
}

static void trusted_names_are_accepted(void **state)
{
	static const struct {
		enum who who;
		const char *name, *sni;
	} cases[] = {
		{ WHO_GOOD, "localhost", "localhost" },
		{ WHO_GOOD, "good.example.", "good.example" },
		{ WHO_GOOD, "GOOD.example", "GOOD.example" },
		{ WHO_OTHER, "x.b.example", "x.b.example" },
		{ WHO_OTHER, "10.0.0.1", NULL },
		{ WHO_ADDRESSES, "127.0.0.1", NULL },
		{ WHO_ADDRESSES, "::1", NULL },
		{ WHO_ADDRESSES, "0:0::1%lo", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *rig = rig_prepare(state, cases[i].who);

		rig_connect(rig, true, cases[i].name);
		shake(rig);
		check_info(&rig->server, INFO_SERVER_NAME, cases[i].sni);
		rig_free(rig);
	}
}

static void strangers_are_refused(void **state)
{
	static const char unknown_ca[] = "the peer ended TLS: it does not trust the "
					 "issuer of our certificate (alert 48)";
	static const char bad[] = "the peer ended TLS: it does not accept our "
				  "certificate (alert 42)";
	static const char expired[] = "the peer ended TLS: it considers our certificate "
				      "expired (alert 45)";
	static const struct {
		enum who who;
		const char *name, *client, *server;
	} cases[] = {
		{ WHO_OTHER, "localhost",
		  "certificate is for DNS name 'a.example', DNS name '*.b.example', IP address "
		  "'10.0.0.1', not for DNS name 'localhost'",
		  bad },
		{ WHO_OTHER, "b.example",
		  "certificate is for DNS name 'a.example', DNS name '*.b.example', IP address "
		  "'10.0.0.1', not for DNS name 'b.example'",
		  bad },
		{ WHO_GOOD, "127.0.0.1",
		  "certificate is for DNS name 'localhost', DNS name 'good.example', not for IP "
		  "address '127.0.0.1'",
		  bad },
		{ WHO_GOOD, "", "there is no name to check the certificate against", bad },
		{ WHO_GOOD, NULL, "there is no name to check the certificate against", bad },
		{ WHO_EXPIRED, "localhost", "certificate expired on 2024-05-01", expired },
		{ WHO_EARLY, "localhost",
		  "certificate is not valid before 2099-02-03: is the clock right?", bad },
		{ WHO_ALONE, "localhost", NULL, unknown_ca },
	};
	const struct world *w = *state;
	char *alone =
		alloc_printf("certificate is self-signed: --cacert FILE or --pin %s trusts it",
			     w->pins[WHO_ALONE]);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *rig = rig_prepare(state, cases[i].who);

		rig_connect(rig, true, cases[i].name);
		both_failed(rig, cases[i].client ? cases[i].client : alone, cases[i].server);
		rig_free(rig);
	}
	free(alone);
}

static void unknown_authority_is_named(void **state)
{
	const struct world *w = *state;
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig->client_settings.cacert = w->files[WHO_ALONE];
	rig_connect(rig, true, "localhost");
	both_failed(rig,
		    "certificate is signed by 'Test Authority', which is not trusted here: "
		    "--cacert FILE trusts it",
		    NULL);
	rig_free(rig);
}

static void given_certificate_is_trusted_as_it_is(void **state)
{
	static const enum who cases[] = { WHO_ALONE, WHO_GOOD };
	const struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = rig_prepare(state, cases[i]);

		rig->client_settings.cacert = w->files[cases[i]];
		rig_connect(rig, true, "localhost");
		shake(rig);
		rig_free(rig);
	}
}

static void insecure_checks_nothing(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_EXPIRED);

	rig->client_settings.insecure = true;
	rig->client_settings.cacert = NULL;
	rig_connect(rig, true, NULL);
	shake(rig);
	check_info(&rig->server, INFO_SERVER_NAME, NULL);
	rig_free(rig);
}

static struct rig *rig_pinned(void **state, enum who who, enum who pinned, bool with_ca)
{
	const struct world *w = *state;
	struct rig *rig = rig_prepare(state, who);

	rig->pin = w->pins[pinned];
	rig->client_settings.pins = &rig->pin;
	rig->client_settings.pin_count = 1;
	if (!with_ca)
		rig->client_settings.cacert = NULL;
	return rig;
}

static void pinned_key_alone_decides(void **state)
{
	struct rig *rig = rig_pinned(state, WHO_EXPIRED, WHO_EXPIRED, false);

	rig_connect(rig, true, "elsewhere.example");
	shake(rig);
	rig_free(rig);
}

static void other_key_is_refused(void **state)
{
	const struct world *w = *state;
	struct rig *rig = rig_pinned(state, WHO_GOOD, WHO_OTHER, false);
	char *expected =
		alloc_printf("the peer's key is %s, which no --pin allows", w->pins[WHO_GOOD]);

	rig_connect(rig, true, "localhost");
	both_failed(rig, expected, NULL);
	free(expected);
	rig_free(rig);
}

/* With --cacert too both must hold. */
static void pin_and_authority_must_both_hold(void **state)
{
	struct rig *rig = rig_pinned(state, WHO_GOOD, WHO_GOOD, true);

	rig_connect(rig, true, "localhost");
	shake(rig);
	rig_free(rig);

	rig = rig_pinned(state, WHO_OTHER, WHO_OTHER, true);
	rig_connect(rig, true, "localhost");
	both_failed(rig,
		    "certificate is for DNS name 'a.example', DNS name '*.b.example', IP address "
		    "'10.0.0.1', not for "
		    "DNS name 'localhost'",
		    NULL);
	rig_free(rig);

	rig = rig_pinned(state, WHO_GOOD, WHO_OTHER, true);
	rig_connect(rig, true, "localhost");
	assert_true(turn_until(rig, shaken));
	assert_int_equal(support_handshake(rig->client.t), STREAM_ERROR);
	rig_free(rig);
}

static void server_name_replaces_the_host(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig->client_settings.server_name = "good.example";
	rig_connect(rig, true, "127.0.0.1");
	shake(rig);
	check_info(&rig->server, INFO_SERVER_NAME, "good.example");
	rig_free(rig);
}

static void facts_are_told(void **state)
{
	const struct world *w = *state;
	struct rig *rig = rig_open(state, true);

	check_info(&rig->client, INFO_TLS_VERSION, "TLSv1.3");
	check_info(&rig->server, INFO_TLS_VERSION, "TLSv1.3");
	check_info(&rig->client, INFO_CIPHER, "TLS_AES_256_GCM_SHA384");
	check_info(&rig->client, INFO_ALPN, NULL);
	check_info(&rig->client, INFO_SERVER_NAME, "localhost");
	check_info(&rig->client, INFO_FAMILY, "inet");
	check_info(&rig->client, INFO_PEERCERT_SUBJECT, "CN=good");
	check_info(&rig->client, INFO_PEERCERT_ISSUER, "CN=Test Authority");
	check_info(&rig->client, INFO_PEERCERT_NAMES, "localhost\ngood.example");
	check_info(&rig->client, INFO_PEERCERT_DAYS_LEFT, "20");
	check_info(&rig->client, INFO_PEERCERT_PIN, w->pins[WHO_GOOD]);
	check_info(&rig->server, INFO_PEERCERT_PIN, NULL);
	assert_int_equal(transport_raw_fd(rig->client.t), -1);
	rig_free(rig);
}

/* --- handshakes that are none --- */

/* A client whose peer is the test itself, which sends `text` and ends. */
static void check_peer(void **state, const char *text, bool end, const char *expected)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	assert_int_equal(send(rig->server.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	if (end)
		assert_int_equal(shutdown(rig->server.fd, SHUT_WR), 0);
	while (support_handshake(rig->client.t) == STREAM_AGAIN)
		support_run_for(rig->client.loop, 1);
	assert_int_equal(support_handshake(rig->client.t), STREAM_ERROR);
	check_error(rig->client.t->read_error, ERR_TLS, expected);
	rig_free(rig);
}

static void peer_without_tls_is_quoted(void **state)
{
	check_peer(state, "SSH-2.0-OpenSSH_9.2p1\r\nmore", false,
		   "the peer does not speak TLS: it sent 'SSH-2.0-OpenSSH_9.2p1'");
	check_peer(state, "\x1B[31m red", false,
		   "the peer does not speak TLS: it sent '\\e[31m red'");
	check_peer(state, "\r\n", true, "the peer does not speak TLS: it sent '\\r\\n'");
	check_peer(state, "", true, "the peer closed the connection without a TLS handshake");
	check_peer(state, "\x16\x03", true,
		   "the peer closed the connection during the TLS handshake");
}

static void client_without_tls_is_quoted(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	assert_int_equal(send(rig->client.fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	while (support_handshake(rig->server.t) == STREAM_AGAIN)
		support_run_for(rig->server.loop, 1);
	check_error(rig->server.t->read_error, ERR_TLS,
		    "the peer does not speak TLS: it sent 'GET / HTTP/1.1'");
	rig_free(rig);
}

static void reset_during_the_handshake_is_tls(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	assert_int_equal(support_handshake(rig->client.t), STREAM_AGAIN);
	rig->server.t->reset = true;
	end_close(&rig->server);
	while (support_handshake(rig->client.t) == STREAM_AGAIN)
		support_run_for(rig->client.loop, 1);
	check_error(rig->client.t->read_error, ERR_TLS,
		    "the connection broke during the TLS handshake: connection reset by peer");
	assert_int_equal(rig->client.t->read_error->sys, ECONNRESET);
	rig_free(rig);
}

static void versions_without_common_one(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig_configure(rig);
	SSL_CTX_set_max_proto_version(rig->client.config->ctx, TLS1_2_VERSION);
	SSL_CTX_set_min_proto_version(rig->server.config->ctx, TLS1_3_VERSION);
	rig_attach(rig, true, "localhost");
	both_failed(rig,
		    "the peer ended TLS: no TLS version in common "
		    "(alert 70)",
		    "TLS failed: no TLS version in common");
	rig_free(rig);
}

/* --- bytes --- */

static void bulk_both_ways(struct rig *rig, size_t step)
{
	support_add_pattern(rig->client.t->output, BULK, 0);
	support_add_pattern(rig->server.t->output, BULK, 0);
	transport_flush(rig->client.t);
	transport_flush(rig->server.t);
	take(&rig->client, step, BULK);
	take(&rig->server, step, BULK);
	assert_true(turn_until(rig, all_taken));
	assert_false(rig->client.wrong);
	assert_false(rig->server.wrong);
	assert_int_equal(rig->client.taken, BULK);
	assert_int_equal(rig->client.t->received, BULK);
	assert_int_equal(rig->client.t->sent, BULK);
	assert_true(rig->client.most <= step + TRANSPORT_LEAST); /* in two wake-ups */
	assert_int_equal(evbuffer_get_length(rig->server.t->output), 0);
}

static void bulk_is_whole_both_ways(void **state)
{
	struct rig *rig = rig_open(state, true);

	bulk_both_ways(rig, ROOM);
	rig_free(rig);
}

static void bulk_is_whole_over_unix(void **state)
{
	struct rig *rig = rig_open(state, false);

	bulk_both_ways(rig, ROOM);
	rig_free(rig);
}

/* Less than a record at a time, and no divisor of one. */
static void bulk_is_whole_with_little_room(void **state)
{
	struct rig *rig = rig_open(state, true);

	bulk_both_ways(rig, 9999);
	rig_free(rig);
}

static void bulk_is_whole_in_version_12(void **state)
{
	struct rig *rig = rig_open_12(state);

	check_info(&rig->client, INFO_TLS_VERSION, "TLSv1.2");
	bulk_both_ways(rig, ROOM);
	rig_free(rig);
}

/* Nothing is read: the queues below stay short, and nothing spins. */
static void queue_is_bounded_while_nobody_reads(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_small_buffers(rig->client.fd);
	support_small_buffers(rig->server.fd);
	support_add_pattern(rig->client.t->output, BULK, 0);
	transport_flush(rig->client.t);
	turn_end(&rig->server, 10);
	assert_int_equal(rig->server.lower->room, 0);
	assert_true(evbuffer_get_length(rig->client.lower->output) < 100 * KIBIBYTE);
	assert_true(evbuffer_get_length(rig->client.t->output) > BULK / 2);
	assert_true(transport_unsent(rig->client.t) >=
		    evbuffer_get_length(rig->client.lower->output));
	assert_true(support_is_idle(rig->client.loop, IDLE_MS));
	assert_true(support_is_idle(rig->server.loop, IDLE_MS));
	rig_free(rig);
}

/* A record of which only a part was wanted: no event comes for the rest. */
static void rest_of_a_record_is_delivered_later(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_add_pattern(rig->server.t->output, 10000, 0);
	transport_flush(rig->server.t);
	transport_want(rig->client.t, 10);
	turn_end(&rig->client, 10);
	assert_int_equal(evbuffer_get_length(rig->client.t->input), TRANSPORT_LEAST);
	assert_int_equal(rig->client.t->room, 0);
	rig->client.wakes = 0;
	turn_end(&rig->client, 10);
	assert_int_equal(evbuffer_get_length(rig->client.t->input), TRANSPORT_LEAST);
	transport_want(rig->client.t, 5000);
	assert_int_equal(evbuffer_get_length(rig->client.t->input), TRANSPORT_LEAST);
	turn_end(&rig->client, 10);
	assert_int_equal(evbuffer_get_length(rig->client.t->input), TRANSPORT_LEAST + 5000);
	assert_int_not_equal(rig->client.wakes, 0);
	assert_true(support_is_pattern(rig->client.t->input, 0));
	rig_free(rig);
}

/* The test's own server, on the server's descriptor. */
static SSL *raw_server(struct rig *rig)
{
	SSL *ssl = SSL_new(rig->server.config->ctx);

	assert_non_null(ssl);
	assert_int_equal(SSL_set_fd(ssl, rig->server.fd), 1);
	assert_int_equal(support_handshake(rig->client.t), STREAM_AGAIN);
	for (int i = 0; i < 100 && SSL_accept(ssl) != 1; i++)
		turn_end(&rig->client, 1);
	assert_int_equal(support_handshake(rig->client.t), STREAM_OK);
	return ssl;
}

/* What remains of a record may be as long as its data: the counts stay right. */
static void parts_of_a_record_are_counted(void **state)
{
	enum { FIRST = 22, DATA = 1000, RECORD = FIRST + DATA };
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	unsigned char data[DATA], record[RECORD];
	BIO *sent = BIO_new(BIO_s_mem());
	uint64_t before;
	SSL *ssl;

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	ssl = raw_server(rig);
	SSL_set0_wbio(ssl, sent);
	transport_want(rig->client.t, ROOM);
	before = rig->client.lower->received;
	for (uint64_t i = 0; i < 3; i++) {
		support_pattern(data, DATA, i * DATA);
		assert_int_equal(SSL_write(ssl, data, DATA), DATA);
		assert_int_equal(BIO_read(sent, record, RECORD), RECORD);
		support_send(rig->server.fd, record, FIRST);
		turn_end(&rig->client, 5);
		support_send(rig->server.fd, record + FIRST, DATA);
		turn_end(&rig->client, 5);
	}
	assert_int_equal(evbuffer_get_length(rig->client.t->input), 3 * DATA);
	assert_true(support_is_pattern(rig->client.t->input, 0));
	assert_int_equal(rig->client.lower->received - before, 3 * RECORD);
	SSL_free(ssl);
	rig_free(rig);
}

static void small_writes_share_records(void **state)
{
	static const char piece[] = "0123456789";
	struct rig *rig = rig_open(state, true);
	uint64_t before = rig->client.lower->sent;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(evbuffer_add_reference(rig->client.t->output, piece, 10, NULL,
							NULL),
				 0);
	transport_flush(rig->client.t);
	assert_int_equal(rig->client.t->sent, 10000);
	assert_in_range(rig->client.lower->sent - before, 10000, 10000 + RECORD_OVERHEAD);
	rig_free(rig);
}

/* --- ends --- */

static void check_half_close(struct rig *rig)
{
	support_add_pattern(rig->client.t->output, 100000, 0);
	transport_shut(rig->client.t);
	take(&rig->server, ROOM, 100000);
	assert_true(turn_until(rig, server_ended));
	assert_null(rig->server.t->read_error);
	assert_int_equal(rig->server.taken, 100000);
	assert_int_equal(rig->client.t->write_half, WRITE_SHUT);
	assert_int_equal(rig->client.t->read_half, READ_OPEN);
	/* The other direction goes on. */
	support_add_pattern(rig->server.t->output, MEBIBYTE, 0);
	transport_shut(rig->server.t);
	take(&rig->client, ROOM, MEBIBYTE);
	assert_true(turn_until(rig, client_ended));
	assert_null(rig->client.t->read_error);
	assert_null(rig->server.t->write_error);
	assert_int_equal(rig->client.taken, MEBIBYTE);
	assert_int_equal(rig->server.t->write_half, WRITE_SHUT);
	assert_false(rig->client.wrong);
	assert_false(rig->server.wrong);
}

static void half_close_leaves_the_other_half(void **state)
{
	struct rig *rig = rig_open(state, true);

	check_half_close(rig);
	rig_free(rig);
	rig = rig_open(state, false);
	check_half_close(rig);
	rig_free(rig);
	rig = rig_open_12(state);
	check_half_close(rig);
	rig_free(rig);
}

static bool client_sent_all(const struct rig *rig)
{
	return rig->client.t->write_half == WRITE_SHUT && all_taken(rig);
}

static void peer_half_closes_while_output_is_queued(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_add_pattern(rig->client.t->output, BULK, 0);
	transport_flush(rig->client.t);
	transport_shut(rig->server.t);
	take(&rig->client, ROOM, 0);
	assert_true(turn_until(rig, client_ended));
	assert_int_not_equal(evbuffer_get_length(rig->client.t->output), 0);
	transport_shut(rig->client.t);
	take(&rig->server, ROOM, BULK);
	assert_true(turn_until(rig, client_sent_all));
	assert_true(turn_until(rig, server_ended));
	assert_null(rig->server.t->read_error);
	assert_false(rig->server.wrong);
	rig_free(rig);
}

/* The socket is full when everything has been encrypted: close_notify must wait
 * its turn, and FIN for it. */
/* The end may be known before the last bytes have been taken. */
static bool server_emptied(const struct rig *rig)
{
	return server_ended(rig) && evbuffer_get_length(rig->server.t->input) == 0;
}

static void close_notify_follows_the_last_byte(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_small_buffers(rig->client.fd);
	support_small_buffers(rig->server.fd);
	support_add_pattern(rig->client.t->output, 100000, 0);
	transport_shut(rig->client.t);
	assert_int_not_equal(rig->client.t->write_half, WRITE_SHUT);
	take(&rig->server, 5000, 100000);
	assert_true(turn_until(rig, server_emptied));
	assert_null(rig->server.t->read_error);
	assert_int_equal(rig->server.taken, 100000);
	assert_int_equal(rig->client.t->write_half, WRITE_SHUT);
	rig_free(rig);
}

static void cut(struct rig *rig)
{
	support_add_pattern(rig->server.t->output, 1000, 0);
	transport_flush(rig->server.t);
	assert_int_equal(shutdown(rig->server.fd, SHUT_WR), 0);
	take(&rig->client, ROOM, 1000);
	assert_true(turn_until(rig, client_ended));
	assert_int_equal(rig->client.taken, 1000);
}

static void end_without_close_notify_is_truncated(void **state)
{
	struct rig *rig = rig_open(state, true);

	cut(rig);
	check_error(rig->client.t->read_error, ERR_TLS_TRUNCATED,
		    "the peer ended the connection without close_notify: "
		    "the data may be cut (--allow-truncated accepts this)");
	assert_null(rig->client.t->write_error);
	rig_free(rig);
}

/* Everything leaves but close_notify, and what the peer sends still comes. */
static void truncating_leaves_close_notify_out(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_add_pattern(rig->server.t->output, 200000, 0);
	rig->server.t->truncate = true;
	transport_shut(rig->server.t);
	take(&rig->client, ROOM, 200000);
	assert_true(turn_until(rig, client_ended));
	assert_int_equal(rig->client.taken, 200000);
	assert_int_equal(rig->client.t->read_error->kind, ERR_TLS_TRUNCATED);
	assert_int_equal(rig->server.t->write_half, WRITE_SHUT);
	support_add_pattern(rig->client.t->output, 5000, 0);
	transport_shut(rig->client.t);
	take(&rig->server, ROOM, 5000);
	assert_true(turn_until(rig, server_ended));
	assert_int_equal(rig->server.taken, 5000);
	assert_null(rig->server.t->read_error);
	rig_free(rig);
}

static void allow_truncated_takes_it_for_an_end(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);

	rig->client_settings.allow_truncated = true;
	rig_connect(rig, true, "localhost");
	shake(rig);
	cut(rig);
	assert_null(rig->client.t->read_error);
	/* It may have been a half-close: sending goes on. */
	support_add_pattern(rig->client.t->output, 5000, 0);
	transport_shut(rig->client.t);
	take(&rig->server, ROOM, 5000);
	assert_true(turn_until(rig, server_ended));
	assert_null(rig->server.t->read_error);
	assert_int_equal(rig->server.taken, 5000);
	rig_free(rig);
}

static void reset_is_io(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_add_pattern(rig->server.t->output, 1000, 0);
	transport_flush(rig->server.t);
	take(&rig->client, ROOM, 1000);
	assert_true(turn_until(rig, all_taken));
	rig->server.t->reset = true;
	end_close(&rig->server);
	assert_true(turn_until(rig, client_ended));
	check_error(rig->client.t->read_error, ERR_IO, "connection reset by peer");
	assert_int_equal(rig->client.t->read_error->sys, ECONNRESET);
	rig_free(rig);
}

static void write_after_reset_is_io(void **state)
{
	struct rig *rig = rig_open(state, true);
	bool failed = false;

	rig->server.t->reset = true;
	end_close(&rig->server);
	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_want(rig->client.t, ROOM);
	transport_flush(rig->client.t);
	for (int i = 0; i < 100 && !failed; i++) {
		turn_end(&rig->client, 1);
		failed = rig->client.t->write_error != NULL;
	}
	check_error(rig->client.t->write_error, ERR_IO, "connection reset by peer");
	check_error(rig->client.t->read_error, ERR_IO, "connection reset by peer");
	rig_free(rig);
}

static bool client_write_failed(const struct rig *rig)
{
	return rig->client.t->write_error != NULL;
}

/* The same while nothing is read: it waits for some polls, not for bytes that are never
 * taken. */
static void write_error_comes_without_reading(void **state)
{
	struct rig *rig = rig_open(state, true);

	rig->server.t->reset = true;
	end_close(&rig->server);
	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_flush(rig->client.t);
	for (int i = 0; i < 100 && !client_write_failed(rig); i++)
		turn_end(&rig->client, 1);
	assert_non_null(rig->client.t->write_error);
	assert_int_equal(rig->client.t->write_error->kind, ERR_IO);
	rig_free(rig);
}

static void reset_after_close_notify_fails_sending(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	SSL *ssl;

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	ssl = raw_server(rig);
	take(&rig->client, ROOM, 0);
	assert_int_equal(SSL_shutdown(ssl), 0); /* without FIN */
	assert_true(turn_until(rig, client_ended));
	assert_null(rig->client.t->read_error);
	SSL_free(ssl);
	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_flush(rig->client.t);
	rig->server.t->reset = true;
	transport_free(rig->server.t);
	rig->server.t = NULL;
	for (int i = 0; i < 100 && !client_write_failed(rig); i++)
		turn_end(&rig->client, 1);
	check_error(rig->client.t->write_error, ERR_IO, "connection reset by peer");
	assert_null(rig->client.t->read_error);
	rig_free(rig);
}

static void check_clean_end(struct end *end)
{
	for (int i = 0; i < 100; i++) {
		turn_end(end, 1);
		transport_flush(end->t);
	}
	assert_null(end->t->write_error);
	assert_int_equal(end->t->write_half, WRITE_SHUT);
	assert_int_equal(transport_unsent(end->t), 0);
}

/* The server ends and closes; the client's close_notify comes too late. */
static void end_of_a_peer_that_has_left_is_clean(void **state)
{
	struct rig *rig = rig_open(state, true);

	transport_shut(rig->server.t);
	take(&rig->client, ROOM, 0);
	assert_true(turn_until(rig, client_ended));
	end_close(&rig->server);
	transport_shut(rig->client.t);
	check_clean_end(&rig->client);
	rig_free(rig);
}

/* ... or is left unread, which makes the server's close a reset. */
static void end_of_a_peer_that_leaves_is_clean(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	SSL *ssl;

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	ssl = raw_server(rig);
	take(&rig->client, ROOM, 0);
	assert_int_equal(SSL_shutdown(ssl), 0); /* without FIN */
	assert_true(turn_until(rig, client_ended));
	transport_shut(rig->client.t);
	turn_end(&rig->client, 1);
	SSL_free(ssl);
	transport_free(rig->server.t);
	rig->server.t = NULL;
	check_clean_end(&rig->client);
	rig_free(rig);
}

/* ... and data that comes too late is lost. */
static void data_for_a_peer_that_has_left_fails_sending(void **state)
{
	struct rig *rig = rig_open(state, true);

	transport_shut(rig->server.t);
	take(&rig->client, ROOM, 0);
	assert_true(turn_until(rig, client_ended));
	end_close(&rig->server);
	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_shut(rig->client.t);
	for (int i = 0; i < 100 && !client_write_failed(rig); i++)
		turn_end(&rig->client, 1);
	check_error(rig->client.t->write_error, ERR_IO, "broken pipe");
	rig_free(rig);
}

/* After FIN in both directions no event tells of a reset: the owner's flush asks. */
static void reset_after_both_ends_fails_sending(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_small_buffers(rig->server.fd);
	support_add_pattern(rig->client.t->output, 200 * KIBIBYTE, 0);
	transport_shut(rig->client.t);
	transport_shut(rig->server.t);
	take(&rig->client, ROOM, 0);
	assert_true(turn_until(rig, client_ended));
	assert_int_equal(rig->client.t->write_half, WRITE_SHUT);
	rig->server.t->reset = true;
	end_close(&rig->server);
	for (int i = 0; i < 100 && !client_write_failed(rig); i++) {
		turn_end(&rig->client, 1);
		transport_flush(rig->client.t);
	}
	check_error(rig->client.t->write_error, ERR_IO, "connection reset by peer");
	assert_null(rig->client.t->read_error);
	rig_free(rig);
}

/* ... and so it is of one that is to be reset, whose end the peer is not told. */
static void reset_of_a_peer_that_was_cut_fails_sending(void **state)
{
	struct rig *rig = rig_open(state, true);

	support_small_buffers(rig->server.fd);
	support_add_pattern(rig->client.t->output, 100 * KIBIBYTE, 0);
	transport_flush(rig->client.t);
	cut(rig);
	rig->client.t->reset = true;
	rig->server.t->reset = true;
	end_close(&rig->server);
	for (int i = 0; i < 100 && !client_write_failed(rig); i++) {
		turn_end(&rig->client, 1);
		transport_flush(rig->client.t);
	}
	check_error(rig->client.t->write_error, ERR_IO, "broken pipe");
	rig_free(rig);
}

/* --- alerts --- */

static bool server_failed(const struct rig *rig)
{
	return rig->server.t->read_error != NULL;
}

static const char damaged[] = "TLS failed: a record was changed in transit";
static const char damaged_there[] = "the peer ended TLS: it received a damaged record (alert 20)";

/* A record that was never encrypted, past the client's TLS. */
static void inject_record(struct rig *rig)
{
	char record[5 + 64] = { 23, 3, 3, 0, 64 };

	assert_int_equal(send(rig->client.fd, record, sizeof(record), MSG_NOSIGNAL),
			 sizeof(record));
}

static void bad_record_is_tls_on_both_sides(void **state)
{
	struct rig *rig = rig_open(state, true);

	transport_want(rig->client.t, ROOM);
	transport_want(rig->server.t, ROOM);
	inject_record(rig);
	assert_true(turn_until(rig, client_ended));
	check_error(rig->server.t->read_error, ERR_TLS, damaged);
	check_error(rig->server.t->write_error, ERR_TLS, damaged);
	check_error(rig->client.t->read_error, ERR_TLS, damaged_there);
	check_error(rig->client.t->write_error, ERR_TLS, damaged_there);
	rig_free(rig);
}

/*
 * The server sends an alert and closes with bytes unread, so that its kernel
 * sends a reset too. The client is asleep meanwhile, and writes before it asks for
 * bytes.
 */
static void alert_is_not_hidden_by_a_write_error(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	uint64_t end = loop_now() + SUPPORT_DEADLINE_MS;

	rig->apart = true;
	rig_connect(rig, true, "localhost");
	shake(rig);
	transport_want(rig->server.t, ROOM);
	inject_record(rig);
	while (!server_failed(rig) && loop_now() < end)
		turn_end(&rig->server, 1);
	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_flush(rig->client.t);
	end_close(&rig->server);
	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_flush(rig->client.t);
	assert_non_null(rig->client.lower->write_error);
	assert_null(rig->client.t->write_error);
	transport_want(rig->client.t, ROOM);
	for (int i = 0; i < 100 && rig->client.t->write_error == NULL; i++)
		turn_end(&rig->client, 1);
	check_error(rig->client.t->read_error, ERR_TLS, damaged_there);
	check_error(rig->client.t->write_error, ERR_TLS, damaged_there);
	rig_free(rig);
}

static void server_that_requires_a_certificate(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	static const char expected[] = "the peer ended TLS: it requires a client "
				       "certificate (alert 116)";

	rig_configure(rig);
	SSL_CTX_set_verify(rig->server.config->ctx,
			   SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	rig_attach(rig, true, "localhost");
	transport_want(rig->client.t, ROOM);
	assert_true(turn_until(rig, shaken));
	assert_true(turn_until(rig, client_ended));
	check_error(rig->client.t->read_error, ERR_TLS, expected);
	check_error(rig->server.t->read_error, ERR_TLS, "TLS failed: the peer sent no certificate");
	rig_free(rig);
}

/* --- what TLS says unasked --- */

/* Two tickets arrive after the handshake. Left in the kernel they would make the
 * client's close a reset, and the server lose the tail. */
static void unread_tickets_do_not_reset(void **state)
{
	struct rig *rig = rig_open(state, true);
	int unread = -1;

	support_add_pattern(rig->client.t->output, 1000, 0);
	transport_shut(rig->client.t);
	transport_want(rig->client.t, 1);
	turn_end(&rig->client, 10);
	assert_int_equal(rig->client.t->write_half, WRITE_SHUT);
	assert_int_equal(ioctl(rig->client.fd, FIONREAD, &unread), 0);
	assert_int_equal(unread, 0);
	assert_int_equal(evbuffer_get_length(rig->client.lower->input), 0);
	end_close(&rig->client);
	take(&rig->server, ROOM, 1000);
	assert_true(turn_until(rig, server_ended));
	assert_null(rig->server.t->read_error);
	assert_int_equal(rig->server.taken, 1000);
	rig_free(rig);
}

/* Ask for new keys until nothing moves any more, or often enough. */
static void ask_for_keys(struct rig *rig, SSL *ssl)
{
	int refused = 0;

	for (int i = 0; i < 20000 && refused < 20; i++) {
		if (refused == 0)
			assert_int_equal(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		refused = SSL_do_handshake(ssl) == 1 ? 0 : refused + 1;
		if (refused > 0 || i % 200 == 0)
			turn_end(&rig->client, 1);
	}
	assert_int_equal(refused, 20);
}

/* Each of its key updates wants an answer, which the peer does not read. */
static void answers_nobody_reads_are_bounded(void **state)
{
	struct rig *rig = rig_prepare(state, WHO_GOOD);
	uint64_t end;
	unsigned char data[3], answers[4096];
	bool sent = false;
	SSL *ssl;

	rig->apart = true;
	rig_connect(rig, false, "localhost"); /* TCP would wait for its timers */
	support_small_buffers(rig->client.fd);
	support_small_buffers(rig->server.fd);
	ssl = raw_server(rig);
	take(&rig->client, 4 * KIBIBYTE, 0);
	ask_for_keys(rig, ssl);
	assert_in_range(evbuffer_get_length(rig->client.lower->output), 64 * KIBIBYTE,
			128 * KIBIBYTE);
	assert_true(support_is_idle(rig->client.loop, IDLE_MS));
	/* Taking them, though not into TLS, lets everything go on. */
	support_pattern(data, 3, 0);
	end = loop_now() + SUPPORT_DEADLINE_MS; /* under valgrind what was before takes long */
	while (rig->client.taken == 0 && loop_now() < end) {
		(void)recv(rig->server.fd, answers, sizeof(answers), MSG_DONTWAIT);
		if (!sent && SSL_do_handshake(ssl) == 1)
			sent = SSL_write(ssl, data, 3) == 3;
		turn_end(&rig->client, 1);
	}
	assert_int_not_equal(rig->client.taken, 0);
	assert_false(rig->client.wrong);
	SSL_free(ssl);
	rig_free(rig);
}

static void idle_connection_does_not_spin(void **state)
{
	struct rig *rig = rig_open(state, true);

	transport_want(rig->client.t, ROOM);
	transport_want(rig->server.t, ROOM);
	turn_end(&rig->server, 5);
	assert_true(support_is_idle(rig->client.loop, IDLE_MS));
	transport_shut(rig->server.t);
	assert_true(turn_until(rig, client_ended));
	assert_true(support_is_idle(rig->client.loop, IDLE_MS));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trusted_names_are_accepted),
		cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(unknown_authority_is_named),
		cmocka_unit_test(given_certificate_is_trusted_as_it_is),
		cmocka_unit_test(insecure_checks_nothing),
		cmocka_unit_test(pinned_key_alone_decides),
		cmocka_unit_test(other_key_is_refused),
		cmocka_unit_test(pin_and_authority_must_both_hold),
		cmocka_unit_test(server_name_replaces_the_host),
		cmocka_unit_test(facts_are_told),
		cmocka_unit_test(peer_without_tls_is_quoted),
		cmocka_unit_test(client_without_tls_is_quoted),
		cmocka_unit_test(reset_during_the_handshake_is_tls),
		cmocka_unit_test(versions_without_common_one),
		cmocka_unit_test(bulk_is_whole_both_ways),
		cmocka_unit_test(bulk_is_whole_over_unix),
		cmocka_unit_test(bulk_is_whole_with_little_room),
		cmocka_unit_test(bulk_is_whole_in_version_12),
		cmocka_unit_test(queue_is_bounded_while_nobody_reads),
		cmocka_unit_test(rest_of_a_record_is_delivered_later),
		cmocka_unit_test(parts_of_a_record_are_counted),
		cmocka_unit_test(small_writes_share_records),
		cmocka_unit_test(half_close_leaves_the_other_half),
		cmocka_unit_test(peer_half_closes_while_output_is_queued),
		cmocka_unit_test(close_notify_follows_the_last_byte),
		cmocka_unit_test(end_without_close_notify_is_truncated),
		cmocka_unit_test(truncating_leaves_close_notify_out),
		cmocka_unit_test(allow_truncated_takes_it_for_an_end),
		cmocka_unit_test(reset_is_io),
		cmocka_unit_test(write_after_reset_is_io),
		cmocka_unit_test(write_error_comes_without_reading),
		cmocka_unit_test(reset_after_close_notify_fails_sending),
		cmocka_unit_test(end_of_a_peer_that_has_left_is_clean),
		cmocka_unit_test(end_of_a_peer_that_leaves_is_clean),
		cmocka_unit_test(data_for_a_peer_that_has_left_fails_sending),
		cmocka_unit_test(reset_after_both_ends_fails_sending),
		cmocka_unit_test(reset_of_a_peer_that_was_cut_fails_sending),
		cmocka_unit_test(bad_record_is_tls_on_both_sides),
		cmocka_unit_test(alert_is_not_hidden_by_a_write_error),
		cmocka_unit_test(server_that_requires_a_certificate),
		cmocka_unit_test(unread_tickets_do_not_reset),
		cmocka_unit_test(answers_nobody_reads_are_bounded),
		cmocka_unit_test(idle_connection_does_not_spin),
	};

	return cmocka_run_group_tests(tests, make_world, free_world);
}
