/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's half of T cells: evidence only of ones own connections, bans only on evidence, prefixes only by density. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bus_rig.h"
#include "shared/antigen.h"
#include "shared/ports.h"
#include "shared/verdict.h"
#include "cellws.skel.h"

#define SELF 3u /* slot of the process that acts */

static struct bus_rig rig;

static void open_rig(void)
{
	bus_open(&rig);
	rig.rules.ban_s = 10;
	rig.rules.ban_max_s = 100;
	rig.rules.bans_per_minute = 1000;
	rig.rules.tcells = 2;
	rig.rules.remember = 1;
	rig.rules.widen = 4;
	rig.rules.widest_v4 = 16;
	rig.rules.widest_v6 = 48;
	bus_rule(&rig);
}

static void close_rig(void)
{
	bus_close(&rig);
}

TestSuite(lymph, .init = open_rig, .fini = close_rig, .timeout = 30);

static void expect_holds(int class, int (*act)(struct kin_rig *r))
{
	int status = kin_act(&rig.kin, class < 0 ? -1 : (int)SELF, class, act);

	cr_expect_eq(status, 0, "it ended with %x; line %u does not hold", (unsigned)status, rig.kin.notes->flag[0]);
}

static int run(int program, void *call, uint32_t n)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = call, .ctx_size_in = n);

	return bpf_prog_test_run_opts(program, &opts) ? -1 : (int)opts.retval;
}

#define PROGRAM(name) bpf_program__fd(r->skel->progs.gland_##name)
#define MAP(name)     bpf_map__fd(r->skel->maps.name)

static void be(struct kin_rig *r, uint32_t class)
{
	uint32_t slot = SELF;
	struct cell c;

	bpf_map_lookup_elem(r->cells, &slot, &c);
	c.class = class;
	bpf_map_update_elem(r->cells, &slot, &c, BPF_ANY);
}

struct pair {
	int listener, client, server;
	in_port_t port;
};

/* A connection from that address to a port that is the organism's. */
static bool meet(struct kin_rig *r, struct pair *p, const char *from)
{
	struct sockaddr_in here = { .sin_family = AF_INET }, there = { .sin_family = AF_INET };
	socklen_t n = sizeof(here);
	static struct port_set ports;
	uint32_t zero = 0;

	inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
	inet_pton(AF_INET, from, &there.sin_addr);
	p->listener = socket(AF_INET, SOCK_STREAM, 0);
	p->client = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(p->listener, (struct sockaddr *)&here, sizeof(here)) || listen(p->listener, 1) ||
		getsockname(p->listener, (struct sockaddr *)&here, &n) || bind(p->client, (struct sockaddr *)&there, sizeof(there)) ||
		connect(p->client, (struct sockaddr *)&here, sizeof(here)))
		return false;
	p->server = accept(p->listener, NULL, NULL);
	port_set_add(&ports, ntohs(here.sin_port));
	bpf_map_update_elem(MAP(own_ports), &zero, &ports, BPF_ANY);
	return p->server >= 0;
}

static void part(struct pair *p)
{
	close(p->server);
	close(p->client);
	close(p->listener);
}

static uint32_t present(struct kin_rig *r, int fd, uint32_t reason)
{
	struct present_call call = { .fd = (uint32_t)fd, .reason = reason, .answer = 99, .detail = "x\x01y" };

	return run(PROGRAM(present), &call, sizeof(call)) ? 98 : call.answer;
}

static struct source source(const char *text)
{
	struct in_addr a;

	inet_pton(AF_INET, text, &a);
	return (struct source){ .key = a.s_addr, .family = 4 };
}

static struct source prefix(const char *text, uint32_t bits)
{
	struct source s = source(text);

	s.bits = bits;
	return s;
}

