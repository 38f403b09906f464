/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The guard of bind(), attached to a cgroup of the test's own: it refuses what the kernel itself finds in conflict, no more. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cellctl/guard.h"
#include "cellctl/pins.h"
#include "cellws.skel.h"
#include "shared/cell.h"
#include "shared/foreign.h"

#define PORT 8080

static struct cellws *skel;
static char cgroup[300];
static int links[GUARD_HOOKS];

/* A place to bind: address and whether IPv6 takes IPv4 beside it. */
struct place {
	const char *text;
	int both;
};

static const struct place own_places[] = { { "0.0.0.0", 0 }, { "127.0.0.1", 0 }, { "::", 0 }, { "::1", 0 } };
static const struct place wishes[] = { { "0.0.0.0", 0 }, { "127.0.0.1", 0 }, { "127.0.0.2", 0 }, { "::", 0 }, { "::", 1 },
	{ "::1", 0 }, { "::1", 1 }, { "::ffff:127.0.0.1", 1 }, { "::ffff:127.0.0.2", 1 }, { "::ffff:0.0.0.0", 1 } };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void load(void)
{
	struct bpf_program *p;
	struct bpf_map *m;

	skel = cellws__open();
	cr_assert_not_null(skel);
	bpf_object__for_each_program(p, skel->obj)
		bpf_program__set_autoload(p, !strncmp(bpf_program__name(p), "cuticle_", 8));
	bpf_object__for_each_map(m, skel->obj) {
		const char *name = bpf_map__name(m);

		bpf_map__set_autocreate(m, !strcmp(name, "own_binds") || !strcmp(name, "foreign") || !strcmp(name, "kin") ||
			!strcmp(name, "cells") || !strcmp(name, "serials") || !strcmp(name, "events") || strchr(name, '.'));
	}
	cr_assert(!cellws__load(skel), "the guard does not load; this floor needs root");
}

/* The actors' cgroup is made below wherever cgroup v2 is; their network is one of the test's own. */
static void open_guard(void)
{
	char at[256];

	if (!guard_find_cgroup(at, sizeof(at)))
		cr_skip_test("no cgroup v2 is mounted");
	snprintf(cgroup, sizeof(cgroup), "%s/cuticle-%d", at, (int)getpid());
	cr_assert_eq(mkdir(cgroup, 0755), 0, "%s: %s", cgroup, strerror(errno));
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	cr_assert_eq(system("ip link set lo up"), 0);
	load();
	cr_assert_eq(guard_attach(skel, cgroup, links), 0, "the guard cannot be attached to %s", cgroup);
}

static void close_guard(void)
{
	if (!skel)
		return;
	for (int i = 0; i < GUARD_HOOKS; i++)
		close(links[i]);
	cellws__destroy(skel);
	rmdir(cgroup);
}

TestSuite(cuticle, .init = open_guard, .fini = close_guard, .timeout = 60);

static socklen_t address(const struct place *p, int port, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;
	struct sockaddr_in *four = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (strchr(p->text, ':')) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		inet_pton(AF_INET6, p->text, &six->sin6_addr);
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, p->text, &four->sin_addr);
	return sizeof(*four);
}

