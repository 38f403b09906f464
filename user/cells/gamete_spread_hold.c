/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The newest DNA that this host knows of: from root here, or from a link; its cells take it on, or the old one goes on. */
#include "cells/gamete.h"
#include "cells/mutation_propose.h"
#include "tissue/spread_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 500u
#define TAKE_MS 10000u /* until a DNA that no cell takes up is given up */

static struct {
	struct holding held;
	uint8_t head[2][SPREAD_BYTES]; /* of the files, as they were judged last */
	uint64_t looked_ms;
	bool wanted;	   /* the cells are to take it on */
	uint64_t since_ms; /* from then on */
	uint32_t proposed; /* generation that they were given; 0: none */
	struct spread word; /* that this was */
} own;

const struct holding *spread_held(void)
{
	return &own.held;
}

bool spread_is_ours(const struct spread *s)
{
	const struct identity *before = self_before();

	return spread_is_signed(s, self_pair()->credential.public) || (before && spread_is_signed(s, before->credential.public));
}

/* By the key there is, or the one before. */
static int take_apart(const struct spread *s, const uint8_t *bytes, struct spore *to)
{
	const struct identity *before = self_before();
	uint64_t now = (uint64_t)time(NULL);
	int error = spread_open(s, bytes, self_pair()->credential.public, now, to);

	return error == -EACCES && before ? spread_open(s, bytes, before->credential.public, now, to) : error;
}

/* bytes are taken over. */
static int hold(const struct spread *s, uint8_t *bytes)
{
	struct spore *parts = calloc(1, sizeof(*parts));
	int error = parts ? take_apart(s, bytes, parts) : -ENOMEM;

	free(parts);
	if (error) {
		free(bytes);
		return error;
	}
	free(own.held.bytes);
	own.held = (struct holding){ .word = *s, .bytes = bytes, .is = true };
	return 0;
}

static int read_all(int fd, uint8_t *to, uint64_t n)
{
	uint64_t have = 0;

	while (have < n) {
		ssize_t got = pread(fd, to + have, n - have, (off_t)(SPREAD_BYTES + have));

		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		have += (uint64_t)got;
	}
	return 0;
}

/* The head is written last: where there is one, all of it is there. True when it is newer than what was held. */
static bool load(int which, int fd)
{
	uint8_t head[SPREAD_BYTES], *bytes;
	struct spread s;

	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) || !memcmp(head, own.head[which], sizeof(head)))
		return false;
	memcpy(own.head[which], head, sizeof(head));
	if (spread_read(&s, head) || (own.held.is && !spread_is_newer(&s, &own.held.word)) || !spread_is_ours(&s))
		return false;
	bytes = malloc(s.n);
	if (!bytes || read_all(fd, bytes, s.n)) {
		free(bytes);
		return false;
	}
	return !hold(&s, bytes);
}

static int save(const struct holding *h)
{
	int error = spread_file_write(FD_SPREAD, &h->word, h->bytes);

	if (!error)
		spread_write(&h->word, own.head[0]);
	return error;
}

/* A copy that was laid with it. */
static bool lives_by(const struct gamete_cell *g, const struct spread *s)
{
	uint8_t dna[32];

	uptakes_sum(g, dna);
	return s->generation == g->t->organism->generation && !memcmp(dna, s->dna, sizeof(dna));
}

static void want(const struct gamete_cell *g)
{
	own.wanted = true;
	own.since_ms = g->now_ms;
	own.looked_ms = 0;
}

int spread_keep(struct gamete_cell *g, const struct spread *s, uint8_t *bytes)
{
	int error = hold(s, bytes);

	if (error)
		return error;
	error = save(&own.held);
	if (error)
		tissue_log(g->t, "the DNA of generation %u cannot be kept for a successor: %s", s->generation, strerror(-error));
	if (lives_by(g, s))
		uptakes_say(g, s, NULL);
	else
		want(g);
	return 0;
}

