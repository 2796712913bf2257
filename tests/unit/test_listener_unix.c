/* SPDX-License-Identifier: ISC */
/* test_listener_unix: socket files: stale, alive, not ours; modes and owners. */
#include "config.h"

#include "net/listener.h"
#include "net/listener_options.h"

#include "base/err.h"
#include "io/loop.h"
#include "net/address.h"
#include "unit/listener_rig.h"
#include "unit/support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct listener_rig rig;
	char dir[64];
	char path[80];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_init(&f->rig);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/liu-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/s", f->dir);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_release(&f->rig);
	(void)unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static bool start(struct fixture *f)
{
	struct address address = { .kind = ADDRESS_UNIX, .path = f->path };

	return rig_start(&f->rig, &address, 1);
}

static void name(struct sockaddr_un *addr, const char *path)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(addr->sun_path, sizeof(addr->sun_path), "%s", path);
}

static int bound(const char *path, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;

	name(&addr, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static int dial(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr;

	name(&addr, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -errno;
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

__attribute__((format(printf, 3, 4))) static void
assert_refused(struct fixture *f, enum err_kind kind, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert_false(start(f));
	assert_string_equal(f->rig.err.text, text);
	assert_int_equal(f->rig.err.kind, kind);
}

static void file_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	char text[128];
	int dir, fd;

	assert_true(start(f));
	assert_int_equal(listener_count(f->rig.listener), 1);
	(void)snprintf(text, sizeof(text), "unix:%s", f->path);
	assert_string_equal(listener_address(f->rig.listener, 0), text);
	fd = dial(f->path);
	assert_true(fd >= 0);
	assert_true(support_run_until(f->rig.loop, &f->rig.accepted, SUPPORT_DEADLINE_MS));
	assert_false(f->rig.tls[0]);
	close(fd);
	/* The lock is gone. */
	dir = open(f->dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(dir, LOCK_EX | LOCK_NB), 0);
	close(dir);
	rig_stop(&f->rig);
	assert_false(exists(f->path));
}

static void stale_file_is_replaced(void **state)
{
	struct fixture *f = *state;
	int fd = bound(f->path, SOCK_STREAM);

	assert_int_equal(listen(fd, 1), 0);
	close(fd);
	assert_int_equal(dial(f->path), -ECONNREFUSED);
	assert_true(start(f));
	fd = dial(f->path);
	assert_true(fd >= 0);
	close(fd);
}

static void live_one_is_not(void **state)
{
	struct fixture *f = *state;
	int fd = bound(f->path, SOCK_STREAM);
	int waiting[8];
	size_t n = 0;

	assert_int_equal(listen(fd, 0), 0);
	assert_refused(f, ERR_CONNECT,
		       "cannot listen on unix:%s: another process is already listening there",
		       f->path);
	/* A full backlog is alive. */
	while (n < 8 && (waiting[n] = dial(f->path)) >= 0)
		n++;
	assert_true(n < 8);
	assert_int_equal(waiting[n], -EAGAIN);
	assert_refused(f, ERR_CONNECT,
		       "cannot listen on unix:%s: another process is already listening there",
		       f->path);
	assert_true(exists(f->path));
	while (n > 0)
		close(waiting[--n]);
	close(fd);
}

static void other_kinds_are_left_alone(void **state)
{
	struct fixture *f = *state;
	char target[96];
	int fd = open(f->path, O_CREAT | O_WRONLY, 0600);

	close(fd);
	assert_refused(f, ERR_CONNECT,
		       "cannot listen on unix:%s: the file exists and is not a socket", f->path);
	assert_true(exists(f->path));
	assert_int_equal(unlink(f->path), 0);

	/* A link, also to a stale socket. */
	(void)snprintf(target, sizeof(target), "%s/t", f->dir);
	close(bound(target, SOCK_STREAM));
	assert_int_equal(symlink(target, f->path), 0);
	assert_refused(f, ERR_CONNECT,
		       "cannot listen on unix:%s: the file exists and is not a socket", f->path);
	assert_true(exists(f->path) && exists(target));
	assert_int_equal(unlink(f->path) | unlink(target), 0);

	fd = bound(f->path, SOCK_DGRAM);
	assert_refused(
		f, ERR_CONNECT,
		"cannot listen on unix:%s: another process has a socket of another kind there",
		f->path);
	assert_true(exists(f->path));
	close(fd);
}

static void directory_is_missing(void **state)
{
	struct fixture *f = *state;

	(void)snprintf(f->path, sizeof(f->path), "%s/x/s", f->dir);
	assert_refused(f, ERR_CONNECT, "cannot listen on unix:%s: no such file or directory",
		       f->path);
}

/* Another program has put its socket in its place: it is not ours to remove. */
static void only_our_file_is_removed(void **state)
{
	struct fixture *f = *state;
	int fd;

	assert_true(start(f));
	assert_int_equal(unlink(f->path), 0);
	fd = bound(f->path, SOCK_STREAM);
	rig_stop(&f->rig);
	assert_true(exists(f->path));
	close(fd);
}

static void mode_and_owner(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char owner[64];

	(void)snprintf(owner, sizeof(owner), "%u:%u", (unsigned)getuid(), (unsigned)getgid());
	f->rig.options.has_unix_mode = true;
	f->rig.options.unix_mode = 0640;
	f->rig.options.unix_owner = owner;
	assert_true(start(f));
	assert_int_equal(lstat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_uid, getuid());
	assert_int_equal(st.st_gid, getgid());
	rig_stop(&f->rig);

	f->rig.options.unix_owner = "no-such-user-here";
	assert_refused(f, ERR_USAGE, "--unix-owner: unknown user 'no-such-user-here'");
	f->rig.options.unix_owner = "0:no-such-group-here";
	assert_refused(f, ERR_USAGE, "--unix-owner: unknown group 'no-such-group-here'");
	f->rig.options.unix_owner = "4294967295"; /* chown(2)'s "leave it" */
	assert_refused(f, ERR_USAGE, "--unix-owner: unknown user '4294967295'");
	assert_false(exists(f->path));
}

/* What was bound before the failure is taken away again. */
static void failure_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	char other[96];
	struct address addresses[] = {
		{ .kind = ADDRESS_UNIX, .path = f->path },
		{ .kind = ADDRESS_UNIX, .path = other },
	};
	uint64_t begin = loop_now();

	(void)snprintf(other, sizeof(other), "%s/t", f->dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_false(rig_start(&f->rig, addresses, 2));
	assert_false(exists(f->path));
	assert_int_equal(rmdir(other), 0);
	assert_true(rig_start(&f->rig, addresses, 2));
	assert_int_equal(listener_count(f->rig.listener), 2);
	rig_stop(&f->rig);
	assert_false(exists(f->path) || exists(other));
	/* Two files, one directory: we do not wait for our own lock. */
	assert_true(loop_now() - begin < 2000); /* as long as a lock is waited for */
}

/* In a child: tells on `told` whether it could start. */
static void start_and_tell(struct fixture *f, int told)
{
	char answer = start(f) ? '1' : '0';

	_exit(write(told, &answer, 1) != 1);
}

/* Between bind(2) and listen(2) a connection is refused, and yet the file is not
 * stale: the next to start waits for the lock of the one that is starting. */
static void starting_is_one_at_a_time(void **state)
{
	struct fixture *f = *state;
	int dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = bound(f->path, SOCK_STREAM);
	struct pollfd told = { .events = POLLIN };
	char answer = 0;
	int ends[2];
	pid_t child;

	assert_int_equal(flock(dir, LOCK_EX), 0);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		start_and_tell(f, ends[1]);
	told.fd = ends[0];
	assert_int_equal(poll(&told, 1, 100), 0); /* it waits for us */
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(flock(dir, LOCK_UN), 0);
	assert_int_equal(poll(&told, 1, SUPPORT_DEADLINE_MS), 1);
	assert_int_equal(read(ends[0], &answer, 1), 1);
	assert_int_equal(answer, '0');
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
	close(dir);
	close(fd);
}

static void abstract_names(void **state)
{
	struct fixture *f = *state;
	char text[96];
	struct address address = { .kind = ADDRESS_UNIX, .abstract = true };

	/* As unlikely to be taken as the directory's name. */
	address.path = f->dir + 1;
	assert_true(rig_start(&f->rig, &address, 1));
	(void)snprintf(text, sizeof(text), "unix:@%s", f->dir + 1);
	assert_string_equal(listener_address(f->rig.listener, 0), text);
	rig_stop(&f->rig);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file_comes_and_goes),
		TEST(stale_file_is_replaced),
		TEST(live_one_is_not),
		TEST(other_kinds_are_left_alone),
		TEST(directory_is_missing),
		TEST(only_our_file_is_removed),
		TEST(mode_and_owner),
		TEST(failure_leaves_no_file),
		TEST(starting_is_one_at_a_time),
		TEST(abstract_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
