/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads the skin alone, with its maps filled by name, and runs one frame through it without a network card. */
#ifndef CELLWS_TEST_SKIN_RIG_H
#define CELLWS_TEST_SKIN_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "immune/ban.h"
#include "shared/flood.h"
#include "shared/verdict.h"

struct cellws;

#define RIG_PORT      8080  /* the organism's ports */
#define RIG_PORT_LAST 65535
#define RIG_HOUR      (3600ULL * 1000000000ULL)

struct skin_rig {
	struct cellws *skel;
	int prog;
	int stats;
	struct ban_maps maps;
};

/* As in the DNA; 0 is off. */
struct rig_limits {
	uint32_t syn_rate, packet_rate; /* of a source */
	uint32_t cookie_rate;		/* of RIG_PORT */
	uint8_t cookie_scale;		/* window scale that is offered, or COOKIE_NO_STAMPS */
};

struct rig_counts {
	struct immune_stat of[VERDICT_COUNT]; /* sums over the CPUs */
};

/* bans: how many entries each list of bans may hold. Ends the test when anything fails. */
void rig_open(struct skin_rig *rig, bool observe, uint32_t bans);
/* The same with limits. */
void rig_open_limited(struct skin_rig *rig, bool observe, uint32_t bans, const struct rig_limits *limits);
void rig_close(struct skin_rig *rig);
/* Switches the living skin. */
void rig_observe(struct skin_rig *rig, bool observe);

/* expires_in_ns: 0 for never; over: make it one that has just expired. */
void rig_ban(struct skin_rig *rig, const char *prefix, uint64_t expires_in_ns);
void rig_ban_over(struct skin_rig *rig, const char *prefix);
void rig_allow(struct skin_rig *rig, const char *prefix);

/* The XDP action. */
uint32_t rig_run(const struct skin_rig *rig, const uint8_t *frame, size_t n);

/* The XDP action, and the frame as it leaves, in out (PACKET_MAX bytes), its size in *out_n. */
uint32_t rig_turn(const struct skin_rig *rig, const uint8_t *frame, size_t n, uint8_t *out, size_t *out_n);

/* Mean nanoseconds of so many runs, as the kernel measures them. */
uint32_t rig_cost(const struct skin_rig *rig, const uint8_t *frame, size_t n, int runs);

void rig_counts(const struct skin_rig *rig, struct rig_counts *to);
/* What would have been dropped, had the skin not only observed. */
void rig_observed(const struct skin_rig *rig, struct rig_counts *to);
uint64_t rig_now(void);
const char *rig_verdict_name(unsigned int verdict);

#endif
