/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The membrane: what a process of each kind may still do, made by `up`, put on by the cell, read back. */
#ifndef CELLWS_TISSUE_MEMBRANE_H
#define CELLWS_TISSUE_MEMBRANE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * X(NAME, who): one seccomp allowlist each. The germ line's holds everything that any cell may need before it is sealed;
 * the neuron keeps it, because it must be able to bear stems when none is left, and blood keeps all of it but kill(2) and
 * writing to files, for the case that nobody else is left.
 */
#define MEMBRANES(X)                          \
	X(GERM, "egg, stems and neuron")      \
	X(BLOOD, "blood")                     \
	X(DRONE, "drones")                    \
	X(TCELL, "T cells that judge") \
	X(SCRIBE, "T cells that keep the records") \
	X(GAMETE, "gametes, which talk to other hosts")

enum membrane {
#define X(NAME, who) MEMBRANE_##NAME,
	MEMBRANES(X)
#undef X
	MEMBRANE_COUNT
};

struct germ;

/*
 * Compiles the allowlist of a kind; *bytes is malloc'ed sock_filter code, *n its length in bytes. may_kill: the germ line
 * keeps kill(2), because this kernel cannot signal another task from a BPF program. links: it may bear gametes, which call
 * other hosts. 0 or -errno. For `up`.
 */
int membrane_compile(enum membrane kind, bool may_kill, bool links, char **bytes, uint32_t *n);

/* Puts the seccomp filter on. 0 or -errno. */
int membrane_seccomp(const struct germ *g, enum membrane kind);

/*
 * Landlock: from now on only the document roots can be read; by the germ line and blood also roots that root opens for later
 * DNAs, and system libraries. The memory's
 * directory can be written to by those who keep the records, and by the germ line, which bears them. 0, or -errno
 * (-EOPNOTSUPP, -ENOSYS: the kernel has no Landlock).
 */
int membrane_landlock(const struct germ *g, enum membrane kind);

/* Reads back what holds of this process: SEAL_* bits. landlock: whether membrane_landlock has succeeded. */
uint32_t membrane_read_back(const struct germ *g, bool landlock);

#endif
