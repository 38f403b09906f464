/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals between cells, votes, pulses and proofs: what the kernel's programs keep of them, what cells and people read. */
#ifndef CELLWS_SHARED_HORMONE_H
#define CELLWS_SHARED_HORMONE_H

#include "shared/antigen.h"
#include "shared/cell.h"

/* Strengths and levels are fixed point: 65536 is 1.0. */
#define Q16_ONE 65536u

/* X(NAME, name, per class, "what it says"): the order is the number on the wire and of SIGRTMIN+n. */
#define HORMONES(X)                                                      \
	X(GROWTH, growth, 1, "more cells of a class are wanted")         \
	X(ANTIGROWTH, antigrowth, 1, "fewer cells of a class are wanted") \
	X(ALARM, alarm, 0, "the organism is under attack")               \
	X(CALM, calm, 0, "the attack is over")                           \
	X(DANGER, danger, 0, "look at this cell: something is wrong")

enum hormone {
	HORMONE_NONE = 0,
#define X(NAME, name, by_class, text) HORMONE_##NAME,
	HORMONES(X)
#undef X
	HORMONE_COUNT
};

/*
 * Why a cell is accused or voted against. X(NAME, name, "what is wrong"): each voter checks for itself before it votes,
 * by the evidence that user/cells/evidence.h names.
 */
#define REASONS(X)                                                               \
	X(DEADLINE, deadline, "a request has been held longer than its route allows") \
	X(SILENT, silent, "the proof of the key that was asked for is overdue")   \
	X(PROOF, proof, "the proof of the key was wrong")                         \
	X(MEMORY, memory, "more memory than the DNA allows")                      \
	X(MALFORMED, malformed, "an answer was malformed, by its own account of it")

enum reason {
	REASON_NONE = 0,
#define X(NAME, name, text) REASON_##NAME,
	REASONS(X)
#undef X
	REASON_COUNT
};

/*
 * The rules of the bus, from the DNA. Key 0. Writer: `up`; of observe also `cellctl immune`. Programs enforce them, cells read them. Fractions in q16.
 * Attenuated strength = (strength * attenuation_q16 + Q16_ONE / 2) / Q16_ONE.
 */
struct constitution {
	__u32 attenuation_q16; /* by which a relayed signal is weaker */
	__u32 floor_q16;       /* a weaker one is not relayed */
	__u32 hops_max;        /* the first receivers are at hop 1; relayed while below this */
	__u32 half_life_ms;    /* of a receptor's level */
	__u32 divide_q16;      /* net level above which a cell may divide or a stem differentiate */
	__u32 die_q16;         /* net level below which a cell may leave */
	__u32 refractory_ms;   /* between two divisions of a cell, and before a newborn's first */
	__u32 secretions_per_s; /* per cell: secretions; relays, prompts and votes have the same allowance each */
	__u32 answer_ms;       /* a proof that comes later than this is overdue */
	__u32 prompt_ms;       /* mean time between two prompts of a cell */
	__u32 ballot_ms;       /* a vote counts for this long */
	__u32 memory_pages;    /* most of one cell; 0: no limit */
	__u32 cap_q16[8];      /* by class: strongest it may secrete */
	__u32 may_kill;        /* 1: the kernel ends who is condemned; 0: cells do */
	__u32 observe;         /* 1: nothing is dropped, refused or banned, it is only written down */
	__u32 ban_s;           /* length of a first ban; doubled with each further one */
	__u32 ban_max_s;
	__u32 bans_per_minute; /* of the T cells together; beyond it they only observe */
	__u32 tcells;          /* that live at least once there is evidence */
	__u32 remember;        /* 1: a T cell keeps records of incidents */
	__u32 widen;           /* hostile ones of 256 for which their prefix is banned as a whole; 0: never */
	__u32 widest_v4;       /* 16 or 24: the widest prefix that is */
	__u32 widest_v6;       /* 48 or 56 */
	__u32 host_attenuation_q16; /* by which a signal from another host is weaker; no more of all of them is heard */
	__u32 pad;
};
CW_LAYOUT(struct constitution, 128);
_Static_assert(CLASS_COUNT == 8, "caps and levels have a place for each class");

/* A leaky integral: what it is worth at a time is receptor_now() of shared/receptor.h. */
struct receptor {
	__u32 level_q16; /* at at_ns */
	__u32 heard;     /* signals taken in */
	__u64 at_ns;     /* boot clock */
};
CW_LAYOUT(struct receptor, 16);

/* By class, named so that a dump can be read; CLASS_NONE's place is unused. */
struct receptors_by_class {
	struct receptor none;
#define X(NAME, name, text) struct receptor name;
	CELL_CLASSES(X)
#undef X
};

/*
 * What the cell in a slot has heard. Key: slot. Writers: gland_relay and gland_secrete, in that
 * cell's own calls; gland_divide, which gives a newborn what its mother has heard.
 */
struct receptors {
	struct receptors_by_class growth;
	struct receptors_by_class antigrowth;
	struct receptor alarm;
	struct receptor calm;
	struct receptor danger;
};
CW_LAYOUT(struct receptors, 2 * 8 * 16 + 3 * 16);

/* Signals a cell has received lately, each passed on once at most. Key: slot. Writer: gland programs. */
#define MOLECULES 32u

struct molecule {
	__u64 id;
	__u32 kind;
	__u32 class;
	__u32 strength_q16;
	__u32 hops;
	__u32 from;     /* slot it came from, CELL_NOBODY from outside */
	__u32 relayed;  /* 1 once taken in */
	__u32 target;   /* of danger: id of the cell */
	__u32 reason;
	__u32 origin;   /* id of the cell that secreted it, 0 for root */
	__u32 pad;
};
CW_LAYOUT(struct molecule, 48);

