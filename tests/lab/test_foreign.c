/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes outside the family: kept off the addresses, given no connection, refused by the gland; whatever user they are. */
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cellctl/guard.h"
#include "lab.h"
#include "shared/foreign.h"
#include "stranger.h"

LAB_SUITE(lab_47_foreign, 60);

#define ROOT     0
#define CELLS    65534 /* nobody: the user of the cells */
#define OTHER    8081
#define REQUESTS 200

static const uid_t users[] = { CELLS, ROOT };

static void need_cgroup(void)
{
	char at[256];

	if (!guard_find_cgroup(at, sizeof(at)))
		cr_skip_test("no cgroup v2 is mounted: nothing guards bind()");
}

static int pinned(const char *leaf)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/cellws/lab/%s", lab.bpffs, leaf);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	return fd;
}

static uint64_t refused(void)
{
	int fd = pinned("foreign");
	struct foreign f;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(fd, &zero, &f));
	close(fd);
	return f.refused_binds;
}

static void lift_guard(void)
{
	static const char *const leaves[] = { "link_bind4", "link_bind6" };

	for (int i = 0; i < 2; i++) {
		int link = pinned(leaves[i]);

		cr_assert_eq(bpf_link_detach(link), 0, "%s: %s", leaves[i], strerror(errno));
		close(link);
	}
}

/* Whatever user it is, a stranger gets error when it tries to listen at an address. */
static void expect_bind(int error, const char *address, int port)
{
	for (int i = 0; i < 2; i++) {
		int is = stranger_binds(lab.server, users[i], address, port);

		cr_expect_eq(is, error, "%s:%d as user %u: %s", address, port, (unsigned)users[i], strerror(is));
	}
}

Test(lab_47_foreign, a_binding_is_refused)
{
	need_cgroup();
	lab_up(&lab, "", "");
	lab_wake(&lab);
	expect_bind(EPERM, "0.0.0.0", LAB_PORT);
	expect_bind(EPERM, LAB_SERVER_V4, LAB_PORT);
	expect_bind(EPERM, "::", LAB_PORT);
	expect_bind(EPERM, LAB_SERVER_V6, LAB_PORT);
	cr_expect_eq(refused(), 8, "%lu are counted", (unsigned long)refused());
	expect_bind(0, "0.0.0.0", OTHER);
	expect_bind(0, "::", OTHER);
	cr_expect_eq(stranger_binds(lab.client, CELLS, "0.0.0.0", LAB_PORT), 0, "another network is guarded too");
	cr_expect_eq(refused(), 8);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}

Test(lab_47_foreign, b_other_addresses_are_free)
{
	char text[512];

	need_cgroup();
	snprintf(text, sizeof(text), "organism = \"lab\"\nlisten = { \"%s:%d\" }\nroute \"/\" { gene = \"static\" root = \"%s\" }\n",
		LAB_SERVER_V4, LAB_PORT, lab.root);
	lab_write_raw_dna(&lab, text);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 0, NULL);
	expect_bind(0, "127.0.0.1", LAB_PORT);
	expect_bind(0, "::", LAB_PORT);
	expect_bind(EPERM, LAB_SERVER_V4, LAB_PORT);
	expect_bind(EPERM, "0.0.0.0", LAB_PORT);
}

/*
 * The organism's sockets belong to root, who made them: the kernel itself lets no other user join them. Root may join,
 * and is steered past.
 */
static void expect_steered_past(const char *listen, const char *address)
{
	struct stranger s;

	stranger_start(&s, lab.server, ROOT, listen, LAB_PORT);
	cr_assert_eq(s.error, 0, "%s", strerror(s.error));
	for (int i = 0; i < REQUESTS; i++) {
		int status = lab_get(address, "/hello", NULL);

		cr_assert_eq(status, 200, "request %d is answered %d", i, status);
	}
	cr_expect_eq(*s.taken, 0, "a stranger got %u of %d connections", *s.taken, REQUESTS);
	stranger_end(&s);
}

Test(lab_47_foreign, c_without_the_guard_it_gets_no_connection)
{
	lab_up(&lab, "", "");
	lab_wake(&lab);
	need_cgroup();
	lift_guard();
	cr_expect_eq(stranger_binds(lab.server, CELLS, "0.0.0.0", LAB_PORT), EADDRINUSE);
	cr_expect_eq(stranger_binds(lab.server, CELLS, "::", LAB_PORT), EADDRINUSE);
	expect_steered_past("0.0.0.0", LAB_SERVER_V4);
	expect_steered_past("::", LAB_SERVER_V6);
	cr_expect_eq(refused(), 0);
}

