/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The seccomp allowlists, one table per kind, compiled by `up` through libseccomp so that no cell has to. */
#include "tissue/membrane.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What every cell does: wait, ring, log, end. */
#define CALLS_ALL(X)                                                                                                  \
	X(read) X(write) X(close) X(epoll_wait) X(epoll_pwait) X(epoll_ctl) X(clock_gettime) X(gettimeofday) X(time)   \
	X(exit) X(exit_group) X(rt_sigreturn) X(rt_sigprocmask) X(rt_sigaction) X(munmap) X(brk) X(madvise) X(futex)   \
	X(getpid) X(gettid) X(restart_syscall) X(getrandom) X(getuid) X(geteuid) X(getgid) X(getegid) X(getresuid)     \
	X(getresgid) X(capget) X(clock_getres)

/* What client sockets need. */
#define CALLS_BLOOD(X)                                                                                                \
	X(accept4) X(recvfrom) X(recvmsg) X(sendto) X(sendmsg) X(sendfile) X(shutdown) X(getsockopt) X(setsockopt)     \
	X(fstat) X(newfstatat) X(getpeername)

/* What files and the user's code need; Landlock says which files. */
#define CALLS_DRONE(X)                                                                                                \
	X(openat) X(openat2) X(fstat) X(newfstatat) X(statx) X(lseek) X(pread64) X(readv) X(preadv) X(getdents64)       \
	X(readlink) X(readlinkat) X(access) X(faccessat) X(faccessat2) X(fcntl) X(nanosleep)                 \
	X(clock_nanosleep) X(sendmsg) X(uname) X(sysinfo) X(sched_yield) X(sched_getaffinity) X(poll) X(ppoll) X(fadvise64)

/*
 * What birth, differentiation and the loading of genes need. Blood has it too: filters are inherited, and when everybody
 * else is dead its daughter has to become whatever is missing.
 */
#define CALLS_GERM(X)                                                                                                 \
	X(clone3) X(mlock) X(close_range) X(seccomp) X(landlock_create_ruleset) X(landlock_add_rule) X(landlock_restrict_self)  \
	X(prlimit64) X(prctl) X(set_robust_list) X(dup3) X(statfs) X(fstatfs)

/* What keeping records in an SQLite file needs, and what becomes it must have; Landlock says where. */
#define CALLS_SCRIBE(X)                                                                                               \
	X(openat) X(fstat) X(newfstatat) X(statx) X(lseek) X(pread64) X(pwrite64) X(fsync) X(fdatasync) X(ftruncate)    \
	X(fcntl) X(unlink) X(unlinkat) X(rename) X(renameat) X(renameat2) X(access) X(faccessat) X(faccessat2)         \
	X(readlink) X(readlinkat) X(mremap) X(fchmod) X(nanosleep) X(clock_nanosleep)

/* What links to other hosts, and a new DNA that comes over them, need, beside sockets of one kind; of the gamete, and of those who bear it. */
#define CALLS_LINK(X)                                                                                                 \
	X(accept4) X(recvfrom) X(sendto) X(shutdown) X(getsockopt) X(setsockopt) X(connect) X(getpeername) X(getsockname) \
	X(mlock) X(munlock) X(memfd_create) X(sendmsg) X(fcntl) X(fstat) X(newfstatat) X(sysinfo) X(pread64) X(pwrite64)      \
	X(ftruncate)

static const int calls_all[] = {
#define X(call) SCMP_SYS(call),
	CALLS_ALL(X)
};
static const int calls_blood[] = { CALLS_BLOOD(X) };
static const int calls_drone[] = { CALLS_DRONE(X) };
static const int calls_germ[] = { CALLS_GERM(X) };
static const int calls_scribe[] = { CALLS_SCRIBE(X) };
static const int calls_link[] = { CALLS_LINK(X) };
#undef X

static int allow_all_of(scmp_filter_ctx f, const int *calls, size_t n)
{
	int error = 0;

	/* A call the architecture lacks (-EDOM) needs no rule. */
	for (size_t i = 0; i < n && (!error || error == -EDOM || error == -EEXIST); i++)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
	return error == -EDOM || error == -EEXIST ? 0 : error;
}

/* Memory is never both writable and executable; code comes from files only, and drones load none after their birth. */
static int allow_memory(scmp_filter_ctx f, enum membrane kind)
{
	int error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (!error && (kind == MEMBRANE_GERM || kind == MEMBRANE_BLOOD))
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC),
			SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0));
	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return error;
}

struct narrowed {
	int call;
	unsigned arg;
	uint64_t value;
	unsigned kinds; /* bits of enum membrane */
};

