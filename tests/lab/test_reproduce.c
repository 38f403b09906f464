/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Growing on another host: an egg in the client's namespace, a mother in the server's; strangers, harm on the way, keys. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lab.h"
#include "relay.h"

LAB_SUITE(lab_95_reproduce, 90);

#define EGG_PORT   7946
#define RELAY_PORT 7000
#define FIRST	   264 /* bytes of the first message, of the third, of the frame with the keys */
#define THIRD	   104
#define KEYS_FRAME 102

/* cellctl on the daughter's host. */
static int far(const char *words)
{
	return lab_sh(&lab, "mkdir -p %s/far && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/far --bpffs %s/far",
		lab.bpffs, lab.client, lab_here(), words, lab.dir, lab.bpffs);
}

static void read_key(const char *file, char key[64])
{
	lab_ctl(&lab, "key --public %s", file);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
	cr_assert_lt(snprintf(key, 64, "%s", lab.out), 64);
	key[strcspn(key, "\n")] = 0;
}

static void lay_egg(const char *key, const char *more)
{
	char words[256];

	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:%d --trust %s %s", EGG_PORT, key, more);
	far(words);
	lab_expect(&lab, 0, "an egg waits");
}

static int reproduce(unsigned port, const char *more)
{
	return lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":%u %s", port, more);
}

/* Nothing of an organism is on the daughter's host: of an attempt that failed, or after `down`. */
static void expect_nothing_far(void)
{
	char path[128];

	for (const char *const *leaf = (const char *const[]){ "far/lab", "far/lab.genes", "far/lab.genes.new", "far/lab.roots", "far/lab.roots.new", "bpf/far/cellws", NULL };
		*leaf; leaf++) {
		snprintf(path, sizeof(path), "%s/%s", lab.dir, *leaf);
		cr_expect_neq(access(path, F_OK), 0, "%s is there", path);
	}
}

static json_t *far_status(void)
{
	far("status --json");
	return json_loads(lab.out, 0, NULL);
}

static void expect_daughter_lives(void)
{
	json_t *mother = lab_status(&lab), *daughter = far_status();
	const char *path[] = { "organism", "dna_sha256" };

	cr_assert(mother && daughter, "%s", lab.err);
	for (int i = 0; i < 2; i++) {
		mother = json_object_get(mother, path[i]);
		daughter = json_object_get(daughter, path[i]);
	}
	cr_expect(mother && json_equal(mother, daughter), "not the same DNA");
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/", NULL), 200);
}

Test(lab_95_reproduce, a_an_organism_grows_on_another_host)
{
	char key[64], theirs[64];

	lab_up(&lab, "", "");
	lab_ctl(&lab, "immune ban 10.99.7.7");
	lab_ctl(&lab, "immune ban " LAB_CLIENT_V4);
	read_key("", key);
	lay_egg(key, "");
	cr_expect_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	lab_expect(&lab, 0, "lab is laid there");
	expect_daughter_lives();
	far("immune export");
	cr_expect(strstr(lab.out, "10.99.7.7") && !strstr(lab.out, LAB_CLIENT_V4), "its own address is banned: %s", lab.out);
	far("key --public");
	cr_assert_lt(snprintf(theirs, sizeof(theirs), "%s", lab.out), 64);
	cr_expect(!strncmp(theirs, key, strlen(key)));
	lab_sh(&lab, "stat -c '%%u %%a' %s/far/lab.genes/*.so", lab.dir);
	cr_expect_str_eq(lab.out, "0 644\n0 644\n0 644\n");
	lab_sh(&lab, "stat -c '%%u %%a' %s/far/lab/key", lab.dir);
	lab_expect(&lab, 0, "0 600");
	/* The mother may go, the daughter stays; and after `down` nothing is left of her. */
	lab_ctl(&lab, "down");
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/hello", NULL), 200);
	far("down");
	lab_expect(&lab, 0, "down");
	expect_nothing_far();
}

struct visit {
	struct lab_conn c;
	double since, until;
};