static bool has_a_drone(void *arg)
{
	(void)arg;
	return lab_number(&lab, "census.drone") >= 1;
}

static bool is_dead(void *arg)
{
	return !lab_alive(*(pid_t *)arg);
}

/* What a cell becomes by exec when no filter stops it is seen one floor below. */
Test(lab_47_foreign, d_a_drone_that_would_be_another_program_dies)
{
	char text[512];
	pid_t drone;

	snprintf(text, sizeof(text), "route \"/exec\" { gene = \"%s/build/tests/genes/exec.so\" }", lab_here());
	lab_up(&lab, text, "");
	lab_wake(&lab);
	drone = lab_pid(&lab, "drone");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/exec", NULL), 502);
	cr_expect(lab_wait(LAB_SOON_S, is_dead, &drone), "drone %d lives", (int)drone);
	lab_sh(&lab, "cat %s/lab/log", lab.run_dir);
	cr_expect(strstr(lab.out, "a system call that is not allowed"), "the log says %s", lab.out);
	cr_expect(lab_wait(LAB_SOON_S, has_a_drone, NULL));
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/hello", NULL), 200);
}

/* All that the gland could have changed. */
struct picture {
	struct cell cells[CELL_SLOTS_MAX];
	struct census census[CLASS_COUNT];
	struct organism self;
	__u32 owner;
};

static void look_at(const char *leaf, void *to, size_t size, __u32 n)
{
	int fd = pinned(leaf);

	for (__u32 i = 0; i < n; i++)
		cr_assert(!bpf_map_lookup_elem(fd, &i, (char *)to + i * size));
	close(fd);
}

static void look(struct picture *p)
{
	struct vessel_owner v;

	memset(p, 0, sizeof(*p));
	look_at("cells", p->cells, sizeof(p->cells[0]), CELL_SLOTS_MAX);
	look_at("census", p->census, sizeof(p->census[0]), CLASS_COUNT);
	look_at("organism", &p->self, sizeof(p->self), 1);
	look_at("vessels", &v, sizeof(v), 1);
	p->owner = v.owner;
}

static uint32_t map_id(const char *leaf)
{
	struct bpf_map_info info = { 0 };
	uint32_t n = sizeof(info);
	int fd = pinned(leaf);

	cr_assert(!bpf_obj_get_info_by_fd(fd, &info, &n));
	close(fd);
	return info.id;
}

static void expect_strangers_refused(const struct gland_call *call)
{
	static const char *const programs[] = { "gland_divide", "gland_become", "gland_animate", "gland_leave" };

	for (unsigned p = 0; p < sizeof(programs) / sizeof(*programs); p++) {
		int fd = stranger_find_program(programs[p], map_id("cells"));

		cr_assert_geq(fd, 0, "no program %s", programs[p]);
		for (int u = 0; u < 2; u++) {
			int answer = stranger_calls(fd, users[u], call);

			cr_expect_eq(answer, GLAND_STRANGER, "%s as user %u is answered %d", programs[p], (unsigned)users[u], answer);
		}
		close(fd);
	}
}

/* Asking for just what a cell would be given. */
Test(lab_47_foreign, e_the_gland_knows_no_stranger)
{
	static struct picture before, after;
	struct gland_call call = { 0 };

	lab_up(&lab, "", "");
	lab_wake(&lab);
	look(&before);
	for (call.class = CLASS_EGG; call.class < CLASS_COUNT; call.class++) {
		call.seen = before.census[call.class].living;
		for (__u32 i = 0; i < CELL_SLOTS_MAX; i++)
			if (before.cells[i].state == CELL_LIVING && before.cells[i].class == call.class) {
				call.slot = i;
				call.id = before.cells[i].id;
			}
		expect_strangers_refused(&call);
	}
	call = (struct gland_call){ .class = CLASS_BLOOD, .seen = before.owner };
	expect_strangers_refused(&call);
	look(&after);
	cr_expect(!memcmp(&before, &after, sizeof(before)), "a stranger has changed the family");
}

/* At once, although the kernel lets go of a link only some time after its last name. */
Test(lab_47_foreign, f_down_lifts_it)
{
	for (int i = 0; i < 5; i++) {
		lab_up(&lab, "", "");
		lab_ctl(&lab, "down");
		lab_expect(&lab, 0, NULL);
		expect_bind(0, "0.0.0.0", LAB_PORT);
		expect_bind(0, "::", LAB_PORT);
		lab_expect_nothing_left(&lab);
	}
}

