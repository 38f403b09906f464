/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When there is so much evidence that it is an attack, and when that is over; learns what is usual; pure. */
#ifndef CELLWS_IMMUNE_ALARM_H
#define CELLWS_IMMUNE_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#define ALARM_DEVIATIONS 8u /* above the mean */
#define ALARM_QUIET_S    5u /* an alarm is over after so many seconds in a row below a quarter of the threshold */
#define ALARM_MEMORY     64u /* seconds over which the usual is averaged */

struct alarm {
	uint32_t floor; /* least evidence in a second that is an alarm */
	bool on;
	uint32_t count; /* evidence in this second */
	uint32_t per_s; /* in the last one */
	uint32_t quiet; /* seconds in a row */
	uint64_t second; /* clock, ms / 1000; 0: not begun */
	uint64_t mean_milli, deviation_milli; /* of evidence in a second, without those of attacks */
	uint64_t samples; /* seconds it was learned in */
};

enum alarm_change {
	ALARM_SAME,
	ALARM_BEGINS,
	ALARM_ENDS,
};

/* The threshold now: the floor, or more where more is usual. */
uint32_t alarm_threshold(const struct alarm *a);

/*
 * One piece of evidence, at a time; or none (n = 0), at the end of a second. now_ms: a clock that does not go back. Seconds
 * that have passed since the last call are judged: the one that was counted, then as many without evidence.
 */
enum alarm_change alarm_count(struct alarm *a, uint32_t n, uint64_t now_ms);

/* Whether nothing changes before the next evidence: no second has to be counted to its end. */
bool alarm_is_at_rest(const struct alarm *a);

#endif
