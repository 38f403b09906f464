/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life loop of every cell and what all classes do alike. May touch: its own slot. Never touches: another's. */
#include "cells/cell.h"
#include "cells/choice.h"
#include "cells/mutation.h"
#include "cells/signal.h"
#include "tissue/chart.h"
#include "tissue/key.h"
#include "tissue/pair.h"
#include "tissue/synapse.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

volatile sig_atomic_t cell_leaving;

static void on_leave(int signal)
{
	(void)signal;
	cell_leaving = 1;
}

static void cell_signals(void)
{
	struct sigaction leave = { .sa_handler = on_leave };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t blocked;

	sigaction(SIGTERM, &leave, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGCHLD, &ignore, NULL);
	sigaction(SIGHUP, &ignore, NULL);
	sigaction(SIGINT, &ignore, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal_install();
}

int cell_wait(int epoll, struct epoll_event *events, int room, int timeout_ms)
{
	sigset_t open;
	int n;

	sigemptyset(&open);
	n = epoll_pwait(epoll, events, room, timeout_ms, &open);
	return n < 0 ? 0 : n;
}

int cell_poll(int epoll, struct epoll_event *events, int room)
{
	int n = epoll_wait(epoll, events, room, 0);

	return n < 0 ? 0 : n;
}

void cell_clear_nest(const struct tissue *t)
{
	signal_drain(t);
	bell_quiet(plan_bell(t->plan, t->slot));
}

/* Whether Landlock holds: inherited by every daughter, like the filters. */
static bool landlocked;

/* Publishes what the process may no longer do, as the kernel says it. */
static uint32_t cell_publish_seal(struct tissue *t)
{
	uint32_t seal = membrane_read_back(t->germ, landlocked) | SEAL_FDS | SEAL_LIMITS;

	t->vitals[t->slot].seal = seal;
	return seal;
}

/* What a process does first when it finds itself in a slot: nothing of the former tenant must count as its own. */
static void cell_move_in(struct tissue *t, uint32_t slot, uint32_t id, int class)
{
	volatile struct vitals *mine = &t->vitals[slot];

	t->slot = slot;
	t->id = id;
	t->class = class;
	mine->dna = t->generation;
	mine->base_requests = mine->requests + mine->expressed;
	atomic_store(&t->commons->asleep[slot], 0);
	cw_assert(inbox_open(t) == 0);
	/* A T cell that lived here has left its rings in the nest. */
	epoll_ctl(plan_nest(t->plan, slot), EPOLL_CTL_DEL, FD_ANTIGENS, NULL);
	epoll_ctl(plan_nest(t->plan, slot), EPOLL_CTL_DEL, FD_ANTIGENS_MORE, NULL);
	epoll_ctl(plan_nest(t->plan, slot), EPOLL_CTL_DEL, FD_CHRONICLE, NULL);
	/* And a gamete these. */
	epoll_ctl(plan_nest(t->plan, slot), EPOLL_CTL_DEL, FD_LINK_LISTENER, NULL);
	epoll_ctl(plan_nest(t->plan, slot), EPOLL_CTL_DEL, FD_TIDINGS, NULL);
	signal_begin(t);
	choice_begin();
	/* A lock on memory is not inherited; secret memory needs none. */
	if (t->key)
		key_lock(t->key);
	if (t->pair)
		cw_assert(pair_lock(t->pair) == 0);
	cell_clear_nest(t);
	cell_publish_seal(t);
	tissue_title(t);
}

static int cell_refusal(uint32_t answer)
{
	return answer == GLAND_STALE ? -EAGAIN : -EPERM;
}

int cell_divide(struct tissue *t, int class, uint32_t seen)
{
	struct clone_args clone = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	struct gland_call call = { .class = (uint32_t)class, .seen = seen };
	int error = gland_run(FD_DIVIDE, &call);
	long pid;

	if (error)
		return error;
	if (call.answer != GLAND_OK && call.answer != GLAND_PENDING)
		return cell_refusal(call.answer);
	pid = syscall(SYS_clone3, &clone, sizeof(clone));
	if (pid < 0) {
		/* -EAGAIN is the family's word for looking again at once; the system means a limit by it. */
		error = errno == EAGAIN ? -ENOMEM : -errno;
		/* What was promised is given back: kept, it would count as a stem, and bar its holder from becoming anything. */
		call.class = CLASS_NONE;
		gland_run(FD_DIVIDE, &call);
		return error;
	}
	if (pid)
		return 0;
	cell_move_in(t, call.slot, call.id, (int)call.class);
	return 1;
}

int cell_become(struct tissue *t, int class, uint32_t seen)
{
	struct gland_call call = { .class = (uint32_t)class, .seen = seen, .dna = t->generation };
	int error = gland_run(FD_BECOME, &call);

	if (error)
		return error;
	if (call.answer != GLAND_OK)
		return cell_refusal(call.answer);
	t->class = class;
	choice_begin();
	tissue_title(t);
	return 0;
}

/* Set in blood and all who descend from it: layers of Landlock are few, and one says all. */
static bool blood_line;

bool cell_may_write(void)
{
	return !blood_line;
}

void cell_hurry(uint32_t slice_ns)
{
	struct sched_attr attr = { .size = sizeof(attr), .sched_policy = SCHED_NORMAL, .sched_runtime = slice_ns };

	(void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

void cell_seal(struct tissue *t, enum membrane kind)
{
	bool again = kind == MEMBRANE_BLOOD && blood_line;
	int landlock = again ? -EOPNOTSUPP : membrane_landlock(t->germ, kind);
	uint32_t need = SEAL_UID | SEAL_CAPS | SEAL_NNP | SEAL_SECCOMP, seal;

	/* Who has left the shared table has mapped its own chart, if it writes one; a drone closed this with the rest. */
	if (kind == MEMBRANE_TCELL || kind == MEMBRANE_SCRIBE || kind == MEMBRANE_GAMETE)
		close(FD_CHART);
	/* Who may bear a gamete, or is one, keeps the pair; nobody else. */
	if (kind != MEMBRANE_GERM && kind != MEMBRANE_GAMETE)
		tissue_forget_pair(t);
	cw_assert(landlock == 0 || landlock == -EOPNOTSUPP || landlock == -ENOSYS);
	cw_assert(membrane_seccomp(t->germ, kind) == 0);
	landlocked |= landlock == 0;
	blood_line |= kind == MEMBRANE_BLOOD;
	seal = cell_publish_seal(t);
	cw_assert((seal & need) == need);
}

/* Puts a harmless file where a descriptor was, so that no connection ever gets a number below the plan's end. */
static void egg_blank(int first, int last)
{
	for (int fd = first; fd <= last; fd++)
		cw_assert(dup3(FD_NULL, fd, 0) == fd);
}

static void egg_watch(int epoll, int fd, uint32_t what)
{
	/* Bells wake once for each ring, so that nobody has to read them. */
	bool bell = what == EVENT_BELL || what == EVENT_VESSEL_BELL;
	struct epoll_event e = { .events = EPOLLIN | (bell ? EPOLLET : 0), .data.u32 = what };

	cw_assert(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0);
}

/* Epoll sets know descriptors by number, so they are filled here, where the numbers are final. */
static void egg_wire(const struct tissue *t)
{
	const struct plan *p = t->plan;

	for (uint32_t s = 0; s < p->slots; s++) {
		egg_watch(plan_nest(p, s), plan_inbox(p, s), EVENT_INBOX);
		egg_watch(plan_nest(p, s), plan_bell(p, s), EVENT_BELL);
	}
	for (uint32_t v = 0; v < p->vessels; v++) {
		egg_watch(plan_artery(p, v), plan_vessel_bell(p, v), EVENT_VESSEL_BELL);
		for (uint32_t l = 0; l < p->listens; l++)
			egg_watch(plan_artery(p, v), plan_listener(p, v, l), EVENT_LISTENER + l);
		egg_watch(plan_nest(p, 0), plan_artery(p, v), EVENT_ARTERY);
	}
}

/* Read by all cells, through a mapping that cannot write; written by drones, each its own. */
static void egg_charts(struct tissue *t)
{
	int fd = chart_memfd(t->plan->slots);

	cw_assert(fd >= 0 && dup3(fd, FD_CHART, 0) == FD_CHART);
	cw_assert(close(fd) == 0);
	t->charts = chart_map(FD_CHART, t->plan->slots);
	cw_assert(t->charts);
}

/* The egg's start: `up` has given up all privileges before exec; what is left is to map and to say so. */
static void egg_start(struct tissue *t, char **argv)
{
	char go;

	tissue_title_at(argv[0], strlen(argv[0]));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	cell_signals();
	mutation_begin(t);
	cw_assert(tissue_open(t) == 0);
	egg_charts(t);
	egg_blank(FD_CELLS, FD_LOADS);
	egg_blank(FD_CONSTITUTION, FD_PATHOGENS);
	egg_blank(FD_SIGNATURE_HEAD, FD_SIGNATURES);
	egg_blank(FD_MUTATIONS, FD_MUTATIONS);
	t->key = key_map(FD_KEY);
	egg_blank(FD_KEY, FD_KEY);
	t->pair = t->germ->dna.link.family ? pair_map(FD_PAIR) : NULL;
	cw_assert(t->pair || !t->germ->dna.link.family);
	egg_blank(FD_PAIR, FD_PAIR);
	egg_wire(t);
	cell_move_in(t, 0, 0, CLASS_EGG);
	cell_seal(t, MEMBRANE_GERM);
	/* Say that the egg is ready; `up` enters it in the family and answers. */
	cw_assert(write(FD_READY, "r", 1) == 1);
	cw_assert(read(FD_READY, &go, 1) == 1);
	egg_blank(FD_READY, FD_READY);
	t->id = t->cells[0].id;
}

_Noreturn void cell_main(int argc, char **argv)
{
	static struct tissue tissue;
	int class = CLASS_EGG;

	(void)argc;
	egg_start(&tissue, argv);
	/* A daughter comes back here from inside her mother's loop, so that the stack does not grow with generations. */
	while (class != CLASS_NONE) {
		switch (class) {
		case CLASS_EGG:
			class = egg_live(&tissue);
			break;
		case CLASS_NEURON:
			class = neuron_live(&tissue);
			break;
		case CLASS_STEM:
			class = stem_live(&tissue);
			break;
		case CLASS_BLOOD:
			class = blood_live(&tissue);
			break;
		case CLASS_DRONE:
			class = drone_live(&tissue);
			break;
		case CLASS_TCELL:
			class = tcell_live(&tissue);
			break;
		case CLASS_GAMETE:
			class = gamete_cell_live(&tissue);
			break;
		default:
			cw_assert(!"a class without a life");
		}
	}
	_exit(0);
}
