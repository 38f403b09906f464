/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bans of simulated hosts: told once as they come; who is linked anew is told what it lacks. */
#include "world.h"

static void tell(struct world *w, uint32_t wire, uint32_t end, uint32_t place, const struct tiding *t)
{
	const struct wire *l = &w->wire[wire];
	const struct end *mine = &l->end[end];
	const struct happening e = { .what = WORD, .wire = wire, .serial = l->serial, .end = !end, .place = place, .stamp = t->stamp,
		.origin = t->origin, .number = t->number };

	if (!mine->greeted || !tiding_is_for(t, w->host[mine->host].row[mine->row].id))
		return;
	world_expect(w, links_delay(w, l), &e);
	world_sent(w, mine->host, 1);
}

void words_begin(struct world *w, uint32_t wire, uint32_t end, uint64_t have)
{
	const struct wire *l = &w->wire[wire];
	const struct member *m = &w->host[l->end[end].host];
	const struct happening upto = { .what = UPTO, .wire = wire, .serial = l->serial, .end = !end, .number = m->number };

	for (uint32_t i = 0; i < WORDS; i++)
		if (m->word[i].stamp && m->word[i].number > have)
			tell(w, wire, end, i, &m->word[i]);
	world_expect(w, links_delay(w, l), &upto);
	world_sent(w, l->end[end].host, 1);
}

static void count(struct world *w, uint32_t place)
{
	uint32_t *times[] = { &w->news[place].half_ms, &w->news[place].most_ms, &w->news[place].all_ms };
	static const uint32_t percent[] = { 50, 90, 99 };

	w->news[place].reached++;
	for (int i = 0; i < 3; i++)
		if (!*times[i] && (uint64_t)w->news[place].reached * 100 >= (uint64_t)w->news[place].wanted * percent[i])
			*times[i] = (uint32_t)(w->now_ms - w->news[place].at_ms);
}

void words_learn(struct world *w, uint32_t host, uint32_t place, const struct tiding *t)
{
	struct member *m = &w->host[host];
	struct tiding *mine = &m->word[place];

	if (!tiding_is_older(mine, t->stamp, t->origin))
		return;
	*mine = *t;
	mine->number = ++m->number;
	count(w, place);
	for (uint32_t i = 0; i < m->wires; i++)
		tell(w, m->wire[i], w->wire[m->wire[i]].end[1].host == host, place, mine);
}

void words_hear(struct world *w, const struct happening *e)
{
	const struct end *mine = &w->wire[e->wire].end[e->end];
	struct host *from = &w->host[mine->host].row[mine->row];
	const struct tiding t = { .origin = e->origin, .stamp = e->stamp, .from = from->id };

	if (e->what == WORD)
		words_learn(w, mine->host, e->place, &t);
	if (e->number > from->have && (e->what == UPTO || from->have))
		from->have = e->number;
}

void world_ban(struct world *w, uint32_t host)
{
	const struct tiding t = { .origin = w->host[host].id, .stamp = w->words + 1 };

	w->news[w->words].at_ms = w->now_ms;
	w->news[w->words].wanted = w->alive;
	words_learn(w, host, w->words++, &t);
}