/* A bound socket, or -errno. */
static int bind_to(const struct place *p, int port, int type)
{
	struct sockaddr_storage at;
	socklen_t n = address(p, port, &at);
	int fd = socket(at.ss_family, type | SOCK_CLOEXEC, 0), one = 1, v6only = !p->both, error = 0;

	cr_assert_geq(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	if (bind(fd, (struct sockaddr *)&at, n))
		error = -errno;
	if (error)
		close(fd);
	return error ? error : fd;
}

/* What a process below the guarded cgroup, in the network namespace of this one or in another, gets of a bind: an errno. */
struct actor {
	const struct place *wish;
	int port, type;
	bool other_net;
	bool cell; /* it is entered in the family first */
};

static _Noreturn void act(const struct actor *a, int go)
{
	char procs[320], byte;
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	if (read(go, &byte, 1) != 1 || fd < 0 || write(fd, "0", 1) != 1)
		_exit(250);
	if (a->other_net && unshare(CLONE_NEWNET))
		_exit(251);
	fd = bind_to(a->wish, a->port, a->type);
	_exit(fd < 0 ? -fd : 0);
}

static void enter(pid_t pid)
{
	struct cell c = { .slot = 3, .pid = (__u32)pid, .id = 0x103, .class = CLASS_BLOOD, .state = CELL_LIVING };

	cr_assert(!bpf_map_update_elem(bpf_map__fd(skel->maps.cells), &c.slot, &c, BPF_ANY));
	cr_assert(!bpf_map_update_elem(bpf_map__fd(skel->maps.kin), &c.pid, &c.slot, BPF_ANY));
}

static int outcome(const struct actor *a)
{
	int go[2], status;
	pid_t pid;

	cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid)
		act(a, go[0]);
	if (a->cell)
		enter(pid);
	cr_assert_eq(write(go[1], "g", 1), 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	close(go[0]);
	close(go[1]);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 250, "the actor ended with %x", (unsigned)status);
	return WEXITSTATUS(status);
}

static void own(const struct place *p)
{
	struct own_binds own = { .count = 1, .bind[0].port = PORT };
	struct sockaddr_storage at;
	socklen_t n = sizeof(own.netns);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	__u32 zero = 0;

	address(p, PORT, &at);
	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &own.netns, &n), 0);
	close(fd);
	own.bind[0].family = at.ss_family;
	if (at.ss_family == AF_INET6)
		memcpy(own.bind[0].addr, &((struct sockaddr_in6 *)&at)->sin6_addr, 16);
	else
		memcpy(own.bind[0].addr, &((struct sockaddr_in *)&at)->sin_addr, 4);
	cr_assert(!bpf_map_update_elem(bpf_map__fd(skel->maps.own_binds), &zero, &own, BPF_ANY));
}

/* What the kernel says of a second bind beside a listener, without any guard. */
static bool in_conflict(const struct place *p, const struct place *wish, int port, int type)
{
	int first = bind_to(p, PORT, SOCK_STREAM), second;

	cr_assert_geq(first, 0);
	cr_assert_eq(listen(first, 1), 0);
	second = bind_to(wish, port, type);
	cr_assert(second >= 0 || second == -EADDRINUSE, "%s beside %s: %s", wish->text, p->text, strerror(-second));
	close(first);
	if (second >= 0)
		close(second);
	return second < 0;
}

static uint64_t refused(void)
{
	struct foreign f;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(bpf_map__fd(skel->maps.foreign), &zero, &f));
	return f.refused_binds;
}

Test(cuticle, a_refuses_what_the_kernel_finds_in_conflict)
{
	uint64_t n = 0;

	for (unsigned o = 0; o < COUNT(own_places); o++)
		for (unsigned w = 0; w < COUNT(wishes); w++) {
			struct actor a = { .wish = &wishes[w], .port = PORT, .type = SOCK_STREAM };
			int wanted = in_conflict(&own_places[o], &wishes[w], PORT, SOCK_STREAM) ? EPERM : 0;

			own(&own_places[o]);
			n += wanted != 0;
			cr_expect_eq(outcome(&a), wanted, "%s%s beside %s is not %s", wishes[w].text,
				wishes[w].both ? " with IPv4" : "", own_places[o].text, wanted ? "refused" : "free");
			cr_expect_eq(refused(), n, "%lu are counted, %lu were refused", (unsigned long)refused(), (unsigned long)n);
		}
	cr_expect_gt(n, 10, "only %lu conflicts were tried", (unsigned long)n);
}

