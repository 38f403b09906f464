/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Capabilities, users, limits and the seccomp allowlist of network talkers. */
#include "cellctl/confine.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int confine_user(uid_t uid, gid_t gid)
{
	for (int cap = 0; cap <= 63; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EINVAL)
			return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -errno;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

#define CALLS(X)                                                                                                        \
	X(read) X(write) X(close) X(recvfrom) X(sendto) X(recvmsg) X(sendmsg) X(accept4) X(shutdown) X(setsockopt)       \
	X(epoll_wait) X(epoll_pwait) X(epoll_ctl) X(poll) X(ppoll) X(restart_syscall) X(memfd_create) X(ftruncate)       \
	X(pwrite64) X(fcntl) X(fstat) X(newfstatat) X(lseek) X(munmap) X(mremap) X(brk) X(madvise) X(mlock) X(munlock)   \
	X(futex) X(clock_gettime) X(gettimeofday) X(time) X(getrandom) X(getpid) X(exit) X(exit_group) X(rt_sigreturn)   \
	X(rt_sigprocmask)

static const int calls[] = {
#define X(call) SCMP_SYS(call),
	CALLS(X)
#undef X
};

static int filter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = f ? 0 : -ENOMEM;

	/* A call the architecture lacks (-EDOM) needs no rule. */
	for (unsigned i = 0; i < sizeof(calls) / sizeof(*calls) && (!error || error == -EDOM); i++)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
	if (!error || error == -EDOM)
		error = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!error)
		error = seccomp_load(f);
	seccomp_release(f);
	return error;
}

static int limit(int what, rlim_t n)
{
	struct rlimit l = { .rlim_cur = n, .rlim_max = n };

	return setrlimit((__rlimit_resource_t)what, &l) ? -errno : 0;
}

int confine_network(uid_t uid, gid_t gid, uint64_t file_bytes)
{
	pid_t parent = getppid();
	int error = limit(RLIMIT_CORE, 0);

	if (!error)
		error = limit(RLIMIT_FSIZE, file_bytes);
	if (!error)
		error = confine_user(uid, gid);
	if (!error && (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)))
		error = -errno;
	if (!error && getppid() != parent)
		error = -ESRCH;
	return error ? error : filter();
}
