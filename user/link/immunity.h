/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the immune system has learned, as it crosses in a spore: offenders and deadly requests; with ages, since boot clocks differ; pure. */
#ifndef CELLWS_LINK_IMMUNITY_H
#define CELLWS_LINK_IMMUNITY_H

#include <stdint.h>
#include "shared/antigen.h"

/* family (1: 4 or 6) bits (1) via (1) zero (1) offences (4) key (8) seconds since the last (8); numbers in little endian. */
#define OFFENCE_WIRE_BYTES 24u

/* fingerprint (8) seconds since the last death (8), the first (8); deaths (4) route (4) cause (4) zeros (4) detail (64). */
#define PATHOGEN_WIRE_BYTES 104u

#define PATHOGENS_MAX	 (PATHOGEN_SETS * PATHOGEN_WAYS)
#define PATHOGEN_WIRE_S	 (10ULL * 365 * 86400) /* oldest */
#define OFFENCE_WIRE_S	 (OFFENDER_NS / 1000000000ULL)
#define OFFENCE_WIRE_MOST 1000000u /* offences of one source */

/* now_ns: boot clock of this host; the records' own times are on it. */
void offence_wire_write(const struct source *s, const struct offender *o, uint64_t now_ns, uint8_t to[OFFENCE_WIRE_BYTES]);
void pathogen_wire_write(const struct pathogen *p, uint64_t now_ns, uint8_t to[PATHOGEN_WIRE_BYTES]);

/* Each 0, or -EBADMSG when it is none that anybody could have written. What is older than this host's boot is as old as that. */
int offence_wire_read(struct source *s, struct offender *o, uint64_t now_ns, const uint8_t from[OFFENCE_WIRE_BYTES]);
int pathogen_wire_read(struct pathogen *p, uint64_t now_ns, const uint8_t from[PATHOGEN_WIRE_BYTES]);

#endif