Test(lab_47_foreign, g_it_outlives_the_cells_and_not_their_burial)
{
	need_cgroup();
	lab_up(&lab, "", "");
	lab_wake(&lab);
	for (int i = 0; i < 5; i++) {
		lab_kill_everything(&lab);
		expect_bind(EPERM, "0.0.0.0", LAB_PORT);
		lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
		lab_expect(&lab, 0, "every cell of an earlier lab is dead");
		expect_bind(EPERM, "0.0.0.0", LAB_PORT);
	}
	lab_kill_everything(&lab);
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
	expect_bind(0, "0.0.0.0", LAB_PORT);
	lab_expect_nothing_left(&lab);
}

Test(lab_47_foreign, h_a_failed_up_lifts_it)
{
	char text[512];

	lab_up(&lab, "", "");
	snprintf(text, sizeof(text), "organism = \"two\"\nlisten = { \"0.0.0.0:%d\" }\nroute \"/\" { gene = \"static\" root = \"%s\" }\n",
		OTHER, lab.root);
	lab_write_raw_dna(&lab, text);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 1, "another XDP program is on eth0");
	expect_bind(0, "0.0.0.0", OTHER);
}

static void other_ctl(const char *words)
{
	lab_sh(&lab, "exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s --bpffs %s --name two", lab.client, lab_here(),
		words, lab.run_dir, lab.bpffs);
	lab_expect(&lab, 0, NULL);
}

/* One in each network, at the same address. */
Test(lab_47_foreign, i_two_organisms_do_not_disturb_each_other)
{
	char text[512], words[256];

	need_cgroup();
	lab_up(&lab, "", "");
	snprintf(text, sizeof(text), "organism = \"two\"\nlisten = { \"0.0.0.0:%d\" }\nroute \"/\" { gene = \"static\" root = \"%s\" }\n",
		LAB_PORT, lab.root);
	lab_write_raw_dna(&lab, text);
	snprintf(words, sizeof(words), "up eth0 --dna %s", lab.dna);
	other_ctl(words);
	expect_bind(EPERM, "0.0.0.0", LAB_PORT);
	cr_expect_eq(stranger_binds(lab.client, CELLS, "0.0.0.0", LAB_PORT), EPERM);
	cr_expect_eq(stranger_binds(lab.client, CELLS, "::", LAB_PORT), 0);
	other_ctl("down");
	cr_expect_eq(stranger_binds(lab.client, CELLS, "0.0.0.0", LAB_PORT), 0);
	expect_bind(EPERM, "0.0.0.0", LAB_PORT);
}

/* A second one at the same address is told why it cannot be. */
Test(lab_47_foreign, j_a_second_organism_at_the_same_address)
{
	char text[512];

	need_cgroup();
	lab_up(&lab, "", "");
	snprintf(text, sizeof(text), "organism = \"two\"\nlisten = { \"0.0.0.0:%d\" }\nroute \"/\" { gene = \"static\" root = \"%s\" }\n",
		LAB_PORT, lab.root);
	lab_write_raw_dna(&lab, text);
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
	lab_expect(&lab, 1, "another organism may keep it");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
}

/* In a mount namespace of its own, from which cgroup v2 has gone. */
Test(lab_47_foreign, k_a_host_without_cgroup_v2)
{
	static const char without[] = "exec nsenter --net=/run/netns/%s unshare -m sh -c '"
				      "while d=$(awk \"\\$3 == \\\"cgroup2\\\" { print \\$2; exit }\" /proc/self/mounts) && [ \"$d\" ]; "
				      "do umount -l $d || exit 9; done; exec %s/cellctl %s --run-dir %s --bpffs %s'";
	char words[256];

	lab_write_dna(&lab, "");
	snprintf(words, sizeof(words), "up eth0 --dna %s", lab.dna);
	lab_sh(&lab, without, lab.server, lab_here(), words, lab.run_dir, lab.bpffs);
	lab_expect(&lab, 0, "no cgroup v2 is mounted: other programs of root can bind");
	cr_expect_str_empty(lab.err, "says %s", lab.err);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200);
	expect_steered_past("0.0.0.0", LAB_SERVER_V4);
	lab_sh(&lab, without, lab.server, lab_here(), "doctor", lab.run_dir, lab.bpffs);
	lab_expect(&lab, 0, "cgroup v2            not mounted");
	lab_expect(&lab, 0, "bind() not guarded");
	lab_ctl(&lab, "down");
	lab_expect(&lab, 0, NULL);
	lab_expect_nothing_left(&lab);
}
