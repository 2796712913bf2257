/* SPDX-License-Identifier: ISC */
/* test_dial_local: inherited descriptors and Unix sockets to a transport. */
#include "config.h"

#include "net/dial.h"

#include "base/alloc.h"
#include "io/transport_impl.h"
#include "unit/caller.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { UNUSED_FD = 999 };

static void check_fd_fails(int fd, const char *why)
{
	struct caller c;
	char *want = alloc_printf("cannot use fd:%d: %s", fd, why);

	prepare_fd(&c, fd);
	check_fails(&c, ERR_USAGE, want);
	assert_true(fd == UNUSED_FD || fcntl(fd, F_GETFD) >= 0); /* left open */
	free(want);
}

static void test_fd_unusable(void **state)
{
	int pair[2];
	int fd;

	(void)state;
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	check_fd_fails(pair[0], "not a stream socket");
	close(pair[0]);
	close(pair[1]);
	check_fd_fails(UNUSED_FD, "bad file descriptor");
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	check_fd_fails(pair[0], "not a stream socket");
	close(pair[0]);
	close(pair[1]);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check_fd_fails(fd, "transport endpoint is not connected");
	close(fd);
}

/* It is used as it is: blocking still, closed in the end, and not inherited. */
static void test_fd(void **state)
{
	struct caller c;
	char data[6];
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	prepare_fd(&c, pair[0]);
	await(&c);
	assert_non_null(c.transport);
	assert_int_equal(c.times.connect_us, 0);
	assert_int_equal(fcntl(pair[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(pair[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	evbuffer_add(c.transport->output, "hello", 6);
	transport_flush(c.transport);
	support_receive(pair[1], data, sizeof(data));
	assert_string_equal(data, "hello");
	finish(&c);
	close(pair[1]);
}

/* --- Unix --- */

static char *make_directory(void)
{
	char *path = alloc_string("/tmp/liu-dial-XXXXXX");

	assert_non_null(mkdtemp(path));
	return path;
}

static int unix_listener(const char *path, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof(addr.sun_path));
	memcpy(addr.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void check_unix_fails(const char *path, const char *why)
{
	struct caller c;
	char *want = alloc_printf("cannot connect to unix:%s: %s", path, why);

	prepare(&c, path);
	check_fails(&c, ERR_CONNECT, want);
	free(want);
}

/* The listener at `path` has a full backlog: a dial waits until there is room. */
static void check_unix_waits(const char *path, int listener)
{
	char *want = alloc_printf("connecting to unix:%s (its backlog is full): timed out after "
				  "0.02 s (--connect-timeout)",
				  path);
	struct caller c;

	prepare(&c, path);
	c.options.connect_timeout_ms = SHORT_MS;
	check_fails(&c, ERR_TIMEOUT, want);
	prepare(&c, path);
	start(&c);
	assert_false(support_run_until(c.loop, &c.done, SHORT_MS));
	close(accept(listener, NULL, NULL));
	assert_true(support_run_until(c.loop, &c.done, SUPPORT_DEADLINE_MS));
	assert_non_null(c.transport);
	finish(&c);
	free(want);
}

static void test_unix(void **state)
{
	char *directory = make_directory();
	char *path = alloc_printf("%s/s", directory);
	char *peer = alloc_printf("unix:%s", path);
	struct caller c;
	int fd;

	(void)state;
	check_unix_fails(path, "no such file or directory");
	check_unix_fails(directory, "not a socket");
	fd = unix_listener(path, 0);
	prepare(&c, path);
	check_connects(&c, peer);
	check_unix_waits(path, fd);
	close(fd);
	check_unix_fails(path, "connection refused");
	unlink(path);
	rmdir(directory);
	free(peer);
	free(path);
	free(directory);
}

#ifdef __linux__
static void test_abstract(void **state)
{
	char *name = alloc_printf("liu-test-dial-%ld", (long)getpid());
	char *text = alloc_printf("unix:@%s", name);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct caller c;

	(void)state;
	memcpy(addr.sun_path + 1, name, strlen(name));
	assert_int_equal(bind(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					  strlen(name))),
			 0);
	assert_int_equal(listen(fd, 1), 0);
	prepare(&c, text);
	check_connects(&c, text);
	close(fd);
	free(text);
	free(name);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fd_unusable),
		cmocka_unit_test(test_fd),
		cmocka_unit_test(test_unix),
#ifdef __linux__
		cmocka_unit_test(test_abstract),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
