/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA: who may want it, who may put it in force, that all of it comes into force at once; proposed by a gamete. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cells/mutation.h"
#include "cells/mutation_propose.h"
#include "cellws.skel.h"
#include "kin_rig.h"
#include "tissue/synapse.h"

static struct kin_rig rig;
static int mutate, mutations;

static void put_organism(uint32_t generation, uint32_t dying)
{
	struct organism o;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(rig.organism, &zero, &o));
	o.generation = generation;
	o.dying = dying;
	cr_assert(!bpf_map_update_elem(rig.organism, &zero, &o, BPF_ANY));
}

static void open_rig(void)
{
	kin_open(&rig);
	mutate = bpf_program__fd(rig.skel->progs.gland_mutate);
	mutations = bpf_map__fd(rig.skel->maps.mutations);
	put_organism(1, 0);
}

static void close_rig(void)
{
	kin_close(&rig);
}

TestSuite(mutate, .init = open_rig, .fini = close_rig, .timeout = 30);

static struct mutate_call call;

static int run(struct kin_rig *r)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &call, .ctx_size_in = sizeof(call));

	(void)r;
	call.answer = 0xff;
	return bpf_prog_test_run_opts(mutate, &opts) ? 99 : (int)call.answer;
}

/* The answer to a cell of a class; CLASS_NONE: to root. */
static int ask(int class, uint32_t act, uint32_t generation)
{
	call.act = act;
	call.next.generation = generation;
	if (class == CLASS_NONE)
		return run(&rig);
	return WEXITSTATUS(kin_act(&rig, 7, class, run));
}

static struct organism self(void)
{
	struct organism o;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(rig.organism, &zero, &o));
	return o;
}

Test(mutate, a_who_may_want_and_who_may_force)
{
	for (int class = CLASS_EGG; class < CLASS_COUNT; class++) {
		bool table = class == CLASS_EGG || class == CLASS_NEURON || class == CLASS_STEM || class == CLASS_BLOOD;

		put_organism(1, 0);
		ask(CLASS_NONE, MUTATE_CANCEL, 2);
		cr_expect_eq(ask(class, MUTATE_STAGE, 2), class == CLASS_GAMETE ? GLAND_OK : GLAND_CLASS, "class %d", class);
		cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_OK);
		cr_expect_eq(ask(class, MUTATE_FORCE, 2), table ? GLAND_OK : GLAND_CLASS, "class %d", class);
		cr_expect_eq(self().generation, table ? 2 : 1);
		put_organism(1, 0);
		cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_OK);
		cr_expect_eq(ask(class, MUTATE_CANCEL, 2), table || class == CLASS_GAMETE ? GLAND_OK : GLAND_CLASS, "class %d", class);
	}
	cr_expect_eq(ask(CLASS_NONE, MUTATE_FORCE, 2), GLAND_STRANGER, "root has no descriptors to put in place");
}

static int as_somebody(struct kin_rig *r)
{
	return setuid(65534) ? 98 : run(r);
}

Test(mutate, b_strangers_may_nothing)
{
	call.act = MUTATE_STAGE;
	call.next.generation = 2;
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, -1, 0, as_somebody)), GLAND_STRANGER);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_OK);
	call.act = MUTATE_CANCEL;
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, -1, 0, as_somebody)), GLAND_STRANGER);
}

Test(mutate, c_only_the_next_generation_and_once)
{
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 1), GLAND_STALE);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 3), GLAND_STALE);
	cr_expect_eq(ask(CLASS_STEM, MUTATE_FORCE, 2), GLAND_STALE, "nobody wants it");
	cr_expect_eq(ask(CLASS_NONE, MUTATE_AGAIN, 2), GLAND_STALE);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_OK);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_AGAIN, 2), GLAND_OK);
	cr_expect_eq(ask(CLASS_GAMETE, MUTATE_STAGE, 2), GLAND_PENDING, "another is on its way");
	cr_expect_eq(ask(CLASS_STEM, MUTATE_FORCE, 2), GLAND_OK);
	cr_expect_eq(ask(CLASS_BLOOD, MUTATE_FORCE, 2), GLAND_STALE, "a second time");
	cr_expect_eq(ask(CLASS_NONE, MUTATE_CANCEL, 2), GLAND_STALE, "it is in force");
	cr_expect_eq(self().generation, 2);
}

