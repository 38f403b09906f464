/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making a family of nine hosts, and doing harm to it. */
#include "lab_tree.h"
#include "lab_guard.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROWN_S 20

const int tree_mother[TREE_HOSTS] = { -1, 0, 0, 1, 1, 2, 2, 3, 4 };

const char *tree_address(int host)
{
	static const char *const addresses[TREE_HOSTS] = { "10.97.0.1", "10.97.0.2", "10.97.0.3", "10.97.0.4", "10.97.0.5",
		"10.97.0.6", "10.97.0.7", "10.97.0.8", "10.97.0.9" };

	return addresses[host];
}

int tree_ctl(const struct tree *t, int host, const char *words)
{
	const char *h = t->host[host];

	return lab_sh(t->lab, "exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/%s --bpffs %s/%s", h, lab_here(), words,
		t->lab->dir, h, t->lab->bpffs, h);
}

void tree_open(struct tree *t, struct lab *lab)
{
	*t = (struct tree){ .lab = lab };
	snprintf(t->wire, sizeof(t->wire), "cw%dhw", (int)getpid());
	lab_sh(lab, "set -e; ip netns add %s; for b in 0 1; do ip -n %s link add br$b type bridge; ip -n %s link set br$b up; done", t->wire,
		t->wire, t->wire);
	cr_assert_eq(lab->code, 0, "%s", lab->err);
	for (int i = 0; i < TREE_HOSTS; i++) {
		snprintf(t->host[i], sizeof(t->host[i]), "cw%dh%d", (int)getpid(), i);
		lab_sh(lab, "set -e; ip netns add %s; ip -n %s link add eth0 type veth peer name p%d netns %s\n"
			"ip -n %s link set p%d master br0 up; ip -n %s addr add %s/16 dev eth0\n"
			"ip -n %s link set lo up; ip -n %s link set eth0 up; mkdir -p %s/%s %s/%s",
			t->host[i], t->host[i], i, t->wire, t->wire, i, t->host[i], tree_address(i), t->host[i], t->host[i],
			lab->dir, t->host[i], lab->bpffs, t->host[i]);
		cr_assert_eq(lab->code, 0, "%s", lab->err);
	}
}

static void write_dna(const struct tree *t, const char *more)
{
	char *text = NULL;
	int n = asprintf(&text,
		"organism = \"lab\"\nlisten = { \"0.0.0.0:%d\" }\nkey = \"%s/secret\"\nlink { listen = \"0.0.0.0:%d\" }\n"
		"route \"/\" { gene = \"static\" root = \"%s\" }\n"
		"cells { stem { min = 1 } blood { min = 1 max = 1 } drone { min = 1 max = 1 } }\n"
		"immune { memory = \"\" bans_per_minute = 1000000 trap = { \"/trap\" } ban_at = 50 widen = 8 }\n%s",
		LAB_PORT, t->lab->dir, TREE_PORT, t->lab->root, more);

	cr_assert_gt(n, 0);
	lab_write_raw_dna(t->lab, text);
	free(text);
}

static void bear_first(struct tree *t)
{
	char words[128];

	snprintf(words, sizeof(words), "up eth0 --dna %s", t->lab->dna);
	tree_ctl(t, 0, words);
	lab_expect(t->lab, 0, NULL);
}

static void bear_daughter(struct tree *t, int host)
{
	char words[128];

	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:%d --trust %s", TREE_PORT, t->key);
	tree_ctl(t, host, words);
	lab_expect(t->lab, 0, "an egg waits");
	snprintf(words, sizeof(words), "reproduce %s:%d", tree_address(host), TREE_PORT);
	tree_ctl(t, tree_mother[host], words);
	lab_expect(t->lab, 0, "lab is laid there");
}

void tree_bear(struct tree *t, int host)
{
	if (host)
		bear_daughter(t, host);
	else
		bear_first(t);
	cr_assert_eq(t->lab->code, 0);
	t->alive |= 1u << host;
}

void tree_grow(struct tree *t, const char *more)
{
	lab_ctl(t->lab, "keygen %s/secret", t->lab->dir);
	lab_ctl(t->lab, "key --public %s/secret", t->lab->dir);
	cr_assert_lt(snprintf(t->key, sizeof(t->key), "%s", t->lab->out), (int)sizeof(t->key));
	t->key[strcspn(t->key, "\n")] = 0;
	write_dna(t, more);
	for (int i = 0; i < TREE_HOSTS; i++)
		tree_bear(t, i);
	tree_expect_grown(t, GROWN_S);
}

static void kill_it(pid_t pid, void *arg)
{
	(void)arg;
	kill(pid, SIGKILL);
}

static bool is_empty(void *arg)
{
	return guard_each(arg, kill_it, NULL) == 0;
}

void tree_kill(struct tree *t, int host)
{
	cr_assert(lab_wait(LAB_SOON_S, is_empty, t->host[host]), "some process of host %d cannot be killed", host);
	t->alive &= ~(1u << host);
}

/* Each takes the other for where nobody is: what it sends is lost on the switch, as by a broken cable. */
void tree_cut(const struct tree *t, int a, int b)
{
	for (int i = 0; i < 2; i++)
		lab_sh(t->lab, "ip -n %s neigh replace %s lladdr 02:00:00:00:00:99 nud permanent dev eth0", t->host[i ? b : a],
			tree_address(i ? a : b));
	cr_assert_eq(t->lab->code, 0, "%s", t->lab->err);
}

void tree_mend(const struct tree *t, int a, int b)
{
	for (int i = 0; i < 2; i++)
		lab_sh(t->lab, "ip -n %s neigh del %s dev eth0", t->host[i ? b : a], tree_address(i ? a : b));
	cr_assert_eq(t->lab->code, 0, "%s", t->lab->err);
}

void tree_part(const struct tree *t, unsigned hosts)
{
	char words[1024] = "";

	for (int i = 0; i < TREE_HOSTS; i++)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "link set p%d master br%d\n", i, hosts >> i & 1);
	lab_sh(t->lab, "ip -n %s -batch - <<'E'\n%sE", t->wire, words);
	cr_assert_eq(t->lab->code, 0, "%s", t->lab->err);
}

unsigned long tree_packets(const struct tree *t)
{
	unsigned long n;

	lab_sh(t->lab, "nsenter --net=/run/netns/%s -- awk '/ p[0-9]+:/ { n += $3 } END { print n }' /proc/net/dev", t->wire);
	n = strtoul(t->lab->out, NULL, 10);
	cr_assert_gt(n, 0, "%s", t->lab->err);
	return n;
}
