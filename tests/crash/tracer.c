/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A cell under ptrace: stops, steps and the kill. */
#include "tracer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define RIPS_KNOWN   4096u

/* The instruction that calls the system. */
#if defined(__x86_64__)
#define CALL_MASK  0xffffL
#define CALL_BYTES 0x050fL
#elif defined(__aarch64__)
#define CALL_MASK  0xffffffffL
#define CALL_BYTES 0xd4000001L
#endif

static void on_signal(int signal)
{
	(void)signal;
}

void tracer_init(void)
{
	struct sigaction wake = { .sa_handler = on_signal };

	cr_assert_eq(sigaction(SIGUSR1, &wake, NULL), 0);
}

/* Waits for the next stop. TRACED_AT_POINT: stopped with *sig; the client's end interrupts it. */
static enum traced wait_stop(const struct tracer *t, int *sig)
{
	int status;

	for (;;) {
		pid_t got = waitpid(t->pid, &status, __WALL);

		if (got == t->pid && WIFSTOPPED(status)) {
			*sig = WSTOPSIG(status);
			return TRACED_AT_POINT;
		}
		if (got == t->pid || (got < 0 && errno != EINTR))
			return TRACED_GONE;
		if (t->over && atomic_load(t->over))
			return TRACED_OVER;
	}
}

/* Goes on in one of ptrace's ways until it stops for that reason; other signals are handed on. */
static enum traced go(const struct tracer *t, enum __ptrace_request how, int wanted)
{
	enum traced rc;
	int sig = 0;

	do {
		if (ptrace(how, t->pid, NULL, (void *)(intptr_t)(sig == SIGTRAP || sig == SYSCALL_STOP ? 0 : sig)))
			return TRACED_GONE;
		rc = wait_stop(t, &sig);
	} while (rc == TRACED_AT_POINT && sig != wanted);
	return rc;
}

static void note_syscall(struct tracer *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info) <= 0)
		return;
	t->at_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	if (t->at_entry)
		t->nr = (long)info.entry.nr;
}

enum traced tracer_next(struct tracer *t)
{
	enum traced rc = go(t, PTRACE_SYSCALL, SYSCALL_STOP);

	if (rc == TRACED_AT_POINT) {
		t->stop++;
		note_syscall(t);
	}
	return rc;
}

/* A stop costs less when nobody has to be woken on another processor. */
static void share_processor(const struct tracer *t, bool share)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (!share || i == sched_getcpu())
			CPU_SET(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
	if (t->pid)
		sched_setaffinity(t->pid, sizeof(set), &set);
}

bool tracer_seize(struct tracer *t, pid_t pid, const atomic_bool *over)
{
	int sig;

	*t = (struct tracer){ .pid = pid, .nr = -1 };
	share_processor(t, true);
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
		wait_stop(t, &sig) != TRACED_AT_POINT)
		return false;
	do
		if (tracer_next(t) != TRACED_AT_POINT)
			return false;
	while (!t->at_entry || t->nr != SYS_epoll_pwait);
	t->stop = 0;
	t->over = over;
	return true;
}

static uint64_t rip_of(const struct tracer *t)
{
	struct __ptrace_syscall_info info = { 0 };

	ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, (void *)sizeof(info), &info);
	return info.instruction_pointer;
}

/* Before which instruction the cell stops next time it comes there; 0 for none. False where that cannot be had. */
static bool break_at(const struct tracer *t, uint64_t rip)
{
#ifdef __x86_64__
	return !ptrace(PTRACE_POKEUSER, t->pid, (void *)offsetof(struct user, u_debugreg[7]), (void *)0) &&
	       (!rip || (!ptrace(PTRACE_POKEUSER, t->pid, (void *)offsetof(struct user, u_debugreg[0]), (void *)rip) &&
				!ptrace(PTRACE_POKEUSER, t->pid, (void *)offsetof(struct user, u_debugreg[7]), (void *)1)));
#else
	(void)t;
	return !rip;
#endif
}

static long code_at(const struct tracer *t, uint64_t rip)
{
	return ptrace(PTRACE_PEEKTEXT, t->pid, (void *)rip, NULL);
}

/* Bytes of an instruction that repeats itself, 0 for any other. */
static unsigned repeated(long code)
{
#ifdef __x86_64__
	unsigned rex = (code >> 8 & 0xf0) == 0x40, op = (unsigned)(code >> (rex ? 16 : 8)) & 0xff;

	if ((code & 0xff) == 0xf3 && (op == 0xa4 || op == 0xa5 || op == 0xaa || op == 0xab))
		return 2 + rex;
#endif
	(void)code;
	return 0;
}

/* One instruction, and all its repetitions. */
static enum traced step(struct tracer *t, uint64_t *rip)
{
	uint64_t was = *rip;
	enum traced rc = go(t, PTRACE_SINGLESTEP, SIGTRAP);