/* Genes by route, as they came. */
static uint32_t list_genes(const struct spore *s, struct proposed_gene gene[DNA_ROUTES_MAX])
{
	uint32_t n = 0;

	for (unsigned i = 0; i < s->parts && n < DNA_ROUTES_MAX; i++)
		if (s->part[i].kind == SPORE_GENE)
			gene[n++] = (struct proposed_gene){ .route = s->part[i].route, .bytes = s->part[i].bytes, .n = s->part[i].n };
	return n;
}

static int propose(struct gamete_cell *g, const struct spore *s, char say[PROPOSAL_SAY])
{
	const struct spore_part *origin = spore_find(s, SPORE_ORIGIN, 0), *text = spore_find(s, SPORE_DNA, 0);
	struct proposed_gene gene[DNA_ROUTES_MAX];
	char place[DNA_PATH_MAX];
	struct proposal what = { .text = (const char *)text->bytes, .n = text->n, .origin = place, .gene = gene };

	snprintf(place, sizeof(place), "%.*s", (int)origin->n, (const char *)origin->bytes);
	what.genes = list_genes(s, gene);
	return mutation_propose(g->t, &what, &own.proposed, say);
}

/* The cells have said yes or no, or never will. */
static void conclude(struct gamete_cell *g, const char *why)
{
	uptakes_say(g, &own.word, why);
	own.proposed = 0;
}

static void begin(struct gamete_cell *g)
{
	struct spore *s = calloc(1, sizeof(*s));
	int error = s ? take_apart(&own.held.word, own.held.bytes, s) : -ENOMEM;
	char say[PROPOSAL_SAY] = "";

	own.word = own.held.word;
	if (!error)
		error = propose(g, s, say);
	free(s);
	/* Root's own is on its way. */
	if (error == -EBUSY && g->now_ms - own.since_ms < TAKE_MS)
		return;
	own.wanted = false;
	own.since_ms = g->now_ms;
	if (error)
		conclude(g, say[0] ? say : strerror(-error));
}

/* For its routes' names; empty when there is another by now. */
static void read_again(struct dna *to)
{
	struct spore *s = calloc(1, sizeof(*s));
	char *said = NULL;
	size_t n;
	FILE *out = open_memstream(&said, &n);

	if (s && out && spread_which(&own.word) == spread_which(&own.held.word) && !take_apart(&own.held.word, own.held.bytes, s)) {
		const struct spore_part *text = spore_find(s, SPORE_DNA, 0);

		dna_parse((const char *)text->bytes, text->n, "/", to, out);
	}
	if (out)
		fclose(out);
	free(said);
	free(s);
}

static void await(struct gamete_cell *g)
{
	struct dna *next = calloc(1, sizeof(*next));
	char say[PROPOSAL_SAY] = "";
	int fate;

	if (!next)
		return;
	fate = mutation_fate(g->t, own.proposed, next, say);
	if (fate == -ECANCELED) {
		read_again(next);
		fate = mutation_fate(g->t, own.proposed, next, say);
	}
	free(next);
	if (!fate)
		conclude(g, NULL);
	else if (fate == -ECANCELED)
		conclude(g, say);
	else if (g->now_ms - own.since_ms > TAKE_MS && mutation_withdraw(own.proposed))
		conclude(g, "no cell has taken it up");
}

void spread_open_held(struct gamete_cell *g)
{
	uptakes_open();
	load(0, FD_SPREAD);
	load(1, FD_SPREAD_ROOT);
	if (own.held.is && own.held.word.origin != g->self && !uptakes_has(g, &own.held.word))
		want(g);
}

void spread_look(struct gamete_cell *g)
{
	if (!own.proposed && own.looked_ms && g->now_ms - own.looked_ms < LOOK_MS)
		return;
	own.looked_ms = g->now_ms;
	/* Root does not say it before it is in force. */
	if (load(1, FD_SPREAD_ROOT)) {
		own.wanted = false;
		own.proposed = 0;
		uptakes_say(g, &own.held.word, NULL);
		spread_tell_all(g);
	}
	spread_carry_on(g);
	if (own.proposed)
		await(g);
	else if (own.wanted)
		begin(g);
}
