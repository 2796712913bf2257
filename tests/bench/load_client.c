/* SPDX-License-Identifier: ISC */
/* load_client: many connections to one server, in one thread, and their rate. */
#include "config.h"

#include "bench/load_client.h"

#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { EVENTS = 64, WAIT_MS = 100 };

static const double WARM_UP = 0.1, START_MOST = 20; /* seconds that do not count */

void client_init(struct client *client, const char *port, size_t count, size_t size)
{
	*client =
		(struct client){ .port = port, .count = count, .size = size, .unanswered = count };
	client->epoll = epoll_create1(EPOLL_CLOEXEC);
	client->connections = calloc(count, sizeof(*client->connections));
	client->message = malloc(size);
	client->scratch = malloc(size);
	if (client->epoll < 0 || !client->connections || !client->message || !client->scratch)
		bench_die("client");
	memset(client->message, 'x', size);
	client->message[size - 1] = '\n'; /* a server may want lines */
}

void client_watch(struct client *client, int operation, struct connection *connection)
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

void client_send(struct client *client, struct connection *c)
{
	bool was_full = c->full;
	ssize_t n = send_some(c, client->message, client->size - c->sent);

	if (n < 0 && errno != EAGAIN)
		bench_die("send");
	c->sent += n < 0 ? 0 : (size_t)n;
	c->full = c->sent < client->size;
	if (c->full != was_full)
		client_watch(client, EPOLL_CTL_MOD, c);
}

bool client_receive(struct client *client, struct connection *c)
{
	ssize_t n = receive_some(c, client->scratch, client->size - c->received);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		bench_die("the server has closed");
	c->received += (size_t)n;
	return c->received == client->size;
}

void client_done(struct client *client, struct connection *c, uint64_t times)
{
	client->done += times;
	client->unanswered -= !c->answered;
	c->answered = true;
}

static void handle_events(struct client *client,
			  void (*on_event)(struct client *, struct connection *))
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(client->epoll, events, EVENTS, WAIT_MS);

	for (int i = 0; i < count; i++)
		on_event(client, events[i].data.ptr);
}

void client_run(struct client *client, double seconds,
		void (*on_event)(struct client *, struct connection *))
{
	double now, start = bench_now(), most = start + START_MOST;

	while (client->unanswered && bench_now() < most)
		handle_events(client, on_event);
	if (client->unanswered) {
		errno = ETIMEDOUT;
		bench_die("the first answers");
	}
	start += WARM_UP;
	do
		handle_events(client, on_event);
	while ((now = bench_now()) < start);
	start = now;
	client->done = 0;
	while ((now = bench_now()) < start + seconds)
		handle_events(client, on_event);
	printf("%.1f\n", (double)client->done / (now - start));
}
