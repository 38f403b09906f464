/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the immune system remembers over restarts: incidents, bans, pathogens, baselines, in one SQLite file. */
#ifndef CELLWS_MEMORY_MEMORY_H
#define CELLWS_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "immune/address.h"
#include "shared/antigen.h"

#define MEMORY_QUEUE	   4096 /* records that wait to be written; beyond that they are lost, and counted */
#define MEMORY_QUEUE_DETAIL 3072 /* of these incidents may take so many: decisions find room when details do not */
#define MEMORY_INCIDENTS   100000 /* the newest that are kept */
#define MEMORY_OFFENCE_S   (30ULL * 86400) /* so long an offender is known after the ban is over */
#define MEMORY_RETRY_MS	   1000 /* after a first failure; doubles up to: */
#define MEMORY_RETRY_MAX_MS 60000

/* The three clocks of one moment. The boot clock goes on in sleep and never jumps; boot says which boot it counts from. */
struct memory_clock {
	uint64_t boot;	  /* of the kernel's boot_id; never 0 */
	uint64_t boot_ns; /* CLOCK_BOOTTIME */
	uint64_t wall_s;  /* seconds since 1970 */
};

/* Reads them. 0 or -errno. */
int memory_clock_read(struct memory_clock *to);

struct memory_incident {
	uint64_t wall_s;
	struct address source; /* family 0: of nobody */
	char reason[32];
	char detail[192]; /* the evidence, plain text */
	char decision[128]; /* see incident_decision() */
};

struct memory_ban {
	struct address prefix;
	uint64_t expires_ns; /* boot clock of this boot; 0 = until lifted */
	uint64_t since_ns;   /* boot clock; of an earlier boot: the moment it was read */
	uint64_t hits;
	uint32_t reason;   /* enum antibody_reason */
	uint32_t offences; /* how often the source was banned for what it did; the larger of old and new is kept */
	bool over;	   /* read only: no ban any more, kept for its offences */
};

struct memory_pathogen {
	char fingerprint[65]; /* hex */
	char shape[192];      /* the request in words: method, route, path */
	uint64_t wall_s;      /* of the last death */
	uint32_t deaths;
};

struct memory_baseline {
	char name[64];
	double mean, deviation;
	uint64_t samples;
};

/* Single facts by name. */
#define MEMORY_FACT	   64 /* room of a value, with the NUL */
#define MEMORY_FACT_PLACE  "place" /* up to which incident of which life all is written: see memory_place_make() */
#define MEMORY_FACT_KEY	   "fingerprint_key" /* 32 hex digits */
#define MEMORY_BASELINE_EVIDENCE "evidence_per_second"

struct memory_fact {
	char name[32];
	char value[MEMORY_FACT];
};

/* One line for the log, without a line feed; the memory itself prints nothing. */
typedef void (*memory_say)(void *arg, const char *line);

struct memory_options {
	const char *path; /* absolute */
	unsigned patience_ms; /* how long a flush may wait for another process that writes; cells: 0 */
	memory_say say;
	void *arg;
};

struct memory;

/*
 * Opens or makes the file; its directory must be there. Succeeds also when the file cannot be used: then that is said
 * once, records are kept in the queue, and flush tries again with back-off. A damaged file is renamed to
 * PATH.damaged-YYYYMMDD-HHMMSS, said, and a new one begun. *to: memory_close() it. 0 or -ENOMEM.
 * Not to be carried over a fork.
 */
int memory_open(const struct memory_options *options, struct memory **to);

/* Whether the file is there to be read and written. */
bool memory_is_open(const struct memory *m);

/* Flushes once more, and closes; NULL is allowed. What cannot be written is lost. */
void memory_close(struct memory *m);

/* These only put a record into the queue: no system call, no memory taken. False when it is full: the record is lost. */
bool memory_note_incident(struct memory *m, const struct memory_incident *incident);
bool memory_note_ban(struct memory *m, const struct memory_ban *ban, const struct memory_clock *now);
bool memory_note_unban(struct memory *m, const struct address *prefix); /* offences stay known */
bool memory_note_pathogen(struct memory *m, const struct memory_pathogen *pathogen);
bool memory_note_baseline(struct memory *m, const struct memory_baseline *baseline);
bool memory_note_fact(struct memory *m, const char *name, const char *value);

/* The value of a fact; false when there is none or it cannot be read. */
bool memory_read_fact(struct memory *m, const char *name, char value[MEMORY_FACT]);

/* Records that wait, and that were lost since memory_open. */
size_t memory_waiting(const struct memory *m);
uint64_t memory_lost(const struct memory *m);

/*
 * Writes what waits in one transaction. now_ms: any clock that does not jump. 0; -EAGAIN: not yet (back-off, or another
 * process writes); or -errno of the failure, which has been said unless the one before it was said.
 */
int memory_flush(struct memory *m, uint64_t now_ms);

/*
 * Makes these the only bans there are, in one transaction; others are forgotten, but for their offences. At once, not by
 * the queue: for cellctl. 0 or -errno, said.
 */
int memory_save_bans(struct memory *m, const struct memory_ban *bans, size_t n, const struct memory_clock *now);

/*
 * Calls each for every record, bans that are over too; stops at the first result that is not 0 and returns it, else 0 or
 * -errno. Bans: on the boot clock of now. Within the boot in which a ban was noted the wall clock plays no part; after
 * another boot what was left at the noting is shortened by the wall time since, and never lengthened. Incidents: the
 * newest first, at most `most` of them, of sources that meet `source` (NULL: all).
 */
int memory_each_ban(struct memory *m, const struct memory_clock *now,
	int (*each)(void *arg, const struct memory_ban *ban), void *arg);
int memory_each_incident(struct memory *m, const struct address *source, size_t most,
	int (*each)(void *arg, const struct memory_incident *incident), void *arg);
int memory_each_pathogen(struct memory *m, int (*each)(void *arg, const struct memory_pathogen *pathogen), void *arg);
int memory_each_baseline(struct memory *m, int (*each)(void *arg, const struct memory_baseline *baseline), void *arg);

/* records.c: between the records of the kernel's programs and those of the file; pure. */
void memory_incident_make(struct memory_incident *to, const struct incident *from, const struct memory_clock *now);
/* False when the text is of another version; time_ns is on the boot clock of now, 0 for before it. */
bool memory_incident_read(const struct memory_incident *from, struct incident *to, const struct memory_clock *now);
void memory_pathogen_make(struct memory_pathogen *to, const struct pathogen *from, const struct memory_clock *now);
bool memory_pathogen_read(const struct memory_pathogen *from, struct pathogen *to, const struct memory_clock *now);
void memory_place_make(char to[MEMORY_FACT], const char *life, uint64_t seq);
/* The number up to which the incidents of that life are written; 0: none of them. */
uint64_t memory_place_read(const char *text, const char *life);

#endif
