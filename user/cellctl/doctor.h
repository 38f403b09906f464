/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of the doctor's checks, and what a check gets and may call. */
#ifndef CELLWS_CELLCTL_DOCTOR_H
#define CELLWS_CELLCTL_DOCTOR_H

#include <stdbool.h>
#include "cellctl/verb.h"
#include "dna/dna.h"

struct cellws;

/* X(name, "title", "what is done without it, or what to do"): checks in the order in which they are made and printed. */
#define DOCTOR_CHECKS(X)                                                                                               \
	X(root, "root", "`up` cannot load programs or bind ports; what needs root is not looked at: sudo cellctl doctor") \
	X(kernel, "kernel", "kernels before 5.19 let no unprivileged process run a program it has inherited")          \
	X(btf, "type information", "programs cannot be fitted to this kernel; it needs CONFIG_DEBUG_INFO_BTF=y")       \
	X(bpffs, "BPF file system", "maps cannot be pinned: mount -t bpf bpf DIR, and name DIR with --bpffs")          \
	X(programs, "BPF programs", "`up` fails: every program is needed, but for the skin with --xdp off")            \
	X(jit, "BPF JIT", "programs are interpreted, several times dearer a packet: sysctl net.core.bpf_jit_enable=1") \
	X(lineage, "family tree", "`up` fails: births and deaths cannot be seen by the kernel's programs")             \
	X(gland, "unprivileged calls", "`up` fails: cells divide by a program they have inherited, and may not call it") \
	X(signal, "kill from a program", "the neuron, not the kernel, ends a child that nobody licensed, a moment later") \
	X(clone3, "clone3", "`up` fails: cells share one table of descriptors; a container's filter may forbid it")    \
	X(close_range, "close_range", "`up` fails: cells leave the shared table of descriptors by it")                 \
	X(landlock, "Landlock", "cells are held by their user, no capability and seccomp alone")                       \
	X(seccomp, "seccomp", "`up` fails: no cell lives unsealed; the kernel needs CONFIG_SECCOMP_FILTER=y")          \
	X(pids, "pid namespace", "`up` refuses: the kernel knows cells by their pids outside; use the host's pids")    \
	X(cgroup, "cgroup v2", "other programs of root can bind an organism's port beside it: mount -t cgroup2 none DIR") \
	X(guard, "guard of bind", "other programs of root can bind an organism's port beside it, or a narrower address of it") \
	X(pressure, "pressure figures", "growth does not see that CPU or memory are short")                                \
	X(overcommit, "overcommit", "the vessels' large, mostly empty mappings count in full and may be refused: "     \
		"sysctl vm.overcommit_memory=0, or a smaller limits { connections }")                                  \
	X(backlog, "accept queue", "bursts of new connections are cut off sooner: sysctl net.core.somaxconn=4096")     \
	X(cookies, "SYN cookies", "a SYN flood fills the queue of half-open connections: sysctl net.ipv4.tcp_syncookies=1") \
	X(files, "descriptors", "`up` fails: sysctl fs.nr_open=N, or a smaller limits { connections }")                \
	X(driver, "driver", "the generic hook: it works on any interface")                                             \
	X(mtu, "MTU", "most drivers refuse native mode above about 3500 bytes; `up` then takes the generic hook")      \
	X(xdp, "XDP mode", "the generic hook: it blocks as well, but a drop costs several times more")                 \
	X(others, "other XDP programs", "`up` refuses: ip link set dev IFACE xdp off takes it off; --xdp off goes without") \
	X(neverban, "never banned", "`up` fails: it screens nothing before it knows whom it must not ban")             \
	X(organism, "organism", "nobody answers and the skin stays on: `cellctl up` takes over, `cellctl down` clears away") \
	X(proof, "proof of a block", "nothing says that bans hold on this host")

/* How a check ends. Only FOUND_BAD is a reason not to start. */
#define DOCTOR_FOUND(X)    \
	X(OK, ok)          \
	X(WITHOUT, without) \
	X(BAD, bad)

enum found {
#define X(NAME, name) FOUND_##NAME,
	DOCTOR_FOUND(X)
#undef X
};

struct doctor;

struct check {
	const char *name;
	const char *title;
	const char *without;
	void (*look)(struct doctor *d);
};

struct doctor {
	const struct invocation *in;
	const char *iface; /* NULL: none asked for */
	unsigned ifindex;
	bool root;
	struct dna dna;
	struct cellws *skel;       /* loaded, or NULL; by check_programs */
	const struct check *check; /* the one that looks now */
	void *findings;            /* json_t */
	bool bad;
};

#define X(name, title, without) void doctor_##name(struct doctor *d);
DOCTOR_CHECKS(X)
#undef X

/* A finding of the check at hand; a check may have several, or none where it does not apply. */
void doctor_tell(struct doctor *d, enum found found, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Reads a number from a file of /proc or /sys; false when there is none. */
bool doctor_number(const char *path, long *n);

#endif
