/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Giving a new DNA to the cells: their own socket takes the descriptors, the kernel's program says what is wanted. */
#include "cellctl/mutate.h"
#include "cellctl/vital.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS	 2
#define AGAIN_MS 250  /* between two words to the cells: one of them may have died over the first */
#define GIVE_MS	 5000 /* until it is given up */
#define TAKE_MS	 2000 /* until all who own connections live by it */

struct sending {
	struct mutate *m;
	struct family f;
	int program;
	int rows; /* the map mutations */
	int door;
	bool sent;
};

static void doze(unsigned ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL);
}

static bool shares_the_table(const struct cell *c)
{
	return c->state == CELL_LIVING && vital_is_cell(c->pid) &&
	       (c->class == CLASS_EGG || c->class == CLASS_NEURON || c->class == CLASS_STEM || c->class == CLASS_BLOOD);
}

/* A cell may die or become something else at any moment. */
int mutate_borrow(const struct family *f, int number)
{
	int fd = -ESRCH;

	for (uint32_t i = 0; i < CELL_SLOTS_MAX && fd < 0; i++) {
		int cell = shares_the_table(&f->cell[i]) ? (int)syscall(SYS_pidfd_open, f->cell[i].pid, 0) : -1;

		if (cell < 0)
			continue;
		fd = (int)syscall(SYS_pidfd_getfd, cell, number, 0);
		if (fd < 0)
			fd = -errno;
		close(cell);
	}
	return fd;
}

static uint32_t tell(const struct sending *s, struct mutate_call *call)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = call, .ctx_size_in = sizeof(*call));

	return bpf_prog_test_run_opts(s->program, &run) ? GLAND_RANGE : call->answer;
}

static uint32_t tell_act(const struct sending *s, uint32_t act)
{
	struct mutate_call call = { .act = act, .next = { .generation = s->m->germ.generation } };

	return tell(s, &call);
}

static bool is_in_force(struct sending *s)
{
	return !family_read(&s->f) && s->f.self.generation >= s->m->germ.generation;
}

static bool lags(const struct sending *s, uint32_t generation)
{
	for (uint32_t i = 0; i < CELL_SLOTS_MAX; i++) {
		const struct cell *c = &s->f.cell[i];

		if (c->state == CELL_LIVING && c->class == CLASS_BLOOD && !c->leaving && s->f.vital[i].dna < generation)
			return true;
	}
	return false;
}

/*
 * Before: the place of the DNA before the living one is needed. After: the next request is answered as the new DNA says; a cell
 * that is busy comes to it a little later.
 */
static int await_blood(struct sending *s, uint32_t generation)
{
	for (unsigned ms = 0; ms < TAKE_MS; ms += LOOK_MS) {
		if (family_read(&s->f))
			return VERB_FAILED;
		if (!lags(s, generation))
			return 0;
		doze(LOOK_MS);
	}
	return verb_say(VERB_FAILED, "a cell of %s does not take on the DNA of generation %u; the log may say why", s->m->name, generation);
}

/*
 * The parcel first: who hears that a DNA is wanted looks for it at once. Where others' rubbish leaves no room, cells throw
 * that away as soon as they look for ours.
 */
static int send_parcel(struct sending *s)
{
	int error = parcel_send(s->door, &s->m->parcel);

	s->sent = !error;
	return error == -EAGAIN ? 0 : error;
}

static int hand_over(struct sending *s)
{
	struct mutate_call call = { .act = MUTATE_STAGE };
	uint32_t answer;
	int error;

	s->door = mutate_borrow(&s->f, FD_MUTATION_IN);
	if (s->door < 0)
		return verb_say(VERB_FAILED, "no cell of %s can be reached: %s", s->m->name, strerror(-s->door));
	error = send_parcel(s);
	if (error)
		return verb_say(VERB_FAILED, "the cells of %s cannot be given the new DNA: %s", s->m->name, strerror(-error));
	mutation_describe(s->m->made, &s->m->living.germ->dna, s->f.self.can_kill, &call.next);
	answer = tell(s, &call);
	if (answer == GLAND_DYING)
		return verb_say(VERB_FAILED, "%s is being taken down", s->m->name);
	return answer == GLAND_OK ? 0 : verb_say(VERB_FAILED, "the kernel's program refuses the new DNA (%u)", answer);
}

/* Cells may have died over it, or had no room. */
static void remind(struct sending *s, unsigned ms)
{
	bool late = !s->sent && !send_parcel(s) && s->sent;

	if (late || (ms && ms % AGAIN_MS == 0))
		tell_act(s, MUTATE_AGAIN);
}

static bool is_refused(const struct sending *s, char *why, size_t room)
{
	const struct germ *g = &s->m->germ;
	__u32 row = g->generation % MUTATION_ROWS;
	struct mutation now;

	if (bpf_map_lookup_elem(s->rows, &row, &now) || now.generation != g->generation || now.state != MUTATION_NONE || !now.refused)
		return false;
	mutation_say(now.refused, &g->dna, why, room);
	return true;
}

/* A cell that cannot install it says so in the log, and to the kernel. */
static int await_force(struct sending *s)
{
	char why[160];

	for (unsigned ms = 0; ms < GIVE_MS; ms += LOOK_MS) {
		if (is_in_force(s))
			return 0;
		if (!s->f.living)
			return verb_say(VERB_NOT_RUNNING, "every cell of %s has died meanwhile", s->m->name);
		if (is_refused(s, why, sizeof(why)))
			return verb_say(VERB_FAILED, "the cells of %s refuse the new DNA: %s; the old one goes on", s->m->name, why);
		remind(s, ms);
		doze(LOOK_MS);
	}
	if (tell_act(s, MUTATE_CANCEL) == GLAND_OK || !is_in_force(s))
		return verb_say(VERB_FAILED, "no cell of %s has taken the new DNA up within %d s; the old one goes on", s->m->name,
			GIVE_MS / 1000);
	return 0;
}

int mutate_send(struct mutate *m)
{
	static struct sending s;
	char path[PIN_PATH];
	int code;

	s = (struct sending){ .m = m, .door = -1 };
	if (pin_path(m->in, m->name, PIN_MUTATE, path, sizeof(path)))
		return verb_say(VERB_USAGE, "--bpffs is too long");
	s.program = bpf_obj_get(path);
	s.rows = pin_map(m->in, m->name, "mutations", true);
	if (s.program < 0 || s.rows < 0)
		return verb_say(VERB_FAILED, "%s cannot be opened: %s", path, strerror(s.program < 0 ? errno : -s.rows));
	code = family_open(m->in, m->name, &s.f);
	if (!code)
		code = await_blood(&s, m->living.generation);
	if (!code)
		code = mutate_write_signatures(m);
	if (!code)
		code = hand_over(&s);
	if (!code)
		code = await_force(&s);
	if (!code)
		code = await_blood(&s, m->germ.generation);
	if (s.f.cells)
		family_close(&s.f);
	if (s.door >= 0)
		close(s.door);
	close(s.program);
	close(s.rows);
	return code;
}