static int only_its_own_connections(struct kin_rig *r)
{
	int file = open("/dev/null", O_RDONLY), udp = socket(AF_INET, SOCK_DGRAM, 0), ends[2];
	struct source peer = source("127.3.2.1"), other = source("127.0.0.1");
	struct suspect s;
	struct pair p;

	HOLDS(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends) && meet(r, &p, "127.3.2.1"));
	HOLDS(present(r, p.server, ANTIGEN_TRAP) == GLAND_OK);
	HOLDS(!bpf_map_lookup_elem(MAP(suspects), &peer, &s) && s.count == 1 && !strcmp(s.detail, "x?y"));
	HOLDS(present(r, p.client, ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, p.listener, ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, file, ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, udp, ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, ends[0], ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, 1000000, ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, -1, ANTIGEN_TRAP) == GLAND_UNPROVEN);
	HOLDS(present(r, p.server, ANTIGEN_COUNT) == GLAND_RANGE);
	HOLDS(present(r, p.server, ANTIGEN_NONE) == GLAND_RANGE);
	for (uint32_t class = CLASS_EGG; class < CLASS_COUNT; class++) {
		be(r, class);
		HOLDS(present(r, p.server, ANTIGEN_TRAP) == (class == CLASS_BLOOD ? GLAND_OK : GLAND_CLASS));
		HOLDS(present(r, p.server, ANTIGEN_FOREIGN) == (class == CLASS_GAMETE ? GLAND_OK : GLAND_CLASS));
	}
	HOLDS(!bpf_map_lookup_elem(MAP(suspects), &peer, &s) && s.count == 3);
	HOLDS(bpf_map_lookup_elem(MAP(suspects), &other, &s));
	return 0;
}

Test(lymph, a_evidence_is_of_ones_own_connection)
{
	expect_holds(CLASS_BLOOD, only_its_own_connections);
}

static int a_stranger(struct kin_rig *r)
{
	struct ban_call ban = { .source = source("127.3.2.1") };
	struct praise_call praise = { 0 };
	uint64_t widen[WIDEN_ARGUMENTS] = { 0 };
	struct gland_call call = { 0 };
	struct pair p;

	HOLDS(meet(r, &p, "127.3.2.1") && present(r, p.server, ANTIGEN_TRAP) == GLAND_STRANGER);
	HOLDS(!run(PROGRAM(ban), &ban, sizeof(ban)) && ban.answer == GLAND_STRANGER);
	HOLDS(!run(PROGRAM(praise), &praise, sizeof(praise)) && praise.answer == GLAND_STRANGER);
	HOLDS(!run(PROGRAM(post), &call, sizeof(call)) && call.answer == GLAND_STRANGER);
	HOLDS(run(PROGRAM(widen), widen, sizeof(widen)) == GLAND_STRANGER);
	return 0;
}

Test(lymph, b_strangers_are_refused)
{
	expect_holds(-1, a_stranger);
}

static struct ban_call last;

static uint32_t ban(struct kin_rig *r, const char *text)
{
	last = (struct ban_call){ .source = source(text), .answer = 99 };
	return run(PROGRAM(ban), &last, sizeof(last)) ? 98 : last.answer;
}

/* Evidence against an address, and its ban; the class is a T cell's afterwards. */
static uint32_t offend(struct kin_rig *r, const char *text)
{
	struct pair p;
	uint32_t answer;

	be(r, CLASS_BLOOD);
	if (!meet(r, &p, text))
		return 97;
	answer = present(r, p.server, ANTIGEN_TRAP);
	part(&p);
	be(r, CLASS_TCELL);
	return answer == GLAND_OK ? ban(r, text) : answer;
}

static int lift(struct kin_rig *r, const char *text)
{
	uint32_t key = (uint32_t)source(text).key;

	return bpf_map_delete_elem(MAP(antibody_v4), &key);
}

static int bans(struct kin_rig *r)
{
	struct incident i;
	uint32_t at = 1;

	HOLDS(ban(r, "127.3.2.1") == GLAND_UNPROVEN);
	for (uint32_t n = 1; n <= 6; n++) {
		HOLDS(offend(r, "127.3.2.1") == GLAND_OK);
		HOLDS(last.offence == n && last.ttl_s == (n < 5 ? 10u << (n - 1) : 100));
		HOLDS(offend(r, "127.3.2.1") == GLAND_TWICE);
		HOLDS(!lift(r, "127.3.2.1"));
	}
	HOLDS(!bpf_map_lookup_elem(MAP(incidents), &at, &i) && i.seq == 1 && i.act == INCIDENT_BANNED && i.offence == 1);
	for (uint32_t class = CLASS_EGG; class < CLASS_COUNT; class++) {
		be(r, class);
		HOLDS(class == CLASS_TCELL || ban(r, "127.3.2.1") == GLAND_CLASS);
	}
	return 0;
}

