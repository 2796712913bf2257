/* SPDX-License-Identifier: ISC */
/* load_messages: clients that send a message and wait for its echo. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"
#include "bench/bench_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, WAIT_MS = 100 };

static const double WARM_UP = 0.1; /* seconds that do not count */

struct connection {
	int fd;
	SSL *ssl;  /* NULL: no TLS */
	bool full; /* the rest of a message waits for room */
	size_t sent, received;
};

struct client {
	int epoll;
	const char *port;
	size_t size;
	char *message, *scratch;
	uint64_t done;
};

static void client_init(struct client *client, const char *port, size_t size)
{
	*client = (struct client){ .port = port, .size = size };
	client->epoll = epoll_create1(EPOLL_CLOEXEC);
	client->message = malloc(size);
	client->scratch = malloc(size);
	if (client->epoll < 0 || !client->message || !client->scratch)
		bench_die("client");
	memset(client->message, 'x', size);
	client->message[size - 1] = '\n'; /* a server may want lines */
}

static void watch(struct client *client, int operation, struct connection *connection)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };

	if (connection->full)
		event.events |= EPOLLOUT;
	if (epoll_ctl(client->epoll, operation, connection->fd, &event))
		bench_die("epoll_ctl");
}

/* As send() and recv(): EAGAIN stands for all that OpenSSL may wait for. */
static ssize_t tls_result(SSL *ssl, int n)
{
	int error = SSL_get_error(ssl, n);

	if (n > 0)
		return n;
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		bench_die_tls("TLS");
	errno = EAGAIN;
	return -1;
}

static ssize_t send_some(struct connection *c, const char *data, size_t length)
{
	if (c->ssl)
		return tls_result(c->ssl, SSL_write(c->ssl, data, (int)length));
	return send(c->fd, data, length, MSG_DONTWAIT);
}

static ssize_t receive_some(struct connection *c, char *data, size_t length)
{
	if (c->ssl)
		return tls_result(c->ssl, SSL_read(c->ssl, data, (int)length));
	return recv(c->fd, data, length, MSG_DONTWAIT);
}

static void send_more(struct client *client, struct connection *c)
{
	bool was_full = c->full;
	ssize_t n = send_some(c, client->message, client->size - c->sent);

	if (n < 0 && errno != EAGAIN)
		bench_die("send");
	c->sent += n < 0 ? 0 : (size_t)n;
	c->full = c->sent < client->size;
	if (c->full != was_full)
		watch(client, EPOLL_CTL_MOD, c);
}

/* True when the echo is complete. */
static bool receive_more(struct client *client, struct connection *c)
{
	ssize_t n = receive_some(c, client->scratch, client->size - c->received);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		bench_die("the server has closed");
	c->received += (size_t)n;
	return c->received == client->size;
}

/* Runs `on_event` for `seconds` and the warm-up; prints how often a second something was done. */
static void run(struct client *client, double seconds,
		void (*on_event)(struct client *, struct connection *))
{
	struct epoll_event events[EVENTS];
	double start = bench_now(), warm = start + WARM_UP, end = warm + seconds, now = start;
	bool counting = false;

	while (now < end) {
		int count = epoll_wait(client->epoll, events, EVENTS, WAIT_MS);

		for (int i = 0; i < count; i++)
			on_event(client, events[i].data.ptr);
		now = bench_now();
		if (!counting && now >= warm) {
			counting = true;
			start = now;
			client->done = 0;
		}
	}
	printf("%.1f\n", (double)client->done / (now - start));
}

static void on_pingpong(struct client *client, struct connection *c)
{
	if (c->full)
		send_more(client, c);
	if (!receive_more(client, c))
		return;
	client->done++;
	c->sent = c->received = 0;
	send_more(client, c);
}

static void begin_tls(struct connection *c, SSL_CTX *context)
{
	c->ssl = bench_tls_begin(context, c->fd, SSL_connect);
	SSL_set_mode(c->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK))
		bench_die("O_NONBLOCK");
}

void load_pingpong(int argc, char **argv)
{
	SSL_CTX *context = argc > 5 && !strcmp(argv[5], "tls") ? bench_tls_client() : NULL;
	size_t count = bench_number(argv[2]);
	struct connection *connections = calloc(count, sizeof(*connections));
	struct client client;

	if (!connections)
		bench_die("pingpong");
	client_init(&client, argv[1], bench_number(argv[3]));
	for (size_t i = 0; i < count; i++) {
		connections[i].fd = bench_connect(client.port);
		if (context)
			begin_tls(&connections[i], context);
		watch(&client, EPOLL_CTL_ADD, &connections[i]);
	}
	for (size_t i = 0; i < count; i++)
		send_more(&client, &connections[i]);
	run(&client, strtod(argv[4], NULL), on_pingpong);
}

/* A socket is reset and connected again, not made anew: it would be we who limit the rate. */
static void begin_short(struct client *client, struct connection *c)
{
	c->received = 0;
	bench_write(c->fd, client->message, client->size);
}

static void on_short(struct client *client, struct connection *c)
{
	if (!receive_more(client, c))
		return;
	client->done++;
	bench_reconnect(c->fd, client->port);
	begin_short(client, c);
}

void load_short(int argc, char **argv)
{
	size_t count = bench_number(argv[2]);
	struct connection *connections = calloc(count, sizeof(*connections));
	struct client client;

	(void)argc; /* checked */
	if (!connections)
		bench_die("short");
	client_init(&client, argv[1], 1);
	for (size_t i = 0; i < count; i++) {
		connections[i].fd = bench_connect(client.port);
		watch(&client, EPOLL_CTL_ADD, &connections[i]);
		begin_short(&client, &connections[i]);
	}
	run(&client, strtod(argv[3], NULL), on_short);
}
