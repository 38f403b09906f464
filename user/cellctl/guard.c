/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attaching the programs that refuse a stranger's bind(), for `up` in earnest and for the doctor for a moment. */
#include "cellctl/guard.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_INODE 1 /* of the whole hierarchy, in every kernel that has cgroup v2 */

void guard_fit(struct cellws *skel)
{
	bool known = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, NULL) != 0;

	bpf_program__set_autoload(skel->progs.cuticle_bind4, known);
	bpf_program__set_autoload(skel->progs.cuticle_bind6, known);
}

bool guard_find_cgroup(char *at, size_t room)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	bool found = false;

	while (mounts && !found && (m = getmntent(mounts)))
		if (!strcmp(m->mnt_type, "cgroup2") && strlen(m->mnt_dir) < room) {
			strcpy(at, m->mnt_dir);
			found = true;
		}
	if (mounts)
		endmntent(mounts);
	return found;
}

bool guard_is_root(const char *at)
{
	struct stat st;

	return !stat(at, &st) && st.st_ino == ROOT_INODE;
}

/* Several organisms may have links at one place: each looks at its own network namespace only. */
int guard_attach(struct cellws *skel, const char *at, int links[GUARD_HOOKS])
{
	const int programs[GUARD_HOOKS] = { bpf_program__fd(skel->progs.cuticle_bind4), bpf_program__fd(skel->progs.cuticle_bind6) };
	const enum bpf_attach_type hooks[GUARD_HOOKS] = { BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND };
	int cgroup, error = 0, n = 0;

	if (programs[0] < 0)
		return -EOPNOTSUPP;
	cgroup = open(at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0)
		return -errno;
	for (; n < GUARD_HOOKS && !error; n++) {
		links[n] = bpf_link_create(programs[n], cgroup, hooks[n], NULL);
		error = links[n] < 0 ? links[n] : 0;
	}
	close(cgroup);
	while (error && n)
		if (links[--n] >= 0)
			close(links[n]);
	return error;
}
