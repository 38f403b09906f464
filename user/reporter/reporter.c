/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The reporter's life: incidents out of the kernel's ring, to syslog and the operator's program, until `down` ends it. */
/*
 * May touch: the ring of incidents, the log, syslog, the program's input.
 * Never touches: cells, their descriptors, requests. Dies when told to; nothing of the organism waits for it.
 */
#include "reporter/reporter.h"
#include "immune/report.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t leaving;

struct reporter {
	const char *organism;
	bool syslog;
	uint64_t newest; /* highest number of an incident that came */
	uint64_t came;
	uint64_t missing; /* as of the turn before */
	uint64_t told;    /* of those */
	struct ring_buffer *ring;
	struct program program;
};

void reporter_log(const char *format, ...)
{
	struct timespec now;
	char when[32], text[400];
	struct tm tm;
	va_list args;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof(when), "%a, %d %b %Y %H:%M:%S", &tm);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(REPORTER_LOG, "%s.%03ld reporter: %s\n", when, now.tv_nsec / 1000000, text);
}

static uint64_t now_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t reporter_now_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

static void on_signal(int signal)
{
	if (signal != SIGCHLD)
		leaving = 1;
}

/* Let in only while waiting. */
static void signals(sigset_t *open)
{
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGCHLD, &act, NULL);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(open);
}

static int take(void *ctx, void *data, size_t n)
{
	const struct report_clock clock = { .boot_ns = now_ns(CLOCK_BOOTTIME), .real_s = time(NULL) };
	struct reporter *r = ctx;
	struct incident i;
	char text[REPORT_TEXT], *line;

	if (n < sizeof(i))
		return 0;
	memcpy(&i, data, sizeof(i));
	r->newest = i.seq > r->newest ? i.seq : r->newest;
	r->came++;
	line = r->program.words[0] ? report_line(&i, r->organism, &clock) : NULL;
	if (line)
		program_give(&r->program, line);
	free(line);
	program_feed(&r->program);
	report_text(&i, text);
	if (r->syslog)
		syslog(i.act == INCIDENT_DEADLY ? LOG_ERR : LOG_WARNING, "%s: %s", r->organism, text);
	return 0;
}

/* Numbers begin with 1 and have no gaps but for what found no room in the ring; two may come in the wrong order. */
static void tell_missing(struct reporter *r)
{
	uint64_t missing = r->newest > r->came ? r->newest - r->came : 0, sure = missing < r->missing ? missing : r->missing;

	r->missing = missing;
	if (sure <= r->told)
		return;
	reporter_log("%llu incidents came too fast to be reported", (unsigned long long)(sure - r->told));
	r->told = sure;
}

static void turn(struct reporter *r, const sigset_t *open)
{
	struct pollfd fds[2] = { { .fd = ring_buffer__epoll_fd(r->ring), .events = POLLIN },
		{ .fd = r->program.n > r->program.sent ? r->program.in : -1, .events = POLLOUT } };
	int patience = program_patience(&r->program, reporter_now_ms());
	struct timespec until = { patience / 1000, patience % 1000 * 1000000L };

	ppoll(fds, 2, patience < 0 ? NULL : &until, open);
	program_reap(&r->program, reporter_now_ms());
	program_turn(&r->program, reporter_now_ms());
	ring_buffer__consume(r->ring);
	program_feed(&r->program);
	tell_missing(r);
}

/* Everything that needs a right comes before the membrane. 0 or -errno. */
static int open_all(struct reporter *r, char **argv)
{
	r->organism = argv[REPORTER_ORGANISM];
	r->syslog = argv[REPORTER_SYSLOG][0] == '1';
	r->program.organism = r->organism;
	r->program.in = -1;
	report_words(argv[REPORTER_PROGRAM], r->program.words, REPORTER_WORDS);
	r->ring = ring_buffer__new(REPORTER_RING, take, r, NULL);
	if (!r->ring)
		return -errno;
	if (r->syslog)
		openlog("cellws", LOG_PID, LOG_AUTH);
	return reporter_seal();
}

_Noreturn void reporter_main(int argc, char **argv)
{
	static struct reporter r;
	sigset_t open;
	int error;

	if (argc != REPORTER_ARGUMENTS)
		exit(1);
	prctl(PR_SET_NAME, "reporter");
	prctl(PR_SET_DUMPABLE, 0);
	signals(&open);
	error = open_all(&r, argv);
	if (error) {
		reporter_log("the reporter cannot begin: %s", strerror(-error));
		exit(1);
	}
	while (!leaving)
		turn(&r, &open);
	/* What was decided up to now. */
	ring_buffer__consume(r.ring);
	program_end(&r.program);
	exit(0);
}