Test(mutate, d_what_is_withdrawn_does_not_come)
{
	struct mutation row;
	__u32 key = 0;

	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_OK);
	call.next.refused = mutation_refused(MUTATION_REFUSED_ROOT, 3);
	cr_expect_eq(ask(CLASS_STEM, MUTATE_CANCEL, 2), GLAND_OK);
	cr_expect_eq(ask(CLASS_STEM, MUTATE_FORCE, 2), GLAND_STALE);
	cr_assert(!bpf_map_lookup_elem(mutations, &key, &row));
	cr_expect_eq(row.refused, mutation_refused(MUTATION_REFUSED_ROOT, 3), "why is told");
	put_organism(1, 1);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_DYING);
}

static void describe(bool observe_too)
{
	call.next = (struct mutation){ .rules = { .hops_max = 9, .ban_s = 77, .observe = 1 }, .blood_min = 2, .drone_min = 3,
		.drain_ms = 1234, .signature_now = 5, .observe = observe_too,
		.limits = { .syn_cost_ns = 11, .packet_cost_ns = 12, .packet_sample = 13, .port_syn_rate = 14 }, .dna_sha256 = "abc" };
}

Test(mutate, e_all_of_it_comes_into_force)
{
	struct constitution k;
	struct census blood, drones;
	__u32 zero = 0;

	describe(false);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 2), GLAND_OK);
	cr_expect_eq(rig.skel->data_limits->syn_cost_ns, 0, "nothing yet");
	cr_expect_eq(ask(CLASS_STEM, MUTATE_FORCE, 2), GLAND_OK);
	cr_assert(!bpf_map_lookup_elem(bpf_map__fd(rig.skel->maps.constitution), &zero, &k));
	kin_census(&rig, CLASS_BLOOD, &blood);
	kin_census(&rig, CLASS_DRONE, &drones);
	cr_expect(k.hops_max == 9 && k.ban_s == 77);
	cr_expect_eq(k.observe, 0, "a switch that the DNA does not turn stays");
	cr_expect(blood.min == 2 && drones.min == 3);
	cr_expect(rig.skel->data_limits->syn_cost_ns == 11 && rig.skel->data_limits->packet_cost_ns == 12);
	cr_expect(rig.skel->data_limits->packet_sample == 13 && rig.skel->data_limits->port_syn_rate == 14);
	cr_expect_eq(rig.skel->data_limits->signature_now, 5);
	cr_expect(self().drain_ms == 1234 && !strcmp(self().dna_sha256, "abc"));
	describe(true);
	cr_expect_eq(ask(CLASS_NONE, MUTATE_STAGE, 3), GLAND_OK);
	cr_expect_eq(ask(CLASS_EGG, MUTATE_FORCE, 3), GLAND_OK);
	cr_assert(!bpf_map_lookup_elem(bpf_map__fd(rig.skel->maps.constitution), &zero, &k));
	cr_expect_eq(k.observe, 1);
}

/* One of an older DNA may leave although it is the last, one of the present may not. */
static int become_and_leave(struct kin_rig *r)
{
	struct gland_call c = { .class = CLASS_DRONE, .dna = r->notes->flag[0] };

	if (kin_call(r->become, &c) != GLAND_OK)
		return 97;
	put_organism(2, 0);
	c = (struct gland_call){ 0 };
	return (int)kin_call(r->leave, &c);
}

Test(mutate, f_the_last_drone_of_an_older_dna_may_leave)
{
	struct census n;
	__u32 key = CLASS_DRONE;

	kin_census(&rig, CLASS_DRONE, &n);
	n.min = 1;
	cr_assert(!bpf_map_update_elem(rig.census, &key, &n, BPF_ANY));
	rig.notes->flag[0] = 2;
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 1, CLASS_STEM, become_and_leave)), GLAND_MINIMUM);
	rig.notes->flag[0] = 1;
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 2, CLASS_STEM, become_and_leave)), GLAND_OK);
}

/* The cells' side: a family of two processes with descriptors where the plan has them. */
static struct tissue tissue;
static char *words; /* of a gamete, shared */
static int door[2];
static char directory[64];

#define TEXT "organism = \"rig\"\nroute \"/\" { gene = \"static\" root = \"%s\" }\n"

