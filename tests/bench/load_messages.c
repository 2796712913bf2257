/* SPDX-License-Identifier: ISC */
/* load_messages: clients that send a message and wait for its echo, or for it to reach all others.
 */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"
#include "bench/load_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { IN_FLIGHT = 8 }; /* messages of the broker's that have not reached every peer */

static void on_pingpong(struct client *client, struct connection *c)
{
	if (c->full)
		client_send(client, c);
	if (!client_receive(client, c))
		return;
	client_done(client, c, 1);
	c->sent = c->received = 0;
	client_send(client, c);
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
	struct client client;

	client_init(&client, argv[1], bench_number(argv[2]), bench_number(argv[3]));
	for (size_t i = 0; i < client.count; i++) {
		struct connection *c = &client.connections[i];

		c->fd = bench_connect(client.port);
		if (context)
			begin_tls(c, context);
		client_watch(&client, EPOLL_CTL_ADD, c);
	}
	for (size_t i = 0; i < client.count; i++)
		client_send(&client, &client.connections[i]);
	client_run(&client, strtod(argv[4], NULL), on_pingpong);
}

static void read_message(struct client *client, struct connection *c)
{
	if (recv(c->fd, client->scratch, client->size, MSG_WAITALL) != (ssize_t)client->size)
		bench_die("a message");
}

/* Once its message has reached the earlier peers, the broker has accepted the newcomer. */
static void join(struct client *client, struct connection *newcomer)
{
	newcomer->fd = bench_connect(client->port);
	bench_write(newcomer->fd, client->message, client->size);
	for (struct connection *c = client->connections; c < newcomer; c++)
		read_message(client, c);
}

struct broker {
	struct client client; /* first: the callback gets it */
	uint64_t sent, delivered;
};

static void speak(struct broker *broker)
{
	struct client *client = &broker->client;
	struct connection *c = &client->connections[broker->sent++ % client->count];

	if (send(c->fd, client->message, client->size, MSG_DONTWAIT) != (ssize_t)client->size)
		bench_die("send");
}

/* A read may return part of a message or several. Once every peer has the oldest message in flight,
 * the next peer sends one. */
static void on_broker(struct client *client, struct connection *c)
{
	static char chunk[BENCH_CHUNK];
	struct broker *broker = (struct broker *)client;
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		bench_die("the server has closed");
	c->received += (size_t)n;
	broker->delivered += c->received / client->size;
	client_done(client, c, c->received / client->size);
	c->received %= client->size;
	while (broker->delivered >= (broker->sent - IN_FLIGHT + 1) * (client->count - 1))
		speak(broker);
}

void load_broker(int argc, char **argv)
{
	struct broker broker = { 0 };
	struct client *client = &broker.client;

	(void)argc; /* checked */
	client_init(client, argv[1], bench_number(argv[2]), bench_number(argv[3]));
	for (size_t i = 0; i < client->count; i++)
		join(client, &client->connections[i]);
	for (size_t i = 0; i < client->count; i++)
		client_watch(client, EPOLL_CTL_ADD, &client->connections[i]);
	while (broker.sent < IN_FLIGHT)
		speak(&broker);
	client_run(client, strtod(argv[4], NULL), on_broker);
}
