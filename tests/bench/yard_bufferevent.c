/* SPDX-License-Identifier: ISC */
/* yard_bufferevent: the yardstick for buffers: libevent's bufferevents, as its manual uses them. */
#include "config.h"

#include "bench/bench.h"
#include "bench/bench_tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char USAGE[] = "yard_bufferevent echo | yard_bufferevent echo-tls CERT KEY | "
			    "yard_bufferevent listen-tls CERT KEY >OUTPUT | "
			    "yard_bufferevent connect-tls PORT <INPUT";

struct server {
	struct event_base *base;
	SSL_CTX *context; /* NULL: no TLS */
};

/* What SSLs need to be fast and small. Not read-ahead: libevent waits for the descriptor to become
 * readable, which it does not for a record that OpenSSL has already. */
static struct bufferevent *new_tls(struct event_base *base, SSL_CTX *context, int fd,
				   enum bufferevent_ssl_state state)
{
	SSL *ssl = SSL_new(context);
	struct bufferevent *bev = NULL;

	if (ssl)
		bev = bufferevent_openssl_socket_new(base, fd, ssl, state, BEV_OPT_CLOSE_ON_FREE);
	if (!bev)
		bench_die_tls("bufferevent_openssl_socket_new");
	if (bufferevent_set_max_single_read(bev, BENCH_CHUNK) ||
	    bufferevent_set_max_single_write(bev, BENCH_CHUNK))
		bench_die("bufferevent_set_max_single");
	return bev;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)arg;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(bev);
}

static void echo(struct bufferevent *bev, void *arg)
{
	(void)arg;
	if (bufferevent_write_buffer(bev, bufferevent_get_input(bev)))
		bench_die("bufferevent_write_buffer");
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		      int length, void *arg)
{
	struct server *server = arg;
	struct bufferevent *bev;

	(void)listener;
	(void)address;
	(void)length;
	bench_nodelay(fd);
	if (server->context)
		bev = new_tls(server->base, server->context, fd, BUFFEREVENT_SSL_ACCEPTING);
	else
		bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!bev)
		bench_die("bufferevent");
	bufferevent_setcb(bev, echo, NULL, on_event, server);
	if (bufferevent_enable(bev, EV_READ))
		bench_die("bufferevent_enable");
}

static void echo_all(struct event_base *base, SSL_CTX *context)
{
	struct server server = { base, context };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int fd = bench_listen();

	bench_raise_descriptors();
	if (sigaction(SIGPIPE, &ignore, NULL))
		bench_die("sigaction");
	if (evutil_make_socket_nonblocking(fd) ||
	    !evconnlistener_new(base, on_accept, &server, 0, 0, fd))
		bench_die("evconnlistener_new");
	event_base_dispatch(base);
}

static void to_output(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);

	(void)arg;
	while (evbuffer_get_length(input)) {
		if (evbuffer_write(input, STDOUT_FILENO) < 0)
			bench_die("write");
	}
}

/* TLS has ended well only by the peer's word. */
static void on_end(struct bufferevent *bev, short what, void *arg)
{
	if (what & BEV_EVENT_ERROR)
		bench_die_tls("TLS");
	if (!(what & BEV_EVENT_EOF))
		return;
	to_output(bev, NULL);
	event_base_loopbreak(arg);
}

static void receive_output(struct event_base *base, SSL_CTX *context)
{
	int fd = bench_accept(bench_listen());
	struct bufferevent *bev;

	bench_nodelay(fd);
	if (evutil_make_socket_nonblocking(fd))
		bench_die("nonblocking");
	bev = new_tls(base, context, fd, BUFFEREVENT_SSL_ACCEPTING);
	bufferevent_setcb(bev, to_output, NULL, on_end, base);
	if (bufferevent_enable(bev, EV_READ))
		bench_die("bufferevent_enable");
	event_base_dispatch(base);
}

/* The output is empty: more of standard input. Not by evbuffer_read(), which takes 4096 bytes. */
static void from_input(struct bufferevent *bev, void *arg)
{
	struct evbuffer *output = bufferevent_get_output(bev);
	struct evbuffer_iovec room;
	ssize_t n;

	if (evbuffer_reserve_space(output, BENCH_CHUNK, &room, 1) != 1)
		bench_die("evbuffer_reserve_space");
	n = read(STDIN_FILENO, room.iov_base, room.iov_len);
	if (n < 0)
		bench_die("read");
	if (!n) {
		event_base_loopbreak(arg);
		return;
	}
	room.iov_len = (size_t)n;
	if (evbuffer_commit_space(output, &room, 1))
		bench_die("evbuffer_commit_space");
}

/* No callback says that an output is empty to which nothing has been added. */
static void on_connected(struct bufferevent *bev, short what, void *arg)
{
	if (what & BEV_EVENT_CONNECTED)
		from_input(bev, arg);
	else
		on_end(bev, what, arg);
}

/* Closing with the peer's session tickets unread would reset the connection. */
static void end_sending(SSL *ssl, int fd)
{
	if (SSL_shutdown(ssl) < 0)
		bench_die_tls("SSL_shutdown");
	if (shutdown(fd, SHUT_WR) || fcntl(fd, F_SETFL, 0))
		bench_die("shutdown");
	(void)bench_drain(fd);
}

static void send_input(struct event_base *base, const char *port)
{
	int fd = bench_connect(port);
	struct bufferevent *bev;

	if (evutil_make_socket_nonblocking(fd))
		bench_die("nonblocking");
	bev = new_tls(base, bench_tls_client(), fd, BUFFEREVENT_SSL_CONNECTING);
	bufferevent_setcb(bev, NULL, from_input, on_connected, base);
	if (bufferevent_enable(bev, EV_READ | EV_WRITE))
		bench_die("bufferevent_enable");
	event_base_dispatch(base);
	end_sending(bufferevent_openssl_get_ssl(bev), fd);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	SSL_CTX *context;

	if (!base)
		bench_die("event_base_new");
	if (argc == 2 && !strcmp(argv[1], "echo")) {
		echo_all(base, NULL);
	} else if (argc == 4 && !strcmp(argv[1], "echo-tls")) {
		context = bench_tls_server(argv[2], argv[3]);
		SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
		echo_all(base, context);
	} else if (argc == 4 && !strcmp(argv[1], "listen-tls")) {
		receive_output(base, bench_tls_server(argv[2], argv[3]));
	} else if (argc == 3 && !strcmp(argv[1], "connect-tls")) {
		send_input(base, argv[2]);
	} else {
		bench_usage(USAGE);
	}
	return 0;
}