static struct germ *first_germ(void)
{
	static struct germ g;
	const struct germ_part none[MEMBRANE_COUNT] = { 0 };
	const char *empty[MEMBRANE_COUNT];
	static char text[512];
	int fd, root = open(directory, O_RDONLY | O_DIRECTORY);

	for (int i = 0; i < MEMBRANE_COUNT; i++)
		empty[i] = "";
	snprintf(text, sizeof(text), TEXT, directory);
	cr_assert_eq(dna_parse(text, strlen(text), "/etc/rig.conf", &g.dna, stderr), 0);
	germ_number(&g, 1);
	g.plan.vessels = 1;
	g.plan.slots = RIG_SLOTS;
	g.root[0] = germ_file_of(root);
	fd = germ_make(&g, none, empty, "", 0, text, strlen(text));
	cr_assert(fd >= 0 && root >= 0);
	cr_assert(dup2(fd, 200) == 200 && dup2(root, 201) == 201);
	return &g;
}

static void *map_of(int fd, size_t bytes)
{
	void *at = mmap(NULL, (bytes + 4095) / 4096 * 4096, PROT_READ, MAP_SHARED, fd, 0);

	cr_assert_neq(at, MAP_FAILED);
	return at;
}

static void grow(void)
{
	static struct commons commons;
	static struct vitals vitals[CELL_SLOTS_MAX];
	static struct signature_head heads[SIGNATURE_BANKS];

	/* What is opened from here on stands behind all that the plan has numbers for. */
	while (dup(STDERR_FILENO) < (int)PLAN_ROUTED)
		;
	words = mmap(NULL, PROPOSAL_SAY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(words, MAP_FAILED);
	strcpy(directory, "/tmp/mutate-rig-XXXXXX");
	cr_assert(mkdtemp(directory));
	first_germ();
	cr_assert(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, door));
	tissue = (struct tissue){ .commons = &commons, .vitals = vitals, .signature_head = heads,
		.cells = map_of(rig.cells, sizeof(struct cell) * CELL_SLOTS_MAX), .census = map_of(rig.census, sizeof(struct census) * CLASS_COUNT),
		.organism = map_of(rig.organism, sizeof(struct organism)),
		.mutations = map_of(mutations, sizeof(struct mutation) * MUTATION_ROWS) };
}

/* In the process that plays a cell, which has its own table here: the parcel goes through the pair all the same. */
static void settle(uint32_t slot, int class)
{
	const int from[] = { 200, door[0], door[1], mutate, 201 }, to[] = { FD_GERM, FD_MUTATION_OUT, FD_MUTATION_IN, FD_MUTATE, FD_FIXED + 2 * PLAN_ROUTES };
	int high[5];

	for (int i = 0; i < 5; i++)
		high[i] = fcntl(from[i], F_DUPFD, 600);
	for (int i = 0; i < 5; i++)
		if (dup2(high[i], to[i]) < 0)
			_exit(96);
	mutation_begin(&tissue);
	tissue.slot = slot;
	tissue.id = kin_id(slot);
	tissue.class = class;
}

static const char *proposed_text;
static struct proposed_gene gene = { .route = 1, .bytes = "not much of a gene", .n = 18 };
static unsigned genes;

static int propose(struct kin_rig *r)
{
	struct proposal p = { .text = proposed_text, .n = strlen(proposed_text), .origin = "/etc/rig.conf", .gene = &gene, .genes = genes };
	uint32_t generation;

	(void)r;
	settle(3, CLASS_GAMETE);
	return -mutation_propose(&tissue, &p, &generation, words);
}

static int install(struct kin_rig *r)
{
	const struct germ *old;

	settle(4, CLASS_STEM);
	old = mutation_look(&tissue);
	if (!old)
		return 1;
	mutation_forget(old);
	r->notes->flag[0] = (uint32_t)(tissue.generation == 2 && tissue.plan->bank == 0 &&
				       germ_file_is(&tissue.germ->root[0], plan_root(tissue.plan, 0)) && mutation_holds(&tissue));
	return strcmp(tissue.germ->dna.route[0].root, directory) ? 2 : 0;
}

static int proposed(const char *root, const char *more)
{
	static char text[1024];

	snprintf(text, sizeof(text), TEXT "%s", root, more);
	proposed_text = text;
	return WEXITSTATUS(kin_act(&rig, 3, CLASS_GAMETE, propose));
}

static bool said(const char *what)
{
	return strstr(words, what);
}

