/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Blood as antibody: looks for traps and attacks in requests, and hands evidence to the kernel with the connection it is of. */
#include "cells/blood.h"
#include "cells/signal.h"
#include "http/path.h"
#include "immune/crowd.h"
#include "immune/normalise.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define WEAK_PER_S 20u /* pieces of weak evidence in a second and source: more say nothing new */

#define PRAISED     4096u  /* sources of whom it is remembered that they were praised lately */
#define PRAISE_MS   60000u /* between two praises of one */
#define STRICT_Q16  (Q16_ONE / 4) /* heat from which blood is strict, */
#define LENIENT_Q16 (Q16_ONE / 8) /* and below which it no longer is */

struct praised {
	uint64_t source;
	uint64_t until_ms;
};

struct screen {
	bool any; /* there are signatures */
	struct rate_table *bad, *missing, *weak;
	struct praised praised[PRAISED]; /* at its source's place */
	char scratch[INPUT_BYTES];
};

struct screen *screen_new(const struct dna *dna)
{
	struct screen *s = calloc(1, sizeof(*s));

	cw_assert(s);
	s->any = dna->signature_count > 0;
	s->bad = rate_new(dna->bad_per_second);
	s->missing = rate_new(dna->missing_per_second);
	s->weak = rate_new(WEAK_PER_S);
	cw_assert(s->bad && s->missing && s->weak);
	return s;
}

void screen_free(struct screen *s)
{
	if (!s)
		return;
	rate_free(s->bad);
	rate_free(s->missing);
	rate_free(s->weak);
	free(s);
}

