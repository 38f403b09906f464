// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The socket filter on real connections over loopback: order, repetition, bounds, what counts as evidence, and what it costs.
//
// Segments that a kernel would not send are made by hand, with the numbers of a connection that TCP_REPAIR tells.
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "cellws.skel.h"
#include "cellctl/signatures.h"
#include "immune/automaton.h"
#include "shared/antigen.h"
#include "shared/hormone.h"
#include "shared/verdict.h"

#define SOON_MS	     5000
#define REQUESTS     20000
#define OPTMEM_LEAST 20480u /* net.core.optmem_max of kernels before 6.7: a filter may take less than that of each socket */

static const char *const patterns[] = { "${jndi:", "/etc/passwd", "union select" };

static struct cellws *skel;
static struct automaton_table table;
static int listener, client, server;
static struct sockaddr_in at;

#define ROOM SIGNATURE_ROOM_LEAST /* cells of a bank */

static void fill(uint32_t bank)
{
	cr_assert(!signatures_fill(bpf_map__fd(skel->maps.signature_head), bpf_map__fd(skel->maps.signatures), &table, bank, ROOM));
}

static void load(void)
{
	const size_t n[] = { 7, 11, 12 };
	struct bpf_program *prog;

	cr_assert(!automaton_build(&table, patterns, n, 3));
	skel = cellws__open();
	cr_assert(skel);
	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, prog == skel->progs.mucosa_screen);
	bpf_map__set_max_entries(skel->maps.signatures, SIGNATURE_BANKS * ROOM * sizeof(*table.cell) / sizeof(struct signature_cells));
	cr_assert(!cellws__load(skel), "the filter does not load; this floor needs root");
	fill(0);
}

static void dial(void)
{
	int one = 1;

	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	cr_assert(!connect(client, (struct sockaddr *)&at, sizeof(at)));
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(server, 0);
}

static void hang_up(void)
{
	close(client);
	close(server);
}

static void rig_up(void)
{
	socklen_t n = sizeof(at);
	int fd;

	load();
	fd = bpf_program__fd(skel->progs.mucosa_screen);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	cr_assert(!bind(listener, (struct sockaddr *)&at, sizeof(at)) && !listen(listener, 16));
	cr_assert(!getsockname(listener, (struct sockaddr *)&at, &n));
	cr_assert(!setsockopt(listener, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof(fd)));
	dial();
}

static void rig_down(void)
{
	hang_up();
	close(listener);
	cellws__destroy(skel);
	automaton_done(&table);
}

TestSuite(mucosa, .init = rig_up, .fini = rig_down, .timeout = 60);

static uint64_t dropped(void)
{
	int cpus = libbpf_num_possible_cpus();
	struct immune_stat *per_cpu = calloc((size_t)cpus, sizeof(*per_cpu));
	__u32 key = VERDICT_DROP_SIGNATURE;
	uint64_t sum = 0;

	cr_assert(!bpf_map_lookup_elem(bpf_map__fd(skel->maps.immune_stats), &key, per_cpu));
	for (int cpu = 0; cpu < cpus; cpu++)
		sum += per_cpu[cpu].packets;
	free(per_cpu);
	return sum;
}

static uint64_t evidence(void)
{
	struct lymph count;
	__u32 zero = 0;

	cr_assert(!bpf_map_lookup_elem(bpf_map__fd(skel->maps.lymph), &zero, &count));
	return count.antigens;
}

static bool tag_of_client(struct flow_tag *tag)
{
	uint64_t cookie;
	socklen_t n = sizeof(cookie);

	cr_assert(!getsockopt(server, SOL_SOCKET, SO_COOKIE, &cookie, &n));
	return !bpf_map_lookup_elem(bpf_map__fd(skel->maps.flow_tags), &cookie, tag);
}

