/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting the membrane on: Landlock and seccomp for the calling process, and reading back what holds. */
#include "tissue/membrane.h"
#include "tissue/germ.h"
#include "shared/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Known to kernels from 6.2 on, to headers of later ones. */
#define LANDLOCK_TRUNCATE (1ULL << 14)
#define PLACES_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Every file access right the kernel's Landlock knows, by version; newer kernels than these are handled as the newest. */
static uint64_t landlock_rights(long abi)
{
	static const unsigned bits[] = { 0, 13, 14, 15, 15, 16 };

	return (1ULL << bits[abi > 5 ? 5 : abi]) - 1;
}

static int landlock_place(int rules, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr place = { .allowed_access = rights, .parent_fd = fd };

	if (fd < 0)
		return 0;
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &place, 0) ? -errno : 0;
}

static int landlock_roots(int rules, const struct germ *g)
{
	int error = 0;

	for (uint32_t i = 0; i < g->dna.route_count && !error; i++)
		if (g->dna.route[i].root[0])
			error = landlock_place(rules, plan_root(&g->plan, i), PLACES_READ);
	return error;
}

/* Roots of later DNAs: Landlock's rules can only become fewer, so what root will mount there is allowed from the start. */
static int landlock_garden(int rules)
{
	struct stat st;

	if (fstat(FD_GARDEN, &st) || !S_ISDIR(st.st_mode))
		return 0;
	return landlock_place(rules, FD_GARDEN, PLACES_READ);
}

/* Where the dynamic loader finds what a gene is linked with. */
static int landlock_libraries(int rules)
{
	static const char *const places[] = { "/usr", "/lib", "/lib64", "/etc/ld.so.cache" };
	int error = 0;

	for (unsigned i = 0; i < sizeof(places) / sizeof(*places) && !error; i++) {
		int fd = open(places[i], O_PATH | O_CLOEXEC);
		bool file = i == 3;

		error = landlock_place(rules, fd,
			file ? LANDLOCK_ACCESS_FS_READ_FILE : PLACES_READ | LANDLOCK_ACCESS_FS_EXECUTE);
		if (fd >= 0)
			close(fd);
	}
	return error;
}

/* The directory of the memory's file; one that is not there, or not for this user, is no place. */
static int landlock_memory(int rules, const struct germ *g, uint64_t known)
{
	const uint64_t write = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
			       LANDLOCK_TRUNCATE;
	const char *leaf = strrchr(g->memory, '/');
	char directory[DNA_PATH_MAX];
	int fd, error;

	if (!leaf)
		return 0;
	snprintf(directory, sizeof(directory), "%.*s", leaf == g->memory ? 1 : (int)(leaf - g->memory), g->memory);
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = landlock_place(rules, fd, (PLACES_READ | write) & known);
	if (fd >= 0)
		close(fd);
	return error;
}

int membrane_landlock(const struct germ *g, enum membrane kind)
{
	struct landlock_ruleset_attr attr = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	int rules, error;

	if (abi < 1)
		return abi < 0 ? -errno : -EOPNOTSUPP;
	attr.handled_access_fs = landlock_rights(abi);
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0);
	if (rules < 0)
		return -errno;
	error = kind == MEMBRANE_TCELL || kind == MEMBRANE_SCRIBE || kind == MEMBRANE_GAMETE ? 0 : landlock_roots(rules, g);
	if (!error && (kind == MEMBRANE_GERM || kind == MEMBRANE_BLOOD))
		error = landlock_garden(rules);
	if (!error && (kind == MEMBRANE_GERM || kind == MEMBRANE_BLOOD))
		error = landlock_libraries(rules);
	if (!error && (kind == MEMBRANE_GERM || kind == MEMBRANE_SCRIBE))
		error = landlock_memory(rules, g, attr.handled_access_fs);
	if (!error && syscall(SYS_landlock_restrict_self, rules, 0))
		error = -errno;
	close(rules);
	return error;
}

int membrane_seccomp(const struct germ *g, enum membrane kind)
{
	struct sock_fprog program = {
		.len = (unsigned short)(g->filter[kind].n / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *)(uintptr_t)germ_bytes(g, g->filter[kind]),
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) ? -errno : 0;
}

static bool no_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return false;
	return !(data[0].effective | data[0].permitted | data[0].inheritable | data[1].effective | data[1].permitted |
		 data[1].inheritable);
}

static bool user_is(uint32_t uid, uint32_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) || getresgid(&rg, &eg, &sg))
		return false;
	return uid && r == uid && e == uid && s == uid && rg == gid && eg == gid && sg == gid;
}

uint32_t membrane_read_back(const struct germ *g, bool landlock)
{
	uint32_t seal = landlock ? SEAL_LANDLOCK : 0;

	if (user_is(g->uid, g->gid))
		seal |= SEAL_UID;
	if (no_capabilities())
		seal |= SEAL_CAPS;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		seal |= SEAL_NNP;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER)
		seal |= SEAL_SECCOMP;
	return seal;
}
