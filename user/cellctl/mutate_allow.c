/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The never-ban list after a change of the DNA: what it names goes in before what it no longer names goes out. */
#include "cellctl/mutate.h"
#include "cellctl/neverban.h"
#include "immune/ban.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct sifting {
	const struct dna *dna;
	struct ban_maps maps;
	const struct address *now; /* that is looked at */
	bool is_of_host;
};

static bool is_in(const struct dna_prefix *list, uint32_t n, const struct address *a)
{
	for (uint32_t i = 0; i < n; i++) {
		struct address its;

		if (!address_make(list[i].family, list[i].addr, list[i].bits, &its) && address_covers(&its, a) &&
			address_covers(a, &its))
			return true;
	}
	return false;
}

static int see_own(void *arg, const struct address *a, enum allowance_origin origin)
{
	struct sifting *s = arg;

	(void)origin;
	s->is_of_host |= address_covers(a, s->now) && address_covers(s->now, a);
	return 0;
}

/* One that the DNA named first may be the host's own as well: it stays, whatever it is said to be. */
static int take_out(void *arg, const struct address *a, const struct allowance *allowance)
{
	struct sifting *s = arg;
	int error;

	if (allowance->origin != ALLOWANCE_DNA && allowance->origin != ALLOWANCE_PROXY)
		return 0;
	if (is_in(s->dna->allow, s->dna->allow_count, a) || is_in(s->dna->trusted, s->dna->trusted_count, a))
		return 0;
	s->now = a;
	s->is_of_host = false;
	error = neverban_each(see_own, s);
	return error || s->is_of_host ? error : ban_disallow(&s->maps, a);
}

int mutate_allow(const struct mutate *m, const struct dna *dna)
{
	struct sifting s = { .dna = dna };
	int error = 0;

	for (int i = 0; i < BAN_MAP_COUNT; i++) {
		s.maps.fd[i] = pin_map(m->in, m->name, ban_map_names[i], false);
		if (s.maps.fd[i] < 0)
			error = s.maps.fd[i];
	}
	if (!error)
		error = neverban_put(&s.maps, dna->allow, dna->allow_count, ALLOWANCE_DNA);
	if (!error)
		error = neverban_put(&s.maps, dna->trusted, dna->trusted_count, ALLOWANCE_PROXY);
	if (!error)
		error = ban_list_allow(&s.maps, take_out, &s);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		if (s.maps.fd[i] >= 0)
			close(s.maps.fd[i]);
	return error;
}
