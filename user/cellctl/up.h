/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of `cellctl up`, each undone in reverse when a later one fails. */
#ifndef CELLWS_CELLCTL_UP_H
#define CELLWS_CELLCTL_UP_H

#include <net/if.h>
#include <sys/types.h>
#include "cellctl/verb.h"
#include "dna/dna.h"
#include "shared/foreign.h"
#include "tissue/germ.h"
#include "tissue/key.h"

struct cellws;
struct egg_skin;
struct pair;
struct record_kin;
struct remembered;

#define UP_UNDO_MAX  32
#define UP_FDS_SPARE 192 /* with a new DNA's on their way; descriptors beyond those planned and those of connections and their files */

struct up {
	const struct invocation *in;
	const char *iface;
	unsigned ifindex;
	const char *xdp_wish; /* auto, native, generic, off */
	bool foreground;
	bool observe;
	uint64_t confirm_s; /* taken down again unless confirmed in that time; 0: never */
	struct germ germ; /* with the DNA in it */
	const char *text; /* of the DNA */
	size_t text_n;
	const struct record_kin *kin; /* relatives that came with a spore, kin_n of them */
	unsigned kin_n;
	const struct egg_skin *skin; /* that is on already; NULL, or one without a link: none */
	int link_listener; /* that is open already; 0: none */
	const struct key_ring *ring; /* that came with a spore; NULL: as the DNA says */
	const struct remembered *came; /* what others have learned, with a spore; NULL: nothing */
	struct cellws *skel;
	bool bans_kept; /* their maps have outlived an earlier life */
	int lock;
	int log;
	int ready[2];     /* to and from the egg */
	pid_t egg;
	pid_t reporter;   /* 0: none */
	/* Everything the egg is to inherit, by its number in the plan; -1 where there is nothing. */
	int *fds;
	int fds_n;
	struct {
		void (*undo)(struct up *u);
	} done[UP_UNDO_MAX];
	int done_n;
};

/* Remembers how to take a step back. */
void up_done(struct up *u, void (*undo)(struct up *u));

/* Whether this host can bear an organism on u->iface. 0 or the exit code, said. */
int up_check_place(struct up *u);

/*
 * Lays the egg of the DNA in u, which was parsed; fills in from u->in, iface, ifindex, xdp_wish, text, ring. 0; or the
 * exit code, said, and everything is undone.
 */
int up_organism(struct up *u);

/* Each returns 0, or says what is wrong and returns the exit code. */
int up_lock(struct up *u);            /* up_place.c: run directory, lock, log, no living namesake */
int up_load(struct up *u);            /* up_bpf.c: programs and maps, pinned and filled */
int up_neverban(struct up *u);        /* up_neverban.c: whom no ban may hit */
void up_neverban_tell(const struct up *u);
int up_memory(struct up *u);          /* up_memory.c: the bans of an earlier life */
int up_listen(struct up *u);          /* up_listen.c: sockets, bells, epoll sets */
int up_key(struct up *u);             /* up_key.c: the secret key in shared memory, and where the run directory finds it */
int up_guard(struct up *u);           /* up_guard.c: strangers kept off the addresses, where the host allows it */
int up_screen(struct up *u);          /* up_xdp.c: the skin on the interface */
int up_reporter(struct up *u);        /* up_reporter.c: who tells incidents to others, if that is wanted */
int up_lay(struct up *u);             /* up_egg.c: an unprivileged egg that is ready */
int up_unless_confirmed(struct up *u); /* up_confirm.c: who takes it down again */

/* up_mucosa.c: the signatures' automaton, and the filter that runs it. Each returns 0 or -errno. */
int up_fit_mucosa(struct up *u);              /* sizes, before the programs are loaded */
int up_fill_mucosa(struct up *u);             /* the table, once they are */
int up_attach_mucosa(struct up *u, int fd);   /* to a listener, whose connections inherit it */
int up_lock_mucosa(int fd);                   /* no cell can take it, or how connections are steered, off again */

/* up_links.c: links to other hosts. */
int up_fill_links(struct up *u);   /* the maps: 0 or -errno */
void up_plan_links(struct up *u);  /* descriptors for the gamete */
int up_listen_links(struct up *u); /* 0 or the exit code, said */

/* up_host.c: this host's own pair, made when there is none, and the hosts that were expelled. 0 or the exit code, said. */
int up_host(struct up *u, struct pair *pair);

bool up_kernel_can_kill(void);

/* A listen address as the kernel's programs know it. */
void up_own_bind(const struct dna_listen *l, struct own_bind *to);

/* Puts a descriptor where the egg will find it. */
void up_plan_fd(struct up *u, int number, int fd);

#endif