/* The gland's programs and nothing else of bpf(2); what is queued in a socket; harmless questions to prctl(2). */
static int allow_narrowed(scmp_filter_ctx f, enum membrane kind)
{
	const unsigned drone = 1u << MEMBRANE_DRONE, tcell = 1u << MEMBRANE_TCELL | 1u << MEMBRANE_SCRIBE | 1u << MEMBRANE_GAMETE;
	const unsigned all = 1u << MEMBRANE_GERM | 1u << MEMBRANE_BLOOD | drone | tcell;
	const struct narrowed table[] = {
		{ SCMP_SYS(bpf), 0, BPF_PROG_TEST_RUN, all },
		{ SCMP_SYS(ioctl), 1, SIOCINQ, all & ~drone & ~tcell },
		{ SCMP_SYS(ioctl), 1, SIOCOUTQ, all & ~drone & ~tcell },
		{ SCMP_SYS(ioctl), 1, TCGETS, 1u << MEMBRANE_GERM | 1u << MEMBRANE_GAMETE }, /* who reads a DNA asks whether it is a terminal */
		{ SCMP_SYS(sched_setaffinity), 0, 0, all }, /* its own */
		{ SCMP_SYS(sched_setattr), 0, 0, all & ~drone & ~tcell }, /* its own, before they are sealed */
		{ SCMP_SYS(prctl), 0, PR_GET_SECCOMP, drone | tcell },
		{ SCMP_SYS(prctl), 0, PR_GET_NO_NEW_PRIVS, drone | tcell },
		{ SCMP_SYS(bpf), 0, BPF_MAP_LOOKUP_ELEM, all & ~drone }, /* the never-ban list and counts; nothing else is at hand */
		{ SCMP_SYS(bpf), 0, BPF_MAP_GET_NEXT_KEY, all & ~drone },
	};
	int error = 0;

	for (unsigned i = 0; i < sizeof(table) / sizeof(*table) && !error; i++)
		if (table[i].kinds & 1u << kind)
			error = seccomp_rule_add(f, SCMP_ACT_ALLOW, table[i].call, 1,
				SCMP_CMP(table[i].arg, SCMP_CMP_EQ, table[i].value));
	/* A cell's own chart must not grow over its sisters'. Who asks for more memory is told no, and allocates anew. */
	if (!error)
		error = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(mremap), 0);
	return error ? error : allow_memory(f, kind);
}

/* Sockets of TCP only. */
static int allow_links(scmp_filter_ctx f)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int error = allow_all_of(f, calls_link, sizeof(calls_link) / sizeof(*calls_link));

	for (unsigned i = 0; i < 2 && !error; i++)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM));
	return error;
}

static int allow_kind(scmp_filter_ctx f, enum membrane kind, bool may_kill)
{
	int error = allow_all_of(f, calls_all, sizeof(calls_all) / sizeof(*calls_all));

	/* A T cell opens nothing, sends nothing and bears nobody; a gamete sends, see allow_links(). */
	if (!error && (kind == MEMBRANE_TCELL || kind == MEMBRANE_GAMETE))
		return allow_narrowed(f, kind);
	if (!error && (kind == MEMBRANE_SCRIBE || kind == MEMBRANE_GERM))
		error = allow_all_of(f, calls_scribe, sizeof(calls_scribe) / sizeof(*calls_scribe));
	if (!error && kind == MEMBRANE_SCRIBE)
		return allow_narrowed(f, kind);
	if (!error)
		error = allow_all_of(f, calls_drone, sizeof(calls_drone) / sizeof(*calls_drone));
	if (!error && kind != MEMBRANE_DRONE)
		error = allow_all_of(f, calls_blood, sizeof(calls_blood) / sizeof(*calls_blood));
	if (!error && kind != MEMBRANE_DRONE)
		error = allow_all_of(f, calls_germ, sizeof(calls_germ) / sizeof(*calls_germ));
	if (!error && kind == MEMBRANE_GERM && may_kill)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 0);
	return error ? error : allow_narrowed(f, kind);
}

/* libseccomp writes its program to a descriptor only; a memory file takes it. */
static int export_filter(scmp_filter_ctx f, char **bytes, uint32_t *n)
{
	int fd = memfd_create("cellws-filter", MFD_CLOEXEC), error = 0;
	off_t size;

	if (fd < 0)
		return -errno;
	error = seccomp_export_bpf(f, fd);
	size = lseek(fd, 0, SEEK_END);
	*bytes = error || size <= 0 ? NULL : malloc((size_t)size);
	if (!error && !*bytes)
		error = -ENOMEM;
	if (!error && pread(fd, *bytes, (size_t)size, 0) != size)
		error = -EIO;
	*n = error ? 0 : (uint32_t)size;
	close(fd);
	return error;
}

int membrane_compile(enum membrane kind, bool may_kill, bool links, char **bytes, uint32_t *n)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error;

	*bytes = NULL;
	if (!f)
		return -ENOMEM;
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	error = allow_kind(f, kind, may_kill);
	if (!error && links && (kind == MEMBRANE_GERM || kind == MEMBRANE_GAMETE))
		error = allow_links(f);
	if (!error)
		error = export_filter(f, bytes, n);
	seccomp_release(f);
	return error;
}
