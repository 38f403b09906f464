// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// One record into one row; the transaction around it is the caller's.
#include "memory/parts.h"

#include "immune/ttl.h"

static int finish(sqlite3_stmt *s)
{
	int result = sqlite3_step(s);

	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

int write_run(struct memory *m, enum memory_statement which)
{
	return finish(m->statement[which]);
}

int write_bound(struct memory *m, enum memory_statement which, uint64_t bound)
{
	sqlite3_bind_int64(m->statement[which], 1, (sqlite3_int64)bound);
	return finish(m->statement[which]);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

static int write_incident(struct memory *m, const struct memory_incident *i)
{
	sqlite3_stmt *s = m->statement[MEMORY_INCIDENT];
	char name[ADDRESS_TEXT];

	sqlite3_bind_int64(s, 1, (sqlite3_int64)i->wall_s);
	bind_text(s, 2, i->source.family ? address_format(&i->source, name) : "");
	bind_text(s, 3, i->reason);
	bind_text(s, 4, i->detail);
	bind_text(s, 5, i->decision);
	return finish(s);
}

int write_ban(struct memory *m, const struct memory_ban *b, const struct memory_clock *noted)
{
	sqlite3_stmt *s = m->statement[MEMORY_BAN];
	uint64_t expires_wall_s = b->expires_ns ? noted->wall_s + ttl_left(noted->boot_ns, b->expires_ns) : 0;
	char name[ADDRESS_TEXT];

	bind_text(s, 1, address_format(&b->prefix, name));
	sqlite3_bind_int64(s, 2, b->reason);
	sqlite3_bind_int64(s, 3, b->offences);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)b->hits);
	sqlite3_bind_int64(s, 5, (sqlite3_int64)noted->wall_s);
	sqlite3_bind_int64(s, 6, (sqlite3_int64)expires_wall_s);
	sqlite3_bind_int64(s, 7, (sqlite3_int64)noted->boot);
	sqlite3_bind_int64(s, 8, (sqlite3_int64)b->expires_ns);
	sqlite3_bind_int64(s, 9, (sqlite3_int64)b->since_ns);
	return finish(s);
}

static int write_unban(struct memory *m, const struct address *prefix)
{
	char name[ADDRESS_TEXT];

	bind_text(m->statement[MEMORY_UNBAN], 1, address_format(prefix, name));
	return finish(m->statement[MEMORY_UNBAN]);
}

static int write_pathogen(struct memory *m, const struct memory_pathogen *p)
{
	sqlite3_stmt *s = m->statement[MEMORY_PATHOGEN];

	bind_text(s, 1, p->fingerprint);
	bind_text(s, 2, p->shape);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)p->wall_s);
	sqlite3_bind_int64(s, 4, p->deaths);
	return finish(s);
}

static int write_baseline(struct memory *m, const struct memory_baseline *b)
{
	sqlite3_stmt *s = m->statement[MEMORY_BASELINE];

	bind_text(s, 1, b->name);
	sqlite3_bind_double(s, 2, b->mean);
	sqlite3_bind_double(s, 3, b->deviation);
	sqlite3_bind_int64(s, 4, (sqlite3_int64)b->samples);
	return finish(s);
}

static int write_fact(struct memory *m, const struct memory_fact *f)
{
	bind_text(m->statement[MEMORY_PUT_FACT], 1, f->name);
	bind_text(m->statement[MEMORY_PUT_FACT], 2, f->value);
	return finish(m->statement[MEMORY_PUT_FACT]);
}

int write_record(struct memory *m, const struct record *r)
{
	switch (r->kind) {
	case RECORD_INCIDENT:
		return write_incident(m, &r->incident);
	case RECORD_BAN:
		return write_ban(m, &r->ban, &r->noted);
	case RECORD_UNBAN:
		return write_unban(m, &r->unban);
	case RECORD_PATHOGEN:
		return write_pathogen(m, &r->pathogen);
	case RECORD_BASELINE:
		return write_baseline(m, &r->baseline);
	case RECORD_FACT:
		return write_fact(m, &r->fact);
	}
	return SQLITE_MISUSE;
}
