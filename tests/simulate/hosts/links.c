/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Links of simulated hosts: calls, the first words, heartbeats, relatives, ends; what is decided is decided by gamete_kin.c. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* From SYN to the caller's hello there are seven messages, of which he sends four: it takes so many times the way. */
#define CALL_WAYS   7u
#define CALL_SAYS   4u
#define ANSWER_SAYS 3u
#define TORN_OF	    20u

/* A number of the two, the same in every life. */
static uint32_t mixed(const struct world *w, const struct wire *l)
{
	uint64_t a = l->end[0].host, b = l->end[1].host;

	return (uint32_t)((a < b ? a * w->n + b : b * w->n + a) * 0x9e3779b97f4a7c15ull >> 32);
}

/* One way between the two, ms. */
uint32_t links_delay(const struct world *w, const struct wire *l)
{
	return 1 + mixed(w, l) % 40;
}

static bool is_cut(const struct world *w, const struct wire *l)
{
	if (w->torn && mixed(w, l) / 40 % TORN_OF == 0)
		return true;
	return w->parted && w->host[l->end[0].host].side != w->host[l->end[1].host].side;
}

/* To the other side of a link. */
static void say(struct world *w, uint32_t wire, uint32_t from, uint32_t ways, struct happening e)
{
	const struct wire *l = &w->wire[wire];

	e.wire = wire;
	e.serial = l->serial;
	e.end = !from;
	world_expect(w, ways * links_delay(w, l), &e);
	world_sent(w, l->end[from].host, 1);
}

struct kin links_kin(struct world *w, uint32_t host)
{
	struct member *m = &w->host[host];
	struct kin k = { .self = m->id, .now_ms = w->now_ms, .row = m->row, .calling = m->calling };

	for (uint32_t i = 0; i < m->wires; i++) {
		const struct wire *l = &w->wire[m->wire[i]];
		uint32_t end = l->end[1].host == host;

		if (l->end[end].row >= 0)
			k.link[l->end[end].row] = end ? KIN_CALLS : KIN_CALLED;
	}
	return k;
}

static void look_again(struct world *w, uint32_t host)
{
	struct kin k = links_kin(w, host);
	uint64_t next = kin_next_ms(&k);

	if (next == UINT64_MAX)
		return;
	w->host[host].tick_ms = next > w->now_ms ? next : w->now_ms + 1;
	world_expect(w, (uint32_t)(w->host[host].tick_ms - w->now_ms), &(struct happening){ .what = TICK, .host = host });
}

static void hang(struct world *w, uint32_t host, uint32_t wire)
{
	struct member *m = &w->host[host];

	if (m->wires == HOST_LINKS)
		abort();
	m->wire[m->wires++] = wire;
}

static void unhang(struct world *w, uint32_t host, uint32_t wire)
{
	struct member *m = &w->host[host];
	uint32_t i = 0;

	while (m->wire[i] != wire)
		i++;
	m->wire[i] = m->wire[--m->wires];
}

static uint32_t new_wire(struct world *w, uint32_t a, uint32_t b)
{
	uint32_t wire = w->frees ? w->free[--w->frees] : w->wires++;
	struct wire *l = &w->wire[wire];

	if (w->wires > 8 * w->n)
		abort();
	l->serial++;
	l->end[0] = (struct end){ .host = a, .row = -1, .open = true };
	l->end[1] = (struct end){ .host = b, .row = -1 };
	hang(w, a, wire);
	return wire;
}

static void start_heart(struct world *w, uint32_t wire, uint32_t end, uint32_t in_ms)
{
	world_expect(w, in_ms, &(struct happening){ .what = HEART, .wire = wire, .serial = w->wire[wire].serial, .end = end });
}

void links_wire(struct world *w, uint32_t a, uint32_t b, int row_a, int row_b)
{
	uint32_t wire = new_wire(w, a, b);
	struct wire *l = &w->wire[wire];
	const int rows[2] = { row_a, row_b };

	hang(w, b, wire);
	for (uint32_t end = 0; end < 2; end++) {
		struct end *e = &l->end[end];

		e->open = e->greeted = true;
		e->row = rows[end];
		e->reach = 1;
		e->heard_ms = w->now_ms;
		w->host[e->host].row[e->row].state = HOST_LINKED;
		start_heart(w, wire, end, 1 + world_random(w) % BEAT_MS);
	}
}