void screen_present(struct artery *a, const struct conn *c, uint32_t reason, uint32_t rule, const char *text, size_t n)
{
	struct present_call call = { .fd = (uint32_t)c->fd, .reason = reason, .rule = rule, .route = ANTIGEN_NO_RULE };
	bool weak = antigen_is_weak(reason);

	if (weak && !rate_take(a->screen->weak, client_key(c), a->now_ms))
		return;
	client_claim(c, &call.claimed);
	n = n < ANTIGEN_DETAIL - 1 ? n : ANTIGEN_DETAIL - 1;
	for (size_t i = 0; i < n; i++)
		call.detail[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	lymph_run(FD_PRESENT, &call, sizeof(call));
	/* The T cell may have been woken on this processor. */
	if (!weak)
		sched_yield();
}

static struct praised *praised_of(struct artery *a, uint64_t source)
{
	return &a->screen->praised[(source * 0x9e3779b97f4a7c15ULL >> 40) % PRAISED];
}

void screen_praise(struct artery *a, const struct conn *c)
{
	uint64_t source = client_key(c);
	struct praised *p = praised_of(a, source);
	struct praise_call call = { .fd = (uint32_t)c->fd };

	if (p->source == source && a->now_ms < p->until_ms)
		return;
	*p = (struct praised){ .source = source, .until_ms = a->now_ms + PRAISE_MS };
	lymph_run(FD_PRAISE, &call, sizeof(call));
}

void screen_heat(struct artery *a)
{
	uint32_t heat = signal_heat(a->t);

	a->strict = heat >= (a->strict ? LENIENT_Q16 : STRICT_Q16);
}

void screen_status(struct artery *a, const struct conn *c, int status)
{
	switch (status) {
	case 400:
	case 414:
	case 417:
	case 431:
	case 501:
	case 505:
		if (!rate_take(a->screen->bad, client_key(c), a->now_ms))
			screen_present(a, c, ANTIGEN_BAD_REQUEST, ANTIGEN_NO_RULE, "malformed request", 17);
		break;
	case 401:
	case 403:
	case 404:
		if (!rate_take(a->screen->missing, client_key(c), a->now_ms))
			screen_present(a, c, ANTIGEN_MISSING, ANTIGEN_NO_RULE, "401, 403 or 404", 15);
		break;
	case 408:
		screen_present(a, c, ANTIGEN_SLOW, ANTIGEN_NO_RULE, "unfinished request", 18);
		break;
	default:
		break;
	}
}

/* The path as routes see it; what cannot be normalised is no trap and is refused later. */
static int find_trap(struct artery *a, const char *head)
{
	const struct dna *dna = &a->t->germ->dna;

	if (!dna->trap_count || request_path(a, head))
		return -1;
	for (uint32_t i = 0; i < dna->trap_count; i++) {
		size_t n = strlen(dna->trap[i]);

		if (a->path_n >= n && !strncasecmp(a->path, dna->trap[i], n) && (a->path_n == n || a->path[n] == '/'))
			return (int)i;
	}
	return -1;
}

static int find_forms(struct artery *a, const char *head, struct http_span where)
{
	cw_assert(where.n <= sizeof(a->screen->scratch));
	return normalise_find_forms(&a->t->signatures, head + where.at, where.n, a->screen->scratch);
}

/* As it came, in one piece, as the socket filter reads it; then every part that an attacker can encode. */
static int find_signature(struct artery *a, const char *head, uint32_t head_n, struct http_span *where)
{
	const struct http_request *r = &a->request;
	uint32_t state = 0;
	int found = automaton_scan(&a->t->signatures, &state, head, head_n);

	*where = r->target;
	if (found < 0)
		found = find_forms(a, head, *where);
	for (unsigned i = 0; i < r->header_count && found < 0; i++) {
		*where = r->headers[i].value;
		found = find_forms(a, head, *where);
	}
	return found;
}

int screen_request(struct artery *a, const struct conn *c, const char *head)
{
	struct http_span where = a->request.target;
	uint32_t reason = ANTIGEN_TRAP;
	int rule = find_trap(a, head);

	if (rule < 0 && a->screen->any) {
		reason = ANTIGEN_SIGNATURE;
		rule = find_signature(a, head, (uint32_t)(c->req_end - c->used), &where);
	}
	if (rule < 0)
		return 0;
	screen_present(a, c, reason, (uint32_t)rule, head + where.at, where.n);
	return 403;
}

int screen_body(struct artery *a, struct conn *c, uint32_t slot)
{
	const char *body = (const char *)a->synapse->data[slot] + SLOT_BODY_AT;
	/* Not what the slot says of it: drones can write there already. */
	size_t staged = c->flags & CONN_HAS_BODY ? conn_in(c)->staged : 0;
	size_t n = staged < sizeof(a->screen->scratch) ? staged : sizeof(a->screen->scratch);
	int rule = a->screen->any ? normalise_find(&a->t->signatures, body, n, a->screen->scratch) : -1;

	if (rule < 0)
		return 0;
	screen_present(a, c, ANTIGEN_SIGNATURE, (uint32_t)rule, "in the body", 11);
	return 403;
}

/* A trusted proxy's connections are those of many, and whose they are changes from request to request. */
void screen_enter(struct artery *a, const struct conn *c)
{
	if (a->counts && !c->via)
		crowd_enter(a->t->crowd[a->v], client_key(c));
}

void screen_leave(struct artery *a, const struct conn *c)
{
	if (a->counts && !c->via)
		crowd_leave(a->t->crowd[a->v], client_key(c));
}

void screen_count(struct artery *a)
{
	if (!a->counts)
		return;
	crowd_init(a->t->crowd[a->v], a->t->germ->dna.connections);
	for (uint32_t i = 0; i < a->vessel->high; i++)
		if (conn_at(a, i)->fd >= 0)
			screen_enter(a, conn_at(a, i));
}

bool screen_is_crowd(struct artery *a, const struct conn *c)
{
	uint32_t most = a->t->germ->dna.connections_per_source, all = 0;

	for (uint32_t v = 0; most && !c->via && v < a->t->plan->vessels; v++)
		all += crowd_count(a->t->crowd[v], client_key(c));
	if (all <= most || client_is_in(a->t->germ->dna.allow, a->t->germ->dna.allow_count, c))
		return false;
	screen_present(a, c, ANTIGEN_RATE, ANTIGEN_NO_RULE, "connections at a time", 21);
	return screen_refuses(a, 1);
}

bool screen_too_many(struct artery *a, const struct conn *c)
{
	const struct dna *dna = &a->t->germ->dna;

	/* In an alarm each request counts twice. */
	if (!a->rate || (rate_take(a->rate, client_key(c), a->now_ms) && (!a->strict || rate_take(a->rate, client_key(c), a->now_ms))))
		return false;
	if (client_is_in(dna->allow, dna->allow_count, c) || client_is_in(dna->trusted, dna->trusted_count, c))
		return false;
	screen_present(a, c, ANTIGEN_RATE, ANTIGEN_NO_RULE, "requests per second", 19);
	return true;
}

void screen_cut(struct artery *a, uint32_t i)
{
	struct linger reset = { .l_onoff = 1 };
	struct conn *c = conn_at(a, i);

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	blood_close(a, i);
}

void screen_refuse(struct artery *a, uint32_t i, int status)
{
	struct conn *c = conn_at(a, i);

	/* A trusted proxy's connection serves other clients as well. */
	if (c->via)
		blood_refuse(a, i, status, !(c->flags & CONN_HAS_BODY));
	else if (a->t->germ->dna.refuse == DNA_REFUSE_ANSWER)
		blood_refuse(a, i, status, false);
	else
		screen_cut(a, i);
}
