/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Births, deaths and transformations as the kernel keeps them: only what was licensed lives, only once, only within the census. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cellctl/up.h"
#include "kin_rig.h"

static struct kin_rig rig;

static void open_rig(void)
{
	kin_open(&rig);
}

static void close_rig(void)
{
	kin_close(&rig);
}

TestSuite(lineage, .init = open_rig, .fini = close_rig, .timeout = 30);

static unsigned living(int class)
{
	struct census n;

	kin_census(&rig, class, &n);
	return n.living;
}

static int wait_for(pid_t pid)
{
	int status = -1;

	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* A child that says that it runs, and then exits with a code of its own. */
static pid_t bear(struct kin_rig *r, int n)
{
	pid_t pid = fork();

	if (pid)
		return r->notes->pid[n] = pid;
	r->notes->flag[n] = 1;
	_exit(7);
}

static int three_calls(struct kin_rig *r)
{
	kin_call(r->divide, &r->notes->call[0]);
	kin_call(r->become, &r->notes->call[1]);
	kin_call(r->animate, &r->notes->call[2]);
	kin_call(r->leave, &r->notes->call[3]);
	return 0;
}

Test(lineage, a_strangers_are_refused)
{
	rig.notes->call[0].class = CLASS_STEM;
	rig.notes->call[1].class = CLASS_BLOOD;
	cr_assert_eq(kin_act(&rig, -1, 0, three_calls), 0);
	for (int i = 0; i < 4; i++)
		cr_expect_eq(rig.notes->call[i].answer, GLAND_STRANGER, "call %d is answered %u", i, rig.notes->call[i].answer);
	cr_expect_eq(living(CLASS_STEM), 0);
	cr_expect_eq(kin_owner(&rig, 0), 0);
}

static int fork_without_licence(struct kin_rig *r)
{
	pid_t pid = bear(r, 0);

	r->notes->status[0] = wait_for(pid);
	return 0;
}

/* The kernel kills it before its first instruction. */
Test(lineage, b_a_child_that_nobody_licensed_is_killed)
{
	struct cell c;

	if (!up_kernel_can_kill())
		cr_skip_test("programs of this kernel cannot signal: there the neuron kills it");
	cr_assert_eq(kin_act(&rig, 0, CLASS_DRONE, fork_without_licence), 0);
	cr_expect(WIFSIGNALED(rig.notes->status[0]) && WTERMSIG(rig.notes->status[0]) == SIGKILL, "it ended with %x",
		(unsigned)rig.notes->status[0]);
	cr_expect_eq(rig.notes->flag[0], 0, "it ran");
	cr_expect(!kin_knows(&rig, rig.notes->pid[0]));
	for (uint32_t i = 1; i < RIG_SLOTS; i++) {
		kin_cell(&rig, i, &c);
		cr_expect_eq(c.state, CELL_FREE, "slot %u is in state %u", i, c.state);
	}
}

static int fork_of_a_stranger(struct kin_rig *r)
{
	r->notes->status[0] = wait_for(bear(r, 0));
	return 0;
}

Test(lineage, c_children_of_strangers_are_nobodys_business)
{
	cr_assert_eq(kin_act(&rig, -1, 0, fork_of_a_stranger), 0);
	cr_expect(WIFEXITED(rig.notes->status[0]) && WEXITSTATUS(rig.notes->status[0]) == 7);
	cr_expect_eq(rig.notes->flag[0], 1);
}

/* Divides once, bears twice; asks for the first daughter while she lives. */
static int divide_and_fork_twice(struct kin_rig *r)
{
	struct gland_call *call = &r->notes->call[0];
	int hold[2];
	pid_t pid;
	char byte;

	call->class = CLASS_STEM;
	call->seen = 1;
	if (kin_call(r->divide, call) != GLAND_OK || pipe(hold))
		return 1;
	pid = fork();
	if (!pid) {
		close(hold[1]);
		(void)!read(hold[0], &byte, 1);
		_exit(7);
	}
	r->notes->pid[0] = pid;
	close(hold[0]);
	r->notes->status[1] = wait_for(bear(r, 1));
	r->notes->flag[2] = kin_knows(r, r->notes->pid[0]);
	close(hold[1]);
	r->notes->status[0] = wait_for(r->notes->pid[0]);
	return 0;
}

Test(lineage, d_one_licence_is_one_daughter)
{
	const struct gland_call *call = &rig.notes->call[0];
	struct census n;
	struct cell c;

	cr_assert_eq(kin_act(&rig, 3, CLASS_STEM, divide_and_fork_twice), 0, "divide is answered %u", call->answer);
	cr_expect(WIFEXITED(rig.notes->status[0]) && WEXITSTATUS(rig.notes->status[0]) == 7, "the licensed one was killed");
	if (up_kernel_can_kill()) { /* else the neuron does it */
		cr_expect(WIFSIGNALED(rig.notes->status[1]), "the second one lives");
		cr_expect_eq(rig.notes->flag[1], 0);
	}
	cr_expect_eq(rig.notes->flag[2], 1, "the daughter was not in the family");
	kin_cell(&rig, call->slot, &c);
	cr_expect_eq(c.class, CLASS_STEM);
	cr_expect_eq(c.id, call->id);
	cr_expect_eq(c.pid, (uint32_t)rig.notes->pid[0]);
	cr_expect_eq(c.generation, 6);
	cr_expect_eq(c.state, CELL_DEAD);
	cr_expect_eq(c.exit_code, 7u << 8);
	cr_expect(!kin_knows(&rig, rig.notes->pid[0]));
	kin_census(&rig, CLASS_STEM, &n);
	cr_expect_eq(n.living, 0, "%u live", n.living);
	cr_expect_eq(n.born, 1);
	cr_expect_eq(n.died, 2, "mother and daughter");
}

static int bear_under_eyes(struct kin_rig *r)
{
	struct gland_call *call = &r->notes->call[0];
	pid_t pid;

	call->class = CLASS_STEM;
	call->seen = 1;
	if (kin_call(r->divide, call) != GLAND_OK)
		return 1;
	pid = fork();
	if (!pid) {
		alarm(KIN_LIFE_S);
		pause();
		_exit(0);
	}
	r->notes->pid[0] = pid;
	r->notes->flag[0] = 1;
	return 0;
}

static bool is_set(uint32_t *flag)
{
	for (int i = 0; i < 2000 && !*(volatile uint32_t *)flag; i++)
		usleep(5000);
	return *(volatile uint32_t *)flag;
}

Test(lineage, e_a_daughter_knows_her_mother_and_survives_her)
{
	struct kin_actor mother;
	struct cell c;

	kin_begin(&rig, &mother, 2, CLASS_STEM, bear_under_eyes);
	cr_assert(is_set(&rig.notes->flag[0]), "no daughter: %u", rig.notes->call[0].answer);
	kin_cell(&rig, rig.notes->call[0].slot, &c);
	cr_expect_eq(c.state, CELL_LIVING);
	cr_expect_eq(c.mother, 2);
	cr_expect_eq(c.licence, CELL_NOBODY);
	cr_expect_eq(living(CLASS_STEM), 2);
	cr_expect_eq(kin_let_go(&mother), 0);
	kin_cell(&rig, rig.notes->call[0].slot, &c);
	cr_expect_eq(c.state, CELL_LIVING);
	cr_expect_eq(c.mother, CELL_NOBODY, "without grandmother and neuron she is an orphan");
	cr_expect_eq(living(CLASS_STEM), 1);
	cr_assert_gt(rig.notes->pid[0], 0);
	cr_expect_eq(kill(rig.notes->pid[0], SIGKILL), 0);
}

static int note_and_stay(struct kin_rig *r)
{
	r->notes->flag[1] = 1;
	return 0;
}

/* The next mother is the neuron, when there is one. */
Test(lineage, f_orphans_go_to_the_neuron)
{
	struct kin_actor mother, neuron;
	struct cell c;

	kin_begin(&rig, &mother, 2, CLASS_STEM, bear_under_eyes);
	cr_assert(is_set(&rig.notes->flag[0]));
	kin_begin(&rig, &neuron, 6, CLASS_NEURON, note_and_stay);
	cr_expect_eq(kin_let_go(&mother), 0);
	kin_cell(&rig, rig.notes->call[0].slot, &c);
	cr_expect_eq(c.mother, 6, "her mother is %u", c.mother);
	cr_expect_eq(kin_let_go(&neuron), 0);
	cr_assert_gt(rig.notes->pid[0], 0);
	cr_expect_eq(kill(rig.notes->pid[0], SIGKILL), 0);
}

static int die_with_a_licence(struct kin_rig *r)
{
	r->notes->call[0].class = CLASS_STEM;
	r->notes->call[0].seen = 1;
	return kin_call(r->divide, &r->notes->call[0]) != GLAND_OK;
}

Test(lineage, g_a_licence_dies_with_its_holder)
{
	struct cell c;

	cr_assert_eq(kin_act(&rig, 1, CLASS_STEM, die_with_a_licence), 0);
	kin_cell(&rig, rig.notes->call[0].slot, &c);
	cr_expect_eq(c.state, CELL_FREE, "the slot is in state %u", c.state);
	cr_expect_eq(living(CLASS_STEM), 0, "%u are counted", living(CLASS_STEM));
}

static void *idle(void *nothing)
{
	return nothing;
}

static int start_a_thread(struct kin_rig *r)
{
	pthread_t thread;

	r->notes->call[0].class = CLASS_STEM;
	r->notes->call[0].seen = 1;
	if (kin_call(r->divide, &r->notes->call[0]) != GLAND_OK || pthread_create(&thread, NULL, idle, NULL))
		return 1;
	pthread_join(thread, NULL);
	r->notes->flag[1] = kin_knows(r, getpid());
	r->notes->status[0] = wait_for(bear(r, 0));
	return 0;
}

Test(lineage, h_a_thread_is_no_birth)
{
	cr_assert_eq(kin_act(&rig, 0, CLASS_STEM, start_a_thread), 0);
	cr_expect(WIFEXITED(rig.notes->status[0]) && WEXITSTATUS(rig.notes->status[0]) == 7, "the thread took the licence");
	cr_expect_eq(rig.notes->flag[1], 1, "the end of a thread was taken for a death");
}

static int exec_something(struct kin_rig *r)
{
	(void)r;
	execl("/bin/true", "true", NULL);
	return 1;
}

Test(lineage, i_who_becomes_another_program_is_no_cell)
{
	struct cell c;
	int status = kin_act(&rig, 4, CLASS_BLOOD, exec_something);

	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it ended with %x", (unsigned)status);
	kin_cell(&rig, 4, &c);
	cr_expect_eq(c.state, CELL_DEAD);
	cr_expect_eq(living(CLASS_BLOOD), 0);
}

static int count_message(void *arg, void *data, size_t n)
{
	const struct message *m = data;
	struct message *to = arg;

	if (n == sizeof(*m) && m->kind == MSG_DEATH)
		*to = *m;
	return 0;
}

static int exit_with_three(struct kin_rig *r)
{
	(void)r;
	return 3;
}

Test(lineage, j_the_others_hear_of_a_death)
{
	int ring = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "inbox", 0, 0, INBOX_BYTES, NULL);
	struct message heard = { 0 };
	struct kin_actor other;
	struct ring_buffer *reader;
	__u32 slot = 5;

	cr_assert_geq(ring, 0);
	cr_assert(!bpf_map_update_elem(rig.inboxes, &slot, &ring, BPF_ANY));
	reader = ring_buffer__new(ring, count_message, &heard, NULL);
	cr_assert_not_null(reader);
	kin_begin(&rig, &other, 5, CLASS_BLOOD, note_and_stay);
	cr_assert_eq(kin_act(&rig, 1, CLASS_DRONE, exit_with_three), 3 << 8);
	cr_assert_geq(ring_buffer__poll(reader, 5000), 1);
	cr_expect_eq(heard.slot, 1);
	cr_expect_eq(heard.id, kin_id(1));
	cr_expect_eq(heard.class, CLASS_DRONE);
	cr_expect_eq(heard.code, 3u << 8);
	cr_expect_eq(kin_let_go(&other), 0);
	ring_buffer__free(reader);
}
