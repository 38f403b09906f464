/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of user/memory share and nobody else sees: the open file, its statements, the queue. */
#ifndef CELLWS_MEMORY_PARTS_H
#define CELLWS_MEMORY_PARTS_H

#include <sqlite3.h>
#include "memory/memory.h"

#define MEMORY_VERSION 2
#define MEMORY_MARK    0x63656c6c /* "cell": application_id of the file */

/* X(NAME, sql): everything that is ever written. */
#define MEMORY_STATEMENTS(X)                                                                                          \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                                   \
	X(COMMIT, "COMMIT")                                                                                           \
	X(ROLLBACK, "ROLLBACK")                                                                                       \
	X(INCIDENT, "INSERT INTO incidents(wall_s, source, reason, detail, decision) VALUES(?,?,?,?,?)")              \
	X(OLD_INCIDENTS, "DELETE FROM incidents WHERE id <= (SELECT max(id) FROM incidents) - ?")                     \
	X(BAN, "INSERT INTO bans VALUES(?,1,?,?,?,?,?,?,?,?) ON CONFLICT(prefix) DO UPDATE SET active=1, "            \
	       "reason=excluded.reason, offences=max(offences, excluded.offences), hits=excluded.hits, "              \
	       "noted_wall_s=excluded.noted_wall_s, expires_wall_s=excluded.expires_wall_s, boot=excluded.boot, "     \
	       "expires_boot_ns=excluded.expires_boot_ns, since_boot_ns=excluded.since_boot_ns")                      \
	X(UNBAN, "UPDATE bans SET active=0 WHERE prefix=?")                                                           \
	X(UNBAN_ALL, "UPDATE bans SET active=0 WHERE active")                                                         \
	X(FORGET_BANS, "DELETE FROM bans WHERE NOT active AND (offences=0 OR noted_wall_s < ?)")                      \
	X(PATHOGEN, "INSERT INTO pathogens VALUES(?,?,?,?) ON CONFLICT(fingerprint) DO UPDATE SET "                   \
		    "shape=excluded.shape, wall_s=excluded.wall_s, deaths=excluded.deaths")                           \
	X(PUT_FACT, "INSERT INTO facts VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value=excluded.value")                  \
	X(BASELINE, "INSERT INTO baselines VALUES(?,?,?,?) ON CONFLICT(name) DO UPDATE SET "                          \
		    "mean=excluded.mean, deviation=excluded.deviation, samples=excluded.samples")

enum memory_statement {
#define X(NAME, sql) MEMORY_##NAME,
	MEMORY_STATEMENTS(X)
#undef X
	MEMORY_STATEMENT_COUNT
};

enum record_kind { RECORD_INCIDENT, RECORD_BAN, RECORD_UNBAN, RECORD_PATHOGEN, RECORD_BASELINE, RECORD_FACT };

struct record {
	enum record_kind kind;
	union {
		struct memory_incident incident;
		struct {
			struct memory_ban ban;
			struct memory_clock noted;
		};
		struct address unban;
		struct memory_pathogen pathogen;
		struct memory_baseline baseline;
		struct memory_fact fact;
	};
};

struct memory {
	struct memory_options options;
	char *path;
	sqlite3 *db; /* NULL: away */
	sqlite3_stmt *statement[MEMORY_STATEMENT_COUNT];
	bool failing; /* it has been said that writing fails */
	uint64_t retry_ms;
	unsigned pause_ms;
	uint64_t lost;
	size_t count;
	struct record queue[MEMORY_QUEUE];
};

void memory_tell(const struct memory *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* store.c: results are SQLite's. Opens the file, makes its tables; SQLITE_MISMATCH: a file of something else. */
int store_open(struct memory *m);
void store_close(struct memory *m);
/* Renames the damaged file and says so. 0 or -errno. */
int store_set_aside(struct memory *m);
int store_errno(int result);

/* write.c: one statement each, inside a transaction. SQLITE_OK or SQLite's result. */
int write_run(struct memory *m, enum memory_statement which);
int write_record(struct memory *m, const struct record *r);
int write_ban(struct memory *m, const struct memory_ban *ban, const struct memory_clock *noted);
int write_bound(struct memory *m, enum memory_statement which, uint64_t bound);

#endif
