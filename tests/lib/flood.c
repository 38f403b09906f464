// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The flood's sender: one frame from a recipe, its source address and port drawn anew for each, a few every millisecond.
#include "flood.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lab.h"
#include "packet.h"

#pragma GCC diagnostic ignored "-Woverride-init" /* recipes override the common packet */

#define IP_AT	14
#define BATCH	32
#define LIFE_S	120 /* after which one that was forgotten ends */

static const struct {
	const char *text;
	struct packet_recipe recipe;
	bool many;
} floods[] = {
#define X(NAME, says, version, bits, number, piece, all)                                                              \
	{ says,                                                                                                       \
		{ PACKET_V##version, .source = version == 4 ? "100.64.0.1" : "fd98::1",                               \
			.dest = version == 4 ? LAB_SERVER_V4 : LAB_SERVER_V6, .flags = bits, .protocol = number,      \
			.fragment = piece },                                                                          \
		all },
	FLOODS(X)
#undef X
};

struct sender {
	uint8_t frame[BATCH][PACKET_MAX];
	struct iovec io[BATCH];
	struct mmsghdr batch[BATCH];
	size_t n;
	int fd;
	bool six, many;
	uint8_t protocol;
	uint64_t x;
};

const char *flood_text(enum flood_kind kind)
{
	return floods[kind].text;
}

static uint32_t sum_up(const uint8_t *b, size_t n, uint32_t sum)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	return sum;
}

static void put_sum(uint8_t *at, uint32_t sum)
{
	uint16_t folded;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	folded = htons((uint16_t)~sum);
	memcpy(at, &folded, sizeof(folded));
}

/* The low bits of the source: of 4 194 304 addresses, or of so many /64s. */
static void draw(struct sender *s, uint8_t *frame)
{
	uint32_t source, port;

	s->x = s->x * 6364136223846793005ULL + 1442695040888963407ULL;
	source = htonl((s->six ? 0xfd980000U : 0x64400000U) | (uint32_t)(s->x >> 42));
	port = htons((uint16_t)(1024 + (s->x >> 20 & 0x7fff)));
	memcpy(frame + IP_AT + (s->six ? 8 : 12), &source, sizeof(source));
	memcpy(frame + IP_AT + (s->six ? 40 : 20), &port, 2);
}

static void make_sums(struct sender *s, uint8_t *frame)
{
	uint8_t *ip = frame + IP_AT, *tcp = ip + (s->six ? 40 : 20);
	size_t addresses = s->six ? 32 : 8, bytes = s->n - (size_t)(tcp - frame);

	if (!s->six) {
		memset(ip + 10, 0, 2);
		put_sum(ip + 10, sum_up(ip, 20, 0));
	}
	if (s->protocol != PACKET_TCP)
		return;
	memset(tcp + 16, 0, 2);
	put_sum(tcp + 16, sum_up(tcp, bytes, sum_up(tcp - addresses, addresses, (uint32_t)(PACKET_TCP + bytes))));
}

static void send_batch(struct sender *s, unsigned n, volatile uint64_t *sent)
{
	int done;

	for (unsigned i = 0; i < n; i++) {
		if (s->many)
			draw(s, s->frame[i]);
		make_sums(s, s->frame[i]);
	}
	done = sendmmsg(s->fd, s->batch, n, 0);
	if (done > 0)
		*sent += (unsigned)done;
	else
		usleep(100);
}

static _Noreturn void send_all(struct sender *s, unsigned per_second, volatile uint64_t *sent)
{
	double start = lab_now();
	uint64_t tried = 0;

	alarm(LIFE_S);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		struct timespec nap = { .tv_nsec = 500000 };
		uint64_t due = (uint64_t)((lab_now() - start) * per_second);

		/* A sender that was held up does not make up for all of it. */
		if (due > tried + per_second / 50)
			tried = due - per_second / 50;
		while (tried < due) {
			unsigned n = due - tried < BATCH ? (unsigned)(due - tried) : BATCH;

			send_batch(s, n, sent);
			tried += n;
		}
		nanosleep(&nap, NULL);
	}
}

static void prepare(struct sender *s, const struct flood *f)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0") };
	const struct packet_recipe *r = &floods[f->kind].recipe;

	s->six = r->family == 6;
	s->many = floods[f->kind].many;
	s->protocol = r->protocol;
	s->x = (uint64_t)getpid();
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	cr_assert(s->fd >= 0 && !bind(s->fd, (struct sockaddr *)&at, sizeof(at)), "no packet socket on eth0");
	for (int i = 0; i < BATCH; i++) {
		s->n = packet_build(r, s->frame[i]);
		memcpy(s->frame[i], f->mac, sizeof(f->mac));
		s->io[i] = (struct iovec){ s->frame[i], s->n };
		s->batch[i].msg_hdr = (struct msghdr){ .msg_iov = &s->io[i], .msg_iovlen = 1 };
	}
}

void flood_start(struct flood *f)
{
	static struct sender s;

	prepare(&s, f);
	f->sent = mmap(NULL, sizeof(*f->sent), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(f->sent != MAP_FAILED);
	fflush(NULL);
	f->pid = fork();
	cr_assert_geq(f->pid, 0);
	if (!f->pid)
		send_all(&s, f->per_second, f->sent);
	close(s.fd);
}

uint64_t flood_end(struct flood *f)
{
	uint64_t sent;

	kill(f->pid, SIGKILL);
	cr_assert_eq(waitpid(f->pid, NULL, 0), f->pid);
	sent = *f->sent;
	munmap((void *)(uintptr_t)f->sent, sizeof(*f->sent));
	return sent;
}
