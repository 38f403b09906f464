/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The DNA: a flat, pointer-free record of everything the operator decides, and the way it is read and checked. */
#ifndef CELLWS_DNA_H
#define CELLWS_DNA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DNA_LISTEN_MAX  16
#define DNA_ROUTES_MAX  64
#define DNA_ALLOW_MAX   256
#define DNA_PROXIES_MAX 64  /* prefixes of trusted proxies */
#define DNA_TRAPS_MAX   64
#define DNA_SIGNS_MAX   64  /* signatures */
#define DNA_MATCH_MAX   128 /* of a signature or trap, with the NUL */
#define DNA_NAME_MAX    32  /* with the NUL */
#define DNA_PATH_MAX    512 /* with the NUL */
#define DNA_TEXT_MAX    512 /* with the NUL */
#define DNA_PREFIX_MAX  256 /* of a route, with the NUL */

struct dna_listen {
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t port;   /* host order, 1 to 65535 */
	uint32_t line;   /* where in the file */
	uint8_t addr[16]; /* network order; IPv4 in the first four */
	char text[64];    /* as written */
};

struct dna_prefix {
	uint16_t family;
	uint16_t bits;
	uint8_t addr[16]; /* network order, host part zero */
};

/* Of immune.proxy_protocol, as far as trusted proxies are concerned: from others no header is ever taken. */
enum dna_proxy_protocol {
	DNA_PROXY_OFF,
	DNA_PROXY_OPTIONAL,
	DNA_PROXY_REQUIRED,
};

struct dna_route {
	char prefix[DNA_PREFIX_MAX]; /* begins with '/' , normalised */
	char gene[DNA_PATH_MAX];     /* "static", or an absolute path of a shared object */
	char root[DNA_PATH_MAX];     /* absolute; "" when not given */
	char args[DNA_TEXT_MAX];
	char index[64];
	uint32_t deadline_ms;        /* a request that takes longer than this is given up */
	uint32_t carry;              /* 1: its root goes along to other hosts */
	uint32_t line;               /* of the route in the file */
	uint32_t gene_line;          /* of these options, 0 when not given */
	uint32_t root_line;
};

/* What a client gets whose request is an attack, or one too many. */
enum dna_refuse {
	DNA_REFUSE_ANSWER, /* 403 or 429 */
	DNA_REFUSE_CLOSE,  /* a reset */
};

struct dna_signature {
	char name[64];
	char match[DNA_MATCH_MAX];
	uint32_t line; /* in the file */
};

#define DNA_LINES_MAX 128 /* at least as many as there are options */

/* Flat: it is handed to the cells in one sealed memory file. Values by the table in include/dna_table.h. */
struct dna {
	char file[DNA_PATH_MAX];  /* as named by the operator, for messages */
	char sha256[65];          /* of the file's bytes, hex */
	char organism[DNA_NAME_MAX];
	char user[DNA_NAME_MAX];
	uint32_t listen_count;
	uint32_t route_count;
	uint32_t allow_count;
	uint32_t trusted_count;
	uint32_t proxy_protocol;      /* enum dna_proxy_protocol */
	uint32_t stem_min;
	uint32_t blood_min, blood_max;
	uint32_t drone_min, drone_max;
	uint32_t connections;
	uint32_t line_bytes;      /* limits */
	uint32_t head_bytes;
	uint32_t body_bytes;
	uint32_t head_ms;         /* time-outs */
	uint32_t body_ms;
	uint32_t idle_ms;
	uint32_t send_ms;
	uint32_t queue_ms;
	uint32_t drain_ms;
	uint32_t requests_per_second; /* per source address (v6: /64), 0 = unlimited */
	uint32_t option_line[DNA_LINES_MAX]; /* by place in the table of options: where in the file, 0 when not given */
	uint32_t user_line;           /* of the option user in the file, 0 when not given; so the others */
	uint32_t key_line, report_program_line, report_user_line;
	uint32_t syn_rate, packet_rate; /* per source and second; 0: no limit */
	uint32_t cookie_rate;         /* SYNs per port and second that are a flood; 0: never */
	uint32_t antibodies;          /* most bans of one kind (v4 addresses, v6 /64s, prefixes) */
	char key[DNA_PATH_MAX];       /* file of the secret key, absolute; "" when not given */
	uint32_t report_syslog;       /* 1: incidents go to the system log */
	char report_program[DNA_TEXT_MAX]; /* absolute path and arguments; "" for none */
	char report_user[DNA_NAME_MAX];    /* "": the user of the cells */
	char memory[DNA_PATH_MAX];    /* file of the immune memory, absolute; DNA_MEMORY_DEFAULT, or "" for none */
	uint32_t cells_max;           /* of all classes together */
	uint32_t priority;            /* steps of nice before other programs, of all but drones */
	uint32_t hormone_attenuation_q16; /* fractions: 65536 is 1 */
	uint32_t hormone_host_attenuation_q16;
	uint32_t hormone_floor_q16;
	uint32_t hormone_hops;
	uint32_t hormone_half_life_ms;
	uint32_t hormone_divide_q16;
	uint32_t hormone_die_q16;     /* at most hormone_divide_q16 */
	uint32_t hormone_refractory_ms;
	uint32_t hormone_rate;        /* signals a second and cell */
	uint32_t hormone_queue_ms;    /* a request that waits longer calls for drones */
	uint32_t cap_neuron_q16;      /* strongest signal of each class */
	uint32_t cap_blood_q16;
	uint32_t cap_drone_q16;
	uint32_t cap_stem_q16;
	uint32_t cap_tcell_q16;
	uint32_t cap_gamete_q16;
	uint32_t health_prompt_ms;
	uint32_t health_answer_ms;
	uint32_t health_ballot_ms;
	uint64_t health_memory_bytes; /* most of one cell, 0 = unlimited */
	uint64_t cells_memory_bytes;  /* of all cells: none is added beyond it, 0 = unlimited */
	uint64_t carry_most_bytes;    /* of one document root */
	uint32_t link_previous_key_ms;
	struct dna_listen listen[DNA_LISTEN_MAX];
	struct dna_listen link; /* family 0: no links to other hosts */
	struct dna_route route[DNA_ROUTES_MAX];
	struct dna_prefix allow[DNA_ALLOW_MAX];
	struct dna_prefix trusted[DNA_PROXIES_MAX];
	uint32_t trap_count;
	uint32_t signature_count;
	uint32_t ban_at;              /* points */
	uint32_t score_half_life_ms;
	uint32_t ban_ms;
	uint32_t ban_max_ms;
	uint32_t bans_per_minute;
	uint32_t alarm_at;            /* pieces of evidence in a second */
	uint32_t widen;               /* banned ones of 256; 0: never */
	uint32_t widest_v4, widest_v6;
	uint32_t observe;             /* 1: nothing is dropped or banned */
	uint32_t bad_per_second;
	uint32_t missing_per_second;
	uint32_t connections_per_source; /* 0: any number */
	uint32_t refuse;              /* enum dna_refuse */
	uint32_t weight_trap;         /* points of each kind of evidence */
	uint32_t weight_signature;
	uint32_t weight_pathogen;
	uint32_t weight_bad_request;
	uint32_t weight_missing;
	uint32_t weight_rate;
	uint32_t weight_slow;
	uint32_t weight_foreign;
	char trap[DNA_TRAPS_MAX][DNA_MATCH_MAX];
	struct dna_signature signature[DNA_SIGNS_MAX];
};

