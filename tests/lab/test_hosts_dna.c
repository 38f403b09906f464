/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A new DNA on three hosts: from any of them to all, also later; who cannot take it keeps the old one, and all hosts say so. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lab_family.h"
#include "link/spread.h"
#include "tissue/plan.h"
#include "trio.h"

TRIO_SUITE(lab_97_hosts_dna, 120);

static char shared[600]; /* DNA text that all begin with */

static void grow_with(const char *more)
{
	trio_grow_with(&trio, more);
	snprintf(shared, sizeof(shared), "key = \"%s/secret\"\nlink { listen = \"0.0.0.0:" TRIO_PORT "\" }\n%s\n", lab.dir, more);
}

/* The shared DNA and more, on a daughter or the mother's host (NULL). */
static void mutate_at(const char *host, const char *more, const char *how)
{
	char text[1200], words[200];

	snprintf(text, sizeof(text), "%s%s", shared, more);
	lab_write_dna(&lab, text);
	snprintf(words, sizeof(words), "mutate %s --dna %s", how, lab.dna);
	trio_at(&trio, host, words);
	lab_expect(&lab, 0, "is in force");
}

static const char *hello(const char *prefix)
{
	static char text[256];

	snprintf(text, sizeof(text), "route \"%s\" { gene = \"%s/build/genes/hello.so\"  args = \"all\" }", prefix, lab_here());
	return text;
}

struct page {
	const char *address, *path;
};

static bool is_there(void *arg)
{
	const struct page *p = arg;

	return lab_get(p->address, p->path, NULL) == 200;
}

static void expect_page(const char *address, const char *path)
{
	struct page p = { address, path };

	cr_expect(lab_wait(2 * LAB_SOON_S, is_there, &p), "%s is not at %s", path, address);
}

static const char *const addresses[] = { LAB_SERVER_V4, TRIO_DAUGHTER_1, TRIO_DAUGHTER_2 };

static void expect_everywhere(const char *path)
{
	for (int i = 0; i < 3; i++)
		expect_page(addresses[i], path);
}

Test(lab_97_hosts_dna, a_from_any_host_to_all)
{
	grow_with("");
	mutate_at(NULL, hello("/one"), "");
	expect_everywhere("/one");
	mutate_at(trio.third, hello("/two"), "");
	expect_everywhere("/two");
	for (int i = 0; i < 3; i++)
		cr_expect_eq(lab_get(addresses[i], "/one", NULL), 404, "%s", addresses[i]);
	/* Once on each host: nothing comes back. */
	trio_at(&trio, lab.client, "status --json");
	cr_expect(strstr(lab.out, "\"generation\": 3,"), "%s", lab.out);
}

static bool is_refused(void *host)
{
	trio_at(&trio, host, "hosts");
	return strstr(lab.out, "DNA generation 2 refused: route \"/r\": its document root is new on this host") != NULL;
}

static void expect_refused(const char *host, const char *who)
{
	cr_expect(lab_wait(2 * LAB_SOON_S, is_refused, (void *)(uintptr_t)host), "%s", lab.out);
	trio_at(&trio, host, "hosts --json");
	cr_expect(strstr(lab.out, "\"dna_refused\": {"), "%s", lab.out);
	cr_expect(strstr(lab.out, who), "%s", lab.out);
}

Test(lab_97_hosts_dna, b_who_cannot_keeps_the_old_one_and_all_say_so)
{
	char root[256], id[17];

	grow_with("");
	trio_id(&trio, lab.client, id);
	lab_sh(&lab, "mkdir -p %s/more && echo more > %s/more/f && chmod -R a+rX %s/more", lab.dir, lab.dir, lab.dir);
	snprintf(root, sizeof(root), "route \"/r\" { gene = \"static\"  root = \"%s/more\" }", lab.dir);
	/* On one of the daughters root has shown it to the cells already, and told nobody. */
	mutate_at(trio.third, root, "--local");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/r/f", NULL), 404);
	mutate_at(NULL, root, "");
	expect_refused(NULL, id);
	expect_refused(trio.third, id);
	expect_refused(lab.client, "\"relation\": \"self\"");
	cr_expect_eq(lab_get(TRIO_DAUGHTER_1, "/hello", NULL), 200, "the old one goes on");
	cr_expect_eq(lab_get(TRIO_DAUGHTER_1, "/r/f", NULL), 404);
	expect_page(TRIO_DAUGHTER_2, "/r/f");
	/* What all can take is what counts then. */
	mutate_at(NULL, hello("/three"), "");
	expect_everywhere("/three");
	cr_expect(!is_refused(NULL), "%s", lab.out);
}

