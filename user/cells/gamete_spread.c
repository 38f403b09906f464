/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA from link to link: who has a newer one says so, who lacks it asks for one window of bytes after the other. */
#include "cells/gamete.h"

#include <stdlib.h>
#include <string.h>

#define ROOM	4400u  /* so much is kept for what is smaller, and for one piece */
#define STUCK_MS 60000u /* without a piece: what has come is thrown away */

/* On its way here: one at a time. */
static struct {
	struct spread word;
	uint8_t *bytes;
	uint64_t have, asked;
	uint64_t peer; /* who is asked */
	uint64_t at_ms;
	bool is;
} coming;
static uint64_t rubbish; /* which was none when it had come */

static void drop_coming(void)
{
	free(coming.bytes);
	memset(&coming, 0, sizeof(coming));
}

static bool is_linked(const struct link *l)
{
	return l->step != LINK_NONE && l->greeted;
}

static void ask(struct gamete_cell *g, struct link *l)
{
	uint64_t left = coming.word.n - coming.have;
	struct spread_ask a = { .which = spread_which(&coming.word), .from = coming.have };
	uint8_t bytes[SPREAD_ASK_BYTES];

	coming.peer = l->peer;
	coming.at_ms = g->now_ms;
	coming.asked = a.upto = a.from + (left < SPREAD_WINDOW ? left : SPREAD_WINDOW);
	spread_ask_write(&a, bytes);
	link_say(g, l, STREAM_DNA_ASK, bytes, sizeof(bytes));
}

/* Memory is taken for what the organism's key has signed, and for one DNA only. */
static bool begin_coming(const struct spread *s)
{
	drop_coming();
	coming.bytes = malloc(s->n);
	coming.word = *s;
	coming.is = coming.bytes;
	return coming.is;
}

static bool is_asked(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (is_linked(&g->link[i]) && g->link[i].peer == coming.peer)
			return true;
	return false;
}

static void doubt(struct gamete_cell *g, struct link *l, const struct spread *s)
{
	if (!l->spread.doubted)
		tissue_log(g->t, "%s tells of a DNA of generation %u that is not signed with the organism's key: it is refused",
			g->row[l->row].address, s->generation);
	l->spread.doubted = true;
}

void spread_hear(struct gamete_cell *g, struct link *l, const struct spread *s)
{
	const struct holding *held = spread_held();
	uint64_t which = spread_which(s);

	if (!spread_is_ours(s)) {
		doubt(g, l, s);
		return;
	}
	l->spread.theirs = which;
	if (which == rubbish || (held->is && !spread_is_newer(s, &held->word)))
		return;
	if (coming.is && spread_which(&coming.word) == which) {
		if (!is_asked(g))
			ask(g, l);
		return;
	}
	if (coming.is && !spread_is_newer(s, &coming.word))
		return;
	if (begin_coming(s))
		ask(g, l);
	else
		tissue_log(g->t, "there is no memory for the DNA of generation %u that %s tells of", s->generation, g->row[l->row].address);
}

void spread_asked(struct gamete_cell *g, struct link *l, const struct spread_ask *a)
{
	const struct holding *held = spread_held();

	/* Another one than there is now: that one was told, or will be. */
	if (!held->is || a->which != spread_which(&held->word) || a->upto > held->word.n)
		return;
	l->spread.which = a->which;
	l->spread.at = a->from;
	l->spread.upto = a->upto;
	spread_go_on(g, l);
}

static void arrive(struct gamete_cell *g, const struct link *l)
{
	const struct spread word = coming.word;
	uint8_t *bytes = coming.bytes;

	coming.bytes = NULL;
	drop_coming();
	if (!spread_keep(g, &word, bytes)) {
		spread_tell_all(g);
		return;
	}
	rubbish = spread_which(&word);
	tissue_log(g->t, "the DNA of generation %u that came from %s is not what was signed: it is refused", word.generation,
		g->row[l->row].address);
}

void spread_piece(struct gamete_cell *g, struct link *l, const struct spread_piece *p)
{
	/* Asked for before, and from another, or not at all. */
	if (!coming.is || l->peer != coming.peer || p->which != spread_which(&coming.word) || p->at != coming.have ||
		p->n > coming.asked - coming.have)
		return;
	memcpy(coming.bytes + coming.have, p->bytes, p->n);
	coming.have += p->n;
	coming.at_ms = g->now_ms;
	if (coming.have == coming.word.n)
		arrive(g, l);
	else if (coming.have == coming.asked)
		ask(g, l);
}

void spread_carry_on(struct gamete_cell *g)
{
	if (coming.is && g->now_ms - coming.at_ms > STUCK_MS)
		drop_coming();
	if (!coming.is || is_asked(g))
		return;
	for (unsigned i = 0; i < LINKS; i++)
		if (is_linked(&g->link[i]) && g->link[i].spread.theirs == spread_which(&coming.word)) {
			ask(g, &g->link[i]);
			return;
		}
}

static void tell_word(struct gamete_cell *g, struct link *l, const struct holding *held)
{
	uint64_t which = spread_which(&held->word);
	uint8_t bytes[SPREAD_BYTES];

	if (l->spread.told == which || l->spread.theirs == which || link_room(l) < ROOM)
		return;
	l->spread.told = which;
	spread_write(&held->word, bytes);
	link_say(g, l, STREAM_DNA, bytes, sizeof(bytes));
}

static void tell_piece(struct gamete_cell *g, struct link *l, const struct holding *held)
{
	uint8_t bytes[SPREAD_PIECE_HEAD + SPREAD_PIECE_MOST];
	uint64_t left = l->spread.upto - l->spread.at;
	struct spread_piece p = { .which = l->spread.which, .at = l->spread.at, .bytes = held->bytes + l->spread.at,
		.n = left < SPREAD_PIECE_MOST ? left : SPREAD_PIECE_MOST };

	l->spread.at += p.n;
	link_say(g, l, STREAM_DNA_PIECE, bytes, spread_piece_write(&p, bytes));
}

void spread_go_on(struct gamete_cell *g, struct link *l)
{
	const struct holding *held = spread_held();

	if (held->is && is_linked(l))
		tell_word(g, l, held);
	while (held->is && is_linked(l) && l->spread.which == spread_which(&held->word) && l->spread.at < l->spread.upto &&
		link_room(l) >= ROOM)
		tell_piece(g, l, held);
	if (is_linked(l))
		uptakes_go_on(g, l);
}

void spread_tell_all(struct gamete_cell *g)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (is_linked(&g->link[i]))
			spread_go_on(g, &g->link[i]);
}
