/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Building the next generation from memory, without privileges. May touch: its own memory, the cells' socket for new DNAs. */
#include "cells/mutation_propose.h"
#include "tissue/whole.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct building {
	const struct tissue *t;
	const struct proposal *what;
	struct germ germ;
	struct parcel parcel;
	char *say;
};

/* The first line of what was printed. */
static void say_first_line(char *say, const char *text)
{
	snprintf(say, PROPOSAL_SAY, "%.*s", (int)strcspn(text, "\n"), text);
}

static int read_dna(struct building *b)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int problems = 1;

	if (!out)
		return -ENOMEM;
	problems = dna_parse(b->what->text, b->what->n, b->what->origin, &b->germ.dna, out);
	/* Options that cannot change are the same in every generation: any germ of this life will do. */
	if (!problems)
		dna_keep_own(&b->t->germ->dna, &b->germ.dna);
	if (!problems && germ_keep_roots(b->t->germ, &b->germ.dna))
		problems = 1;
	if (!problems)
		problems = dna_check_change(&b->t->germ->dna, &b->germ.dna, out);
	if (fclose(out) || (problems && !text)) {
		free(text);
		return -ENOMEM;
	}
	if (problems)
		say_first_line(b->say, text);
	free(text);
	return problems ? -EINVAL : 0;
}

static int seal(int fd, const void *bytes, uint64_t n)
{
	int error = whole_write(fd, bytes, n);

	return error ? error : fcntl(fd, F_ADD_SEALS, GERM_SEALS | F_SEAL_SEAL) ? -errno : 0;
}

static const struct proposed_gene *gene_of(const struct building *b, uint32_t route)
{
	const struct dna *d = &b->germ.dna;

	for (uint32_t i = 0; i < b->what->genes; i++) {
		uint32_t brought = b->what->gene[i].route;

		if (brought < d->route_count && !strcmp(d->route[brought].gene, d->route[route].gene))
			return &b->what->gene[i];
	}
	return NULL;
}

/* The copy that an earlier route has put in, or a new one. */
static int add_gene(struct building *b, uint32_t route)
{
	const struct dna *d = &b->germ.dna;
	const struct proposed_gene *gene = gene_of(b, route);
	int fd, error;

	for (uint32_t i = 0; i < route; i++)
		if (!strcmp(d->route[i].gene, d->route[route].gene)) {
			b->parcel.head.gene[route] = b->parcel.head.gene[i];
			b->germ.gene[route] = b->germ.gene[i];
			return 0;
		}
	if (!gene) {
		snprintf(b->say, PROPOSAL_SAY, "route \"%s\": its gene %s did not come with the DNA", d->route[route].prefix,
			d->route[route].gene);
		return -EINVAL;
	}
	fd = memfd_create("cellws-gene", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	b->parcel.head.gene[route] = parcel_add(&b->parcel, fd);
	error = seal(fd, gene->bytes, gene->n);
	b->germ.gene[route] = germ_file_of(fd);
	return error;
}

static int add_genes(struct building *b)
{
	int error = 0;

	for (uint32_t i = 0; i < b->germ.dna.route_count && !error; i++)
		if (strcmp(b->germ.dna.route[i].gene, "static") != 0)
			error = add_gene(b, i);
	return error;
}

/* The automaton of the DNA in force; the germ of this cell may be of an older one. */
static uint32_t signature_now(const struct tissue *t, uint32_t generation)
{
	const volatile struct mutation *row = &t->mutations[generation % MUTATION_ROWS];

	return row->state == MUTATION_FORCE && row->generation == generation ? row->signature_now : t->germ->signature_now;
}

static int make_germ(struct building *b, uint32_t generation)
{
	const struct germ *mine = b->t->germ;
	const char *filters[MEMBRANE_COUNT];
	struct germ *g = &b->germ;
	int fd;

	g->plan = mine->plan;
	g->uid = mine->uid;
	g->gid = mine->gid;
	memcpy(g->memory, mine->memory, sizeof(g->memory));
	g->boot = mine->boot;
	memcpy(g->fingerprint_key, mine->fingerprint_key, sizeof(g->fingerprint_key));
	snprintf(g->origin, sizeof(g->origin), "%s", b->what->origin);
	g->signature_room = mine->signature_room;
	g->signature_now = signature_now(b->t, generation - 1);
	germ_number(g, generation);
	for (int i = 0; i < MEMBRANE_COUNT; i++)
		filters[i] = germ_bytes(mine, mine->filter[i]);
	fd = germ_make(g, mine->filter, filters, germ_bytes(mine, mine->mime), mine->mime.n, b->what->text, b->what->n);
	if (fd >= 0)
		b->parcel.fd[0] = fd;
	return fd < 0 ? fd : 0;
}

static uint32_t tell(struct mutate_call *call)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = call, .ctx_size_in = sizeof(*call));

	return bpf_prog_test_run_opts(FD_MUTATE, &run) ? GLAND_RANGE : call->answer;
}

/* The parcel first: who hears that a DNA is wanted looks for it at once. */
static int hand_over(struct building *b)
{
	const struct germ *made = germ_map(b->parcel.fd[0]);
	struct mutate_call call = { .act = MUTATE_STAGE };
	uint32_t answer;
	int error;

	if (!made)
		return -errno;
	mutation_describe(made, &b->t->germ->dna, b->t->organism->can_kill, &call.next);
	munmap((void *)(uintptr_t)made, made->bytes);
	error = parcel_send(FD_MUTATION_IN, &b->parcel);
	if (error)
		return error;
	answer = tell(&call);
	if (answer == GLAND_PENDING || answer == GLAND_STALE)
		return -EBUSY;
	return answer == GLAND_OK ? 0 : -EPERM;
}

static int build(struct building *b, uint32_t generation)
{
	int error = read_dna(b);

	b->parcel.head = (struct parcel_head){ .magic = PARCEL_MAGIC, .generation = generation };
	parcel_add(&b->parcel, -1);
	if (!error)
		error = add_genes(b);
	if (!error)
		error = make_germ(b, generation);
	if (!error)
		error = hand_over(b);
	for (unsigned i = 0; i < b->parcel.n; i++)
		if (b->parcel.fd[i] >= 0)
			close(b->parcel.fd[i]);
	return error;
}

int mutation_propose(const struct tissue *t, const struct proposal *what, uint32_t *generation, char say[PROPOSAL_SAY])
{
	struct building *b = calloc(1, sizeof(*b));
	int error;

	if (!b)
		return -ENOMEM;
	say[0] = 0;
	*generation = t->organism->generation + 1;
	b->t = t;
	b->what = what;
	b->say = say;
	error = build(b, *generation);
	free(b);
	return error;
}

int mutation_fate(const struct tissue *t, uint32_t generation, const struct dna *next, char say[PROPOSAL_SAY])
{
	const volatile struct mutation *row = &t->mutations[generation % MUTATION_ROWS];

	if (t->organism->generation >= generation)
		return 0;
	if (row->generation == generation && row->state == MUTATION_STAGED)
		return -EINPROGRESS;
	mutation_say(row->generation == generation ? row->refused : 0, next, say, PROPOSAL_SAY);
	return -ECANCELED;
}

bool mutation_withdraw(uint32_t generation)
{
	struct mutate_call call = { .act = MUTATE_CANCEL, .next = { .generation = generation } };

	return tell(&call) == GLAND_OK;
}
