/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl down: no more births, blood drains, then the rest, then the skin, the pins and the run directory go. */
#include "cellctl/down.h"
#include "cellctl/confirm.h"
#include "cellctl/cookies.h"
#include "cellctl/egg.h"
#include "cellctl/egg_genes.h"
#include "cellctl/spore_roots.h"
#include "cellctl/pins.h"
#include "cellctl/remember.h"
#include "cellctl/reporter.h"
#include "cellctl/vital.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS  5
#define GRACE_MS 1000 /* beyond the DNA's drain time, before SIGKILL */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool down_anybody_lives(const struct invocation *in)
{
	static struct family f;
	bool lives;

	if (family_open(in, in->name, &f))
		return false;
	lives = f.living > 0;
	family_close(&f);
	return lives;
}

bool down_has_begun(const struct invocation *in)
{
	int fd = pin_map(in, in->name, "organism", true);
	struct organism o;
	__u32 zero = 0;
	bool begun;

	if (fd < 0)
		return true;
	begun = !bpf_map_lookup_elem(fd, &zero, &o) && o.dying;
	close(fd);
	return begun;
}

static bool is_meant(const struct cell *c, int class)
{
	/* A record that is out of date must not cost another process its life. */
	return c->state == CELL_LIVING && (class == CLASS_NONE || (int)c->class == class) && vital_is_cell(c->pid);
}

static unsigned count(const struct family *f, int class)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CELL_SLOTS_MAX; i++)
		n += is_meant(&f->cell[i], class);
	return n;
}

static void tell(const struct family *f, int class, int signal)
{
	for (unsigned i = 0; i < CELL_SLOTS_MAX; i++)
		if (is_meant(&f->cell[i], class))
			kill((pid_t)f->cell[i].pid, signal);
}

/* Asks every cell of a class (CLASS_NONE: all) to end and waits until they have; kills those that have not in time. */
static unsigned end_class(struct family *f, int class, uint64_t patience_ms)
{
	uint64_t until = now_ms() + patience_ms;
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	unsigned killed = 0;

	if (family_read(f))
		return 0;
	tell(f, class, SIGTERM);
	while (!family_read(f) && count(f, class) && now_ms() < until)
		nanosleep(&step, NULL);
	while (count(f, class)) {
		killed += count(f, class);
		tell(f, class, SIGKILL);
		nanosleep(&step, NULL);
		if (family_read(f))
			break;
	}
	return killed;
}

static int stop_births(const struct invocation *in, const char *name, struct family *f)
{
	int fd = pin_map(in, name, "organism", false);
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	f->self.dying = 1;
	if (bpf_map_update_elem(fd, &zero, &f->self, BPF_ANY)) {
		close(fd);
		return -errno;
	}
	close(fd);
	return 0;
}

static int lock_place(const struct invocation *in, const char *name)
{
	char path[PIN_PATH];
	int fd;

	snprintf(path, sizeof(path), "%s/%s/lock", in->run_dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	/* Without a run directory there is nothing to be locked: the pins are removed all the same. */
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -2;
	}
	return fd;
}

static void remove_place(const struct invocation *in, const char *name)
{
	static const char *const leaves[] = { "/log", "/" REMEMBER_LINK, "/" CONFIRM_LEAF, "/key", "/lock", "" };
	char path[PIN_PATH];

	for (unsigned i = 0; i < sizeof(leaves) / sizeof(*leaves); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", in->run_dir, name, leaves[i]);
		if (*leaves[i])
			unlink(path);
		else
			rmdir(path);
	}
	egg_genes_remove(in, name);
	spore_roots_remove(in, name);
}

static void end_cells(const struct invocation *in, const char *name, struct family *f)
{
	unsigned killed;

	if (stop_births(in, name, f))
		verb_say(0, "births cannot be stopped: %s", strerror(errno));
	killed = end_class(f, CLASS_BLOOD, f->self.drain_ms + GRACE_MS);
	killed += end_class(f, CLASS_NONE, GRACE_MS);
	if (killed)
		verb_say(0, "%u cells had not ended in time and were killed", killed);
}

int down_organism(const struct invocation *in, const char *name)
{
	static struct family f;
	int lock = lock_place(in, name), error;

	if (lock == -2)
		return verb_say(VERB_FAILED, "another cellctl is bringing %s up or down this moment", name);
	confirm_ask(in, name, CONFIRM_GONE, NULL);
	/* What is pinned may be half an organism: then there is only to clear away. */
	if (!family_open(in, name, &f)) {
		end_cells(in, name, &f);
		family_close(&f);
	}
	if (cookies_setting_back(in, name))
		verb_say(0, "net.ipv4.tcp_syncookies cannot be put back");
	reporter_end(in, name);
	remember_save(in, name, true);
	error = pins_remove(in, name, NULL);
	remove_place(in, name);
	if (lock >= 0)
		close(lock);
	if (error)
		return verb_say(VERB_FAILED, "the pins of %s cannot all be removed: %s", name, strerror(-error));
	printf("%s: down\n", name);
	return VERB_DONE;
}

int verb_down(const struct invocation *in)
{
	char name[32];
	int code;

	if (in->argc != 1)
		return verb_usage("down");
	if (geteuid())
		return verb_say(VERB_FAILED, "down needs root: sudo cellctl down");
	if (egg_end(in)) {
		printf("the egg that waited is gone\n");
		return VERB_DONE;
	}
	code = verb_organism(in, name);
	return code ? code : down_organism(in, name);
}
