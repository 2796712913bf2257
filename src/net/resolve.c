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
 * Each lookup watches its job's eventfd, which can be read once the answer is there.
 *
 * Threads are started when there is work and end when there is none. One lock guards
 * what they share with the loop.
 */

enum {
	THREADS_MAX = 4,
	STACK_SIZE = 256 * 1024, /* plugins of the name service need some */
};

struct job {
	char *host;
	uint16_t port;
	int family;
	bool queued;	/* no thread runs it yet */
	unsigned users; /* lookups, and the thread that runs it */
	int finished;	/* an eventfd */
	struct addrinfo *found;
	int error;
	struct err err;
	TAILQ_ENTRY(job) link; /* in `jobs` until it is finished */
};

struct resolve_query {
	struct job *job;
	struct fd_watch *watch; /* armed until there is an answer */
};

struct finished_thread {
	bool set;
	pthread_t thread;
};

/* The threads belong to the process, and so does what they work on. */
static struct resolver {
	pthread_mutex_t lock;
	unsigned threads;
	struct finished_thread finished; /* the last one: to be joined */
	TAILQ_HEAD(, job) jobs;
} resolver = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.jobs = TAILQ_HEAD_INITIALIZER(resolver.jobs),
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
	if (job->queued)
		TAILQ_REMOVE(&resolver.jobs, job, link);
	if (job->found != NULL)
		freeaddrinfo(job->found);
	close(job->finished);
	free(job->host);
	free(job);
}

static struct job *next_job(void)
{
	struct job *job;

	TAILQ_FOREACH (job, &resolver.jobs, link)
		if (job->queued)
			break;
	return job;
}

static void join(struct finished_thread finished)
{
	if (finished.set)
		(void)pthread_join(finished.thread, NULL);
}

/* A thread joins the one that ended before it, so that one at most is left to join. */
static void *run(void *arg)
{
	struct job *job;
	struct finished_thread before;

	(void)arg;
	lock();
	while ((job = next_job()) != NULL) {
		job->queued = false;
		job->users++;
		unlock();
		job->error = resolve_now(job->host, job->port, job->family, &job->found, &job->err);
		lock();
		TAILQ_REMOVE(&resolver.jobs, job, link);
		(void)eventfd_write(job->finished, 1); /* the first write fits */
		job_leave(job);
	}
	resolver.threads--;
	before = resolver.finished;
	resolver.finished = (struct finished_thread){ .set = true, .thread = pthread_self() };
	unlock();
	join(before);
	return NULL;
}

/* The loop handles signals, so a thread starts with all of them blocked. */
static int create_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int rc = pthread_attr_init(&attr);

	if (rc != 0)
		return rc;
	/* Neither of these fails with valid arguments. */
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, run, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

/* Is there a thread for one more job, if only later? Else errno says why not. */
static bool start_thread(void)
{
	int rc;

	if (resolver.threads == THREADS_MAX)
		return true;
	rc = create_thread();
	if (rc == 0)
		resolver.threads++;
	errno = rc;
	return resolver.threads > 0;
}

static struct job *find_job(const char *host, uint16_t port, int family)
{
	struct job *job;

	TAILQ_FOREACH (job, &resolver.jobs, link)
		if (job->family == family && job->port == port && strcmp(job->host, host) == 0)
			break;
	return job;
}

static struct job *add_job(const char *host, uint16_t port, int family)
{
	int finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct job *job;

	if (finished < 0)
		return NULL;
	job = alloc_zeroed(sizeof(*job));
	job->host = alloc_string(host);
	job->port = port;
	job->family = family;
	job->queued = true;
	job->finished = finished;
	TAILQ_INSERT_TAIL(&resolver.jobs, job, link);
	return job;
}

/* NULL and errno when the system has no thread or no descriptor left. */
static struct job *join_job(const char *host, uint16_t port, int family)
{
	struct job *job;

	lock();
	job = find_job(host, port, family);
	if (job == NULL && start_thread())
		job = add_job(host, port, family);
	if (job != NULL)
		job->users++;
	unlock();
	return job;
}

struct resolve_query *resolve_start(struct loop *loop, const char *host, uint16_t port, int family,
				    struct task *task, struct err *err)
{
	struct resolve_query *query = alloc_zeroed(sizeof(*query));

	query->job = join_job(host, port, family);
	if (query->job != NULL)
		query->watch = fd_watch_new(loop, query->job->finished, WATCH_READ, task);
	if (query->watch != NULL && fd_watch_arm(query->watch))
		return query;
	(void)err_sys(err, ERR_RESOLVE, errno, "cannot resolve %s", host);
	resolve_free(query);
	return NULL;
}

bool resolve_done(const struct resolve_query *query)
{
	return !fd_watch_armed(query->watch);
}

int resolve_result(const struct resolve_query *query, const struct addrinfo **found,
		   struct err *err)
{
	const struct job *job = query->job;
	int error;

	assert(resolve_done(query));
	lock(); /* the thread has written it */
	error = job->error;
	if (error == 0)
		*found = job->found;
	else
		*err = job->err;
	unlock();
	return error;
}

void resolve_free(struct resolve_query *query)
{
	if (query == NULL)
		return;
	fd_watch_free(query->watch); /* before its descriptor is closed */
	if (query->job != NULL) {
		lock();
		job_leave(query->job);
		unlock();
	}
	free(query);
}

int resolve_now(const char *host, uint16_t port, int family, struct addrinfo **found,
		struct err *err)
{
	const struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};
	char service[sizeof("65535")];
	struct addrinfo *list;
	const char *message;
	int error;

	(void)snprintf(service, sizeof(service), "%u", (unsigned)port);
	error = getaddrinfo(host, service, &hints, &list);
	if (error == 0) {
		*found = list;
	} else if (error == EAI_SYSTEM) {
		(void)err_sys(err, ERR_RESOLVE, errno, "cannot resolve %s", host);
	} else {
		message = gai_strerror(error);
		(void)err_set(err, ERR_RESOLVE, "cannot resolve %s: %c%s", host,
			      tolower((unsigned char)*message), message + 1);
	}
	return error;
}

bool resolve_join_threads(void)
{
	struct finished_thread finished = { .set = false };
	bool busy;

	lock();
	busy = resolver.threads > 0;
	if (!busy) {
		finished = resolver.finished;
		resolver.finished.set = false;
	}
	unlock();
	join(finished);
	return !busy;
}
