/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every verb of cellctl gets and may call: the command line, the organism it speaks of, its pins, messages. */
#ifndef CELLWS_CELLCTL_VERB_H
#define CELLWS_CELLCTL_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "shared/cell.h"

/* Exit codes, part of the contract. */
enum verb_exit {
	VERB_DONE = 0,
	VERB_FAILED = 1,
	VERB_USAGE = 2, /* wrong usage, or a DNA that cannot be used */
	VERB_NOT_RUNNING = 3,
};

/* One call of cellctl: the common options are taken out, argv[0] is the verb. */
struct invocation {
	int argc;
	char **argv;
	const char *name;    /* --name, NULL when not given */
	const char *run_dir; /* --run-dir */
	const char *bpffs;   /* --bpffs */
	bool json;           /* --json */
};

/* X(name, "arguments", "help"): the verbs; help, dispatch and the README's list come from it. */
#define VERBS(X)                                                                                                  \
	X(up, "IFACE [--dna FILE] [--foreground] [--observe] [--confirm T] [--xdp auto|native|generic|off]", "lay the egg: screen IFACE, listen, sleep") \
	X(down, "", "finish open requests, end every cell, remove everything")                                    \
	X(confirm, "", "keep an organism that `up --confirm` would take down again")                             \
	X(status, "[--json]", "cells, traffic, what was dropped and why")                                         \
	X(tree, "[--json]", "who is whose daughter")                                                              \
	X(check, "[FILE|-|--options]", "validate a DNA without touching anything")                                              \
	X(mutate, "--dna FILE [--dry-run] [--local]", "a new DNA for the living organism and its copies on linked hosts; no connection is dropped")         \
	X(immune, "list|ban|unban|allow|disallow|why|log|import|export|observe|enforce ...", "bans, evidence and the never-ban list; `cellctl immune` says what each takes") \
	X(watch, "[--json] [--since-start]", "a line for each birth, death, signal, vote, refusal and ban, as they happen")     \
	X(secrete, "KIND[:CLASS] STRENGTH", "send a signal: growth:drone 0.5, antigrowth:blood 1, alarm 0.3, calm 1")            \
	X(keygen, "[FILE]", "make a secret key for the DNA's option key; default cellws.key")                     \
	X(key, "--public [FILE] | rotate [FILE] [--accept T]", "print the public key that eggs trust; put a new key in its place") \
	X(egg, "IFACE --listen ADDR:PORT --trust KEY [--for T] [--xdp auto|native|generic|off]", "wait for the organism with that public key to come from another host") \
	X(reproduce, "HOST:PORT [--egg KEY]", "send a copy of the organism to an egg on another host")          \
	X(hosts, "[--json] | expel ID [--withdraw]", "copies on other hosts: relation, link, how they are doing; vote one out") \
	X(doctor, "[IFACE] [--dna FILE] [--json]", "what this host offers and what is done without it")

#define X(name, args, help) int verb_##name(const struct invocation *in);
VERBS(X)
#undef X

struct verb {
	const char *name;
	const char *args;
	const char *help;
	int (*run)(const struct invocation *in);
};

/* NULL when there is none of that name. */
const struct verb *verb_find(const char *name);
/* Prints all verbs and returns code. */
int verb_help(FILE *out, int code);

/* Prints "cellctl: ..." to standard error and returns code, so that a verb can say `return verb_say(VERB_FAILED, ...)`. */
int verb_say(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints the usage line of a verb to standard error and returns VERB_USAGE. */
int verb_usage(const char *verb);

/*
 * Takes the value of an option "--what" or "--what=V" out of in->argv (which shrinks). NULL in *value when absent.
 * Returns 0, or VERB_USAGE (said) when the option stands without a value.
 */
int verb_option(struct invocation *in, const char *what, const char **value);
bool verb_flag(struct invocation *in, const char *what);

/*
 * Which organism is meant: --name, or the only one that has pins. Copies its name (at most 31 characters) and returns
 * 0; or says what is wrong and returns VERB_NOT_RUNNING or VERB_USAGE.
 */
int verb_organism(const struct invocation *in, char name[32]);

/* BPFFS/cellws/NAME[/LEAF]; 0 or -ENAMETOOLONG. */
int pin_path(const struct invocation *in, const char *name, const char *leaf, char *to, size_t room);

/* Opens the pinned map LEAF of an organism; a descriptor or -errno. */
int pin_map(const struct invocation *in, const char *name, const char *leaf, bool read_only);

#endif
