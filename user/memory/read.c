// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Rows back into records; a row that no longer makes sense is passed over.
#include "memory/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "immune/ttl.h"

#define SECOND_NS 1000000000ULL

int memory_clock_read(struct memory_clock *to)
{
	struct timespec boot, wall;
	char text[40] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	int error = f && fgets(text, sizeof(text), f) ? 0 : -EIO;

	if (f)
		fclose(f);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	to->boot_ns = (uint64_t)boot.tv_sec * SECOND_NS + (uint64_t)boot.tv_nsec;
	to->wall_s = (uint64_t)wall.tv_sec;
	/* Half of its random digits is unique enough; positive as SQLite's integers want it. */
	text[8] = 0;
	to->boot = (strtoull(text, NULL, 16) << 16 | (strtoull(text + 9, NULL, 16) & 0xffff)) | 1ULL << 62;
	return error;
}

/* One question and what it is answered for. */
struct reading {
	struct memory *m;
	const struct memory_clock *now;
	const struct address *source;
	union {
		int (*ban)(void *arg, const struct memory_ban *ban);
		int (*incident)(void *arg, const struct memory_incident *incident);
		int (*pathogen)(void *arg, const struct memory_pathogen *pathogen);
		int (*baseline)(void *arg, const struct memory_baseline *baseline);
	} each;
	void *arg;
};

static uint64_t number(sqlite3_stmt *s, int at)
{
	sqlite3_int64 n = sqlite3_column_int64(s, at);

	return n < 0 ? 0 : (uint64_t)n;
}

/* Printable, whatever stands there: who writes the file has no rights, who reads it may be root at a terminal. */
static void text_to(sqlite3_stmt *s, int at, char *to, size_t room)
{
	const char *text = (const char *)sqlite3_column_text(s, at);

	snprintf(to, room, "%s", text ? text : "");
	for (char *c = to; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static int walk(const struct reading *r, const char *sql, int (*row)(const struct reading *r, sqlite3_stmt *s))
{
	sqlite3_stmt *s = NULL;
	int result, ret = 0;

	if (!r->m->db)
		return -ENOTCONN;
	result = sqlite3_prepare_v2(r->m->db, sql, -1, &s, NULL);
	if (result == SQLITE_OK)
		while (!ret && (result = sqlite3_step(s)) == SQLITE_ROW)
			ret = row(r, s);
	sqlite3_finalize(s);
	return ret || result == SQLITE_ROW ? ret : store_errno(result);
}

/* The end of a ban on this boot's clock; false when it is over. */
static bool expiry(sqlite3_stmt *s, const struct memory_clock *now, uint64_t *expires_ns)
{
	uint64_t noted = number(s, 5), end = number(s, 6), left, gone;

	*expires_ns = 0;
	if (!end)
		return true;
	if (number(s, 7) == now->boot) {
		*expires_ns = number(s, 8);
		return !ttl_expired(now->boot_ns, *expires_ns);
	}
	left = end > noted ? end - noted : 0;
	gone = now->wall_s > noted ? now->wall_s - noted : 0;
	if (left > TTL_MAX_S)
		left = TTL_MAX_S;
	*expires_ns = now->boot_ns + (left - (gone < left ? gone : left)) * SECOND_NS;
	return gone < left;
}

static int ban_row(const struct reading *r, sqlite3_stmt *s)
{
	struct memory_ban b = { .reason = (uint32_t)number(s, 2), .offences = (uint32_t)number(s, 3), .hits = number(s, 4) };
	bool lives = expiry(s, r->now, &b.expires_ns);
	const char *prefix = (const char *)sqlite3_column_text(s, 0);

	if (!prefix || address_parse(prefix, &b.prefix, NULL))
		return 0;
	b.since_ns = number(s, 7) == r->now->boot ? number(s, 9) : r->now->boot_ns;
	b.over = !lives || !number(s, 1);
	return r->each.ban(r->arg, &b);
}

static int incident_row(const struct reading *r, sqlite3_stmt *s)
{
	struct memory_incident i = { .wall_s = number(s, 0) };
	const char *source = (const char *)sqlite3_column_text(s, 1);

	if (source && address_parse(source, &i.source, NULL))
		i.source.family = 0;
	if (r->source && (!i.source.family || !address_meets(r->source, &i.source)))
		return 0;
	text_to(s, 2, i.reason, sizeof(i.reason));
	text_to(s, 3, i.detail, sizeof(i.detail));
	text_to(s, 4, i.decision, sizeof(i.decision));
	return r->each.incident(r->arg, &i);
}

static int pathogen_row(const struct reading *r, sqlite3_stmt *s)
{
	struct memory_pathogen p = { .wall_s = number(s, 2), .deaths = (uint32_t)number(s, 3) };

	text_to(s, 0, p.fingerprint, sizeof(p.fingerprint));
	text_to(s, 1, p.shape, sizeof(p.shape));
	return r->each.pathogen(r->arg, &p);
}

static int baseline_row(const struct reading *r, sqlite3_stmt *s)
{
	struct memory_baseline b = { .mean = sqlite3_column_double(s, 1), .deviation = sqlite3_column_double(s, 2) };

	b.samples = number(s, 3);
	text_to(s, 0, b.name, sizeof(b.name));
	return r->each.baseline(r->arg, &b);
}

bool memory_read_fact(struct memory *m, const char *name, char value[MEMORY_FACT])
{
	sqlite3_stmt *s = NULL;
	bool found = m->db && sqlite3_prepare_v2(m->db, "SELECT value FROM facts WHERE name=?", -1, &s, NULL) == SQLITE_OK;

	if (found) {
		sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
		found = sqlite3_step(s) == SQLITE_ROW;
	}
	if (found)
		text_to(s, 0, value, MEMORY_FACT);
	sqlite3_finalize(s);
	return found;
}

int memory_each_ban(struct memory *m, const struct memory_clock *now,
	int (*each)(void *arg, const struct memory_ban *ban), void *arg)
{
	struct reading r = { .m = m, .now = now, .each.ban = each, .arg = arg };

	return walk(&r, "SELECT * FROM bans", ban_row);
}

/* Counts what was wanted and ends the walk after the last. */
struct counted {
	int (*each)(void *arg, const struct memory_incident *incident);
	void *arg;
	size_t left;
	int ret;
};

static int count_down(void *arg, const struct memory_incident *incident)
{
	struct counted *c = arg;

	if (!c->left)
		return 1;
	c->left--;
	c->ret = c->each(c->arg, incident);
	return c->ret || !c->left;
}

int memory_each_incident(struct memory *m, const struct address *source, size_t most,
	int (*each)(void *arg, const struct memory_incident *incident), void *arg)
{
	struct counted c = { .each = each, .arg = arg, .left = most };
	struct reading r = { .m = m, .source = source, .each.incident = count_down, .arg = &c };
	int ret = walk(&r, "SELECT wall_s, source, reason, detail, decision FROM incidents ORDER BY id DESC", incident_row);

	return ret < 0 ? ret : c.ret;
}

int memory_each_pathogen(struct memory *m, int (*each)(void *arg, const struct memory_pathogen *pathogen), void *arg)
{
	struct reading r = { .m = m, .each.pathogen = each, .arg = arg };

	return walk(&r, "SELECT fingerprint, shape, wall_s, deaths FROM pathogens", pathogen_row);
}

int memory_each_baseline(struct memory *m, int (*each)(void *arg, const struct memory_baseline *baseline), void *arg)
{
	struct reading r = { .m = m, .each.baseline = each, .arg = arg };

	return walk(&r, "SELECT name, mean, deviation, samples FROM baselines", baseline_row);
}
