/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the organism remembers from earlier lives, back in the maps before the first packet is screened. */
#include "cellctl/up.h"
#include "cellctl/remember.h"
#include "cellctl/spore_memory.h"
#include "cellws.skel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <bpf/libbpf.h>

static int link_path(const struct up *u, char *to, size_t room)
{
	int n = snprintf(to, room, "%s/%s/" REMEMBER_LINK, u->in->run_dir, u->germ.dna.organism);

	return n < 0 || (size_t)n >= room ? -ENAMETOOLONG : 0;
}

static void undo_memory(struct up *u)
{
	char link[512];

	if (!link_path(u, link, sizeof(link)))
		unlink(link);
}

/* The file's place and the link that verbs find it by. 0 or the exit code, said. */
static int make_place(struct up *u, const char *path)
{
	char link[512];

	if (link_path(u, link, sizeof(link)))
		return 0;
	unlink(link);
	if (!path[0])
		return 0;
	remember_place(path, u->germ.dna.user);
	if (symlink(path, link))
		return verb_say(VERB_FAILED, "%s cannot be made: %s", link, strerror(errno));
	up_done(u, undo_memory);
	return 0;
}

int up_memory(struct up *u)
{
	const struct lymph_maps maps = { .offenders = bpf_map__fd(u->skel->maps.offenders),
		.pathogens = bpf_map__fd(u->skel->maps.pathogens), .lymph = bpf_map__fd(u->skel->maps.lymph) };
	struct remembered r;
	struct ban_maps bans;
	int code, error;

	remember_path(u->in, &u->germ.dna, u->germ.memory);
	code = make_place(u, u->germ.memory);
	if (code)
		return code;
	error = remember_read(u->germ.memory, &r);
	if (error)
		return verb_say(VERB_FAILED, "clocks or random numbers cannot be read: %s", strerror(-error));
	error = u->came ? spore_memory_join(&r, u->came) : 0;
	if (error) {
		remembered_free(&r);
		return verb_say(VERB_FAILED, "there is no memory for what came along: %s", strerror(-error));
	}
	if (u->came)
		remember_key(u->in, u->germ.dna.organism, r.fingerprint_key);
	u->germ.boot = r.now.boot;
	memcpy(u->germ.fingerprint_key, r.fingerprint_key, sizeof(r.fingerprint_key));
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		bans.fd[i] = bpf_object__find_map_fd_by_name(u->skel->obj, ban_map_names[i]);
	/* Maps of bans that outlived a crash know more than the file does. */
	remember_restore(&r, &bans, &maps, !u->bans_kept);
	remembered_free(&r);
	return 0;
}
