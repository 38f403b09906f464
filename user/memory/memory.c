// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The memory's life: a queue in front of the file, so that neither a full disk nor a slow one is felt by who notes.
#include "memory/parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void memory_tell(const struct memory *m, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (!m->options.say)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	m->options.say(m->options.arg, line);
}

static const char *reason_of(int error)
{
	return error == -EMEDIUMTYPE ? "it belongs to another program or version" : strerror(-error);
}

/* Said once for each time it goes away. */
static void away(struct memory *m, int error)
{
	if (error == -EAGAIN || error == -EUCLEAN)
		return; /* in a moment; or said already */
	if (!m->failing)
		memory_tell(m, "the memory %s cannot be used: %s; protection goes on, nothing is remembered until it can", m->path,
			reason_of(error));
	m->failing = true;
}

static void back(struct memory *m)
{
	if (m->failing)
		memory_tell(m, "the memory %s can be used again; %llu records were lost", m->path, (unsigned long long)m->lost);
	m->failing = false;
	m->pause_ms = 0;
	m->retry_ms = 0;
}

/* The result of something done to the file; damage is set aside and the next try begins a new file. */
static int judge(struct memory *m, int result)
{
	int error = store_errno(result);

	int moved;

	if (error != -EUCLEAN)
		return error;
	store_close(m);
	moved = store_set_aside(m);
	return moved ? moved : error;
}

static int try_open(struct memory *m)
{
	int error = judge(m, store_open(m));

	return error == -EUCLEAN ? judge(m, store_open(m)) : error;
}

int memory_open(const struct memory_options *options, struct memory **to)
{
	struct memory *m = calloc(1, sizeof(*m));
	char *path = strdup(options->path);
	int error;

	if (!m || !path) {
		free(path);
		free(m);
		return -ENOMEM;
	}
	m->options = *options;
	m->options.path = m->path = path;
	error = try_open(m);
	if (error)
		away(m, error);
	*to = m;
	return 0;
}

bool memory_is_open(const struct memory *m)
{
	return m->db;
}

void memory_close(struct memory *m)
{
	if (!m)
		return;
	m->retry_ms = 0;
	memory_flush(m, 0);
	store_close(m);
	free(m->path);
	free(m);
}

static struct record *append(struct memory *m, enum record_kind kind)
{
	size_t most = kind == RECORD_INCIDENT ? MEMORY_QUEUE_DETAIL : MEMORY_QUEUE;

	if (m->count >= most) {
		m->lost++;
		return NULL;
	}
	m->queue[m->count].kind = kind;
	return &m->queue[m->count++];
}

bool memory_note_incident(struct memory *m, const struct memory_incident *incident)
{
	struct record *r = append(m, RECORD_INCIDENT);

	if (r)
		r->incident = *incident;
	return r;
}

bool memory_note_ban(struct memory *m, const struct memory_ban *ban, const struct memory_clock *now)
{
	struct record *r = append(m, RECORD_BAN);

	if (r) {
		r->ban = *ban;
		r->noted = *now;
	}
	return r;
}

bool memory_note_unban(struct memory *m, const struct address *prefix)
{
	struct record *r = append(m, RECORD_UNBAN);

	if (r)
		r->unban = *prefix;
	return r;
}

bool memory_note_pathogen(struct memory *m, const struct memory_pathogen *pathogen)
{
	struct record *r = append(m, RECORD_PATHOGEN);

	if (r)
		r->pathogen = *pathogen;
	return r;
}

bool memory_note_baseline(struct memory *m, const struct memory_baseline *baseline)
{
	struct record *r = append(m, RECORD_BASELINE);

	if (r)
		r->baseline = *baseline;
	return r;
}

bool memory_note_fact(struct memory *m, const char *name, const char *value)
{
	struct record *r = append(m, RECORD_FACT);

	if (r) {
		snprintf(r->fact.name, sizeof(r->fact.name), "%s", name);
		snprintf(r->fact.value, sizeof(r->fact.value), "%s", value);
	}
	return r;
}

size_t memory_waiting(const struct memory *m)
{
	return m->count;
}

uint64_t memory_lost(const struct memory *m)
{
	return m->lost;
}

static int end_transaction(struct memory *m, int result)
{
	if (result == SQLITE_OK)
		result = write_run(m, MEMORY_COMMIT);
	if (result != SQLITE_OK && !sqlite3_get_autocommit(m->db))
		write_run(m, MEMORY_ROLLBACK);
	return judge(m, result);
}

static int write_queue(struct memory *m)
{
	bool incidents = false;
	int result = write_run(m, MEMORY_BEGIN);

	for (size_t i = 0; i < m->count && result == SQLITE_OK; i++) {
		result = write_record(m, &m->queue[i]);
		incidents |= m->queue[i].kind == RECORD_INCIDENT;
	}
	if (result == SQLITE_OK && incidents)
		result = write_bound(m, MEMORY_OLD_INCIDENTS, MEMORY_INCIDENTS);
	return end_transaction(m, result);
}

int memory_flush(struct memory *m, uint64_t now_ms)
{
	int error = 0;

	if (!m->count)
		return 0;
	if (now_ms < m->retry_ms)
		return -EAGAIN;
	if (!m->db)
		error = try_open(m);
	if (!error)
		error = write_queue(m);
	if (!error) {
		m->count = 0;
		back(m);
		return 0;
	}
	away(m, error);
	m->pause_ms = m->pause_ms ? m->pause_ms * 2 : MEMORY_RETRY_MS;
	if (m->pause_ms > MEMORY_RETRY_MAX_MS)
		m->pause_ms = MEMORY_RETRY_MAX_MS;
	m->retry_ms = now_ms + m->pause_ms;
	return error;
}

static int write_all(struct memory *m, const struct memory_ban *bans, size_t n, const struct memory_clock *now)
{
	uint64_t long_ago = now->wall_s > MEMORY_OFFENCE_S ? now->wall_s - MEMORY_OFFENCE_S : 0;
	int result;

	/* A million rows by key: pages that fall out of a small cache would be read and written again and again. */
	sqlite3_exec(m->db, "PRAGMA cache_size=-131072", NULL, NULL, NULL);
	result = write_run(m, MEMORY_BEGIN);
	if (result == SQLITE_OK)
		result = write_run(m, MEMORY_UNBAN_ALL);
	for (size_t i = 0; i < n && result == SQLITE_OK; i++)
		result = write_ban(m, &bans[i], now);
	if (result == SQLITE_OK)
		result = write_bound(m, MEMORY_FORGET_BANS, long_ago);
	return end_transaction(m, result);
}

int memory_save_bans(struct memory *m, const struct memory_ban *bans, size_t n, const struct memory_clock *now)
{
	int error = m->db ? write_all(m, bans, n, now) : -ENOTCONN;

	if (error && m->db)
		memory_tell(m, "the bans are not remembered: %s: %s", m->path, reason_of(error));
	return error;
}
