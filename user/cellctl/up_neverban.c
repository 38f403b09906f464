/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filling the never-ban list before any ban can hold: the host, its gateways and name servers, the SSH session of `up`. */
#include "cellctl/up.h"
#include "cellctl/immune.h"
#include "cellctl/neverban.h"
#include "cellws.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAMED_MOST 8 /* entries that `up` prints; `cellctl immune list` has them all */

struct filling {
	struct ban_maps maps;
	unsigned own, named, left_out;
	char text[NAMED_MOST * (ADDRESS_TEXT + 48)];
};

static void name_it(struct filling *f, const struct address *a, enum allowance_origin origin)
{
	size_t n = strlen(f->text);
	char name[ADDRESS_TEXT];

	if (origin == ALLOWANCE_OWN || f->named++ >= NAMED_MOST)
		return;
	snprintf(f->text + n, sizeof(f->text) - n, "%s (%s), ", address_format(a, name), immune_origin(origin));
}

/* The first origin stays: of one address there is one entry. */
static int allow(void *arg, const struct address *a, enum allowance_origin origin)
{
	struct filling *f = arg;
	bool new = !ban_is_allowed(&f->maps, a);
	int error = ban_allow(&f->maps, a, origin);

	if (error == -ENOSPC) {
		f->left_out++;
		return 0;
	}
	f->own += origin == ALLOWANCE_OWN;
	if (!error && new)
		name_it(f, a, origin);
	return error;
}

static struct filling filled;

int up_neverban(struct up *u)
{
	int error;

	filled = (struct filling){ 0 };
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		filled.maps.fd[i] = bpf_object__find_map_fd_by_name(u->skel->obj, ban_map_names[i]);
	error = neverban_each(allow, &filled);
	if (error)
		return verb_say(VERB_FAILED, "the never-ban list cannot be filled, so nothing is screened: %s", strerror(-error));
	if (filled.left_out)
		verb_say(0, "the never-ban list is full: %u addresses of this host are not on it", filled.left_out);
	return 0;
}

void up_neverban_tell(const struct up *u)
{
	printf("%s: never banned: %s%u addresses of this host\n", u->germ.dna.organism, filled.text, filled.own);
}
