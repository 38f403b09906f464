/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many connections each source has open: a table in memory that one process writes and others may read; pure. */
#ifndef CELLWS_IMMUNE_CROWD_H
#define CELLWS_IMMUNE_CROWD_H

#include <stddef.h>
#include <stdint.h>

struct crowd;

/* Bytes of the table for so many connections; at most 2^30. All zero is empty. */
size_t crowd_bytes(uint32_t connections);

/* Makes it empty; for the writer, before anything else. */
void crowd_init(struct crowd *c, uint32_t connections);

/* source: any key. No more connections may be in it than were said; leaving without having entered changes nothing. */
void crowd_enter(struct crowd *c, uint64_t source);
void crowd_leave(struct crowd *c, uint64_t source);

/* For anybody: exact for the writer; others may miss a source while the writer moves it. 0 before crowd_init. */
uint32_t crowd_count(const struct crowd *c, uint64_t source);

#endif
