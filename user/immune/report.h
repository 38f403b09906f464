/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Incidents in the words of the authorities: a line of JSON, a line of text; and how often a program is tried. Pure. */
#ifndef CELLWS_IMMUNE_REPORT_H
#define CELLWS_IMMUNE_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include "shared/antigen.h"

#define REPORT_TEXT     320 /* room for report_text(), with the NUL */
#define REPORT_WAIT_MIN 1000u
#define REPORT_WAIT_MAX 60000u

/* Two readings of the clocks at one moment, to tell the time of day of an incident. */
struct report_clock {
	uint64_t boot_ns;
	int64_t real_s;
};

/*
 * One line of JSON with its line feed, NUL-terminated; free() it. NULL when out of memory. Strings are ASCII. Members:
 * organism, seq, time (RFC 3339, UTC), act, source (an address or prefix, null for a client that is gone), behind_proxy,
 * reason, rule (null for none), score, ttl_s, offence, evidence, detail.
 */
char *report_line(const struct incident *i, const char *organism, const struct report_clock *clock);

/* The same for people; to: REPORT_TEXT bytes. */
void report_text(const struct incident *i, char *to);

/* Milliseconds before a program that has lived so long is started again; last_ms: what this returned before, 0 at first. */
uint32_t report_wait(uint32_t last_ms, uint64_t lived_ms);

/*
 * Splits a command at blanks into at most most words, in place; there is no quoting. words gets NULL behind the last.
 * How many; 0 when there are none, too many, or the first is no absolute path.
 */
unsigned report_words(char *command, char **words, unsigned most);

#endif
