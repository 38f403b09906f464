/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The numbers of all descriptors a cell is born with: low numbers a drone keeps, then those of the shared table. */
#ifndef CELLWS_TISSUE_PLAN_H
#define CELLWS_TISSUE_PLAN_H

#include <stdint.h>

#define PLAN_ROUTES 64u /* as many as a DNA can have */
#define VESSELS_MAX 8u
#define BANKS       2u /* of germ, roots and genes: a generation of the DNA has that of its number, modulo this */

/* Set by `up`, the same for every cell; but for bank, which changes with the DNA. */
struct plan {
	uint32_t bank;
	uint32_t vessels;
	uint32_t slots;
	uint32_t listens;
};

enum {
	FD_NULL = 0,
	FD_LOG = 1,
	FD_ERR = 2,
	FD_GERM = 3,     /* sealed memory file: DNA, filters, media types; of bank 1, where the first generation is */
	FD_READY = 4,    /* to `up`; closed once the egg is laid */
	FD_DIVIDE = 5,   /* programs of the gland */
	FD_BECOME = 6,
	FD_ANIMATE = 7,
	FD_LEAVE = 8,
	FD_CELLS = 9,    /* maps; the egg maps them, all but vitals and loads for reading only, and closes these */
	FD_CENSUS = 10,
	FD_ORGANISM = 11,
	FD_VESSELS = 12,
	FD_VITALS = 13,
	FD_LOADS = 14,
	FD_KEY = 15,     /* the organism's key, in memory that is not swapped */
	FD_SECRETE = 16, /* programs of the bus */
	FD_RELAY = 17,
	FD_VOTE = 18,
	FD_PULSE = 19,
	FD_PROMPT = 20,
	FD_PROVE = 21,
	FD_PSI_CPU = 22, /* the host's pressure, for the neuron; /dev/null where the kernel does not tell */
	FD_PSI_MEMORY = 23,
	FD_CONSTITUTION = 24, /* maps of the bus, for reading only, closed like those above */
	FD_RECEPTORS = 25,
	FD_PULSES = 26,
	FD_PROOFS = 27,
	FD_PATHOGENS = 28, /* map of requests that kill, the same */
	FD_PRESENT = 29, /* programs of the immune system: of blood */
	FD_BLAME = 30,
	FD_PRAISE = 31,
	FD_BAN = 32,     /* of T cells */
	FD_POST = 33,
	FD_WIDEN = 34,
	FD_ALARM = 35,
	FD_FORGET = 36,
	FD_RESIGN = 37,
	FD_ANTIGENS = 38, /* the rings of evidence; read by the judge and its helper */
	FD_ANTIGENS_MORE = 39,
	FD_CHRONICLE = 40, /* the ring of incidents; read by the scribe */
	FD_LYMPH = 41,    /* counts, read-only */
	FD_ALLOW_V4 = 42, /* never-ban list, read-only */
	FD_ALLOW_V6 = 43,
	FD_CHART = 44,   /* memory of the charts; made by the egg, closed by cells that leave the shared table */
	FD_REFUSED = 45, /* clients of trusted proxies that are answered 403, read-only; of blood */
	FD_SIGNATURE_HEAD = 46, /* the automaton's maps; mapped and closed like those above */
	FD_SIGNATURES = 47,
	FD_LINK_LISTENER = 48, /* from here on of the gamete: where other hosts call */
	FD_TIDINGS = 49, /* the ring of bans to be shared */
	FD_HOST = 50,    /* its programs */
	FD_LEARN = 51,
	FD_HOSTS = 52,   /* maps, read-only: other hosts, the state of links, all shared bans */
	FD_LINK_STATE = 53,
	FD_SHARED = 54,
	FD_PAIR = 55,    /* the organism's pair, in sealed memory; mapped by the egg and closed */
	FD_CARRY = 56,   /* program of the gamete: signals from other hosts */
	FD_INFECT = 57,  /* and requests that have killed on other hosts */
	FD_CONTAGIONS = 58, /* map of these, read-only */
	FD_WISHES = 59,  /* map of hosts that this one wants expelled, read-only */
	FD_EXPELLED = 60, /* file of those that are; the gamete appends */
	FD_KEYS = 61,    /* file of keys that follow each other; the gamete reads and appends */
	FD_GERM_EVEN = 62, /* the germ of bank 0; from here on of a DNA that changes */
	FD_GARDEN = 63,  /* directory where root mounts later DNAs' roots, in a mount namespace of the cells; or /dev/null */
	FD_MUTATIONS = 64, /* map, mapped and closed like those above */
	FD_MUTATION_OUT = 65, /* where a cell of the shared table takes a new DNA's descriptors */
	FD_MUTATION_IN = 66, /* where root, or a gamete, puts them in */
	FD_MUTATE = 67,  /* the program that puts it in force */
	FD_SPREAD = 68,  /* memory with the DNA that came from other hosts last; the gamete reads and writes */
	FD_SPREAD_ROOT = 69, /* and with that which root made last for all hosts; the gamete reads */
	FD_UPTAKE = 70, /* program of the gamete: what hosts make of a DNA */
	FD_UPTAKES = 71, /* map of that, read-only */
	FD_FIXED = 72,
};

