/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Laying the egg: a fresh process without root or capabilities, with the planned descriptors and nothing else. */
#include "cellctl/up.h"
#include "cellctl/confine.h"
#include "cellctl/garden.h"
#include "cells/cell.h"
#include "cellws.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_TIMEOUT_MS 5000
#define MIME_TYPES       "/etc/mime.types"
#define MIME_MAX         (1u << 20)

static void undo_egg(struct up *u)
{
	kill(u->egg, SIGKILL);
	waitpid(u->egg, NULL, 0);
}

/* The media types of the system, if it has any. */
static char *read_mime(size_t *n)
{
	char *text = malloc(MIME_MAX);
	int fd = open(MIME_TYPES, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 && text ? read(fd, text, MIME_MAX) : 0;

	if (fd >= 0)
		close(fd);
	*n = got > 0 ? (size_t)got : 0;
	return text;
}

static void note_files(struct up *u)
{
	struct germ *g = &u->germ;

	for (uint32_t i = 0; i < g->dna.route_count; i++) {
		g->root[i] = germ_file_of(u->fds[plan_root(&g->plan, i)]);
		g->gene[i] = germ_file_of(u->fds[plan_gene(&g->plan, i)]);
	}
}

static int make_germ(struct up *u)
{
	struct germ_part parts[MEMBRANE_COUNT] = { 0 };
	const char *bytes[MEMBRANE_COUNT] = { 0 };
	size_t mime_n;
	char *mime = read_mime(&mime_n);
	int error = mime ? 0 : -ENOMEM;

	for (int i = 0; i < MEMBRANE_COUNT && !error; i++) {
		char *made;

		error = membrane_compile((enum membrane)i, !up_kernel_can_kill(), u->germ.dna.link.family, &made, &parts[i].n);
		bytes[i] = made;
	}
	note_files(u);
	if (!error)
		error = germ_make(&u->germ, parts, bytes, mime, mime_n, u->text, u->text_n);
	free(mime);
	for (int i = 0; i < MEMBRANE_COUNT; i++)
		free((void *)(uintptr_t)bytes[i]);
	if (error < 0)
		return error;
	up_plan_fd(u, plan_germ(&u->germ.plan), error);
	return 0;
}

static int find_user(struct up *u)
{
	const struct passwd *p = getpwnam(u->germ.dna.user);

	if (!p || !p->pw_uid)
		return -ENOENT;
	u->germ.uid = p->pw_uid;
	u->germ.gid = p->pw_gid;
	return 0;
}

/* Moves everything to its number. First out of the way, because the numbers may be in use by each other. */
static int arrange(struct up *u)
{
	int above = u->fds_n + 1, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	for (int i = 0; i < u->fds_n; i++) {
		int from = u->fds[i] >= 0 ? u->fds[i] : null;

		u->fds[i] = fcntl(from, F_DUPFD_CLOEXEC, above);
		if (u->fds[i] < 0)
			return -errno;
	}
	for (int i = 0; i < u->fds_n; i++)
		if (dup2(u->fds[i], i) < 0)
			return -errno;
	return syscall(SYS_close_range, (unsigned)u->fds_n, ~0U, 0) ? -errno : 0;
}

static int limit(int what, rlim_t n)
{
	struct rlimit l = { .rlim_cur = n, .rlim_max = n };

	return setrlimit((__rlimit_resource_t)what, &l) ? -errno : 0;
}

/*
 * What screens and bans must not wait behind an attack, or behind the attacked. It holds for the session as a whole, where the
 * scheduler makes a group of each: among themselves cells stay equal, since blood that interrupts drones costs more than it gains.
 */
static void set_priority(const struct dna *dna)
{
	int group = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	if (group < 0)
		return;
	if (dprintf(group, "%d", -(int)dna->priority) < 0)
		dprintf(FD_ERR, "cellctl: cells.priority has no effect: %s\n", strerror(errno));
	close(group);
}

static _Noreturn void become_egg(struct up *u)
{
	/* Room for the title of every later cell. */
	char title[] = "cellws: egg                                                     ";
	char *argv[] = { title, CELL_ARGUMENT, NULL }, *env[] = { NULL };
	rlim_t fds = (rlim_t)u->fds_n + 2 * (rlim_t)u->germ.dna.connections + UP_FDS_SPARE;
	struct rlimit most = { 0 };
	sigset_t none;
	int error = limit(RLIMIT_CORE, 0);

	garden_plant(u);
	/* Only then the limit: while they are arranged, every descriptor is there twice. */
	if (!error)
		error = arrange(u);
	if (!error && getrlimit(RLIMIT_NOFILE, &most))
		error = -errno;
	if (!error)
		error = limit(RLIMIT_NOFILE, fds < most.rlim_cur ? fds : most.rlim_cur);
	if (!error && (setsid() < 0 || chdir("/")))
		error = -errno;
	if (!error)
		set_priority(&u->germ.dna);
	umask(077);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Read back by the egg before it says it is ready. */
	if (!error)
		error = confine_user(u->germ.uid, u->germ.gid);
	if (!error) {
		execve("/proc/self/exe", argv, env);
		error = -errno;
	}
	dprintf(FD_ERR, "cellctl: the egg could not be started: %s\n", strerror(-error));
	_exit(1);
}

/* The first record of the family: everything later is written by the kernel's own programs. */
static int enter_egg(struct up *u)
{
	struct cell egg = {
		.slot = 0,
		.pid = (__u32)u->egg,
		.id = 1u << 8,
		.class = CLASS_EGG,
		.state = CELL_LIVING,
		.mother = CELL_NOBODY,
		.licence = CELL_NOBODY,
		.born_ns = clock_boot_ns(),
	};
	struct census eggs = { .living = 1, .max = 1, .born = 1 };
	struct organism o;
	__u32 zero = 0, class = CLASS_EGG, pid = (__u32)u->egg;
	int organism = bpf_map__fd(u->skel->maps.organism);

	if (bpf_map_lookup_elem(organism, &zero, &o))
		return -errno;
	o.laid_ns = egg.born_ns;
	o.serial = 1;
	if (bpf_map_update_elem(organism, &zero, &o, BPF_ANY) ||
		bpf_map_update_elem(bpf_map__fd(u->skel->maps.census), &class, &eggs, BPF_ANY) ||
		bpf_map_update_elem(bpf_map__fd(u->skel->maps.cells), &zero, &egg, BPF_ANY) ||
		bpf_map_update_elem(bpf_map__fd(u->skel->maps.kin), &pid, &zero, BPF_ANY))
		return -errno;
	return 0;
}

/* What the egg has said before it died: its log goes with the failed attempt. */
static void show_log(const struct up *u)
{
	char text[2048], path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", u->log);
	fd = u->foreground ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stderr);
	close(fd);
}