/* What a stranger tries; all see the same. */
Test(lab_95_reproduce, b_strangers_meet_silence_of_one_length)
{
	static char garbage[2000];
	struct visit v[3] = { 0 };
	char key[64], path[128];

	snprintf(path, sizeof(path), "%s/other", lab.dir);
	lab_ctl(&lab, "keygen %s", path);
	read_key(path, key);
	lay_egg(key, "");
	for (int i = 0; i < 3; i++) {
		v[i].c.fd = lab_dial("127.0.0.1", NULL);
		cr_expect_lt(v[i].c.fd, 0, "an organism answers");
	}
	for (int i = 0; i < 3; i++) {
		struct sockaddr_in egg = { .sin_family = AF_INET, .sin_port = htons(EGG_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		v[i].c.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		v[i].since = lab_now();
		cr_assert_eq(connect(v[i].c.fd, (struct sockaddr *)&egg, sizeof(egg)), 0);
	}
	/* One says nothing, one a little, one a lot. */
	lab_send(&v[1].c, garbage, 100);
	lab_send(&v[2].c, garbage, sizeof(garbage));
	for (int i = 0; i < 3; i++) {
		char byte;

		cr_expect_eq(recv(v[i].c.fd, &byte, 1, 0), 0, "a stranger is answered: %s", strerror(errno));
		v[i].until = lab_now();
		cr_expect_gt(v[i].until - v[i].since, 4.9, "visit %d was ended after %.2f s", i, v[i].until - v[i].since);
		close(v[i].c.fd);
	}
	cr_expect_lt(v[2].until - v[0].until, 1.0);
	lab_up(&lab, "", "");
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "no answer");
	expect_nothing_far();
	far("down");
	lab_expect(&lab, 0, "the egg that waited is gone");
}

/* Harm at this byte of what the mother says: she fails, nothing is installed, the egg waits on. */
static void expect_harm_noticed(long flip, long cut)
{
	struct relay r = { .port = RELAY_PORT, .to = EGG_PORT, .flip = flip, .cut = cut };

	relay_start(&r);
	cr_expect_eq(reproduce(RELAY_PORT, ""), 1, "altered at %ld, cut at %ld: %s", flip, cut, lab.out);
	relay_end(&r);
	expect_nothing_far();
}

Test(lab_95_reproduce, c_harm_on_the_way_installs_nothing)
{
	const long spots[] = { 10, FIRST + 10, FIRST + THIRD + 2, FIRST + THIRD + 40, FIRST + THIRD + KEYS_FRAME + 2000 };
	char key[64];

	lab_up(&lab, "", "");
	read_key("", key);
	lay_egg(key, "");
	for (unsigned i = 0; i < sizeof(spots) / sizeof(*spots); i++)
		expect_harm_noticed(spots[i], -1);
	for (unsigned i = 1; i < sizeof(spots) / sizeof(*spots); i++)
		expect_harm_noticed(-1, spots[i]);
	cr_expect_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	expect_daughter_lives();
	far("down");
}

/* Says what was said before, and counts what comes back. */
static size_t replay(const struct relay *r)
{
	struct sockaddr_in egg = { .sin_family = AF_INET, .sin_port = htons(EGG_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bytes[4096];
	size_t all = 0;
	ssize_t n;

	cr_assert_eq(connect(fd, (struct sockaddr *)&egg, sizeof(egg)), 0);
	cr_assert_eq(send(fd, r->said, *r->said_n, MSG_NOSIGNAL), (ssize_t)*r->said_n);
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		all += (size_t)n;
	close(fd);
	return all;
}

Test(lab_95_reproduce, d_what_was_said_before_is_not_believed_again)
{
	struct relay r = { .port = RELAY_PORT, .to = EGG_PORT, .flip = -1, .cut = FIRST + THIRD + KEYS_FRAME + 2000 };
	char key[64];

	lab_up(&lab, "", "");
	read_key("", key);
	lay_egg(key, "");
	relay_start(&r);
	cr_expect_eq(reproduce(RELAY_PORT, ""), 1);
	relay_end(&r);
	cr_expect_eq(replay(&r), 0, "the same egg answers");
	r.cut = -1;
	relay_start(&r);
	cr_expect_eq(reproduce(RELAY_PORT, ""), 0, "%s", lab.err);
	relay_end(&r);
	far("down");
	lab_expect(&lab, 0, "down");
	/* Another egg has not heard it, and stops at the proof: it has said its second message and no more. */
	lay_egg(key, "");
	cr_expect_eq(replay(&r), 144);
	expect_nothing_far();
	far("down");
}

Test(lab_95_reproduce, e_keys_of_other_generations)
{
	char path[128], more[192], old[64];

	snprintf(path, sizeof(path), "%s/mother.key", lab.dir);
	snprintf(more, sizeof(more), "key = \"%s\"", path);
	lab_ctl(&lab, "keygen %s", path);
	read_key(path, old);
	lab_sh(&lab, "cp -p %s %s.old", path, path);
	lab_up(&lab, more, "");
	/* The egg trusts the old key, which vouches for the new one. */
	lab_ctl(&lab, "key rotate");
	lab_expect(&lab, 0, "generation 2, accepted for 86400 s");
	lay_egg(old, "");
	cr_expect_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	expect_daughter_lives();
	far("down");
	/* And back: what was here is newer than what comes. */
	lab_sh(&lab, "mv %s.old %s", path, path);
	lay_egg(old, "");
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "generation");
	expect_nothing_far();
	/* Vouched for no longer. */
	lab_ctl(&lab, "key rotate --accept 1s");
	sleep(2);
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "no answer");
	far("down");
}

static pid_t keeper(void)
{
	char path[128], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/far/egg.lock", lab.dir);
	f = fopen(path, "re");
	cr_assert(f && fgets(text, sizeof(text), f));
	fclose(f);
	return (pid_t)atoi(text);
}

/* The keeper's only child. */
static pid_t receiver(void)
{
	char path[64], text[32] = "";
	pid_t of = keeper();
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)of, (int)of);
	f = fopen(path, "re");
	cr_assert_not_null(f);
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	fclose(f);
	return (pid_t)atoi(text);
}

