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

/* Each 0, or mutation_refused(). */
static uint32_t find_root(const struct tissue *t, const struct germ *g, const struct parcel *p, uint32_t i, int *to)
{
	unsigned place = p->head.root[i];
	int fd = place ? p->fd[place - 1] : living_root(t, g->dna.route[i].root);
	struct stat st;

	*to = fd;
	if (fd < 0)
		return mutation_refused(MUTATION_REFUSED_ROOT, i);
	return germ_file_is(&g->root[i], fd) && !fstat(fd, &st) && S_ISDIR(st.st_mode) ? 0 : mutation_refused(MUTATION_REFUSED_FILE, i);
}

static uint32_t find_gene(const struct germ *g, const struct parcel *p, uint32_t i, int *to)
{
	unsigned place = p->head.gene[i];
	int fd = place ? p->fd[place - 1] : -1, seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);

	*to = fd;
	return seals >= 0 && (seals & GERM_SEALS) == GERM_SEALS && g->gene[i].inode && germ_file_is(&g->gene[i], fd) ?
		       0 :
		       mutation_refused(MUTATION_REFUSED_FILE, i);
}

/* Everything the germ speaks of is there, and is what it says. */
static uint32_t find_places(const struct tissue *t, const struct germ *g, const struct parcel *p, struct places *to)
{
	uint32_t refused = 0;

	memset(to, 0xff, sizeof(*to));
	for (uint32_t i = 0; i < g->dna.route_count && !refused; i++) {
		const struct dna_route *r = &g->dna.route[i];

		if (r->root[0])
			refused = find_root(t, g, p, i, &to->root[i]);
		if (!refused && strcmp(r->gene, "static") != 0)
			refused = find_gene(g, p, i, &to->gene[i]);
	}
	return refused;
}

static bool is_same_list(const struct dna_prefix *a, uint32_t a_n, const struct dna_prefix *b, uint32_t b_n)
{
	return a_n == b_n && !memcmp(a, b, a_n * sizeof(*a));
}

/* What stands in the kernel's maps is root's to change. */
static uint32_t check_kernel(const struct germ *living, const struct germ *g)
{
	const struct dna *now = &living->dna, *next = &g->dna;

	if (!is_same_list(now->allow, now->allow_count, next->allow, next->allow_count) ||
		!is_same_list(now->trusted, now->trusted_count, next->trusted, next->trusted_count))
		return MUTATION_REFUSED_LISTS;
	if (g->signature_now != living->signature_now || now->signature_count != next->signature_count)
		return MUTATION_REFUSED_SIGNATURES;
	for (uint32_t i = 0; i < now->signature_count; i++)
		if (strcmp(now->signature[i].match, next->signature[i].match) != 0)
			return MUTATION_REFUSED_SIGNATURES;
	return 0;
}

static uint32_t check(const struct tissue *t, const struct germ *g, const struct parcel *p, struct places *places)
{
	if (!mutation_fits(t->germ, g) || dna_check_change(&t->germ->dna, &g->dna, NULL))
		return MUTATION_REFUSED_FIT;
	if (!p->head.by_root && check_kernel(t->germ, g))
		return check_kernel(t->germ, g);
	return find_places(t, g, p, places);
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

static uint32_t tell(uint32_t act, uint32_t generation, uint32_t refused)
{
	struct mutate_call call = { .act = act, .next = { .generation = generation, .refused = refused } };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &call, .ctx_size_in = sizeof(call));

	return bpf_prog_test_run_opts(FD_MUTATE, &run) ? GLAND_RANGE : call.answer;
}

/* A parcel for the generation that is wanted. Whether that is in force now. */
static bool install_parcel(const struct tissue *t, const struct germ *g, const struct parcel *p)
{
	struct places places;
	uint32_t refused = check(t, g, p, &places);
	char why[160];

	if (refused) {
		mutation_say(refused, &g->dna, why, sizeof(why));
		tissue_log(t, "the DNA of generation %u is refused: %s; that of %u goes on", g->generation, why, t->generation);
		tell(MUTATE_CANCEL, g->generation, refused);
		return false;
	}
	put_all(g, p, &places);
	if (tell(MUTATE_FORCE, g->generation, 0) != GLAND_OK)
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