Test(lymph, c_only_t_cells_ban_on_evidence_and_longer_each_time)
{
	struct event e;

	expect_holds(CLASS_TCELL, bans);
	cr_assert(bus_event(&rig, HAPPENED_BAN, &e));
	cr_expect(e.class == CLASS_TCELL && e.source.key == source("127.3.2.1").key && e.a == ANTIGEN_TRAP && e.b == 100 && e.c == 6);
}

static int within_the_budget(struct kin_rig *r)
{
	struct lymph counts;
	uint32_t zero = 0;

	HOLDS(offend(r, "127.3.2.1") == GLAND_OK && offend(r, "127.3.3.1") == GLAND_OK);
	HOLDS(offend(r, "127.3.4.1") == GLAND_RATE);
	HOLDS(!bpf_map_lookup_elem(MAP(lymph), &zero, &counts) && counts.incidents == 3);
	/* Told once, not each time. */
	HOLDS(offend(r, "127.3.4.1") == GLAND_RATE);
	HOLDS(!bpf_map_lookup_elem(MAP(lymph), &zero, &counts) && counts.incidents == 3);
	HOLDS(lift(r, "127.3.4.1"));
	return 0;
}

Test(lymph, d_no_more_than_the_budget)
{
	rig.rules.bans_per_minute = 2;
	bus_rule(&rig);
	expect_holds(CLASS_TCELL, within_the_budget);
}

static int observes(struct kin_rig *r)
{
	HOLDS(offend(r, "127.3.2.1") == GLAND_OBSERVED && lift(r, "127.3.2.1"));
	return 0;
}

Test(lymph, e_who_only_observes_bans_nobody)
{
	rig.rules.observe = 1;
	bus_rule(&rig);
	expect_holds(CLASS_TCELL, observes);
}

static uint32_t widen(struct kin_rig *r, const char *text, uint32_t bits, uint64_t spared)
{
	uint64_t arguments[WIDEN_ARGUMENTS] = { [WIDEN_KEY] = source(text).key, [WIDEN_FAMILY] = 4, [WIDEN_BITS] = bits,
		[WIDEN_SPARED] = spared };

	return (uint32_t)run(PROGRAM(widen), arguments, sizeof(arguments));
}

static bool is_banned(struct kin_rig *r, const char *text, uint32_t bits)
{
	struct prefix_v4 key = { .bits = bits, .addr = (uint32_t)source(text).key };
	struct antibody a;

	return !bpf_map_lookup_elem(MAP(prefix_v4), &key, &a) && a.bits == bits;
}

static bool offend_many(struct kin_rig *r, const char *prefix_of, uint32_t n)
{
	char text[32];

	for (uint32_t i = 1; i <= n; i++) {
		snprintf(text, sizeof(text), "%s.%u", prefix_of, i);
		if (offend(r, text) != GLAND_OK || last.hostile != i)
			return false;
	}
	return true;
}

static int by_density(struct kin_rig *r)
{
	uint32_t result = 0;
	char text[32];

	HOLDS(offend_many(r, "127.5.0", 3));
	HOLDS(WIDEN_ANSWER(widen(r, "127.5.0.0", 24, 0)) == GLAND_UNPROVEN);
	/* One that comes back counts once. */
	HOLDS(!lift(r, "127.5.0.1") && offend(r, "127.5.0.1") == GLAND_OK && last.hostile == 3);
	for (uint32_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "127.5.%u", i);
		HOLDS(i ? offend_many(r, text, 4) : offend(r, "127.5.0.4") == GLAND_OK);
		snprintf(text, sizeof(text), "127.5.%u.0", i);
		HOLDS(WIDEN_ANSWER(widen(r, text, 25, 0)) == GLAND_RANGE && WIDEN_ANSWER(widen(r, text, 8, 0)) == GLAND_RANGE);
		result = widen(r, text, 24, 0);
		HOLDS(WIDEN_ANSWER(result) == GLAND_OK && WIDEN_HOSTILE(result) == i + 1);
		HOLDS(is_banned(r, text, 24) && WIDEN_ANSWER(widen(r, text, 24, 0)) == GLAND_TWICE);
	}
	be(r, CLASS_BLOOD);
	HOLDS(WIDEN_ANSWER(widen(r, "127.5.0.0", 16, 0)) == GLAND_CLASS);
	be(r, CLASS_TCELL);
	HOLDS(WIDEN_ANSWER(widen(r, "127.5.0.0", 16, 0)) == GLAND_OK && is_banned(r, "127.5.0.0", 16));
	return 0;
}