static void refused(uint32_t reason)
{
	struct mutation row;
	char why[PROPOSAL_SAY];
	__u32 key = 0;

	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 4, CLASS_STEM, install)), 1);
	cr_expect_eq(self().generation, 1, "the old one goes on");
	cr_assert(!bpf_map_lookup_elem(mutations, &key, &row));
	cr_expect_eq(row.refused & 0xff, reason, "refused for %u", row.refused);
	cr_expect_eq(mutation_fate(&tissue, 2, &(struct dna){ 0 }, why), -ECANCELED);
}

#define GENE "route \"/g\" { gene = \"/x/g.so\" }\n"

Test(mutate, g_what_a_gamete_proposes_is_installed)
{
	grow();
	genes = 1;
	cr_expect_eq(proposed(directory, GENE), 0, "%s", words);
	cr_expect_eq(mutation_fate(&tissue, 2, NULL, NULL), -EINPROGRESS);
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 4, CLASS_STEM, install)), 0);
	cr_expect_eq(rig.notes->flag[0], 1, "its bank, its root");
	cr_expect_eq(self().generation, 2);
	cr_expect_eq(mutation_fate(&tissue, 2, NULL, NULL), 0);
	rmdir(directory);
}

Test(mutate, h_what_a_gamete_may_not_propose)
{
	grow();
	cr_expect_eq(proposed(directory, "cells { dron { min = 1 } }\n"), EINVAL);
	cr_expect(said("/etc/rig.conf:3: cells.dron"), "%s", words);
	cr_expect_eq(proposed(directory, "cells { drone { max = 3 } }\n"), EINVAL);
	cr_expect(said("/etc/rig.conf:3: cells.drone.max: 8 in the living organism"), "%s", words);
	genes = 0;
	cr_expect_eq(proposed(directory, GENE), EINVAL);
	cr_expect(said("route \"/g\": its gene /x/g.so did not come"), "%s", words);
	rmdir(directory);
}

Test(mutate, i_a_root_that_is_new_here_is_refused)
{
	grow();
	cr_expect_eq(proposed("/usr", ""), 0);
	refused(MUTATION_REFUSED_ROOT);
	rmdir(directory);
}

Test(mutate, j_lists_and_signatures_are_roots)
{
	grow();
	cr_expect_eq(proposed(directory, "immune { allow = { \"10.0.0.0/8\" } }\n"), 0);
	refused(MUTATION_REFUSED_LISTS);
	cr_expect_eq(proposed(directory, "immune { signature \"x\" { match = \"xyz\" } }\n"), 0);
	refused(MUTATION_REFUSED_SIGNATURES);
	rmdir(directory);
}

/* What somebody in the shared table puts into the pair himself is thrown away, and does not keep the real one from coming. */
static int send_rubbish(struct kin_rig *r)
{
	struct parcel p = { .head = { .magic = PARCEL_MAGIC, .generation = 2 } };

	(void)r;
	settle(5, CLASS_BLOOD);
	parcel_add(&p, FD_GERM);
	return parcel_send(FD_MUTATION_IN, &p) || send(FD_MUTATION_IN, "x", 1, 0) != 1;
}

Test(mutate, k_a_germ_that_the_kernel_does_not_name_is_not_taken)
{
	grow();
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 5, CLASS_BLOOD, send_rubbish)), 0);
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 4, CLASS_STEM, install)), 1, "nobody wants it");
	cr_expect_eq(proposed(directory, ""), 0);
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 4, CLASS_STEM, install)), 0);
	rmdir(directory);
}

/* An installer that is killed leaves the parcel where it is: here it only has looked at it, and its name in the commons. */
static int look_and_die(struct kin_rig *r)
{
	struct parcel p;

	(void)r;
	settle(6, CLASS_STEM);
	return parcel_peek(FD_MUTATION_OUT, &p) == 1 ? 0 : 1;
}

Test(mutate, l_a_dead_installers_work_is_begun_anew)
{
	grow();
	cr_expect_eq(proposed(directory, ""), 0);
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 6, CLASS_STEM, look_and_die)), 0);
	atomic_store(&tissue.commons->installer, kin_id(6));
	cr_expect_eq(WEXITSTATUS(kin_act(&rig, 4, CLASS_STEM, install)), 0, "the holder is dead");
	cr_expect_eq(self().generation, 2);
	rmdir(directory);
}
