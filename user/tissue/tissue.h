/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every cell has in hand: the germ, the family as the kernel shows it, its own slot; assertions, log and clock. */
#ifndef CELLWS_TISSUE_TISSUE_H
#define CELLWS_TISSUE_TISSUE_H

#include <stdbool.h>
#include <stdint.h>
#include "shared/antigen.h"
#include "shared/hormone.h"
#include "shared/mutation.h"
#include "immune/automaton.h"
#include "tissue/germ.h"

struct chart;
struct commons;
struct crowd;
struct pair;
struct synapse;
struct vessel;

/* One process's view of the organism. The mappings are made once by the egg and inherited by every cell. */
struct tissue {
	const struct germ *germ;
	const struct plan *plan;
	uint32_t generation;         /* of the germ's DNA: this cell lives by it, whatever is in force */
	uint32_t longest_ms;         /* longest deadline of any route in any DNA this line of cells has lived by */
	struct germ_file germ_file;  /* which file the germ is */
	const volatile struct cell *cells;            /* read-only, by slot */
	const volatile struct census *census;         /* read-only, by class */
	const volatile struct organism *organism;     /* read-only */
	const volatile struct vessel_owner *vessels;  /* read-only, by vessel */
	const volatile struct constitution *rules;    /* read-only */
	const volatile struct receptors *receptors;   /* read-only, by slot */
	const volatile struct pulse *pulses;          /* read-only, by slot */
	const volatile struct proof *proofs;          /* read-only, by slot */
	const volatile struct pathogen *pathogens;    /* read-only, by place */
	const volatile struct mutation *mutations;    /* read-only, by generation modulo MUTATION_ROWS */
	struct automaton signatures;                  /* read-only, the memory the socket filter reads; of its DNA */
	const struct signature_head *signature_head;  /* read-only, by bank */
	const uint16_t *signature_cell;               /* read-only, of both banks */
	volatile struct vitals *vitals;               /* by slot: the own one is written */
	volatile struct vessel_load *loads;           /* by vessel: written by the blood cell that serves it */
	const uint8_t *key;                           /* the organism's, 32 bytes; NULL: cells prove nothing */
	const struct pair *pair;                      /* the organism's and the host's, for links; NULL: no links, or not for this cell */
	const struct chart *charts;                   /* read-only, by slot */
	struct commons *commons;
	struct synapse *synapse[VESSELS_MAX];
	struct vessel *vessel[VESSELS_MAX];
	struct crowd *crowd[VESSELS_MAX]; /* connections by source; written by who serves the vessel, where the DNA has a limit */
	uint32_t slot; /* of this cell */
	uint32_t id;
	int class;
};

/* A bug is an assert that stays on: the cell dies and the organism heals. */
#define cw_assert(condition) ((condition) ? (void)0 : tissue_bug(__FILE__, __LINE__, #condition))

_Noreturn void tissue_bug(const char *file, int line, const char *what);

/* One line to the log: time, class, slot, text. At most 400 bytes of text. Never blocks for long, never fails. */
void tissue_log(const struct tissue *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Milliseconds of the monotonic coarse clock (resolution 1 to 4 ms), and the boot clock in nanoseconds. */
uint64_t clock_ms(void);
uint64_t clock_boot_ns(void);
uint64_t clock_wall_ns(void); /* since 1970; may be set back */

/* Maps the maps of the family from the egg's descriptors and makes the shared memory. 0 or -errno. For the egg. */
int tissue_open(struct tissue *t);

/* Takes the automaton of the DNA it lives by. */
void tissue_sign(struct tissue *t);

/* Gives up the mappings of client bytes: what a drone does first. */
void tissue_forget_vessels(struct tissue *t);

/* Gives up the organism's pair: neither this cell nor its daughters link to other hosts. */
void tissue_forget_pair(struct tissue *t);

/* Runs a gland program on call. Returns 0 and the answer in call->answer, or -errno when the call itself failed. */
int gland_run(int fd, struct gland_call *call);
/* The same for the programs of the bus. */
int bus_run(int fd, struct bus_call *call);
/* And for those of the immune system; call of n bytes. */
int lymph_run(int fd, void *call, uint32_t n);
const char *gland_answer_text(uint32_t answer);
const char *reason_text(uint32_t reason);

const char *class_name(int class);

/* Names the process for ps: "cellws: drone 3 of shop" and the short name. */
void tissue_title(const struct tissue *t);
void tissue_title_at(char *at, size_t room);

/* Takes every message out of this cell's inbox; calls f for each. Returns how many. */
unsigned inbox_drain(const struct tissue *t, void (*f)(void *ctx, const struct message *m), void *ctx);

/* Maps this slot's inbox; once after birth. 0 or -errno. */
int inbox_open(const struct tissue *t);

#endif