static long switches(pid_t pid)
{
	char a[32] = "", b[32] = "";

	cr_assert(lab_proc_line(pid, "voluntary_ctxt_switches", a, sizeof(a)));
	cr_assert(lab_proc_line(pid, "nonvoluntary_ctxt_switches", b, sizeof(b)));
	return atol(a) + atol(b);
}

static bool another_receiver(void *arg)
{
	pid_t pid = receiver();

	return pid > 0 && pid != *(pid_t *)arg && lab_is_sealed(pid);
}

Test(lab_95_reproduce, f_the_egg_sleeps_sealed_and_survives_its_network_process)
{
	pid_t first, second;
	long before[2];
	char key[64];

	lab_up(&lab, "", "");
	read_key("", key);
	lay_egg(key, "");
	first = receiver();
	cr_assert(first > 0 && lab_is_sealed(first));
	before[0] = switches(keeper());
	before[1] = switches(first);
	sleep(2);
	cr_expect(switches(keeper()) == before[0] && switches(first) == before[1], "the egg does not sleep");
	kill(first, SIGKILL);
	cr_assert(lab_wait(LAB_SOON_S, another_receiver, &first));
	second = receiver();
	cr_expect_neq(second, first);
	cr_expect_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	expect_daughter_lives();
	far("down");
}

static bool egg_is_gone(void *arg)
{
	char path[128];

	(void)arg;
	snprintf(path, sizeof(path), "%s/far/egg.lock", lab.dir);
	return access(path, F_OK) != 0;
}

Test(lab_95_reproduce, g_patience_and_the_right_egg)
{
	char key[64], word[80] = "";
	const char *at;

	lab_up(&lab, "", "");
	read_key("", key);
	lay_egg(key, "--for 1s");
	cr_expect(lab_wait(LAB_SOON_S, egg_is_gone, NULL));
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "Connection refused");
	lay_egg(key, "");
	at = strstr(lab.out, "--egg ");
	cr_assert_not_null(at);
	snprintf(word, sizeof(word), "%s", at);
	word[strcspn(word, "\n")] = 0;
	/* The mother's own key is not the egg's. */
	lab_ctl(&lab, "reproduce " LAB_CLIENT_V4 ":%d --egg %s", EGG_PORT, key);
	lab_expect(&lab, 1, "not the egg that is meant");
	expect_nothing_far();
	cr_expect_eq(reproduce(EGG_PORT, word), 0, "%s", lab.err);
	expect_daughter_lives();
	far("down");
}

