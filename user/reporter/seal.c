/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The membrane of the reporter and the operator's program: files and network stay open to them, cells and kernel do not. */
#include "reporter/reporter.h"

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 256

/* From ABI 6 on; the headers of older systems do not have it. */
#define SCOPE_SIGNAL (1ull << 1)

struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/*
 * A process in a Landlock domain may not trace one outside it, nor, from ABI 6 on (Linux 6.12), send it a signal: so that
 * a program that runs as the cells' user reaches no cell. The domain forbids nothing else but to make device files.
 */
static int seal_domain(void)
{
	struct ruleset rules = { .handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	size_t n = abi >= 6 ? sizeof(rules) : sizeof(rules.handled_access_fs);
	int fd, error = 0;

	if (abi < 1)
		return 0;
	rules.scoped = abi >= 6 ? SCOPE_SIGNAL : 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, n, 0);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_landlock_restrict_self, fd, 0))
		error = -errno;
	close(fd);
	return error;
}

static int seal_calls(void)
{
	static const int refused[] = { SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
		SCMP_SYS(pidfd_getfd), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup),
		SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(mount),
		SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(kexec_load), SCMP_SYS(init_module), SCMP_SYS(finit_module) };
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int error = f ? 0 : -ENOMEM;

	for (unsigned i = 0; i < sizeof(refused) / sizeof(*refused) && !error; i++) {
		error = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
		/* A call the architecture lacks needs no rule. */
		if (error == -EDOM)
			error = 0;
	}
	if (!error)
		error = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return error;
}

int reporter_seal(void)
{
	const struct rlimit files = { MOST_FILES, MOST_FILES }, none = { 0, 0 };
	int error;

	if (setrlimit(RLIMIT_NOFILE, &files) || setrlimit(RLIMIT_CORE, &none))
		return -errno;
	error = seal_domain();
	return error ? error : seal_calls();
}