static inline int plan_germ(const struct plan *p)
{
	return p->bank ? FD_GERM : FD_GERM_EVEN;
}

/* Document root of a route (a directory) and its gene (a sealed memory file); absent ones are /dev/null. */
static inline int plan_root(const struct plan *p, uint32_t route)
{
	return (int)(FD_FIXED + 2 * p->bank * PLAN_ROUTES + route);
}

static inline int plan_gene(const struct plan *p, uint32_t route)
{
	return (int)(FD_FIXED + (2 * p->bank + 1) * PLAN_ROUTES + route);
}

/* First descriptor behind those of all routes, of both banks. */
#define PLAN_ROUTED (FD_FIXED + 2 * BANKS * PLAN_ROUTES)

/* Doorbell of a vessel, rung by drones. */
static inline int plan_vessel_bell(const struct plan *p, uint32_t vessel)
{
	(void)p;
	return (int)(PLAN_ROUTED + vessel);
}

/* Where drones put open files for a vessel. */
static inline int plan_gift_in(const struct plan *p, uint32_t vessel)
{
	return (int)(PLAN_ROUTED + p->vessels + vessel);
}

static inline int plan_slots_at(const struct plan *p)
{
	return (int)(PLAN_ROUTED + 2 * p->vessels);
}

/* Of a slot: the inbox ring, the doorbell, and the epoll set that holds both. */
static inline int plan_inbox(const struct plan *p, uint32_t slot)
{
	return plan_slots_at(p) + (int)(3 * slot);
}

static inline int plan_bell(const struct plan *p, uint32_t slot)
{
	return plan_slots_at(p) + (int)(3 * slot + 1);
}

static inline int plan_nest(const struct plan *p, uint32_t slot)
{
	return plan_slots_at(p) + (int)(3 * slot + 2);
}

/* First descriptor that is none of a drone's business. */
static inline int plan_shared_at(const struct plan *p)
{
	return plan_slots_at(p) + (int)(3 * p->slots);
}

/* Where a vessel gets the open files that drones put in. */
static inline int plan_gift_out(const struct plan *p, uint32_t vessel)
{
	return plan_shared_at(p) + (int)vessel;
}

/* The epoll set of a vessel's connections and listeners. */
static inline int plan_artery(const struct plan *p, uint32_t vessel)
{
	return plan_shared_at(p) + (int)(p->vessels + vessel);
}

static inline int plan_listener(const struct plan *p, uint32_t vessel, uint32_t listen)
{
	return plan_shared_at(p) + (int)(2 * p->vessels + vessel * p->listens + listen);
}

/* First descriptor that is free for connections. */
static inline int plan_end(const struct plan *p)
{
	return plan_shared_at(p) + (int)(2 * p->vessels + p->vessels * p->listens);
}

#endif
