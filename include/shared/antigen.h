/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Evidence against sources, what was decided on it, and requests that kill: records of the learning half of the immune system. */
#ifndef CELLWS_SHARED_ANTIGEN_H
#define CELLWS_SHARED_ANTIGEN_H

#include "shared/border.h"

/* X(NAME, name, "what it did"): its weight is the DNA's immune.weights, against immune.ban_at. */
#define ANTIGENS(X)                                                       \
	X(TRAP, trap, "asked for a trap")                                 \
	X(SIGNATURE, signature, "sent a known attack")                    \
	X(PATHOGEN, pathogen, "sent a request that kills drones")         \
	X(BAD_REQUEST, bad_request, "sends malformed requests in a row")  \
	X(MISSING, missing, "is answered 401, 403 or 404 in a row")       \
	X(RATE, rate, "sends more requests than it may")                  \
	X(SLOW, slow, "lets a request or an answer stand still")          \
	X(FOREIGN, foreign, "failed the key proof of a host")

enum antigen_reason {
	ANTIGEN_NONE = 0,
#define X(NAME, name, text) ANTIGEN_##NAME,
	ANTIGENS(X)
#undef X
	ANTIGEN_COUNT
};

/* Evidence that decides little by itself: when the ring fills, it gives way to what decides more. */
static inline int antigen_is_weak(__u32 reason)
{
	return reason != ANTIGEN_TRAP && reason != ANTIGEN_SIGNATURE && reason != ANTIGEN_PATHOGEN;
}

#define ANTIGEN_DETAIL 64u       /* with the NUL; printable ASCII, made so by the kernel's program */
#define ANTIGEN_RING   (1u << 18) /* bytes: about 2300 records */
#define CHRONICLE_RING (1u << 19) /* bytes: about 3800 incidents */
#define ANTIGEN_NO_RULE 0xffffffffu

/* Who it is about: an IPv4 address, or the /64 of an IPv6 one, as the maps of antibodies are keyed. */
struct source {
	__u64 key;    /* network order as in memory; IPv4 in the low 32 bits */
	__u32 family; /* 4 or 6 */
	__u16 via;    /* 1: behind a trusted proxy, which vouches for the address; never banned in the skin */
	__u16 bits;   /* of a prefix that is wider, its host part zero; 0: the source itself */
};
CW_LAYOUT(struct source, 16);

/* One record of the ring. Writers: gland_present and mucosa_screen, which take the source from the connection itself. */
struct antigen {
	struct source source;
	__u64 time_ns; /* boot clock */
	__u32 reason;  /* enum antigen_reason */
	__u32 rule;    /* trap or signature by its place in the DNA, ANTIGEN_NO_RULE for none */
	__u32 route;   /* by its place in the DNA, ANTIGEN_NO_RULE for none */
	__u32 cell;    /* id of the blood cell, or of the one that serves the connection */
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct antigen, 104);

/* Context of gland_present. */
struct present_call {
	__u32 fd; /* the client's connection, in the caller's table */
	__u32 reason;
	__u32 rule;
	__u32 route;
	__u32 answer; /* out: enum gland_answer */
	__u32 pad;
	struct source claimed; /* whom a trusted proxy at the other end speaks for; family 0: itself */
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct present_call, 104);

/* What stands against a source. Key: struct source, least recently used goes first. Writers: gland_present, mucosa_screen. */
struct suspect {
	__u64 first_ns; /* boot clock */
	__u64 last_ns;
	__u32 count;    /* of evidence */
	__u32 pad;
	__u32 reason;   /* of the last evidence, as are the following */
	__u32 rule;
	__u32 route;
	__u32 told_s;   /* boot clock in seconds: when it was last written down that it is not banned; writer: gland_ban */
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct suspect, 104);

#define SUSPECTS_MAX 65536u
#define SUSPECT_FRESH_NS 60000000000ull /* a ban needs evidence that is younger */
#define TOLD_S 10u /* so long it is not repeated that a source or prefix is not banned */

/* How often a source or prefix was banned. Key: struct source. */
struct offender {
	__u64 last_ns; /* boot clock */
	__u32 offences;
	__u32 pad;
};
CW_LAYOUT(struct offender, 16);

