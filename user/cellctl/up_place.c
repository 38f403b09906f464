/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The organism's place on the host: run directory, lock and log; a living namesake is refused, a dead one cleared away. */
#include "cellctl/up.h"
#include "cellctl/confirm.h"
#include "cellctl/pins.h"
#include "cellctl/remember.h"
#include "immune/ban.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define PLACE_PATH 512

static int place_path(const struct up *u, const char *leaf, char *to)
{
	int n = snprintf(to, PLACE_PATH, "%s/%s%s%s", u->in->run_dir, u->germ.dna.organism, leaf ? "/" : "", leaf ? leaf : "");

	return n < 0 || n >= PLACE_PATH ? -ENAMETOOLONG : 0;
}

static void undo_place(struct up *u)
{
	char path[PLACE_PATH];

	if (!place_path(u, "log", path))
		unlink(path);
	if (!place_path(u, CONFIRM_LEAF, path))
		unlink(path);
	if (!place_path(u, "lock", path))
		unlink(path);
	if (!place_path(u, NULL, path))
		rmdir(path);
}

static int place_make(struct up *u, char *path)
{
	if (mkdir(u->in->run_dir, 0755) && errno != EEXIST)
		return verb_say(VERB_FAILED, "%s cannot be made: %s", u->in->run_dir, strerror(errno));
	if (place_path(u, NULL, path))
		return verb_say(VERB_USAGE, "--run-dir is too long");
	if (mkdir(path, 0755) && errno != EEXIST)
		return verb_say(VERB_FAILED, "%s cannot be made: %s", path, strerror(errno));
	return 0;
}

static int place_lock(struct up *u, char *path)
{
	place_path(u, "lock", path);
	u->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (u->lock < 0)
		return verb_say(VERB_FAILED, "%s cannot be opened: %s", path, strerror(errno));
	if (flock(u->lock, LOCK_EX | LOCK_NB))
		return verb_say(VERB_FAILED, "another cellctl is bringing %s up or down this moment", u->germ.dna.organism);
	return 0;
}

/* Bans outlive a crash of everything; the rest is made anew. */
static bool outlives_a_crash(const char *leaf)
{
	for (int i = 0; i <= BAN_prefix_v6; i++)
		if (!strcmp(leaf, ban_map_names[i]))
			return true;
	return false;
}

static int refuse_namesake(struct up *u)
{
	const char *name = u->germ.dna.organism;
	char path[PIN_PATH];
	static struct family family;
	struct stat st;
	int code;

	if (pin_path(u->in, name, NULL, path, sizeof(path)))
		return verb_say(VERB_USAGE, "--bpffs is too long");
	if (stat(path, &st))
		return 0;
	/* What is pinned there may be only half of an organism: then it is certainly dead. */
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/cells");
	if (!stat(path, &st)) {
		code = family_open(u->in, name, &family);
		if (!code) {
			family_close(&family);
			if (family.living)
				return verb_say(VERB_FAILED, "%s is already running with %u cells; `cellctl down` ends it", name,
					family.living);
		}
	}
	confirm_ask(u->in, name, CONFIRM_GONE, NULL);
	/* What it had learned, and no T cell was left to write down. */
	remember_save(u->in, name, true);
	fprintf(stderr, "cellctl: every cell of an earlier %s is dead; its pins are cleared away, its bans are kept\n", name);
	code = pins_remove(u->in, name, outlives_a_crash);
	return code ? verb_say(VERB_FAILED, "the pins of the dead %s cannot be removed: %s", name, strerror(-code)) : 0;
}

static int require_bpffs(const struct up *u)
{
	struct statfs fs;

	if (statfs(u->in->bpffs, &fs))
		return verb_say(VERB_FAILED, "%s cannot be used: %s", u->in->bpffs, strerror(errno));
	if ((unsigned long)fs.f_type != BPF_FS_MAGIC)
		return verb_say(VERB_FAILED, "%s is no BPF file system; mount it: mount -t bpf bpf %s", u->in->bpffs, u->in->bpffs);
	return 0;
}

int up_lock(struct up *u)
{
	char path[PLACE_PATH];
	int code = require_bpffs(u);

	if (!code)
		code = place_make(u, path);
	if (!code)
		code = place_lock(u, path);
	if (!code)
		code = refuse_namesake(u);
	if (code)
		return code;
	up_done(u, undo_place);
	place_path(u, "log", path);
	u->log = u->foreground ? STDERR_FILENO : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (u->log < 0)
		return verb_say(VERB_FAILED, "%s cannot be opened: %s", path, strerror(errno));
	return 0;
}
