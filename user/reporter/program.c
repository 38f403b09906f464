/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The operator's program: started, fed with lines without ever waiting for it, started again with growing pauses. */
#include "reporter/reporter.h"
#include "immune/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LEAVE_MS 1500 /* after its input was closed, before it is told to end */
#define TERM_MS  500  /* after it was told, before it is killed */
#define STEP_MS  5

static _Noreturn void become_program(struct program *p, int in, pid_t reporter)
{
	char organism[64];
	char *env[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", organism, NULL };
	sigset_t none;

	snprintf(organism, sizeof(organism), "CELLWS_ORGANISM=%s", p->organism);
	sigemptyset(&none);
	/* Its end is the program's: also when it was killed. */
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != reporter || dup2(in, STDIN_FILENO) < 0 ||
		sigprocmask(SIG_SETMASK, &none, NULL) || syscall(SYS_close_range, 3u, ~0u, 0))
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	execve(p->words[0], p->words, env);
	dprintf(STDERR_FILENO, "%s cannot be run: %s\n", p->words[0], strerror(errno));
	_exit(127);
}

static void plan_restart(struct program *p, uint64_t now_ms)
{
	p->wait_ms = report_wait(p->wait_ms, p->since_ms ? now_ms - p->since_ms : 0);
	p->again_ms = now_ms + p->wait_ms;
}

/* A pipe: of what it holds the kernel tells how much was not read. */
static void start(struct program *p, uint64_t now_ms)
{
	pid_t self = getpid();
	int pair[2]; /* to be read, to be written */

	p->since_ms = now_ms;
	if (pipe2(pair, O_CLOEXEC)) {
		plan_restart(p, now_ms);
		return;
	}
	p->pid = fork();
	if (!p->pid)
		become_program(p, pair[0], self);
	close(pair[0]);
	if (p->pid < 0 || fcntl(pair[1], F_SETFL, O_NONBLOCK)) {
		p->pid = p->pid < 0 ? 0 : p->pid;
		close(pair[1]);
		plan_restart(p, now_ms);
		return;
	}
	p->in = pair[1];
}

void program_turn(struct program *p, uint64_t now_ms)
{
	if (p->words[0] && !p->pid && now_ms >= p->again_ms)
		start(p, now_ms);
}

int program_patience(const struct program *p, uint64_t now_ms)
{
	if (!p->words[0] || p->pid)
		return -1;
	return p->again_ms > now_ms ? (int)(p->again_ms - now_ms) : 0;
}

void program_give(struct program *p, const char *line)
{
	size_t n = strlen(line);

	if (!p->words[0])
		return;
	if (n > PROGRAM_QUEUE - p->n) {
		if (!p->lost++)
			reporter_log("%s does not take its incidents: some are lost to it", p->words[0]);
		return;
	}
	for (size_t i = 0; i < n; i++)
		p->queue[(p->head + p->n + i) % PROGRAM_QUEUE] = line[i];
	p->n += n;
}

/* So many bytes are read: they are forgotten. One line may be read in part. */
static void forget(struct program *p, size_t n)
{
	while (n) {
		size_t step;

		if (!p->rest)
			while (p->queue[(p->head + p->rest++) % PROGRAM_QUEUE] != '\n')
				;
		step = n < p->rest ? n : p->rest;
		p->head = (p->head + step) % PROGRAM_QUEUE;
		p->n -= step;
		p->rest -= step;
		n -= step;
	}
}

static void settle(struct program *p)
{
	int unread;

	if (p->in < 0 || !p->sent || ioctl(p->in, FIONREAD, &unread) || (size_t)unread >= p->sent)
		return;
	forget(p, p->sent - (size_t)unread);
	p->sent = (size_t)unread;
}

/* Without input there is nothing more to be told to it; its successor gets what it has not read. */
static void close_input(struct program *p)
{
	settle(p);
	if (p->in >= 0)
		close(p->in);
	p->in = -1;
	p->sent = 0;
	forget(p, p->rest);
}

void program_feed(struct program *p)
{
	settle(p);
	while (p->in >= 0 && p->n > p->sent) {
		size_t from = (p->head + p->sent) % PROGRAM_QUEUE, left = p->n - p->sent;
		ssize_t n = write(p->in, p->queue + from, PROGRAM_QUEUE - from < left ? PROGRAM_QUEUE - from : left);

		if (n > 0)
			p->sent += (size_t)n;
		else if (errno == EPIPE)
			close_input(p);
		else if (errno != EINTR)
			break;
	}
	if (p->lost && p->n < PROGRAM_QUEUE / 2) {
		reporter_log("%s takes its incidents again; %llu were lost to it", p->words[0], (unsigned long long)p->lost);
		p->lost = 0;
	}
}

static void tell_end(struct program *p, int status)
{
	if (p->told)
		return;
	p->told = p->wait_ms == REPORT_WAIT_MAX;
	reporter_log("%s %s %d; it is started again in %u s%s", p->words[0],
		WIFSIGNALED(status) ? "was killed by signal" : "has ended with code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), p->wait_ms / 1000, p->told ? ", and so on" : "");
}

/* Dead, but not waited for yet: its number is still its own. */
static bool is_dead(const struct program *p)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == p->pid;
}

/* What it has started and left in its group must not outlive it either. Its status. */
static int bury(struct program *p)
{
	int status = 0;

	kill(-p->pid, SIGKILL);
	waitpid(p->pid, &status, 0);
	p->pid = 0;
	close_input(p);
	return status;
}

void program_reap(struct program *p, uint64_t now_ms)
{
	int status;

	if (!p->pid || !is_dead(p))
		return;
	status = bury(p);
	plan_restart(p, now_ms);
	if (p->wait_ms == REPORT_WAIT_MIN)
		p->told = false;
	tell_end(p, status);
}

static bool dies(const struct program *p, uint64_t patience_ms)
{
	uint64_t until = reporter_now_ms() + patience_ms;
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	while (!is_dead(p)) {
		if (reporter_now_ms() >= until)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

void program_end(struct program *p)
{
	if (!p->pid)
		return;
	program_feed(p);
	close_input(p);
	if (!dies(p, LEAVE_MS)) {
		kill(-p->pid, SIGTERM);
		dies(p, TERM_MS);
	}
	bury(p);
}
