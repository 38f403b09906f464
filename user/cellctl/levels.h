/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What each cell has heard lately: the levels of its receptors, faded to now, under the names that people use. */
#ifndef CELLWS_CELLCTL_LEVELS_H
#define CELLWS_CELLCTL_LEVELS_H

#include <jansson.h>
#include <stdint.h>
#include "cellctl/verb.h"
#include "shared/hormone.h"

/* X(NAME, name): the classes that growth and antigrowth are told of. */
#define LEVEL_CLASSES(X) \
	X(BLOOD, blood)  \
	X(DRONE, drone)  \
	X(STEM, stem)    \
	X(TCELL, tcell)  \
	X(GAMETE, gamete)

enum level {
#define X(NAME, name) LEVEL_GROWTH_##NAME,
	LEVEL_CLASSES(X)
#undef X
#define X(NAME, name) LEVEL_ANTIGROWTH_##NAME,
	LEVEL_CLASSES(X)
#undef X
	LEVEL_ALARM,
	LEVEL_CALM,
	LEVEL_DANGER,
	LEVEL_COUNT
};

struct levels {
	bool known; /* false: the organism has no receptors, it is of an older version */
	uint32_t half_life_ms;
	struct receptors of[CELL_SLOTS_MAX];
};

/* Reads all receptors of an organism. What cannot be read is not known. */
void levels_read(const struct invocation *in, const char *name, struct levels *to);

/* "growth.drone", "alarm", ... */
const char *level_name(enum level level);

/* A level at now_ns of the boot clock, 0 to 65536. Pure. */
uint32_t level_now(const struct receptors *r, enum level level, uint64_t now_ns, uint32_t half_life_ms);

/*
 * "growth.drone 0.42, alarm 0.1" of the levels that are not 0 when shown with two decimals; "" for none. At least 32
 * bytes of room; what does not fit is left out. Pure.
 */
void levels_write(const struct receptors *r, uint64_t now_ns, uint32_t half_life_ms, char *to, size_t room);

/* The same for the cell in a slot; "" too when nothing is known. */
void levels_write_slot(const struct levels *l, uint32_t slot, char *to, size_t room);

/* {"growth.blood": 0.0, ...}: every level with three decimals; {} when nothing is known. A new reference. */
json_t *levels_json(const struct levels *l, uint32_t slot);

#endif
