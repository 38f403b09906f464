/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The doctor on the kernel: its BPF, tried with our own programs, and the system calls that cells live by. */
#include "cellctl/cookies.h"
#include "cellctl/doctor.h"
#include "cellctl/guard.h"
#include "cellws.skel.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

void doctor_root(struct doctor *d)
{
	if (d->root)
		doctor_tell(d, FOUND_OK, "the organism gives it up for good before it listens");
	else
		doctor_tell(d, FOUND_BAD, "this is user %u", geteuid());
}

void doctor_kernel(struct doctor *d)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	doctor_tell(d, major > 5 || (major == 5 && minor >= 19) ? FOUND_OK : FOUND_BAD, "%s", u.release);
}

void doctor_btf(struct doctor *d)
{
	static const char at[] = "/sys/kernel/btf/vmlinux";

	if (access(at, R_OK))
		doctor_tell(d, FOUND_BAD, "%s: %s", at, strerror(errno));
	else
		doctor_tell(d, FOUND_OK, "%s", at);
}

void doctor_bpffs(struct doctor *d)
{
	struct statfs fs;

	if (statfs(d->in->bpffs, &fs))
		doctor_tell(d, FOUND_BAD, "%s: %s", d->in->bpffs, strerror(errno));
	else if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		doctor_tell(d, FOUND_BAD, "%s is none", d->in->bpffs);
	else
		doctor_tell(d, FOUND_OK, "mounted at %s", d->in->bpffs);
}

/* One load for each program, to name those that the kernel refuses. */
static void find_culprits(struct doctor *d)
{
	for (int wanted = 0, n = 1; wanted < n; wanted++) {
		struct cellws *skel = cellws__open();
		struct bpf_program *p, *one = NULL;
		int error;

		if (!skel)
			return;
		n = 0;
		guard_fit(skel);
		cookies_demand_all(skel);
		bpf_object__for_each_program(p, skel->obj) {
			bpf_program__set_autoload(p, n == wanted && bpf_program__autoload(p));
			one = n++ == wanted ? p : one;
		}
		error = cellws__load(skel);
		if (error && one)
			doctor_tell(d, FOUND_BAD, "%s (%s) is refused: %s", bpf_program__name(one),
				libbpf_bpf_prog_type_str(bpf_program__type(one)), strerror(-error));
		cellws__destroy(skel);
	}
}

void doctor_programs(struct doctor *d)
{
	char types[256] = "";
	struct bpf_program *p;
	int n = 0;

	if (!d->root)
		return;
	d->skel = cellws__open();
	if (d->skel) {
		guard_fit(d->skel);
		cookies_demand_all(d->skel);
	}
	if (d->skel && cellws__load(d->skel)) {
		cellws__destroy(d->skel);
		d->skel = NULL;
	}
	if (!d->skel) {
		doctor_tell(d, FOUND_BAD, "do not all load");
		find_culprits(d);
		return;
	}
	bpf_object__for_each_program(p, d->skel->obj) {
		const char *type = libbpf_bpf_prog_type_str(bpf_program__type(p));
		size_t at = strlen(types);

		if (!strstr(types, type))
			snprintf(types + at, sizeof(types) - at, "%s%s", at ? ", " : "", type);
		n++;
	}
	doctor_tell(d, FOUND_OK, "all %d load: %s", n, types);
}

/* The setting is not to be seen inside a network namespace; what became of our own program is. */
void doctor_jit(struct doctor *d)
{
	struct bpf_prog_info info = { 0 };
	__u32 n = sizeof(info);

	if (!d->skel)
		return;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(d->skel->progs.skin_screen), &info, &n))
		doctor_tell(d, FOUND_WITHOUT, "unknown: %s", strerror(errno));
	else if (info.jited_prog_len)
		doctor_tell(d, FOUND_OK, "the skin is %u bytes of machine code", info.jited_prog_len);
	else
		doctor_tell(d, FOUND_WITHOUT, "the skin has not been translated to machine code");
}

/* For a moment, with an empty family: it changes nothing for anybody. */
void doctor_lineage(struct doctor *d)
{
	struct bpf_link *link;

	if (!d->skel)
		return;
	link = bpf_program__attach(d->skel->progs.lineage_fork);
	if (link)
		doctor_tell(d, FOUND_OK, "a tracing program attaches to the birth of processes (tp_btf)");
	else
		doctor_tell(d, FOUND_BAD, "no tracing program attaches (tp_btf): %s", strerror(errno));
	bpf_link__destroy(link);
}

/* As a cell calls it: another user, no capability, no new privileges. The exit code is an errno. */
static int call_gland(int program)
{
	struct gland_call call = { .class = CLASS_STEM, .answer = GLAND_OK };
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(errno);
		int error = gland_run(program, &call);

		/* The doctor's child is nobody's daughter, and must be told so. */
		_exit(error ? -error : call.answer == GLAND_STRANGER ? 0 : EPROTO);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EFAULT;
}

void doctor_gland(struct doctor *d)
{
	static const char knob[] = "/proc/sys/kernel/unprivileged_bpf_disabled";
	long disabled = -1;
	int error;

	if (!d->skel)
		return;
	doctor_number(knob, &disabled);
	error = call_gland(bpf_program__fd(d->skel->progs.gland_divide));
	if (error)
		doctor_tell(d, FOUND_BAD, "user nobody cannot run an inherited program: %s (kernel.unprivileged_bpf_disabled = %ld)",
			strerror(-error), disabled);
	else
		doctor_tell(d, FOUND_OK, "user nobody runs an inherited program%s (kernel.unprivileged_bpf_disabled = %ld)",
			disabled > 0 ? ", though it may make none" : "", disabled);
}

void doctor_signal(struct doctor *d)
{
	static const char name[] = "bpf_send_signal_task";
	struct btf *btf = btf__load_vmlinux_btf();
	bool there = btf && btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0;

	btf__free(btf);
	doctor_tell(d, there ? FOUND_OK : FOUND_WITHOUT, "the kernel has %s%s", there ? "" : "no ", name);
}

void doctor_clone3(struct doctor *d)
{
	/* Too short a record: refused as such where the call exists. */
	bool there = syscall(SYS_clone3, NULL, 0) < 0 && errno == EINVAL;

	doctor_tell(d, there ? FOUND_OK : FOUND_BAD, there ? "there" : "refused: %s", strerror(errno));
}

void doctor_close_range(struct doctor *d)
{
	bool there = !syscall(SYS_close_range, ~0U, ~0U, 0);

	doctor_tell(d, there ? FOUND_OK : FOUND_BAD, there ? "there" : "refused: %s", strerror(errno));
}

void doctor_landlock(struct doctor *d)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi > 0)
		doctor_tell(d, FOUND_OK, "ABI %ld", abi);
	else
		doctor_tell(d, FOUND_WITHOUT, "not there: %s", strerror(errno));
}

void doctor_seccomp(struct doctor *d)
{
	unsigned action = SECCOMP_RET_KILL_PROCESS;
	bool there = !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);

	doctor_tell(d, there ? FOUND_OK : FOUND_BAD, there ? "filters can end a process" : "not there: %s", strerror(errno));
}
