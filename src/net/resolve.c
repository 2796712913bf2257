/* SPDX-License-Identifier: ISC */
/* resolve: names to addresses, in threads, off the event loop. */
#include "config.h"

#include "net/resolve.h"

#include "base/alloc.h"
#include "base/err.h"
#include "io/fd_watch.h"
#include "io/loop.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

/*
 * A job is one call of getaddrinfo(3). Lookups of the same name that overlap
 * share it, so that a thousand connections to one name are one question. It
 * belongs to its lookups and, while it runs, to the thread: the last one to leave
 * frees it. A lookup that is freed early leaves its job, and the thread's answer is
 * dropped.
 *
 * A channel is what a thread wakes a loop with: an eventfd and its watch. It is
 * there as long as a lookup of that loop is, and a thread touches it only through a
 * lookup that waits, so it can be closed at any time. Usually there is one.
 *
 * Threads are started when there is work and end when there is none.
 *
 * All of this is guarded by one lock, apart from what only the loop's thread
 * uses: lookup->done, the watches, and a job's result once it is finished.
 */

enum {
	THREADS_MAX = 4,
	STACK_SIZE = 256 * 1024, /* plugins of the name service need some */
	SERVICE_SIZE = 8,
};

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_FINISHED };

struct job {
	char *host;
	char service[SERVICE_SIZE];
	int family;
	enum job_state state;
	unsigned users; /* lookups, and the thread that runs it */
	struct addrinfo *result;
	int error;
	int sys;
	TAILQ_HEAD(, lookup) waiting;
	TAILQ_ENTRY(job) link; /* in `queued` or `running` */
};

struct channel {
	struct loop *loop;
	int fd;
	struct task task;
	struct fd_watch *watch;
	unsigned users;		       /* lookups */
	TAILQ_HEAD(, lookup) answered; /* ... whose task is to be woken */
	SLIST_ENTRY(channel) link;
};

struct lookup {
	struct channel *channel;
	struct job *job;
	struct task *task;
	bool done;
	TAILQ_ENTRY(lookup) link; /* in job->waiting, then in channel->answered */
};

/* The threads belong to the process, and so does what they work on. */
static struct resolver {
	pthread_mutex_t lock;
	unsigned threads;
	TAILQ_HEAD(, job) queued;
	TAILQ_HEAD(, job) running;
	SLIST_HEAD(, channel) channels;
} resolver = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.queued = TAILQ_HEAD_INITIALIZER(resolver.queued),
	.running = TAILQ_HEAD_INITIALIZER(resolver.running),
	.channels = SLIST_HEAD_INITIALIZER(resolver.channels),
};

static void lock(void)
{
	(void)pthread_mutex_lock(&resolver.lock); /* fails only when misused */
}

static void unlock(void)
{
	(void)pthread_mutex_unlock(&resolver.lock);
}

static void job_leave(struct job *job)
{
	if (--job->users > 0)
		return;
	if (job->result != NULL)
		freeaddrinfo(job->result);
	free(job->host);
	free(job);
}

/* Answer all lookups that wait. A write to an eventfd fails only when it is already set. */
static void job_finish(struct job *job)
{
	struct lookup *lookup;

	job->state = JOB_FINISHED;
	while ((lookup = TAILQ_FIRST(&job->waiting)) != NULL) {
		TAILQ_REMOVE(&job->waiting, lookup, link);
		TAILQ_INSERT_TAIL(&lookup->channel->answered, lookup, link);
		(void)eventfd_write(lookup->channel->fd, 1);
	}
}

static void ask(struct job *job)
{
	struct addrinfo hints = {
		.ai_family = job->family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};

	errno = 0;
	job->error = getaddrinfo(job->host, job->service, &hints, &job->result);
	job->sys = job->error == EAI_SYSTEM ? errno : 0;
	if (job->error != 0)
		job->result = NULL;
	else if (job->result == NULL)
		job->error = EAI_NONAME;
}

static void *run(void *arg)
{
	struct job *job;

	(void)arg;
	lock();
	while ((job = TAILQ_FIRST(&resolver.queued)) != NULL) {
		TAILQ_REMOVE(&resolver.queued, job, link);
		TAILQ_INSERT_TAIL(&resolver.running, job, link);
		job->state = JOB_RUNNING;
		job->users++;
		unlock();
		ask(job);
		lock();
		TAILQ_REMOVE(&resolver.running, job, link);
		job_finish(job);
		job_leave(job);
	}
	resolver.threads--;
	unlock();
	return NULL;
}