static bool await(bool (*is)(uint64_t), uint64_t n)
{
	for (int ms = 0; ms < SOON_MS; ms++) {
		if (is(n))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	return false;
}

static bool is_dropped(uint64_t n)
{
	return dropped() >= n;
}

static bool has_come(uint64_t n)
{
	int got = 0;

	return !ioctl(server, SIOCINQ, &got) && (uint64_t)got >= n;
}

static bool is_acknowledged(uint64_t n)
{
	int left = 1;

	(void)n;
	return !ioctl(client, SIOCOUTQ, &left) && !left;
}

static void put(const void *bytes, size_t n)
{
	cr_assert_eq(send(client, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* In a segment of its own. */
static void put_alone(const void *bytes, size_t n)
{
	put(bytes, n);
	cr_assert(await(is_acknowledged, 0));
}

/* The server takes all and answers: what comes next is a new request. */
static void answer(void)
{
	char waste[65536];

	while (recv(server, waste, sizeof(waste), MSG_DONTWAIT) > 0)
		;
	cr_assert_eq(send(server, "ok", 2, MSG_NOSIGNAL), 2);
	cr_assert_eq(recv(client, waste, 2, MSG_WAITALL), 2);
}

Test(mucosa, a_small_enough_for_every_socket)
{
	struct bpf_prog_info info = { 0 };
	__u32 n = sizeof(info);

	cr_assert(!bpf_obj_get_info_by_fd(bpf_program__fd(skel->progs.mucosa_screen), &info, &n));
	cr_expect_lt(info.xlated_prog_len, OPTMEM_LEAST / 2);
}

Test(mucosa, b_dropped_tagged_and_told_once)
{
	struct flow_tag tag;
	struct sockaddr_in me;
	socklen_t n = sizeof(me);

	put_alone("GET / HTTP/1.1\r\n\r\n", 18);
	cr_expect_eq(dropped(), 0);
	put("GET /ETC/PassWD", 15);
	cr_expect(await(is_dropped, 3), "sent again it passes");
	cr_expect(has_come(18) && !has_come(19));
	cr_expect_eq(evidence(), 1, "what the client's stack repeats is not new");
	cr_assert(tag_of_client(&tag));
	cr_assert(!getsockname(client, (struct sockaddr *)&me, &n));
	cr_expect(tag.signature == 1 && tag.reason == ANTIGEN_SIGNATURE && tag.family == 4 && tag.segments >= 3);
	cr_expect(tag.client[0] == me.sin_addr.s_addr && tag.client_port == ntohs(me.sin_port) && tag.own_port == ntohs(at.sin_port));
	cr_expect(tag.last_ns > tag.first_ns);
}

Test(mucosa, c_byte_by_byte)
{
	static const char text[] = "GET /?a=uniunion selec";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		put_alone(text + i, 1);
	put("t", 1);
	cr_expect(await(is_dropped, 1));
}

Test(mucosa, d_so_much_of_each_request)
{
	static char filler[MUCOSA_BYTES];

	memset(filler, 'x', sizeof(filler));
	put_alone(filler, sizeof(filler) - 11);
	put("/etc/passwd", 11);
	cr_expect(await(is_dropped, 1), "the last of the first bytes");
	hang_up();
	dial();
	put_alone(filler, sizeof(filler) - 10);
	put_alone("/etc/passwd", 11);
	put_alone("/etc/passwd", 11);
	answer();
	put("/etc/passwd", 11);
	cr_expect(await(is_dropped, 2), "a new request");
}

Test(mucosa, e_as_the_other_automaton_says)
{
	static const char *const words[] = { "union", " ", "select", "/etc", "/", "passwd", "${", "jndi", ":", "x" };
	struct automaton a = automaton_of(&table);

	srand(1);
	for (int round = 0; round < 200; round++) {
		uint32_t state = 0;
		uint64_t before = dropped();

		for (int i = 0; i < 8; i++) {
			char text[32];
			int n = snprintf(text, sizeof(text), "%s%s", words[rand() % 10], words[rand() % 10]);

			if (automaton_scan(&a, &state, text, (size_t)n) >= 0) {
				put(text, (size_t)n);
				cr_assert(await(is_dropped, before + 1), "round %d: %s", round, text);
				break;
			}
			put_alone(text, (size_t)n);
			cr_assert_eq(dropped(), before, "round %d: %s", round, text);
		}
		hang_up();
		dial();
	}
}

/* Sum of 16-bit words, as they stand in memory. */
static uint32_t sum_of(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? (uint32_t)p[i] << 8 : p[i];
	return sum;
}

static uint16_t checksum(const struct tcphdr *th, const void *data, size_t n)
{
	uint32_t sum = 2 * (htonl(INADDR_LOOPBACK) & 0xffff) + 2 * (htonl(INADDR_LOOPBACK) >> 16) + htons(IPPROTO_TCP) +
		       htons((uint16_t)(sizeof(*th) + n)) + sum_of(th, sizeof(*th)) + sum_of(data, n);

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t sequence(int queue)
{
	uint32_t seq = 0;
	socklen_t n = sizeof(seq);
	int on = 1, off = -1; /* without a window probe */

	cr_assert(!setsockopt(client, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)), "TCP_REPAIR");
	cr_assert(!setsockopt(client, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)));
	cr_assert(!getsockopt(client, IPPROTO_TCP, TCP_QUEUE_SEQ, &seq, &n));
	cr_assert(!setsockopt(client, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)));
	return seq;
}

struct forged {
	uint32_t ahead;	  /* bytes beyond what was sent */
	uint32_t ack_off; /* added to the right acknowledgement */
	bool corrupt;	  /* wrong checksum */
};

static void forge(const struct forged *f, const char *text)
{
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	struct sockaddr_in me, to = at;
	socklen_t me_n = sizeof(me);
	size_t n = strlen(text);
	char packet[1024];
	struct tcphdr th = { .seq = htonl(sequence(TCP_SEND_QUEUE) + f->ahead), .doff = 5, .ack = 1, .window = htons(1000),
		.ack_seq = htonl(sequence(TCP_RECV_QUEUE) + f->ack_off), .dest = at.sin_port };

	cr_assert_geq(raw, 0);
	cr_assert(!getsockname(client, (struct sockaddr *)&me, &me_n));
	th.source = me.sin_port;
	th.check = checksum(&th, text, n);
	th.check = (uint16_t)(th.check + f->corrupt);
	memcpy(packet, &th, sizeof(th));
	memcpy(packet + sizeof(th), text, n);
	to.sin_port = 0;
	cr_assert_eq(sendto(raw, packet, sizeof(th) + n, 0, (struct sockaddr *)&to, sizeof(to)), (ssize_t)(sizeof(th) + n));
	close(raw);
}

/* The filter cannot see these in order; what it has not seen, blood does. It must find its way back. */
Test(mucosa, f_out_of_order)
{
	const struct forged later = { .ahead = 9 };

	forge(&later, "passwd HTTP");
	put("GET /etc/", 9);
	cr_assert(await(has_come, 20), "a segment out of order is lost");
	cr_expect_eq(dropped(), 0);
	put_alone("xxxxxxxxxxx", 11);
	put("/etc/passwd", 11);
	cr_expect(await(is_dropped, 1));
	cr_expect_eq(evidence(), 1);
}

/* Whoever sends beyond what we wait for need not have heard us: it is dropped, but nobody is accused. */
Test(mucosa, g_out_of_order_and_whole)
{
	const struct forged later = { .ahead = 5 };
	struct flow_tag tag;

	forge(&later, "GET /etc/passwd");
	cr_expect(await(is_dropped, 1));
	put_alone("hello", 5);
	cr_expect(has_come(5) && !has_come(6));
	cr_expect(evidence() == 0 && !tag_of_client(&tag));
}

/* Long enough for the stack to leave the checksum for later than the filter. */
Test(mucosa, h_what_the_stack_throws_away_does_not_count_as_seen)
{
	static const char harmless[] = "GET /0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890";
	static const char attack[] = "GET /etc/passwd 89012345678901234567890123456789012345678901234567890123456789012345678901234567";
	const struct forged corrupt = { .corrupt = true };

	put_alone("hello", 5);
	forge(&corrupt, harmless);
	put(attack, sizeof(attack) - 1);
	cr_expect(await(is_dropped, 1));
	cr_expect(has_come(5) && !has_come(6));
}

Test(mucosa, i_an_impossible_acknowledgement)
{
	const struct forged blind = { .ack_off = 100000000 };
	struct flow_tag tag;

	put_alone("hello", 5);
	forge(&blind, "GET /etc/passwd");
	put_alone("hello", 5);
	cr_expect(has_come(10) && !has_come(11));
	cr_expect(dropped() == 0 && evidence() == 0 && !tag_of_client(&tag));
}

Test(mucosa, z_nanoseconds)
{
	struct bpf_prog_info before = { 0 }, after = { 0 };
	__u32 n = sizeof(before);
	int stats = bpf_enable_stats(BPF_STATS_RUN_TIME), prog = bpf_program__fd(skel->progs.mucosa_screen);
	static const unsigned sizes[] = { 100, 600, 4096 };
	static char request[4096], waste[65536];

	cr_assert_geq(stats, 0);
	for (size_t i = 0; i < sizeof(request); i++)
		request[i] = "GET /index.html?a=b HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux)\r\nAccept: */*\r\n"[i % 82];
	printf("\nmucosa, 3 signatures, clock included:\n");
	for (unsigned s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		memset(&before, 0, sizeof(before));
		memset(&after, 0, sizeof(after));
		cr_assert(!bpf_obj_get_info_by_fd(prog, &before, &n));
		for (int i = 0; i < REQUESTS; i++) {
			put(request, sizes[s]);
			cr_assert_eq(recv(server, waste, sizes[s], MSG_WAITALL), (ssize_t)sizes[s]);
			cr_assert_eq(send(server, "o", 1, 0), 1);
			cr_assert_eq(recv(client, waste, 1, 0), 1);
		}
		cr_assert(!bpf_obj_get_info_by_fd(prog, &after, &n));
		printf("  request of %4u bytes %27llu ns\n", sizes[s],
			(unsigned long long)((after.run_time_ns - before.run_time_ns) / REQUESTS));
	}
	fflush(stdout);
	close(stats);
}
