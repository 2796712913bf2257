/* SPDX-License-Identifier: ISC */
/* load_connections: clients that open one short connection after another. */
#include "config.h"

#include "bench/load.h"

#include "bench/bench.h"
#include "bench/load_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A socket is reset and connected again, not made anew: it would be we who limit the rate. */
static void begin_short(struct client *client, struct connection *c)
{
	c->received = 0;
	bench_write(c->fd, client->message, client->size);
}

static void on_short(struct client *client, struct connection *c)
{
	if (!client_receive(client, c))
		return;
	client_done(client, c, 1);
	bench_reconnect(c->fd, client->port);
	begin_short(client, c);
}

void load_short(int argc, char **argv)
{
	struct client client;

	(void)argc; /* checked */
	client_init(&client, argv[1], bench_number(argv[2]), 1);
	for (size_t i = 0; i < client.count; i++) {
		struct connection *c = &client.connections[i];

		c->fd = bench_connect(client.port);
		client_watch(&client, EPOLL_CTL_ADD, c);
		begin_short(&client, c);
	}
	client_run(&client, strtod(argv[3], NULL), on_short);
}

static void begin_ended(struct client *client, struct connection *c)
{
	c->fd = bench_connect(client->port);
	client_watch(client, EPOLL_CTL_ADD, c);
}

/* Waits for the server's end, then closes in order: a reset is a failure to the server. */
static void on_ended(struct client *client, struct connection *c)
{
	if (bench_drain(c->fd))
		bench_die("bytes from a server that has none");
	client_done(client, c, 1);
	close(c->fd);
	begin_ended(client, c);
}

void load_ended(int argc, char **argv)
{
	struct client client;

	(void)argc; /* checked */
	client_init(&client, argv[1], bench_number(argv[2]), 1);
	for (size_t i = 0; i < client.count; i++)
		begin_ended(&client, &client.connections[i]);
	client_run(&client, strtod(argv[3], NULL), on_ended);
}

/* Echoes a byte, since a TLS 1.3 client completes its handshake before the server does. Offers no
 * session, so each handshake is a full one. */
static void shake_hands(const char *port, SSL_CTX *context)
{
	int fd = bench_connect(port);
	SSL *ssl = bench_tls_begin(context, fd, SSL_connect);
	char byte = 'x';

	if (SSL_write(ssl, &byte, 1) != 1 || SSL_read(ssl, &byte, 1) != 1)
		bench_die_tls("echo");
	bench_tls_end(ssl);
	SSL_free(ssl);
	close(fd);
}

void load_handshakes(int argc, char **argv)
{
	SSL_CTX *context = bench_tls_client();
	double end = bench_now() + strtod(argv[2], NULL);
	size_t count;

	(void)argc; /* checked */
	for (count = 0; bench_now() < end; count++)
		shake_hands(argv[1], context);
	SSL_CTX_free(context);
	printf("%zu\n", count);
}