Test(cuticle, b_other_ports_and_other_protocols_are_free)
{
	for (unsigned o = 0; o < COUNT(own_places); o++)
		for (unsigned w = 0; w < COUNT(wishes); w++) {
			const struct actor some[] = {
				{ .wish = &wishes[w], .port = PORT + 1, .type = SOCK_STREAM },
				{ .wish = &wishes[w], .port = htons(PORT), .type = SOCK_STREAM },
				{ .wish = &wishes[w], .port = 0, .type = SOCK_STREAM },
				{ .wish = &wishes[w], .port = PORT, .type = SOCK_DGRAM },
			};

			own(&own_places[o]);
			for (unsigned i = 0; i < COUNT(some); i++)
				cr_expect_eq(outcome(&some[i]), 0, "%s port %d type %d beside %s", wishes[w].text, some[i].port,
					some[i].type, own_places[o].text);
		}
	cr_expect_eq(refused(), 0);
}

Test(cuticle, c_other_networks_are_free)
{
	struct actor a = { .wish = &wishes[0], .port = PORT, .type = SOCK_STREAM };

	own(&own_places[0]);
	cr_expect_eq(outcome(&a), EPERM);
	a.other_net = true;
	cr_expect_eq(outcome(&a), 0);
	cr_expect_eq(refused(), 1);
}

Test(cuticle, d_a_living_cell_may_and_no_other)
{
	struct actor a = { .wish = &wishes[0], .port = PORT, .type = SOCK_STREAM, .cell = true };

	own(&own_places[0]);
	cr_expect_eq(outcome(&a), 0);
	a.cell = false;
	cr_expect_eq(outcome(&a), EPERM, "the record of a cell serves a stranger");
}

Test(cuticle, e_nothing_is_guarded_before_there_is_an_address)
{
	for (unsigned w = 0; w < COUNT(wishes); w++) {
		struct actor a = { .wish = &wishes[w], .port = PORT, .type = SOCK_STREAM };

		cr_expect_eq(outcome(&a), 0, "%s", wishes[w].text);
	}
}

static void move_to(const char *group)
{
	char procs[320];
	int fd;

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", group);
	fd = open(procs, O_WRONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && write(fd, "0", 1) == 1, "%s: %s", procs, strerror(errno));
	close(fd);
}

/* One pin, dropped: what this process, which is guarded, gets of a bind before and right after. */
static void drop_once(const struct invocation *in, const char *path)
{
	int link = bpf_link_create(bpf_program__fd(skel->progs.cuticle_bind4), links[0], BPF_CGROUP_INET4_BIND, NULL), fd;

	cr_assert(link >= 0 && !bpf_obj_pin(link, path));
	close(link);
	cr_expect_eq(bind_to(&wishes[0], PORT, SOCK_STREAM), -EPERM, "the pin does not hold it");
	cr_expect_eq(pin_drop(in, "one", "link_bind4"), 0);
	fd = bind_to(&wishes[0], PORT, SOCK_STREAM);
	cr_expect_geq(fd, 0, "it is refused after the end: %s", strerror(-fd));
	close(fd);
}

/* A pinned link that is dropped refuses nothing from then on: the kernel alone lets go of it some time later. */
Test(cuticle, f_ends_with_its_pin_at_once)
{
	char dir[] = "/tmp/cuticle-XXXXXX", path[128];
	struct invocation in = { .bpffs = dir };

	own(&own_places[0]);
	cr_assert(mkdtemp(dir) && !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	cr_assert(!mount("bpf", dir, "bpf", 0, NULL));
	cr_assert(!pin_path(&in, NULL, NULL, path, sizeof(path)) && !mkdir(path, 0700));
	cr_assert(!pin_path(&in, "one", NULL, path, sizeof(path)) && !mkdir(path, 0700));
	cr_assert(!pin_path(&in, "one", "link_bind4", path, sizeof(path)));
	close(links[0]);
	links[0] = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	move_to(cgroup);
	for (int i = 0; i < 20; i++)
		drop_once(&in, path);
	*strrchr(cgroup, '/') = 0;
	move_to(cgroup);
	cgroup[strlen(cgroup)] = '/';
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}