static int await_egg(struct up *u)
{
	struct pollfd p = { .fd = u->ready[0], .events = POLLIN };
	char byte;

	if (poll(&p, 1, READY_TIMEOUT_MS) != 1 || read(u->ready[0], &byte, 1) != 1)
		return show_log(u), verb_say(VERB_FAILED, "the egg did not get ready");
	if (enter_egg(u))
		return verb_say(VERB_FAILED, "the egg cannot be entered in the family: %s", strerror(errno));
	if (write(u->ready[0], "g", 1) != 1)
		return show_log(u), verb_say(VERB_FAILED, "the egg died before it was laid");
	return 0;
}

int up_lay(struct up *u)
{
	int error = find_user(u);

	if (!error)
		error = make_germ(u);
	if (!error && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, u->ready))
		error = -errno;
	if (error)
		return verb_say(VERB_FAILED, "the egg cannot be made: %s", strerror(-error));
	up_plan_fd(u, FD_LOG, u->log);
	up_plan_fd(u, FD_ERR, u->log);
	up_plan_fd(u, FD_READY, u->ready[1]);
	u->egg = fork();
	if (u->egg < 0)
		return verb_say(VERB_FAILED, "no process can be made: %s", strerror(errno));
	if (!u->egg)
		become_egg(u);
	up_done(u, undo_egg);
	close(u->ready[1]);
	/* An `up` that stays in the foreground has no business with the key. */
	close(u->fds[FD_KEY]);
	u->fds[FD_KEY] = -1;
	if (u->fds[FD_PAIR] >= 0)
		close(u->fds[FD_PAIR]);
	u->fds[FD_PAIR] = -1;
	return await_egg(u);
}