#define OFFENDERS_MAX 131072u
#define OFFENDER_NS   (30 * 86400 * 1000000000ull) /* after this it is forgotten */

/*
 * What is known of the 256 parts of a prefix, one bit each: of a /24 and a /56 the sources, of a /16 and a /48 the next
 * longer prefixes. Key: struct source with bits. Hostile are those that were banned; well-behaved those that were
 * answered 2xx or 3xx and gave no evidence since. Both count for one to two turns.
 */
#define NEIGHBOURHOODS_MAX 16384u
#define NEIGHBOURHOOD_NS   3600000000000ull /* a turn: one hour */

struct neighbourhood {
	__u64 turn; /* number of the present one */
	__u64 bad[4], bad_before[4];
	__u64 good[4], good_before[4];
	__u32 told_s; /* boot clock in seconds: when it was last written down that it is not banned as a whole */
	__u32 pad;
};
CW_LAYOUT(struct neighbourhood, 144);

/* Context of gland_ban: how long is the kernel's to say, from the constitution and the source's record. */
struct ban_call {
	struct source source;
	__u32 score;   /* for the record only */
	__u32 spared;  /* 1: it is on the never-ban list; only written down */
	__u32 answer;  /* out: enum gland_answer */
	__u32 ttl_s;   /* out */
	__u32 offence; /* out: which ban of this source it is, from 1 on */
	__u32 hostile; /* out: so many of the 256 neighbours in its /24 (IPv6: /56) were banned lately */
};
CW_LAYOUT(struct ban_call, 40);

/* Clients of trusted proxies that are answered 403; when all places are taken the one longest unused gives way. */
#define REFUSED_MAX 16384u
/* gland_widen is given numbers, not a record: which they are, and how its result is read. */
enum widen_argument {
	WIDEN_KEY,    /* of struct source, as are the following */
	WIDEN_FAMILY,
	WIDEN_BITS,
	WIDEN_SPARED, /* 1: somebody in it is on the never-ban list; only written down */
	WIDEN_ARGUMENTS
};

#define WIDEN_ANSWER(result)  ((result) & 0xffu)       /* enum gland_answer */
#define WIDEN_HOSTILE(result) ((result) >> 8 & 0x1ffu) /* as ban_call.hostile, of the next wider prefix */
#define WIDEN_TOLD	      0x80000000u /* not banned as a whole, and written down: not so lately */

/* What T cells share out among themselves. */
enum post {
	POST_JUDGE,  /* reads evidence, decides bans */
	POST_SCRIBE, /* writes down what was decided */
	POST_HELPER, /* judges half of the sources, while evidence comes faster than one reads it */
	POST_COUNT
};

/* Context of gland_praise. */
struct praise_call {
	__u32 fd; /* the client's connection, in the caller's table */
	__u32 answer; /* out */
};
CW_LAYOUT(struct praise_call, 8);

/* Context of gland_alarm: what the judge has measured. */
struct alarm_call {
	__u32 on;           /* 1: alarm, 0: calm */
	__u32 per_s;        /* evidence in the last second */
	__u32 threshold;    /* above which it is an alarm */
	__u32 answer;       /* out */
	__u32 mean_milli;   /* of evidence in a second, learned while there was no alarm */
	__u32 deviation_milli;
	__u64 samples;      /* seconds it was learned in */
};
CW_LAYOUT(struct alarm_call, 32);

/* Context of gland_record, for root only: what was done by hand. */
struct record_call {
	struct source source;
	__u32 act;    /* INCIDENT_BY_HAND or INCIDENT_LIFTED */
	__u32 ttl_s;  /* 0: until lifted */
	__u32 answer; /* out */
	__u32 pad;
};
CW_LAYOUT(struct record_call, 32);

