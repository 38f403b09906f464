/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bringing a new DNA into force. May touch: the free bank of the shared table. Never touches: that of the DNA in force. */
/*
 * Killed at any instruction: the message is still there, and the next cell begins anew; or the kernel has been told, and all
 * is in its place. There is nothing between: gland_mutate puts all of it in force in one call.
 */
#include "cells/mutation_install.h"
#include "cells/mutation.h"
#include "tissue/synapse.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a parcel's descriptors go, -1 for nowhere. */
struct places {
	int root[DNA_ROUTES_MAX], gene[DNA_ROUTES_MAX];
};

/* Blood has clients to serve: it does this only when nobody else is left. */
static bool is_for_others(const struct tissue *t)
{
	return t->class == CLASS_BLOOD &&
	       t->census[CLASS_STEM].living + t->census[CLASS_NEURON].living + t->census[CLASS_EGG].living;
}

/* One at a time; a dead one has left what it had in hand open. */
static bool begin(const struct tissue *t, bool *after_a_death)
{
	_Atomic uint32_t *installer = &t->commons->installer;
	uint32_t holder = atomic_load(installer);
	const volatile struct cell *c = &t->cells[cell_slot_of_id(holder) % CELL_SLOTS_MAX];

	*after_a_death = holder != 0;
	if (holder && holder != t->id && c->id == holder && c->state == CELL_LIVING)
		return false;
	return atomic_compare_exchange_strong(installer, &holder, t->id);
}

/* The same files, at numbers that nobody knows of. */
static void close_lost(const struct tissue *t, const struct parcel *p)
{
	struct rlimit most;
	int end = getrlimit(RLIMIT_NOFILE, &most) ? 0 : (int)most.rlim_cur;

	for (int fd = plan_end(t->plan); fd < end; fd++) {
		struct germ_file file = germ_file_of(fd);
		bool is_mine = false, is_lost = false;

		for (unsigned i = 0; i < p->n && file.inode; i++) {
			struct germ_file its = germ_file_of(p->fd[i]);

			is_mine |= p->fd[i] == fd;
			is_lost |= its.inode == file.inode && its.device == file.device;
		}
		if (is_lost && !is_mine)
			close(fd);
	}
}

/* The root of that name which the living DNA has open. */
static int living_root(const struct tissue *t, const char *name)
{
	const struct dna *d = &t->germ->dna;

	for (uint32_t i = 0; i < d->route_count; i++)
		if (!strcmp(d->route[i].root, name))
			return plan_root(t->plan, i);
	return -1;
}

static int find_root(const struct tissue *t, const struct germ *g, const struct parcel *p, uint32_t i)
{
	unsigned place = p->head.root[i];
	int fd = place ? p->fd[place - 1] : living_root(t, g->dna.route[i].root);
	struct stat st;

	if (fd < 0)
		tissue_log(t, "route %s: the root %s is new here: that takes `cellctl mutate` on this host", g->dna.route[i].prefix,
			g->dna.route[i].root);
	return fd >= 0 && germ_file_is(&g->root[i], fd) && !fstat(fd, &st) && S_ISDIR(st.st_mode) ? fd : -1;
}

static int find_gene(const struct germ *g, const struct parcel *p, uint32_t i)
{
	unsigned place = p->head.gene[i];
	int fd = place ? p->fd[place - 1] : -1, seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & GERM_SEALS) == GERM_SEALS && g->gene[i].inode && germ_file_is(&g->gene[i], fd) ? fd : -1;
}

/* Everything the germ speaks of is there, and is what it says. */
static bool find_places(const struct tissue *t, const struct germ *g, const struct parcel *p, struct places *to)
{
	bool all = true;

	memset(to, 0xff, sizeof(*to));
	for (uint32_t i = 0; i < g->dna.route_count; i++) {
		const struct dna_route *r = &g->dna.route[i];

		if (r->root[0])
			to->root[i] = find_root(t, g, p, i);
		if (strcmp(r->gene, "static") != 0)
			to->gene[i] = find_gene(g, p, i);
		all &= (!r->root[0] || to->root[i] >= 0) && (!strcmp(r->gene, "static") || to->gene[i] >= 0);
	}
	return all;
}

static void put(int from, int to)
{
	cw_assert(dup3(from < 0 ? FD_NULL : from, to, 0) == to);
}

/* The germ first: a drone that leaves the table meanwhile sees by it that the bank is another DNA's. */
static void put_all(const struct germ *g, const struct parcel *p, const struct places *places)
{
	put(p->fd[0], plan_germ(&g->plan));
	for (uint32_t i = 0; i < DNA_ROUTES_MAX; i++) {
		put(places->root[i], plan_root(&g->plan, i));
		put(places->gene[i], plan_gene(&g->plan, i));
	}
}

static uint32_t tell(uint32_t act, uint32_t generation)
{
	struct mutate_call call = { .act = act, .next = { .generation = generation } };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &call, .ctx_size_in = sizeof(call));

	return bpf_prog_test_run_opts(FD_MUTATE, &run) ? GLAND_RANGE : call.answer;
}

/* A parcel for the generation that is wanted. Whether that is in force now. */
static bool install_parcel(const struct tissue *t, const struct germ *g, const struct parcel *p)
{
	struct places places;

	if (!mutation_fits(t->germ, g) || dna_check_change(&t->germ->dna, &g->dna, NULL) || !find_places(t, g, p, &places)) {
		tissue_log(t, "the DNA of generation %u cannot take the place of %u; that one stays", g->generation, t->generation);
		tell(MUTATE_CANCEL, g->generation);
		return false;
	}
	put_all(g, p, &places);
	if (tell(MUTATE_FORCE, g->generation) != GLAND_OK)
		return false;
	tissue_log(t, "the DNA of generation %u is in force", g->generation);
	return true;
}

/* Those that nobody wants any more, because who sent them went away, are thrown away. */
static bool install_wanted(const struct tissue *t, bool after_a_death)
{
	uint32_t wanted = t->generation + 1;
	struct parcel p;
	bool done = false;
	int got;

	while (!done && ((got = parcel_peek(FD_MUTATION_OUT, &p)) == 1 || got == -EBADMSG)) {
		const struct germ *g = got > 0 ? mutation_map(t, p.fd[0], wanted) : NULL;

		if (after_a_death && got > 0)
			close_lost(t, &p);
		after_a_death = false;
		if (g) {
			done = install_parcel(t, g, &p);
			mutation_forget(g);
		}
		parcel_close(&p);
		parcel_drop(FD_MUTATION_OUT);
	}
	return done;
}

bool mutation_install(struct tissue *t)
{
	bool after_a_death, done;

	if (is_for_others(t) || !begin(t, &after_a_death))
		return false;
	done = install_wanted(t, after_a_death);
	atomic_store(&t->commons->installer, 0);
	return done;
}