static bool has_lost_one(void *arg)
{
	(void)arg;
	return trio_links(&trio, NULL) == 1;
}

/* The mother's gamete is another by then: it has what the one before had. */
Test(lab_97_hosts_dna, c_who_was_away_gets_it_later)
{
	static struct lab_family family;
	pid_t gamete;

	grow_with("");
	lab_sh(&lab, "ip -n %s link set eth0 down", trio.third);
	cr_assert(lab_wait(LAB_SOON_S, has_lost_one, NULL), "the link holds");
	mutate_at(lab.client, hello("/late"), "");
	expect_page(LAB_SERVER_V4, "/late");
	lab_family_open(&family, &lab);
	cr_assert_eq(lab_family_pids(&family, CLASS_GAMETE, &gamete, 1), 1);
	kill(gamete, SIGKILL);
	lab_sh(&lab, "ip -n %s link set eth0 up; ip -n %s route add default via 10.98.0.1", trio.third, trio.third);
	expect_page(TRIO_DAUGHTER_2, "/late");
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/late", NULL), 200);
}

/* Into the memory where the gamete looks for what root has made, through a cell that shares it, as one that was taken over could. */
static void forge(void)
{
	static struct lab_family family;
	struct spread s = { .generation = 99, .n = 4096, .origin = 7, .stamp = 1 };
	uint8_t head[SPREAD_BYTES] = { 0 }, seed[SECRET_SEED_BYTES] = { 1 };
	pid_t stem;
	int cell, fd;

	lab_family_open(&family, &lab);
	cr_assert_eq(lab_family_pids(&family, CLASS_STEM, &stem, 1), 1);
	cell = (int)syscall(SYS_pidfd_open, stem, 0);
	fd = (int)syscall(SYS_pidfd_getfd, cell, FD_SPREAD_ROOT, 0);
	cr_assert_geq(fd, 0);
	spread_sign(&s, seed);
	spread_write(&s, head);
	cr_assert(!ftruncate(fd, (off_t)(sizeof(head) + s.n)) && pwrite(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head));
	close(fd);
	close(cell);
}

static bool knows_third(void *host)
{
	lab_sh(&lab, "bpftool -j map dump pinned %s/%s/cellws/lab/uptakes", lab.bpffs, (const char *)host);
	return strstr(lab.out, "\"generation\":3") || strstr(lab.out, "\"generation\": 3");
}

Test(lab_97_hosts_dna, d_what_the_key_has_not_signed_counts_for_nothing)
{
	grow_with("");
	lab_wake(&lab);
	mutate_at(NULL, hello("/one"), "");
	expect_everywhere("/one");
	forge();
	/* The word after it is not counted from the forged one. */
	mutate_at(NULL, hello("/two"), "");
	expect_everywhere("/two");
	cr_expect(lab_wait(LAB_SOON_S, knows_third, trio.third), "%s", lab.out);
	cr_expect(!strstr(lab.out, "\"generation\":99") && !strstr(lab.out, "\"generation\": 99"), "%s", lab.out);
}

/* The text names the mother's; the daughters have the files as they came. */
Test(lab_97_hosts_dna, e_roots_that_came_along_stay)
{
	char root[256];

	lab_sh(&lab, "mkdir -p %s/site && echo first > %s/site/f && chmod -R a+rX %s/site", lab.dir, lab.dir, lab.dir);
	snprintf(root, sizeof(root), "route \"/c\" { gene = \"static\"  root = \"%s/site\"  carry = 1 }", lab.dir);
	grow_with(root);
	lab_sh(&lab, "rm %s/site/f", lab.dir);
	mutate_at(NULL, hello("/one"), "");
	expect_everywhere("/one");
	cr_expect_eq(lab_get(TRIO_DAUGHTER_1, "/c/f", NULL), 200);
	mutate_at(lab.client, hello("/two"), "");
	expect_everywhere("/two");
	cr_expect_eq(lab_get(TRIO_DAUGHTER_1, "/c/f", NULL), 200);
	cr_expect_eq(lab_get(TRIO_DAUGHTER_2, "/c/f", NULL), 200);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/c/f", NULL), 404);
}
