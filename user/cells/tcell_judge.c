/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The judge among T cells, and its helper: reads evidence, keeps scores, bans through the kernel's programs, calls the alarm. */
/*
 * May touch: its ring of evidence, its own memory. Never touches: files, what the scribe does. All it knows is a score of
 * the last minutes: the next judge does without. The helper has half of the sources and leaves the alarm to the judge.
 */
#include "cells/cell.h"
#include "cells/mutation.h"
#include "cells/signal.h"
#include "cells/tcell.h"
#include "immune/alarm.h"
#include "immune/ban.h"
#include "immune/incident.h"
#include "immune/score.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS  100000u /* of processor time at once */
#define TURN      256u /* pieces of evidence between two looks at signals */
#define LOG_MS    1000u /* between two lines about sources that are not banned */
#define LINES     20u /* about bans in a second; more are summed up */
#define FORGET_MS 60000u /* between two searches for bans that are over */
#define BUSY_MS   1000u
#define REST_MS   30000u /* without evidence, after which a helper is one too many */

struct judge {
	struct tissue *t;
	enum post post;
	uint64_t read_ms; /* evidence came last */
	uint64_t counted; /* of lymph.antigens, when it was last looked at */
	struct ring ring;
	struct score_table *scores;
	struct ban_maps maps; /* of the never-ban list only */
	struct alarm alarm;
	uint64_t now_ms;
	uint64_t said_ms;   /* the last line about a source that is not banned */
	uint64_t forget_ms;
	uint64_t second;    /* the last that was told of */
	uint32_t held_back; /* bans beyond the budget, since it was used up */
	uint64_t lines_ms;  /* beginning of the second in which so many lines were written, */
	uint32_t lines, unsaid; /* and so many were not */
};

static uint32_t weight_of(const struct dna *d, uint32_t reason)
{
	const uint32_t weights[ANTIGEN_COUNT] = {
#define X(NAME, name, text) [ANTIGEN_##NAME] = d->weight_##name,
		ANTIGENS(X)
#undef X
	};

	return reason < ANTIGEN_COUNT ? weights[reason] : 0;
}

static const char *name_of(const struct source *s, char name[ADDRESS_TEXT])
{
	struct address a;

	return incident_address(s, &a) ? address_format(&a, name) : strcpy(name, "nobody");
}

/* Whether there is room for one more line about a ban in this second. */
static bool may_say(struct judge *j)
{
	if (j->now_ms - j->lines_ms >= LOG_MS) {
		if (j->unsaid)
			tissue_log(j->t, "%u more bans in that second, see `cellctl immune log`", j->unsaid);
		j->lines_ms = j->now_ms;
		j->lines = j->unsaid = 0;
	}
	if (j->lines++ < LINES)
		return true;
	j->unsaid++;
	return false;
}

/* The budget is used up: said when it begins and when it is over, not for each source. */
static void tell_budget(struct judge *j, uint32_t answer)
{
	if (answer == GLAND_RATE && !j->held_back++)
		tissue_log(j->t, "more bans than immune.bans_per_minute (%u) are called for: the rest is only observed",
			j->t->rules->bans_per_minute);
	if (answer == GLAND_OK && j->held_back) {
		tissue_log(j->t, "banning again: %u were held back by immune.bans_per_minute", j->held_back);
		j->held_back = 0;
	}
}

static void tell_ban(struct judge *j, const struct antigen *a, const struct ban_call *call)
{
	char name[ADDRESS_TEXT];

	tell_budget(j, call->answer);
	if (call->answer == GLAND_OK && may_say(j)) {
		tissue_log(j->t, "%s is %s for %u s (offence %u): it %s (%s)", name_of(&a->source, name),
			a->source.via ? "answered 403" : "banned", call->ttl_s, call->offence, antigen_text(a->reason), a->detail);
	} else if (call->answer != GLAND_OK && call->answer != GLAND_RATE && j->now_ms - j->said_ms >= LOG_MS) {
		j->said_ms = j->now_ms;
		tissue_log(j->t, "%s is not banned: %s; it %s (%s)", name_of(&a->source, name), gland_answer_text(call->answer),
			antigen_text(a->reason), a->detail);
	}
}

static int spares(void *arg, const struct address *allowed, const struct allowance *allowance)
{
	(void)allowance;
	return address_meets(arg, allowed);
}