static void call(struct world *w, uint32_t host, int row)
{
	struct member *m = &w->host[host];
	uint32_t wire = new_wire(w, host, (uint32_t)atoi(m->row[row].address));
	struct wire *l = &w->wire[wire];
	const struct happening patience = { .what = PATIENCE, .wire = wire, .serial = l->serial };

	l->end[0].row = row;
	m->row[row].state = HOST_CALLING;
	w->calls++;
	world_sent(w, host, CALL_SAYS - 1);
	world_expect(w, PROVE_MS, &patience);
	say(w, wire, 0, CALL_WAYS, (struct happening){ .what = HELLO, .number = m->row[row].have });
}

void links_tick(struct world *w, uint32_t host)
{
	struct kin k = links_kin(w, host);
	int row = kin_call_mother(&k);

	if (row >= 0) {
		call(w, host, row);
		k = links_kin(w, host);
	}
	row = kin_call_foster(&k);
	if (row >= 0)
		call(w, host, row);
	look_again(w, host);
}

/* One side lets go of a link; farewell: the other is told. */
void links_end(struct world *w, uint32_t wire, uint32_t end, bool farewell)
{
	struct wire *l = &w->wire[wire];
	struct end *mine = &l->end[end];
	struct kin k;

	unhang(w, mine->host, wire);
	mine->open = false;
	if (farewell)
		say(w, wire, end, 1, (struct happening){ .what = ENDED });
	k = links_kin(w, mine->host);
	if (mine->row >= 0 && (mine->greeted || !end) &&
		!(k.link[mine->row] && w->host[mine->host].row[mine->row].state == HOST_LINKED)) {
		kin_lost(&k, mine->row, mine->greeted, world_random(w));
		look_again(w, mine->host);
	}
	/* The last one: what is still on its way is of no link any more. */
	if (!l->end[!end].open)
		w->free[w->frees++] = wire;
}

/* All that can be reached, but through one. */
static uint32_t reach(const struct world *w, uint32_t host, uint32_t except)
{
	const struct member *m = &w->host[host];
	uint32_t all = 1;

	for (uint32_t i = 0; i < m->wires; i++) {
		const struct wire *l = &w->wire[m->wire[i]];
		const struct end *e = &l->end[l->end[1].host == host];

		if (e->greeted && m->wire[i] != except)
			all += e->reach;
	}
	return all;
}

static void beat(struct world *w, uint32_t wire, uint32_t end)
{
	uint32_t host = w->wire[wire].end[end].host;

	kin_count(&w->host[host].count, reach(w, host, NOBODY), w->now_ms);
	say(w, wire, end, 1, (struct happening){ .what = BEAT, .n = reach(w, host, wire) });
}

static void tell_family(struct world *w, uint32_t host)
{
	const struct member *m = &w->host[host];
	struct kin k = links_kin(w, host);

	for (uint32_t i = 0; i < m->wires; i++) {
		const struct wire *l = &w->wire[m->wire[i]];
		uint32_t end = l->end[1].host == host;
		struct record_kin *kin;

		if (!l->end[end].greeted || m->row[l->end[end].row].relation != RELATION_DAUGHTER)
			continue;
		kin = calloc(HOSTS_MAX, sizeof(*kin));
		if (!kin)
			abort();
		say(w, m->wire[i], end, 1, (struct happening){ .what = FAMILY, .kin = kin,
			.n = kin_tell(&k, m->row[l->end[end].row].id, kin) });
	}
}

static void leave_foster(struct world *w, uint32_t host)
{
	const struct member *m = &w->host[host];
	struct kin k = links_kin(w, host);
	int foster = kin_foster(&k);

	for (uint32_t i = 0; i < m->wires && foster >= 0; i++) {
		const struct wire *l = &w->wire[m->wire[i]];

		if (l->end[0].host == host && l->end[0].row == foster) {
			links_end(w, m->wire[i], 0, true);
			foster = -1;
		}
	}
}

static void linked(struct world *w, uint32_t wire, uint32_t end, uint64_t have)
{
	struct end *e = &w->wire[wire].end[end];
	struct member *m = &w->host[e->host];
	struct host *h = &m->row[e->row];

	e->greeted = true;
	e->heard_ms = w->now_ms;
	e->reach = 1;
	h->state = HOST_LINKED;
	h->heard_ns = w->now_ms * 1000000;
	m->calling[e->row].back_ms = m->calling[e->row].tries = 0;
	if (h->relation == RELATION_MOTHER)
		leave_foster(w, e->host);
	beat(w, wire, end);
	start_heart(w, wire, end, BEAT_MS);
	tell_family(w, e->host);
	words_begin(w, wire, end, have);
	look_again(w, e->host);
}

