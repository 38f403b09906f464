/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the organism remembers from an earlier life: its bans, back in the maps before the first packet is screened. */
#include "cellctl/up.h"
#include "cellctl/remember.h"
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

int up_memory(struct up *u)
{
	char path[DNA_PATH_MAX], link[512];
	struct ban_maps maps;

	remember_path(u->in, &u->germ.dna, path);
	if (link_path(u, link, sizeof(link)))
		return 0;
	unlink(link);
	if (!path[0])
		return 0;
	remember_place(path, u->germ.dna.user);
	if (symlink(path, link))
		return verb_say(VERB_FAILED, "%s cannot be made: %s", link, strerror(errno));
	up_done(u, undo_memory);
	/* Maps that outlived a crash know more than the file does. */
	if (u->bans_kept)
		return 0;
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		maps.fd[i] = bpf_object__find_map_fd_by_name(u->skel->obj, ban_map_names[i]);
	remember_restore(path, &maps);
	return 0;
}