/* X(NAME, name, "what became of it") */
#define INCIDENTS(X)                                                                           \
	X(BANNED, banned, "banned")                                                            \
	X(OBSERVED, observed, "would have been banned; the organism only observes")            \
	X(SPARED, spared, "not banned: on the never-ban list")                                 \
	X(HELD_BACK, held_back, "not banned: more bans in a minute than the DNA allows")       \
	X(FULL, full, "not banned: the list is full")                                          \
	X(DEADLY, deadly, "its request killed a drone")                                        \
	X(REFUSED, refused, "is answered 403 from now on: it comes through a trusted proxy") \
	X(WIDENED, widened, "banned as a whole: many of its sources were banned one by one")   \
	X(NARROW, narrow, "not banned as a whole: a source in it is allowed or behaves well")  \
	X(BY_HAND, by_hand, "banned by hand")                                                  \
	X(LIFTED, lifted, "its ban was lifted by hand")                                        \
	X(LEARNED, learned, "banned, as another host has decided")                             \
	X(UNLEARNED, unlearned, "its ban was lifted, as another host has decided")             \
	X(CONTAGION, contagion, "its request killed a drone on another host")

enum incident_act {
	INCIDENT_NONE = 0,
#define X(NAME, name, text) INCIDENT_##NAME,
	INCIDENTS(X)
#undef X
	INCIDENT_COUNT
};

/* What was decided: the newest INCIDENTS_MAX, at seq % INCIDENTS_MAX. Writer: incident_write(). */
#define INCIDENTS_MAX 1024u

struct incident {
	__u64 seq; /* from 1 on; written last; 0: nothing yet */
	__u64 time_ns;
	struct source source;
	__u32 act;     /* enum incident_act */
	__u32 reason;
	__u32 rule;
	__u32 score;
	__u32 ttl_s;
	__u32 offence;
	__u32 cell;    /* id of the cell that decided */
	__u32 count;   /* of evidence so far */
	__u64 host;    /* id of the other host that has decided or seen it, 0: this one */
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct incident, 136);

/* Counts, key 0. Writers: the programs above, by atomic addition; bans_ns: gland_ban. */
struct lymph {
	__u64 antigens;  /* evidence that was taken */
	__u64 lost;      /* of it, not told to a T cell: the ring was full */
	__u64 refused;   /* without a connection that proves the source, or not from blood */
	__u64 incidents; /* last number given out */
	__u64 bans_ns;   /* boot clock until which the budget of bans is used up */
	__u64 pathogens; /* requests that have killed twice */
	__u64 unwritten; /* incidents the memory does not hold: nobody has read them in time */
	__u32 alarm;     /* 1: under attack. Writer of this and the following: gland_alarm; `up` at first */
	__u32 mean_milli;
	__u32 deviation_milli;
	__u32 pad;
	__u64 samples;
};
CW_LAYOUT(struct lymph, 80);

/* A request that has killed drones of their own fault. Key: its place, see pathogen_set(). Writers: gland_blame, gland_infect. */
#define PATHOGEN_SETS   256u
#define PATHOGEN_WAYS   4u
#define PATHOGEN_DEADLY 2u /* deaths after which it is refused */

struct pathogen {
	__u64 fingerprint; /* see user/immune/fingerprint.h; 0: empty */
	__u64 first_ns;
	__u64 last_ns;
	__u32 deaths;
	__u32 route;
	__u32 cause; /* exit code of the last drone, as in wait(2) */
	__u32 pad;
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct pathogen, 104);

static inline __u32 pathogen_set(__u64 fingerprint)
{
	return (__u32)(fingerprint >> 32) % PATHOGEN_SETS * PATHOGEN_WAYS;
}

/* Context of gland_blame: the kernel looks itself at how the drone died. */
struct blame_call {
	__u64 fingerprint;
	__u32 drone; /* id */
	__u32 fd;    /* the client's connection */
	__u32 route;
	__u32 answer; /* out */
	__u32 deaths; /* out: of this request so far */
	__u32 pad;
	struct source claimed; /* as above */
	char detail[ANTIGEN_DETAIL];
};
CW_LAYOUT(struct blame_call, 112);

/* Length of a ban: doubled with each offence, up to the most. base_s and most_s at least 1, offence from 1 on. */
static inline __u32 ban_seconds(__u32 base_s, __u32 most_s, __u32 offence)
{
	__u32 doublings = offence > 1 ? offence - 1 : 0;
	__u64 s = (__u64)base_s << (doublings < 31 ? doublings : 31);

	return s < most_s ? (__u32)s : most_s;
}

#endif