/*
 * Reads and checks a DNA. text: its bytes; name: how the operator called it (relative paths in it are taken from the
 * directory of that file; for the embedded default and "-" from the working directory). Every problem found is printed
 * to out as "FILE:LINE: OPTION: what was found; what is allowed". Touches nothing. Returns the number of problems: 0 is
 * a DNA that can be used; dna is complete only then.
 */
int dna_parse(const char *text, size_t n, const char *name, struct dna *dna, FILE *out);

/*
 * Checks what only the host can tell: document roots exist and are directories, shared objects exist, are readable and
 * load as genes of the right ABI (in a child process without privileges), the user exists and is not root. Same
 * messages and result as dna_parse.
 */
int dna_check_host(const struct dna *dna, FILE *out);

/*
 * What an organism that lives by now cannot change without going down (DNA_FIXED in dna_table.h): each such option that next
 * has another value for is printed to out, in the same form, with both values; out NULL: nothing is. How many.
 */
int dna_check_change(const struct dna *now, const struct dna *next, FILE *out);

/* Puts what is each host's own (DNA_OWN in dna_table.h) as own has it into next, which came from another host. */
void dna_keep_own(const struct dna *own, struct dna *next);

/* Whether both say the same, line for line, wherever the files are. */
bool dna_is_same(const struct dna *a, const struct dna *b);

/*
 * A copy of a shared object (at most 256 MiB) in sealed memory, opened with the caller's rights; a process that may not
 * reach the file loads it as /proc/self/fd/N. A descriptor that is closed on exec, or -errno; -EINVAL: no regular file.
 */
int dna_gene_copy(const char *path);

/* Reads the whole file (at most 1 MiB) into *text (free it). 0 or -errno. */
int dna_load(const char *file, char **text, size_t *n);

/* The text of the DNA that is compiled in (dna.conf at the top of the tree). */
extern const char dna_default_text[];
extern const size_t dna_default_size;

/* Prints the table of all options with type, range, default and help, for --help and the README. */
void dna_print_options(FILE *out);

/*
 * Least slots that the DNA's minima need: a neuron, least blood and drones, the spare stems, the two founders, who are
 * stems for a moment, and a gamete where there are links.
 */
uint32_t dna_cells_least(const struct dna *dna);

/* Reads "A.B.C.D:PORT" or "[IPV6]:PORT", port 1 to 65535; false, and *to is undefined, when it is none. */
bool dna_listen_read(const char *text, struct dna_listen *to);

/*
 * Reads a fraction as people write it, "0.5", "1", with at most 4 decimals, into parts of 65536, rounded to the nearest.
 * 0, or -EINVAL when it is none; the caller judges the range.
 */
int dna_fraction_read(const char *text, uint32_t *q16);

/* Writes a fraction of at most 4 decimals, without zeros at the end; at least 16 bytes of room. */
void dna_fraction_write(uint32_t q16, char *to, size_t room);

/* Which route serves a normalised path: the longest prefix that covers it; its index, or -1. */
int dna_route_find(const struct dna *dna, const char *path, size_t n);

#endif