/* Somebody in it is on the never-ban list; a list that cannot be read spares everybody. */
static bool is_spared(const struct judge *j, struct address *prefix)
{
	return ban_list_allow(&j->maps, spares, prefix) != 0;
}

static uint32_t widen(const struct judge *j, const struct source *s)
{
	struct address prefix;
	__u64 arguments[WIDEN_ARGUMENTS] = {
		[WIDEN_KEY] = s->key,
		[WIDEN_FAMILY] = s->family,
		[WIDEN_BITS] = s->bits,
		[WIDEN_SPARED] = !incident_address(s, &prefix) || is_spared(j, &prefix),
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = arguments, .ctx_size_in = sizeof(arguments));

	return bpf_prog_test_run_opts(FD_WIDEN, &run) ? GLAND_RANGE : run.retval;
}

static void tell_widen(struct judge *j, const struct source *s, uint32_t result, uint32_t hostile)
{
	uint32_t answer = WIDEN_ANSWER(result);
	char name[ADDRESS_TEXT];

	tell_budget(j, answer);
	if (answer == GLAND_OK) {
		tissue_log(j->t, "%s is banned as a whole: %u of its 256 parts were banned", name_of(s, name), hostile);
	} else if (answer == GLAND_SPARED && (result & WIDEN_TOLD)) {
		tissue_log(j->t, "%s is not banned as a whole: a source in it is allowed or behaves well", name_of(s, name));
	}
}

/* From /24 to /16, from /56 to /48, for as long as so many parts of it are hostile. */
static void tcell_widen(struct judge *j, const struct source *source, uint32_t hostile)
{
	struct source s = *source;
	uint32_t bits = s.family == 4 ? 24 : 56;

	for (int level = 0; level < 2 && j->t->rules->widen && hostile >= j->t->rules->widen; level++, bits -= 8) {
		uint32_t result;

		s.bits = bits;
		s.key &= (1ULL << bits) - 1;
		result = widen(j, &s);
		tell_widen(j, &s, result, hostile);
		if (WIDEN_ANSWER(result) != GLAND_OK)
			return;
		hostile = WIDEN_HOSTILE(result);
	}
}

static void tcell_ban(struct judge *j, const struct antigen *a, uint32_t score)
{
	struct address source;
	struct ban_call call = { .source = a->source, .score = score };

	if (!incident_address(&a->source, &source))
		return;
	call.spared = ban_is_allowed(&j->maps, &source);
	if (lymph_run(FD_BAN, &call, sizeof(call)))
		return;
	score_clear(j->scores, &a->source);
	if (call.answer == GLAND_TWICE)
		return;
	tell_ban(j, a, &call);
	if (call.answer == GLAND_OK)
		tcell_widen(j, &a->source, call.hostile);
}

/* Tells the kernel, which tells people and keeps it for the next judge; and the family, for as long as it lasts. */
static void tell_alarm(struct judge *j, enum alarm_change change)
{
	struct alarm *a = &j->alarm;
	struct alarm_call call = { .on = a->on, .per_s = a->per_s, .threshold = alarm_threshold(a),
		.mean_milli = (uint32_t)a->mean_milli, .deviation_milli = (uint32_t)a->deviation_milli, .samples = a->samples };

	lymph_run(FD_ALARM, &call, sizeof(call));
	if (change == ALARM_BEGINS)
		tissue_log(j->t, "alarm: %u pieces of evidence in a second, the threshold is %u", a->per_s, call.threshold);
	if (change == ALARM_ENDS)
		tissue_log(j->t, "calm: the attack is over, %u pieces of evidence in the last second", a->per_s);
	if (a->on)
		signal_secrete(j->t, HORMONE_ALARM, CLASS_NONE, Q16_ONE);
	else if (change == ALARM_ENDS)
		signal_secrete(j->t, HORMONE_CALM, CLASS_NONE, Q16_ONE);
}