Test(lymph, f_a_prefix_by_density)
{
	struct event e;

	expect_holds(CLASS_TCELL, by_density);
	cr_assert(bus_event(&rig, HAPPENED_WIDEN, &e));
	cr_expect(e.source.key == prefix("127.5.0.0", 16).key && e.source.bits == 16 && e.a == 4, "%u", e.a);
}

static uint32_t praise(struct kin_rig *r, const char *text)
{
	struct praise_call call = { 0 };
	struct pair p;

	be(r, CLASS_BLOOD);
	if (!meet(r, &p, text))
		return 97;
	call.fd = (uint32_t)p.server;
	run(PROGRAM(praise), &call, sizeof(call));
	part(&p);
	be(r, CLASS_TCELL);
	return call.answer;
}

static int over_nobody_good(struct kin_rig *r)
{
	struct prefix_v4 allowed = { .bits = 20, .addr = (uint32_t)source("127.8.0.0").key };
	struct allowance by = { 0 };

	HOLDS(praise(r, "127.6.0.9") == GLAND_OK && offend_many(r, "127.6.0", 5));
	HOLDS(WIDEN_ANSWER(widen(r, "127.6.0.0", 24, 0)) == GLAND_SPARED && !is_banned(r, "127.6.0.0", 24));
	/* Who gives evidence behaves well no longer, and is not praised for it. */
	HOLDS(offend(r, "127.6.0.9") == GLAND_OK && praise(r, "127.6.0.9") == GLAND_TWICE);
	HOLDS(WIDEN_ANSWER(widen(r, "127.6.0.0", 24, 0)) == GLAND_OK);
	HOLDS(offend_many(r, "127.7.0", 4) && WIDEN_ANSWER(widen(r, "127.7.0.0", 24, 1)) == GLAND_SPARED);
	HOLDS(!bpf_map_update_elem(MAP(allow_v4), &allowed, &by, BPF_ANY));
	HOLDS(offend_many(r, "127.8.1", 4) && WIDEN_ANSWER(widen(r, "127.8.1.0", 24, 0)) == GLAND_SPARED);
	return 0;
}

Test(lymph, g_never_over_who_is_allowed_or_behaves_well)
{
	expect_holds(CLASS_TCELL, over_nobody_good);
}

static int narrower(struct kin_rig *r)
{
	HOLDS(offend_many(r, "127.5.0", 4));
	HOLDS(WIDEN_ANSWER(widen(r, "127.5.0.0", 16, 0)) == GLAND_RANGE && WIDEN_ANSWER(widen(r, "127.5.0.0", 24, 0)) == GLAND_OK);
	return 0;
}

Test(lymph, h_no_wider_than_the_dna_says)
{
	rig.rules.widest_v4 = 24;
	bus_rule(&rig);
	expect_holds(CLASS_TCELL, narrower);
}

static int of_the_sixth_version(struct kin_rig *r)
{
	struct source s = { .family = 6, .bits = 56 };
	struct neighbourhood n = { .turn = bus_boot_ns() / NEIGHBOURHOOD_NS, .bad = { 0, 0, 0, 0x1b } };
	struct prefix_v6 key = { .bits = 56 };
	uint64_t arguments[WIDEN_ARGUMENTS];
	struct in6_addr a;
	struct antibody ban_of;
	uint32_t result;

	inet_pton(AF_INET6, "2001:db8:1:200::", &a);
	memcpy(&s.key, &a, sizeof(s.key));
	memcpy(key.addr, &a, sizeof(key.addr));
	HOLDS(!bpf_map_update_elem(MAP(neighbourhoods), &s, &n, BPF_ANY));
	arguments[WIDEN_KEY] = s.key;
	arguments[WIDEN_FAMILY] = 6;
	arguments[WIDEN_BITS] = 56;
	arguments[WIDEN_SPARED] = 0;
	result = (uint32_t)run(PROGRAM(widen), arguments, sizeof(arguments));
	HOLDS(WIDEN_ANSWER(result) == GLAND_OK && WIDEN_HOSTILE(result) == 1);
	HOLDS(!bpf_map_lookup_elem(MAP(prefix_v6), &key, &ban_of) && ban_of.bits == 56);
	/* The /48 around it knows which of its parts that was. */
	s.bits = 48;
	memset((char *)&s.key + 6, 0, 2);
	HOLDS(!bpf_map_lookup_elem(MAP(neighbourhoods), &s, &n) && n.bad[0] == 1ull << 2);
	return 0;
}

