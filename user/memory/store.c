// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The file of the memory: opened with care, made when it is not there, set aside when it is damaged.
#include "memory/parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STR(x)	#x
#define TEXT(x) STR(x)

static const char *const sql[MEMORY_STATEMENT_COUNT] = {
#define X(NAME, text) text,
	MEMORY_STATEMENTS(X)
#undef X
};

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE incidents(id INTEGER PRIMARY KEY, wall_s INTEGER, source TEXT, reason TEXT, detail TEXT, decision TEXT);"
	"CREATE TABLE bans(prefix TEXT PRIMARY KEY, active INTEGER, reason INTEGER, offences INTEGER, hits INTEGER,"
	" noted_wall_s INTEGER, expires_wall_s INTEGER, boot INTEGER, expires_boot_ns INTEGER, since_boot_ns INTEGER)"
	" WITHOUT ROWID;"
	"CREATE TABLE pathogens(fingerprint TEXT PRIMARY KEY, shape TEXT, wall_s INTEGER, deaths INTEGER) WITHOUT ROWID;"
	"CREATE TABLE baselines(name TEXT PRIMARY KEY, mean REAL, deviation REAL, samples INTEGER) WITHOUT ROWID;"
	"CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"PRAGMA application_id=" TEXT(MEMORY_MARK) ";"
	"PRAGMA user_version=" TEXT(MEMORY_VERSION) ";"
	"COMMIT;";

/* The first version knew no facts. */
static const char from_first[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"PRAGMA user_version=" TEXT(MEMORY_VERSION) ";"
	"COMMIT;";

int store_errno(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EAGAIN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_MISMATCH:
		return -EMEDIUMTYPE;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	default:
		return -EIO;
	}
}

/* The first column of the first row; SQLITE_DONE when there is none. */
static int ask(sqlite3 *db, const char *question, long long *number, char *text, size_t room)
{
	sqlite3_stmt *s = NULL;
	int result = sqlite3_prepare_v2(db, question, -1, &s, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(s);
	if (result == SQLITE_ROW) {
		if (number)
			*number = sqlite3_column_int64(s, 0);
		if (text)
			snprintf(text, room, "%s", (const char *)sqlite3_column_text(s, 0));
		result = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return result;
}

/* Whose file it is: an empty one gets our tables, one of ours must be whole, any other is left alone. */
static int make_or_check(sqlite3 *db)
{
	long long mark = 0, version = 0, tables = 0;
	char verdict[64] = "";
	int result = ask(db, "PRAGMA application_id", &mark, NULL, 0);

	if (result == SQLITE_OK)
		result = ask(db, "PRAGMA user_version", &version, NULL, 0);
	if (result == SQLITE_OK)
		result = ask(db, "SELECT count(*) FROM sqlite_schema", &tables, NULL, 0);
	if (result != SQLITE_OK)
		return result;
	if (!tables && !mark)
		return sqlite3_exec(db, schema, NULL, NULL, NULL);
	if (mark != MEMORY_MARK || (version != MEMORY_VERSION && version != 1))
		return SQLITE_MISMATCH;
	result = ask(db, "PRAGMA quick_check(1)", NULL, verdict, sizeof(verdict));
	if (result == SQLITE_OK && strcmp(verdict, "ok"))
		return SQLITE_CORRUPT;
	if (result == SQLITE_OK && version == 1)
		return sqlite3_exec(db, from_first, NULL, NULL, NULL);
	return result;
}

static int prepare(struct memory *m)
{
	int result = SQLITE_OK;

	for (int i = 0; i < MEMORY_STATEMENT_COUNT && result == SQLITE_OK; i++)
		result = sqlite3_prepare_v3(m->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &m->statement[i], NULL);
	/* Tables of ours without a column that we write: somebody changed them. */
	return result == SQLITE_ERROR ? SQLITE_CORRUPT : result;
}

/* A file may have been made by somebody less privileged than its reader: what it says is data, never code. */
static int settle(struct memory *m)
{
	static const char manner[] = "PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;";

	sqlite3_extended_result_codes(m->db, 1);
	sqlite3_busy_timeout(m->db, (int)m->options.patience_ms);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return sqlite3_exec(m->db, manner, NULL, NULL, NULL);
}

int store_open(struct memory *m)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX;
	int result = sqlite3_open_v2(m->path, &m->db, flags, NULL);

	if (result == SQLITE_OK && sqlite3_db_readonly(m->db, "main"))
		result = SQLITE_READONLY;
	if (result == SQLITE_OK)
		result = settle(m);
	if (result == SQLITE_OK)
		result = make_or_check(m->db);
	if (result == SQLITE_OK)
		result = ask(m->db, "PRAGMA journal_mode=WAL", NULL, NULL, 0);
	if (result == SQLITE_OK)
		result = prepare(m);
	if (result != SQLITE_OK)
		store_close(m);
	return result;
}

void store_close(struct memory *m)
{
	for (int i = 0; i < MEMORY_STATEMENT_COUNT; i++) {
		sqlite3_finalize(m->statement[i]);
		m->statement[i] = NULL;
	}
	sqlite3_close(m->db);
	m->db = NULL;
}

static void move_beside(const struct memory *m, const char *aside, const char *end)
{
	char *from = NULL, *to = NULL;

	if (asprintf(&from, "%s%s", m->path, end) >= 0 && asprintf(&to, "%s%s", aside, end) >= 0)
		rename(from, to);
	free(from);
	free(to);
}

int store_set_aside(struct memory *m)
{
	time_t now = time(NULL);
	struct tm utc;
	char date[32], *aside;
	int error = 0;

	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &utc);
	if (asprintf(&aside, "%s.damaged-%s", m->path, date) < 0)
		return -ENOMEM;
	if (rename(m->path, aside)) {
		error = -errno;
	} else {
		move_beside(m, aside, "-wal");
		move_beside(m, aside, "-shm");
		memory_tell(m, "the memory %s is damaged; it is kept as %s and a new one is begun", m->path, aside);
	}
	free(aside);
	return error;
}