Test(lab_95_reproduce, h_a_host_that_cannot_bear_it_says_so)
{
	char key[64];

	lab_up(&lab, "", "");
	read_key("", key);
	lay_egg(key, "");
	/* A document root is not there: roots come along by name only. */
	lab_sh(&lab, "mv %s %s/elsewhere", lab.root, lab.dir);
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "root");
	expect_nothing_far();
	lab_sh(&lab, "mv %s/elsewhere %s", lab.dir, lab.root);
	cr_expect_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	expect_daughter_lives();
	far("down");
}

Test(lab_95_reproduce, i_wrong_words)
{
	far("egg eth0");
	lab_expect(&lab, 2, "usage");
	far("egg eth0 --listen 0.0.0.0:7946 --trust nonsense");
	lab_expect(&lab, 2, "no public key");
	far("egg eth0 --listen 7946 --trust AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
	lab_expect(&lab, 2, "no address with a port");
	far("egg eth0 --listen 0.0.0.0:7946 --trust AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8= --for soon");
	lab_expect(&lab, 2, "no duration");
	far("egg nowhere0 --listen 0.0.0.0:7946 --trust AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
	lab_expect(&lab, 1, "no interface");
	far("reproduce nowhere");
	lab_expect(&lab, 3, NULL);
	lab_ctl(&lab, "key sing");
	lab_expect(&lab, 2, "usage");
}

/* One request from there, to either host. */
static int ask(const char *to, const char *from, const char *path)
{
	struct lab_conn c = { .fd = lab_dial(to, from) };
	struct lab_answer a;
	int status;

	if (c.fd < 0)
		return 0;
	lab_say(&c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	lab_read(&c, &a, false, LAB_SOON_S);
	status = a.status;
	lab_answer_free(&a);
	lab_hang_up(&c);
	return status;
}

static bool log_says(void *text)
{
	lab_ctl(&lab, "immune log");
	return strstr(lab.out, text);
}

static bool far_log_says(void *text)
{
	far("immune log");
	return strstr(lab.out, text);
}

/* Who was banned at the mother's and what killed her drones: both are known from the first moment on. */
Test(lab_95_reproduce, j_what_the_mother_has_learned_comes_along)
{
	char key[64];

	lab_up(&lab, "immune { trap = { \"/trap\" }  ban_time = \"1h\"  weights { pathogens = 0 } }\n", "");
	lab_sh(&lab, "ip -n %s addr add 10.99.7.7/16 dev eth0", lab.client);
	cr_expect_eq(ask(LAB_SERVER_V4, "10.99.7.7", "/trap"), 403);
	cr_assert(lab_wait(LAB_SOON_S, log_says, "(offence 1)"), "%s", lab.out);
	lab_ctl(&lab, "immune unban 10.99.7.7");
	/* It is tried twice. */
	cr_expect_eq(ask(LAB_SERVER_V4, NULL, "/crash?now=1"), 502);
	cr_expect_eq(ask(LAB_SERVER_V4, NULL, "/crash?now=1"), 403);
	/* From now on that address is somebody else's. */
	lab_sh(&lab, "ip -n %s addr del 10.99.7.7/16 dev eth0 && ip -n %s addr add 10.99.7.7/16 dev eth0", lab.client, lab.server);
	read_key("", key);
	lay_egg(key, "");
	cr_assert_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	cr_expect_eq(ask(LAB_CLIENT_V4, NULL, "/crash?now=1"), 403, "it kills there once more");
	cr_expect_eq(ask(LAB_CLIENT_V4, NULL, "/crash"), 200);
	lab_sh(&lab, "nsenter --net=/run/netns/%s -- curl -s -o /dev/null -w '%%{http_code}' --interface 10.99.7.7 http://" LAB_CLIENT_V4 ":%d/trap",
		lab.server, LAB_PORT);
	cr_expect(strstr(lab.out, "403"), "%s %s", lab.out, lab.err);
	cr_expect(lab_wait(LAB_SOON_S, far_log_says, "for 7200 s (offence 2)"), "%s", lab.out);
	far("down");
}

/* A site beside the lab's root: files, one of them large, links, and what is not for everybody. */
static void build_site(void)
{
	lab_sh(&lab, "set -e; cd %s; mkdir -p site/sub/deeper; echo home > site/index.html; echo deep > site/sub/deeper/page.html; chmod 711 site/sub\n"
		"ln -s sub/deeper/page.html site/inner.html; ln -s /etc/passwd site/outer.html; ln -s sub site/again; mkfifo site/pipe\n"
		"echo secret > site/secret.html; chmod 600 site/secret.html; chmod 755 site/sub; touch -d 2020-01-02 site/index.html\n"
		"head -c 3000000 /dev/urandom > site/large.bin; chmod 777 site/large.bin", lab.dir);
	cr_assert_eq(lab.code, 0, "%s", lab.err);
}

static void up_with_site(const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), "route \"/site/\" { gene = \"static\" root = \"%s/site\" carry = 1 }\n%s", lab.dir, more);
	lab_up(&lab, text, "");
}

Test(lab_95_reproduce, k_document_roots_come_along_where_the_dna_says_so)
{
	char key[64];

	build_site();
	up_with_site("");
	read_key("", key);
	lay_egg(key, "");
	/* Cut in the middle of the files: nothing is there, and the next attempt finds no trace. */
	expect_harm_noticed(-1, FIRST + THIRD + KEYS_FRAME + 1000000);
	cr_assert_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	cr_expect(strstr(lab.err, "4 entries are left out"), "%s", lab.err);
	lab_sh(&lab, "cd %s/far/lab.roots/* && cmp ../../../site/large.bin large.bin && stat -c '%%u %%a %%n %%Y' . index.html large.bin sub "
		"&& find . | LC_ALL=C sort | tr '\n' ' '", lab.dir);
	lab_expect(&lab, 0, "./index.html ./inner.html ./large.bin ./sub ./sub/deeper ./sub/deeper/page.html ");
	cr_expect(strstr(lab.out, "0 755 . ") && strstr(lab.out, "0 644 index.html 15779") && strstr(lab.out, "0 644 large.bin ") &&
		strstr(lab.out, "0 755 sub "), "%s", lab.out);
	/* The daughter needs nothing of where they came from. */
	lab_sh(&lab, "mv %s/site %s/gone", lab.dir, lab.dir);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/site/", NULL), 200);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/site/inner.html", NULL), 200);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/site/large.bin", NULL), 200);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/site/secret.html", NULL), 404);
	cr_expect_eq(lab_get(LAB_CLIENT_V4, "/site/outer.html", NULL), 404);
	far("down");
	lab_expect(&lab, 0, "down");
	expect_nothing_far();
}

Test(lab_95_reproduce, l_roots_that_do_not_fit_or_are_not_there)
{
	char key[64];

	build_site();
	up_with_site("link { carry_most = 1M }\n");
	read_key("", key);
	lay_egg(key, "");
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "carry_most");
	expect_nothing_far();
	lab_ctl(&lab, "down");
	lab_sh(&lab, "rm %s/site/large.bin", lab.dir);
	up_with_site("");
	read_key("", key);
	far("down");
	lay_egg(key, "");
	/* By reference: that of the route "/" must be there; said on both sides, before anything is written. */
	lab_sh(&lab, "mv %s %s/elsewhere", lab.root, lab.dir);
	cr_expect_eq(reproduce(EGG_PORT, ""), 1);
	lab_expect(&lab, 1, "is no directory of this host");
	lab_sh(&lab, "cat %s/far/egg.log", lab.dir);
	lab_expect(&lab, 0, "is no directory of this host");
	expect_nothing_far();
	lab_sh(&lab, "mv %s/elsewhere %s", lab.dir, lab.root);
	cr_expect_eq(reproduce(EGG_PORT, ""), 0, "%s", lab.err);
	expect_daughter_lives();
	far("down");
}