static bool has_link_to(const struct world *w, uint32_t host, uint64_t id)
{
	const struct member *m = &w->host[host];

	for (uint32_t i = 0; i < m->wires; i++) {
		const struct wire *l = &w->wire[m->wire[i]];
		const struct end *e = &l->end[l->end[1].host == host];

		if (e->greeted && m->row[e->row].id == id)
			return true;
	}
	return false;
}

/* The host at this address is another than it was. False: it was told of numbers that were not its own. */
static bool meet(struct host *h, uint64_t id, bool called)
{
	bool misled = !called && h->have;

	if (h->id == id)
		return true;
	h->id = id;
	h->have = 0;
	return !misled;
}

/* He has proved himself and says who he is. Where nobody lives he is refused, or hears nothing. */
static void hear_hello(struct world *w, const struct happening *e)
{
	struct wire *l = &w->wire[e->wire];
	const struct member *caller = &w->host[l->end[0].host];
	struct member *m = &w->host[l->end[1].host];
	struct record_hello hello = { .id = caller->id, .relation = (uint16_t)caller->row[l->end[0].row].relation };
	char address[HOST_ADDRESS] = "";
	uint64_t have;
	struct kin k;

	if (!m->alive) {
		if (!m->silent)
			say(w, e->wire, 1, 1, (struct happening){ .what = ENDED });
		return;
	}
	l->end[1].open = true;
	hang(w, l->end[1].host, e->wire);
	world_sent(w, l->end[1].host, ANSWER_SAYS);
	snprintf(address, sizeof(address), "%u:1", l->end[0].host);
	k = links_kin(w, l->end[1].host);
	l->end[1].row = has_link_to(w, l->end[1].host, hello.id) ? -1 : kin_find(&k, &hello, address);
	if (l->end[1].row < 0) {
		links_end(w, e->wire, 1, true);
		return;
	}
	meet(&m->row[l->end[1].row], hello.id, true);
	have = m->row[l->end[1].row].have;
	say(w, e->wire, 1, 1, (struct happening){ .what = ANSWER, .number = have });
	linked(w, e->wire, 1, e->number);
}

static void hear_answer(struct world *w, const struct happening *e)
{
	struct wire *l = &w->wire[e->wire];
	uint32_t host = l->end[0].host;
	uint64_t id = w->host[l->end[1].host].id;

	if (has_link_to(w, host, id) || !meet(&w->host[host].row[l->end[0].row], id, false))
		links_end(w, e->wire, 0, true);
	else
		linked(w, e->wire, 0, e->number);
}

static void hear_family(struct world *w, const struct happening *e)
{
	const struct end *mine = &w->wire[e->wire].end[e->end];
	struct kin k = links_kin(w, mine->host);

	if (w->host[mine->host].row[mine->row].relation != RELATION_MOTHER)
		return;
	kin_hear(&k, e->kin, (int)e->n);
	look_again(w, mine->host);
}

static void feel_heart(struct world *w, const struct happening *e)
{
	struct end *mine = &w->wire[e->wire].end[e->end];

	if (w->now_ms - mine->heard_ms > SILENT_MS) {
		links_end(w, e->wire, e->end, true);
		return;
	}
	beat(w, e->wire, e->end);
	start_heart(w, e->wire, e->end, BEAT_MS);
}

/* What the other side says, on a link that works. */
static void hear(struct world *w, const struct happening *e)
{
	struct end *mine = &w->wire[e->wire].end[e->end];

	mine->heard_ms = w->now_ms;
	if (e->what == BEAT)
		mine->reach = e->n;
	else if (e->what == FAMILY)
		hear_family(w, e);
	else
		words_hear(w, e);
}

void links_happen(struct world *w, struct happening *e)
{
	struct wire *l = &w->wire[e->wire];
	struct end *mine = &l->end[e->end];

	if (l->serial != e->serial)
		return;
	if (e->what != HEART && e->what != PATIENCE && is_cut(w, l))
		return;
	if (e->what == HELLO && l->end[0].open)
		hear_hello(w, e);
	else if (!mine->open)
		return;
	else if (e->what == ENDED)
		links_end(w, e->wire, e->end, false);
	else if (e->what == ANSWER)
		hear_answer(w, e);
	else if (e->what == PATIENCE && !mine->greeted)
		links_end(w, e->wire, e->end, true);
	else if (e->what == HEART)
		feel_heart(w, e);
	else if (e->what != PATIENCE && mine->greeted)
		hear(w, e);
}
