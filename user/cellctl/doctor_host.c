/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The doctor on the host: namespaces, mounts, settings against the DNA's numbers, and the organisms that live here. */
#include "cellctl/doctor.h"
#include "cellctl/guard.h"
#include "cellctl/pins.h"
#include "cellctl/vital.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG       4096L /* what `up` asks for */
#define DESCRIPTORS   1024L /* of the organism itself, generously */
#define DEATHS_TOLD   3

void doctor_pids(struct doctor *d)
{
	if (vital_sees_pids())
		doctor_tell(d, FOUND_OK, "the first one: cells have the pids that ps shows");
	else
		doctor_tell(d, FOUND_BAD, "a namespace of its own");
}

void doctor_cgroup(struct doctor *d)
{
	char at[256];

	if (!guard_find_cgroup(at, sizeof(at)))
		doctor_tell(d, FOUND_WITHOUT, "not mounted");
	else if (guard_is_root(at))
		doctor_tell(d, FOUND_OK, "mounted at %s", at);
	else
		doctor_tell(d, FOUND_WITHOUT, "mounted at %s, for a part of the host only", at);
}

/* For a moment, with no address to guard: it refuses nobody anything. */
void doctor_guard(struct doctor *d)
{
	int links[GUARD_HOOKS], error;
	char at[256];

	if (!d->skel || !guard_find_cgroup(at, sizeof(at)))
		return;
	error = guard_attach(d->skel, at, links);
	if (error) {
		doctor_tell(d, FOUND_WITHOUT, "does not attach to %s: %s", at, strerror(-error));
		return;
	}
	for (int i = 0; i < GUARD_HOOKS; i++)
		close(links[i]);
	doctor_tell(d, FOUND_OK, "programs attach to bind() of every process below %s", at);
}

void doctor_pressure(struct doctor *d)
{
	bool there = !access("/proc/pressure/cpu", R_OK);

	doctor_tell(d, there ? FOUND_OK : FOUND_WITHOUT, there ? "/proc/pressure" : "no /proc/pressure/cpu");
}

void doctor_overcommit(struct doctor *d)
{
	long mode;

	if (!doctor_number("/proc/sys/vm/overcommit_memory", &mode))
		doctor_tell(d, FOUND_WITHOUT, "unknown: vm.overcommit_memory cannot be read");
	else
		doctor_tell(d, mode == 2 ? FOUND_WITHOUT : FOUND_OK, "vm.overcommit_memory = %ld", mode);
}

void doctor_backlog(struct doctor *d)
{
	long most;

	if (!doctor_number("/proc/sys/net/core/somaxconn", &most))
		doctor_tell(d, FOUND_WITHOUT, "unknown: net.core.somaxconn cannot be read");
	else
		doctor_tell(d, most < BACKLOG ? FOUND_WITHOUT : FOUND_OK, "net.core.somaxconn = %ld", most);
}

void doctor_cookies(struct doctor *d)
{
	long on;

	if (!doctor_number("/proc/sys/net/ipv4/tcp_syncookies", &on))
		doctor_tell(d, FOUND_WITHOUT, "unknown: net.ipv4.tcp_syncookies cannot be read");
	else
		doctor_tell(d, on ? FOUND_OK : FOUND_WITHOUT, "net.ipv4.tcp_syncookies = %ld", on);
}

void doctor_files(struct doctor *d)
{
	long most, need = (long)d->dna.connections + DESCRIPTORS;

	if (!doctor_number("/proc/sys/fs/nr_open", &most))
		doctor_tell(d, FOUND_WITHOUT, "unknown: fs.nr_open cannot be read");
	else
		doctor_tell(d, most < need ? FOUND_BAD : FOUND_OK, "fs.nr_open = %ld; %s wants about %ld for %u connections", most,
			d->dna.file, need, d->dna.connections);
}

/* The last deaths say what ended it. */
static void tell_dead(struct doctor *d, const char *name, const struct family *f)
{
	char deaths[DEATHS_TOLD][160] = { 0 };
	uint64_t before = UINT64_MAX;
	int n = 0;

	for (; n < DEATHS_TOLD; n++) {
		const struct cell *last = NULL;

		for (unsigned i = 0; i < CELL_SLOTS_MAX; i++)
			if (f->cell[i].state == CELL_DEAD && f->cell[i].died_ns < before &&
				(!last || f->cell[i].died_ns > last->died_ns))
				last = &f->cell[i];
		if (!last)
			break;
		before = last->died_ns;
		vital_death(last, deaths[n], sizeof(deaths[n]));
	}
	doctor_tell(d, FOUND_WITHOUT, "%s is dead; the last: %s%s%s%s%s", name, n ? deaths[0] : "unknown", n > 1 ? "; " : "",
		deaths[1], n > 2 ? "; " : "", deaths[2]);
}

static bool is_guarded(const struct doctor *d, const char *name)
{
	char path[PIN_PATH];

	return !pin_path(d->in, name, "link_bind4", path, sizeof(path)) && !access(path, F_OK);
}

static void tell_organism(struct doctor *d, const char *name)
{
	static struct family f;

	if (family_open(d->in, name, &f))
		return;
	if (f.living)
		doctor_tell(d, FOUND_OK, "%s lives with %u cell%s on %s, XDP %s (%s), bind() %s", name, f.living,
			f.living == 1 ? "" : "s", f.self.iface, f.self.xdp_mode, f.self.xdp_note,
			is_guarded(d, name) ? "guarded" : "not guarded");
	else
		tell_dead(d, name, &f);
	family_close(&f);
}

void doctor_organism(struct doctor *d)
{
	char path[PIN_PATH];
	struct dirent *e;
	DIR *all;

	if (!d->root || pin_path(d->in, NULL, NULL, path, sizeof(path)))
		return;
	all = opendir(path);
	if (!all) {
		doctor_tell(d, FOUND_OK, "none is pinned in %s", d->in->bpffs);
		return;
	}
	while ((e = readdir(all)))
		if (e->d_name[0] != '.' && (!d->in->name || !strcmp(d->in->name, e->d_name)))
			tell_organism(d, e->d_name);
	closedir(all);
}