Test(lymph, l_a_prefix_of_ipv6)
{
	expect_holds(CLASS_TCELL, of_the_sixth_version);
}

static uint32_t post(struct kin_rig *r, uint32_t which)
{
	struct gland_call call = { .class = which };

	return kin_call(PROGRAM(post), &call);
}

static int takes_the_post(struct kin_rig *r)
{
	HOLDS(post(r, POST_JUDGE) == GLAND_OK && post(r, POST_JUDGE) == GLAND_OWNED && post(r, POST_COUNT) == GLAND_RANGE);
	be(r, CLASS_BLOOD);
	HOLDS(post(r, POST_SCRIBE) == GLAND_CLASS);
	return 0;
}

static int takes_it_over(struct kin_rig *r)
{
	HOLDS(post(r, POST_JUDGE) == GLAND_OK);
	return 0;
}

Test(lymph, i_a_post_has_one_living_holder)
{
	expect_holds(CLASS_TCELL, takes_the_post);
	/* That process is dead now. */
	cr_expect_eq(kin_act(&rig.kin, SELF + 1, CLASS_TCELL, takes_it_over), 0);
}

static int forgets(struct kin_rig *r)
{
	uint32_t over = 1, stays = 2, ever = 3;
	struct antibody a = { .expires_ns = 1, .bits = 32 };
	struct gland_call call = { 0 };

	HOLDS(kin_call(PROGRAM(forget), &call) == GLAND_CLASS && post(r, POST_JUDGE) == GLAND_OK);
	bpf_map_update_elem(MAP(antibody_v4), &over, &a, BPF_ANY);
	a.expires_ns = bus_boot_ns() + 1000000000000ull;
	bpf_map_update_elem(MAP(antibody_v4), &stays, &a, BPF_ANY);
	a.expires_ns = 0;
	bpf_map_update_elem(MAP(antibody_v4), &ever, &a, BPF_ANY);
	HOLDS(kin_call(PROGRAM(forget), &call) == GLAND_OK && call.seen == 1);
	HOLDS(bpf_map_lookup_elem(MAP(antibody_v4), &over, &a) && !bpf_map_lookup_elem(MAP(antibody_v4), &stays, &a) &&
	      !bpf_map_lookup_elem(MAP(antibody_v4), &ever, &a));
	return 0;
}

Test(lymph, j_what_is_over_is_taken_out)
{
	expect_holds(CLASS_TCELL, forgets);
}

static int floods(struct kin_rig *r)
{
	uint32_t zero = 0, class = CLASS_TCELL;
	struct lymph counts;
	struct census n;
	struct pair p;

	HOLDS(meet(r, &p, "127.3.2.1"));
	for (int i = 0; i < 5000; i++)
		present(r, p.server, ANTIGEN_MISSING);
	HOLDS(!bpf_map_lookup_elem(MAP(lymph), &zero, &counts) && counts.antigens == 5000 && counts.lost > 0);
	r->notes->flag[1] = (uint32_t)counts.lost;
	/* A second one was called; and what decides by itself still finds room. */
	HOLDS(!bpf_map_lookup_elem(r->census, &class, &n) && n.min == 3);
	HOLDS(present(r, p.server, ANTIGEN_TRAP) == GLAND_OK && !bpf_map_lookup_elem(MAP(lymph), &zero, &counts));
	HOLDS(counts.lost == r->notes->flag[1]);
	return 0;
}

Test(lymph, k_a_full_ring_is_counted_and_calls_for_help)
{
	expect_holds(CLASS_BLOOD, floods);
}

/* Calls the alarm, or calls it off. The answer. */
static uint32_t alarm_is(struct kin_rig *r, uint32_t on)
{
	struct alarm_call call = { .on = on, .answer = 99 };

	return run(PROGRAM(alarm), &call, sizeof(call)) ? 98 : call.answer;
}