static int start_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int rc = pthread_attr_init(&attr);

	if (rc != 0)
		return rc;
	rc = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (rc == 0)
		rc = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (rc == 0)
		rc = pthread_create(&thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

/* The loop handles signals, so a thread starts with all of them blocked. */
static int start_thread_without_signals(void)
{
	sigset_t all;
	sigset_t before;
	int rc;

	sigfillset(&all);
	rc = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (rc != 0)
		return rc;
	rc = start_thread();
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* it was valid before */
	return rc;
}

/* A job that cannot start a thread waits for a running one, or fails without one. */
static void start_job(struct job *job)
{
	int rc;

	if (resolver.threads == THREADS_MAX)
		return;
	rc = start_thread_without_signals();
	if (rc == 0) {
		resolver.threads++;
	} else if (resolver.threads == 0) {
		TAILQ_REMOVE(&resolver.queued, job, link);
		job->error = EAI_SYSTEM;
		job->sys = rc;
		job_finish(job);
	}
}

static struct job *find_job(const char *host, const char *service, int family)
{
	struct job *job;
	struct job *lists[] = { TAILQ_FIRST(&resolver.queued), TAILQ_FIRST(&resolver.running) };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (job = lists[i]; job != NULL; job = TAILQ_NEXT(job, link))
			if (job->family == family && strcmp(job->service, service) == 0 &&
			    strcmp(job->host, host) == 0)
				return job;
	return NULL;
}

static struct job *join_job(const char *host, uint16_t port, int family, struct lookup *lookup)
{
	char service[SERVICE_SIZE];
	struct job *job;

	(void)snprintf(service, sizeof(service), "%u", port);
	job = find_job(host, service, family);
	if (job != NULL) {
		job->users++;
		TAILQ_INSERT_TAIL(&job->waiting, lookup, link);
		return job;
	}
	job = alloc_zeroed(sizeof(*job));
	job->host = alloc_string(host);
	memcpy(job->service, service, sizeof(service));
	job->family = family;
	job->users = 1;
	TAILQ_INIT(&job->waiting);
	TAILQ_INSERT_TAIL(&job->waiting, lookup, link);
	TAILQ_INSERT_TAIL(&resolver.queued, job, link);
	start_job(job);
	return job;
}

static void take_answers(void *arg)
{
	struct channel *channel = arg;
	struct lookup *lookup;
	eventfd_t count;

	lock();
	(void)eventfd_read(channel->fd, &count); /* clear it; the count does not matter */
	while ((lookup = TAILQ_FIRST(&channel->answered)) != NULL) {
		TAILQ_REMOVE(&channel->answered, lookup, link);
		lookup->done = true;
		task_wake(lookup->task);
	}
	unlock();
	(void)fd_watch_arm(channel->watch); /* epoll knows it already */
}

static void channel_free(struct channel *channel)
{
	int sys = errno;

	fd_watch_free(channel->watch);
	task_cancel(&channel->task);
	close(channel->fd);
	free(channel);
	errno = sys;
}

static struct channel *channel_new(struct loop *loop)
{
	struct channel *channel = alloc_zeroed(sizeof(*channel));

	channel->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (channel->fd < 0) {
		free(channel);
		return NULL;
	}
	channel->loop = loop;
	TAILQ_INIT(&channel->answered);
	task_init(&channel->task, loop, take_answers, channel);
	channel->watch = fd_watch_new(loop, channel->fd, WATCH_READ, &channel->task);
	if (!fd_watch_arm(channel->watch)) {
		channel_free(channel);
		return NULL;
	}
	SLIST_INSERT_HEAD(&resolver.channels, channel, link);
	return channel;
}

/* NULL and errno when there is no descriptor, or none can be watched. */
static struct channel *channel_join(struct loop *loop)
{
	struct channel *channel;

	SLIST_FOREACH (channel, &resolver.channels, link)
		if (channel->loop == loop)
			break;
	if (channel == NULL)
		channel = channel_new(loop);
	if (channel != NULL)
		channel->users++;
	return channel;
}

static void channel_leave(struct channel *channel)
{
	if (--channel->users > 0)
		return;
	SLIST_REMOVE(&resolver.channels, channel, channel, link);
	channel_free(channel);
}

/* An answer that needs no thread. */
static struct job *failed_job(int sys)
{
	struct job *job = alloc_zeroed(sizeof(*job));

	job->users = 1;
	job->state = JOB_FINISHED;
	job->error = EAI_SYSTEM;
	job->sys = sys;
	return job;
}

struct lookup *lookup_start(struct loop *loop, const char *host, uint16_t port, int family,
			    struct task *task)
{
	struct lookup *lookup = alloc_zeroed(sizeof(*lookup));

	lookup->task = task;
	lock();
	lookup->channel = channel_join(loop);
	if (lookup->channel != NULL)
		lookup->job = join_job(host, port, family, lookup);
	else
		lookup->job = failed_job(errno);
	unlock();
	if (lookup->channel == NULL) {
		lookup->done = true;
		task_wake(task);
	}
	return lookup;
}

bool lookup_done(const struct lookup *lookup)
{
	return lookup->done;
}

const struct addrinfo *lookup_result(const struct lookup *lookup, int *error, int *sys)
{
	assert(lookup->done);
	*error = lookup->job->error;
	*sys = lookup->job->sys;
	return lookup->job->result;
}

/* Take the lookup out of its list, if any, and its job out of the queue when no other
 * lookup wants the answer. */
static void withdraw(struct lookup *lookup)
{
	struct job *job = lookup->job;

	if (lookup->done)
		return;
	if (job->state == JOB_FINISHED) {
		TAILQ_REMOVE(&lookup->channel->answered, lookup, link);
		return;
	}
	TAILQ_REMOVE(&job->waiting, lookup, link);
	if (job->state == JOB_QUEUED && job->users == 1)
		TAILQ_REMOVE(&resolver.queued, job, link);
}

void lookup_free(struct lookup *lookup)
{
	if (lookup == NULL)
		return;
	lock();
	withdraw(lookup);
	job_leave(lookup->job);
	if (lookup->channel != NULL)
		channel_leave(lookup->channel);
	unlock();
	free(lookup);
}

bool resolve_error(const char *host, int gai, int sys, struct err *err)
{
	const char *message = gai_strerror(gai);

	if (gai == EAI_SYSTEM)
		return err_sys(err, ERR_RESOLVE, sys, "cannot resolve %s", host);
	return err_set(err, ERR_RESOLVE, "cannot resolve %s: %c%s", host,
		       tolower((unsigned char)*message), message + 1);
}

bool resolve_busy(void)
{
	bool busy;

	lock();
	busy = resolver.threads > 0;
	unlock();
	return busy;
}