	*rip = rc == TRACED_AT_POINT ? rip_of(t) : 0;
	if (*rip == was && repeated(code_at(t, was)) && break_at(t, was + repeated(code_at(t, was)))) {
		rc = go(t, PTRACE_CONT, SIGTRAP);
		break_at(t, 0);
		*rip = rc == TRACED_AT_POINT ? rip_of(t) : 0;
	}
	while (rc == TRACED_AT_POINT && *rip == was) {
		rc = go(t, PTRACE_SINGLESTEP, SIGTRAP);
		*rip = rc == TRACED_AT_POINT ? rip_of(t) : 0;
	}
	return rc;
}

/* To before an instruction, by a breakpoint, also when it comes behind more system calls than last time. */
static enum traced run_to(struct tracer *t, struct point to)
{
	enum traced rc = TRACED_AT_POINT;
	unsigned n = 0;
	int sig = 0;

	if (!break_at(t, to.rip))
		return TRACED_GONE;
	while (rc == TRACED_AT_POINT && n < to.times) {
		if (ptrace(PTRACE_SYSCALL, t->pid, NULL, (void *)(intptr_t)(sig == SIGTRAP || sig == SYSCALL_STOP ? 0 : sig)))
			return TRACED_GONE;
		rc = wait_stop(t, &sig);
		n += rc == TRACED_AT_POINT && sig == SIGTRAP;
		if (rc == TRACED_AT_POINT && sig == SYSCALL_STOP) {
			t->stop++;
			note_syscall(t);
		}
	}
	return rc;
}

enum traced tracer_run(struct tracer *t, struct point to)
{
	enum traced rc = TRACED_AT_POINT;

	while (rc == TRACED_AT_POINT && t->stop < to.stop)
		rc = tracer_next(t);
	return rc == TRACED_AT_POINT && to.rip ? run_to(t, to) : rc;
}

void tracer_kill(struct tracer *t)
{
	int status;

	kill(t->pid, SIGKILL);
	while (waitpid(t->pid, &status, __WALL) == t->pid && WIFSTOPPED(status))
		;
	t->pid = 0;
	share_processor(t, false);
}

void tracer_let_go(struct tracer *t)
{
	int sig;

	t->over = NULL;
	share_processor(t, false);
	/* A breakpoint would outlive the tracer. Both fail while the cell runs. */
	if ((!break_at(t, 0) || ptrace(PTRACE_DETACH, t->pid, NULL, NULL)) &&
		(ptrace(PTRACE_INTERRUPT, t->pid, NULL, NULL) || wait_stop(t, &sig) != TRACED_AT_POINT || !break_at(t, 0) ||
			ptrace(PTRACE_DETACH, t->pid, NULL, NULL)))
		fprintf(stderr, "    cell %d could not be let go\n", (int)t->pid);
	t->pid = 0;
}

static bool is_syscall(const struct tracer *t, uint64_t rip)
{
	static struct {
		uint64_t rip;
		bool is;
	} known[RIPS_KNOWN];
	size_t at = (rip ^ rip >> 12) % RIPS_KNOWN;

	if (known[at].rip != rip) {
		known[at].rip = rip;
		known[at].is = (code_at(t, rip) & CALL_MASK) == CALL_BYTES;
	}
	return known[at].is;
}

bool tracer_walk(struct tracer *t, struct path *path)
{
	enum traced rc = tracer_next(t);
	uint64_t rip = rc == TRACED_AT_POINT ? rip_of(t) : 0;
	uint32_t call = 0;

	path->n = 0;
	while (rc == TRACED_AT_POINT && path->n < PATH_ROOM) {
		path->rip[path->n] = rip;
		path->call[path->n++] = call;
		if (is_syscall(t, rip))
			call++;
		rc = step(t, &rip);
	}
	return rc == TRACED_OVER;
}

struct point path_point(const struct path *path, unsigned n)
{
	struct point p = { .stop = 2 * path->call[n] + 1, .rip = path->rip[n] };

	for (unsigned i = n + 1; i-- && path->call[i] == path->call[n];)
		p.times += path->rip[i] == p.rip;
	return p;
}

/* Where code that was loaded begins: "cellctl+0x1234", the same in every cell, for they are all born of one exec. */
static void name_code(pid_t pid, uint64_t rip, char *to, size_t room)
{
	unsigned long long from, end, offset;
	char path[64], line[512], *name;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	snprintf(to, room, "0x%llx", (unsigned long long)rip);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx %*s %llx", &from, &end, &offset) != 3 || rip < from || rip >= end)
			continue;
		line[strcspn(line, "\n")] = 0;
		name = strrchr(line, '/');
		snprintf(to, room, "%.40s+0x%llx", name ? name + 1 : "?", (unsigned long long)rip - from + offset);
	}
	if (f)
		fclose(f);
}

const char *tracer_where(const struct tracer *t, struct point p)
{
	static char text[256];
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)t->nr), code[80];

	name_code(t->pid, p.rip, code, sizeof(code));
	snprintf(text, sizeof(text), "at the %s of %s (stop %u)%s%s", t->at_entry ? "entry" : "exit",
		name ? name : "a system call", t->stop, p.rip ? ", then before " : "",
		p.rip ? code : "");
	free(name);
	return text;
}