struct molecules {
	__u32 next;
	__u32 pad;
	struct molecule m[MOLECULES];
};

/* A cell's vote against the cell in a slot. */
struct paper {
	__u32 voter; /* id; 0 for none */
	__u32 reason;
	__u64 voted_ns;
};

/* Why a cell was condemned, as far as it says something of the request that it had in hand. */
enum sentence {
	SENTENCE_NONE,
	SENTENCE_PASSED,
	SENTENCE_LATE, /* most of the votes were for REASON_DEADLINE */
};

/* All votes against the cell in a slot, by the voters' slots. Key: slot. Writer: gland_vote; emptied with each birth. */
struct ballot {
	__u32 target;    /* id */
	__u32 votes;     /* that counted at the last vote */
	__u32 electorate; /* living adults then */
	__u32 condemned; /* once a strict majority was reached, enum sentence */
	struct paper paper[CELL_SLOTS_MAX];
};
CW_LAYOUT(struct ballot, 16 + 16 * CELL_SLOTS_MAX);

/* A cell's pulse. Key: slot. Writer: gland_pulse. */
struct pulse {
	__u32 id;
	__u32 busy_permille; /* of the time since the pulse before */
	__u32 wait_us;       /* longest a request has waited for this cell lately */
	__u32 rss_pages;     /* as the kernel counts, 0 when it does not say */
	__u64 beat_ns;
};
CW_LAYOUT(struct pulse, 24);

#define PROOF_BYTES 16u

/* A question for the key and the answer to it. Key: slot. Writer: gland_prompt, gland_prove. */
struct proof {
	__u32 target;   /* id of the cell that was asked */
	__u32 asker;    /* id */
	__u64 nonce[2];
	__u64 asked_ns; /* 0: never */
	__u64 answered_ns; /* 0: not yet */
	__u8 mac[PROOF_BYTES]; /* see user/tissue/key.h */
};
CW_LAYOUT(struct proof, 56);

/* Context of the bus programs. Each uses what it names; answer is always written. */
struct bus_call {
	__u32 kind;         /* secrete: enum hormone */
	__u32 class;        /* secrete: class it speaks of, 0 for kinds without */
	__u32 strength_q16; /* secrete */
	__u32 target;       /* secrete of danger, vote, prompt: id of a cell */
	__u32 reason;       /* secrete of danger, vote: enum reason */
	__u32 answer;       /* out: enum gland_answer */
	__u32 heard;        /* out, secrete and relay: cells that got it */
	__u32 votes;        /* out, vote: counted now */
	__u32 electorate;   /* out, vote */
	__u32 busy_permille; /* pulse */
	__u32 wait_us;      /* pulse */
	__u32 pad;
	__u64 molecule;     /* relay: which; out, secrete: its id */
	__u8 mac[PROOF_BYTES]; /* prove */
};
CW_LAYOUT(struct bus_call, 72);

/* What happened, for `cellctl watch`: the newest EVENTS_MAX in the map events, at seq % EVENTS_MAX. */
#define EVENTS_MAX 1024u

/* X(NAME, name): values in an event's fields are those of the message of the same name in shared/cell.h. */
#define EVENTS(X)       \
	X(BIRTH, birth)     /* slot, id, class; a: mother's slot */                                       \
	X(BECAME, became)   /* slot, id, class; a: class before */                                        \
	X(DEATH, death)     /* slot, id, class; a: exit code as in wait(2) */                             \
	X(LEAVE, leave)     /* slot, id, class: drains and ends by its own decision */                    \
	X(TUMOUR, tumour)   /* slot, id, class of the mother; a: pid of the child */                      \
	X(SECRETE, secrete) /* slot, id, class of the origin; a: hormone, b: class spoken of, c: strength_q16 */ \
	X(ACCUSE, accuse)   /* slot, id, class of the accuser; a: id accused, b: reason */                \
	X(VOTE, vote)       /* slot, id, class of the voter; a: id accused, b: reason, c: votes << 16 | electorate */ \
	X(CONDEMN, condemn) /* slot, id, class of the condemned; b: reason, c: votes << 16 | electorate */ \
	X(REFUSE, refuse)   /* slot, id, class of the caller; a: enum gland_answer, b: hormone or 0 */    \
	X(STRANGER, stranger) /* a: pid of a process that is no cell and called the gland or wanted our address, b: 1 gland, 2 bind, 3 exec */ \
	X(BAN, ban)         /* slot, id, class of the T cell (none: by hand), source; a: enum antigen_reason, b: seconds (0: until lifted), c: offence */ \
	X(UNBAN, unban)     /* by hand: source */                                                         \
	X(WIDEN, widen)     /* slot, id, class of the T cell, source; a: banned ones of 256, b: seconds, c: offence */ \
	X(ALARM, alarm)     /* slot, id, class of the T cell; a: evidence in the last second, b: threshold */ \
	X(CALM, calm)       /* the same */                                                                \
	X(MUTATE, mutate)   /* slot, id, class of the cell that has put it in force; a: generation of the DNA, b: of the one before */ \
	X(CARRY, carry)     /* slot, id, class of the gamete; a: hormone, b: class spoken of, c: strength_q16; source.key: id of the host */

enum event_kind {
	HAPPENED_NONE = 0,
#define X(NAME, name) HAPPENED_##NAME,
	EVENTS(X)
#undef X
	HAPPENED_COUNT
};

struct event {
	__u64 seq; /* from 1 on; written last; 0: nothing yet */
	__u64 time_ns; /* boot clock */
	__u32 kind;
	__u32 slot;
	__u32 id;
	__u32 class;
	__u32 a, b, c;
	__u32 pad;
	struct source source; /* of bans; family 0 else */
};
CW_LAYOUT(struct event, 64);

#endif