static int alarms(struct kin_rig *r)
{
	uint32_t answer = GLAND_OK, n = 0;

	HOLDS(alarm_is(r, 1) == GLAND_CLASS && post(r, POST_JUDGE) == GLAND_OK);
	while (n < 1000 && answer == GLAND_OK)
		answer = alarm_is(r, ++n % 2);
	HOLDS(answer == GLAND_RATE && n < 100);
	/* What is as it was is no event. */
	HOLDS(alarm_is(r, (n - 1) % 2) == GLAND_OK);
	return 0;
}

Test(lymph, m_the_judge_calls_the_alarm_and_not_all_the_time)
{
	expect_holds(CLASS_TCELL, alarms);
}

static int behind_a_proxy(struct kin_rig *r)
{
	struct present_call call = { .reason = ANTIGEN_TRAP, .claimed = { .family = 6, .via = 1 }, .detail = "x" };
	struct source peer = source("127.3.2.1"), nowhere = { .family = 6, .via = 1 };
	struct suspect s;
	struct pair p;

	HOLDS(meet(r, &p, "127.3.2.1"));
	call.fd = (uint32_t)p.server;
	HOLDS(!run(PROGRAM(present), &call, sizeof(call)) && call.answer == GLAND_OK);
	HOLDS(bpf_map_lookup_elem(MAP(suspects), &peer, &s) && !bpf_map_lookup_elem(MAP(suspects), &nowhere, &s));
	be(r, CLASS_TCELL);
	HOLDS(ban(r, "127.3.2.1") == GLAND_UNPROVEN);
	last = (struct ban_call){ .source = nowhere };
	HOLDS(!run(PROGRAM(ban), &last, sizeof(last)) && last.answer == GLAND_OK && !last.hostile);
	return 0;
}

/* A proxy may say that its client is ::1. */
Test(lymph, n_what_a_proxy_reports_is_never_laid_to_the_proxy)
{
	struct event e;

	expect_holds(CLASS_BLOOD, behind_a_proxy);
	cr_expect(bus_event(&rig, HAPPENED_BAN, &e) && e.source.via == 1, "it is told of as of a ban");
}

#define DEAD 5u /* slot of a drone that is dead */

/* What the kernel says to a request that is blamed for a drone's death. */
static uint32_t blame(struct kin_rig *r, uint32_t exit_code, uint32_t sentence)
{
	static uint32_t serial = 100;
	struct blame_call call = { .fingerprint = 7, .fd = ~0u, .answer = 99, .detail = "x" };
	struct cell c = { .slot = DEAD, .class = CLASS_DRONE, .state = CELL_DEAD, .exit_code = exit_code };
	struct ballot b = { .condemned = sentence };
	uint32_t slot = DEAD;

	c.id = b.target = call.drone = ++serial << 8 | DEAD;
	bpf_map_update_elem(r->cells, &slot, &c, BPF_ANY);
	bpf_map_update_elem(MAP(ballots), &slot, &b, BPF_ANY);
	return run(PROGRAM(blame), &call, sizeof(call)) ? 98 : call.answer;
}

static int blames(struct kin_rig *r)
{
	static const uint32_t crashes[] = { SIGSEGV, SIGABRT, SIGSYS, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGXCPU, SIGXFSZ, 1 << 8 };
	static const uint32_t others[] = { 0, SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGQUIT, 34 };

	for (unsigned i = 0; i < sizeof(crashes) / sizeof(*crashes); i++)
		HOLDS(blame(r, crashes[i], SENTENCE_NONE) == GLAND_OK && blame(r, crashes[i] | 0x80, SENTENCE_NONE) == GLAND_OK);
	for (unsigned i = 0; i < sizeof(others) / sizeof(*others); i++)
		HOLDS(blame(r, others[i], SENTENCE_NONE) == GLAND_UNPROVEN);
	HOLDS(blame(r, SIGKILL, SENTENCE_LATE) == GLAND_OK);
	HOLDS(blame(r, SIGKILL, SENTENCE_PASSED) == GLAND_UNPROVEN);
	return 0;
}

Test(lymph, o_a_request_is_blamed_for_deaths_that_it_caused)
{
	expect_holds(CLASS_BLOOD, blames);
}
