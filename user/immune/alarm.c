/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Seconds are judged one by one; the usual is learned from those that are no part of an attack. */
#include "immune/alarm.h"

#define SECONDS_MOST 600u /* of silence that are judged one by one: after them nothing changes any more */

uint32_t alarm_threshold(const struct alarm *a)
{
	uint64_t usual = (a->mean_milli + ALARM_DEVIATIONS * a->deviation_milli) / 1000;

	/* Until it knows what is usual, the floor holds. */
	if (a->samples < ALARM_MEMORY || usual < a->floor)
		return a->floor;
	return usual < UINT32_MAX ? (uint32_t)usual : UINT32_MAX;
}

static uint64_t towards(uint64_t from, uint64_t to)
{
	return to > from ? from + (to - from + ALARM_MEMORY - 1) / ALARM_MEMORY : from - (from - to) / ALARM_MEMORY;
}

static void learn(struct alarm *a, uint32_t n)
{
	uint64_t milli = n * 1000ull, off = milli > a->mean_milli ? milli - a->mean_milli : a->mean_milli - milli;

	a->mean_milli = towards(a->mean_milli, milli);
	a->deviation_milli = towards(a->deviation_milli, off);
	a->samples++;
}

static enum alarm_change judge(struct alarm *a, uint32_t n)
{
	uint32_t threshold = alarm_threshold(a);

	a->per_s = n;
	if (n >= threshold) {
		a->quiet = 0;
		if (a->on)
			return ALARM_SAME;
		a->on = true;
		return ALARM_BEGINS;
	}
	if (!a->on) {
		learn(a, n);
		return ALARM_SAME;
	}
	a->quiet = n < (threshold + 3) / 4 ? a->quiet + 1 : 0;
	if (a->quiet < ALARM_QUIET_S)
		return ALARM_SAME;
	a->on = false;
	return ALARM_ENDS;
}

enum alarm_change alarm_count(struct alarm *a, uint32_t n, uint64_t now_ms)
{
	uint64_t second = now_ms / 1000, gone = a->second && second > a->second ? second - a->second : 0;
	enum alarm_change change = ALARM_SAME;
	bool was = a->on;

	for (uint64_t i = 0; i < gone && i < SECONDS_MOST; i++) {
		judge(a, i ? 0 : a->count);
		a->count = 0;
	}
	if (!a->second || gone)
		a->second = second;
	a->count += n;
	/* An attack need not wait for the end of its first second. */
	if (!a->on && a->count >= alarm_threshold(a)) {
		a->on = true;
		a->quiet = 0;
		a->per_s = a->count;
	}
	if (a->on != was)
		change = a->on ? ALARM_BEGINS : ALARM_ENDS;
	return change;
}

bool alarm_is_at_rest(const struct alarm *a)
{
	return !a->on && !a->count;
}