/* All evidence there was, also what the helper reads and what found no room. */
static uint32_t evidence_since(struct judge *j)
{
	struct lymph now;
	__u32 zero = 0;
	uint64_t n;

	if (bpf_map_lookup_elem(FD_LYMPH, &zero, &now) || now.antigens < j->counted)
		return 0;
	n = now.antigens - j->counted;
	j->counted = now.antigens;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void tcell_heat(struct judge *j)
{
	enum alarm_change change = alarm_count(&j->alarm, evidence_since(j), j->now_ms);

	if (change == ALARM_SAME && j->alarm.second == j->second)
		return;
	j->second = j->alarm.second;
	tell_alarm(j, change);
}

static void tcell_judge(void *ctx, const void *record)
{
	struct judge *j = ctx;
	const struct antigen *a = record;
	const struct dna *d = &j->t->germ->dna;
	uint32_t score = score_add(j->scores, &a->source, weight_of(d, a->reason), j->now_ms);

	if (score >= d->ban_at)
		tcell_ban(j, a, score);
}

static void tcell_forget(struct judge *j)
{
	struct gland_call call = { 0 };

	if (j->now_ms < j->forget_ms)
		return;
	j->forget_ms = j->now_ms + FORGET_MS;
	gland_run(FD_FORGET, &call);
}

/* What the judge before has left: whether there is an alarm, and what is usual. */
static void alarm_open(struct alarm *a, uint64_t *counted, const struct dna *dna)
{
	struct lymph before = { 0 };
	__u32 zero = 0;

	*a = (struct alarm){ .floor = dna->alarm_at };
	if (bpf_map_lookup_elem(FD_LYMPH, &zero, &before))
		return;
	*counted = before.antigens;
	a->on = before.alarm;
	a->mean_milli = before.mean_milli;
	a->deviation_milli = before.deviation_milli;
	a->samples = before.samples;
}

static void judge_open(struct judge *j, struct tissue *t, enum post post)
{
	int mine = post == POST_JUDGE ? FD_ANTIGENS : FD_ANTIGENS_MORE, other = post == POST_JUDGE ? FD_ANTIGENS_MORE : FD_ANTIGENS;
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = EVENT_ANTIGEN };

	*j = (struct judge){ .t = t, .post = post, .now_ms = clock_ms(), .read_ms = clock_ms(), .scores = score_new(t->germ->dna.score_half_life_ms) };
	cw_assert(j->scores);
	for (int i = 0; i < BAN_MAP_COUNT; i++)
		j->maps.fd[i] = -1;
	j->maps.fd[BAN_allow_v4] = FD_ALLOW_V4;
	j->maps.fd[BAN_allow_v6] = FD_ALLOW_V6;
	j->forget_ms = j->now_ms + FORGET_MS;
	alarm_open(&j->alarm, &j->counted, &t->germ->dna);
	cell_hurry(SLICE_NS);
	cw_assert(ring_open(&j->ring, mine, ANTIGEN_RING) == 0);
	close(other);
	close(FD_CHRONICLE);
	cw_assert(epoll_ctl(plan_nest(t->plan, t->slot), EPOLL_CTL_ADD, mine, &e) == 0);
}

/* Each piece is given back when it has been judged. */
static void judge_turn(struct judge *j)
{
	j->now_ms = clock_ms();
	for (unsigned i = 0; i < TURN && ring_read(&j->ring, sizeof(struct antigen), 1, tcell_judge, j); i++) {
		ring_release(&j->ring);
		j->read_ms = j->now_ms;
	}
	if (j->post == POST_JUDGE)
		tcell_heat(j);
	if (j->unsaid && j->now_ms - j->lines_ms >= LOG_MS)
		may_say(j);
	if (j->post == POST_JUDGE)
		tcell_forget(j);
}

/* A helper that has had nothing to do for long gives its post up and ends. */
static bool judge_is_needed(struct judge *j)
{
	struct gland_call call = { 0 };

	if (j->post == POST_JUDGE || j->now_ms - j->read_ms < REST_MS)
		return true;
	return gland_run(FD_RESIGN, &call) || call.answer != GLAND_OK;
}

static int judge_patience(const struct judge *j)
{
	int watch = signal_watch(j->t);

	return (alarm_is_at_rest(&j->alarm) && !j->unsaid) || watch < (int)BUSY_MS ? watch : (int)BUSY_MS;
}

void judge_live(struct tissue *t, enum post post)
{
	static struct judge j;
	struct epoll_event e[4];

	judge_open(&j, t, post);
	cell_seal(t, MEMBRANE_TCELL);
	while (!cell_leaving && !tcell_is_alone(t) && judge_is_needed(&j) && !mutation_is_over(t)) {
		judge_turn(&j);
		if (cell_wait(plan_nest(t->plan, t->slot), e, 4, judge_patience(&j)) > 0)
			cell_clear_nest(t);
		signal_take(t);
	}
}
