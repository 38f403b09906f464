/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The family as its pinned maps show it, for the verbs that read or end it. */
#ifndef CELLWS_CELLCTL_PINS_H
#define CELLWS_CELLCTL_PINS_H

#include "cellctl/verb.h"
#include "shared/link.h"

#define PIN_PATH 512
#define PIN_INJECT "prog_gland_inject" /* the program by which root sends a signal */
#define PIN_MUTATE "prog_gland_mutate" /* the one by which root wants a new DNA */
#define PIN_RECORD "prog_gland_record" /* the one by which root tells what it did by hand */

struct family {
	int cells, census, organism, vitals, loads;
	struct cell cell[CELL_SLOTS_MAX];
	struct vitals vital[CELL_SLOTS_MAX];
	struct census count[CLASS_COUNT];
	struct organism self;
	unsigned living;
};

/* Opens the maps and reads them; or says why not and returns the exit code. */
int family_open(const struct invocation *in, const char *name, struct family *f);
/* Reads everything anew. 0 or the exit code, said. */
int family_read(struct family *f);
void family_close(struct family *f);

/* Who this host is among linked ones, and whether it is linked at all. 0 or -errno. */
int pin_link_state(const struct invocation *in, const char *name, struct link_state *to);

/* Removes one pin. A link is taken off at once: the kernel itself lets go of it only some time later. 0 or -errno. */
int pin_drop(const struct invocation *in, const char *name, const char *leaf);

/* Removes the pins of an organism, but for those keep() names; without keep also its directory. 0 or -errno. */
int pins_remove(const struct invocation *in, const char *name, bool (*keep)(const char *leaf));

#endif
