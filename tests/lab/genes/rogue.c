/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Test gene: a drone that has been taken over, which does what the query says. */

/*
 * Query: do=DEED and numbers that the deed reads; what came of it is told as "name=number" lines. It finds the drone's
 * descriptors by the organism's plan and makes every call by itself.
 */

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../../user/tissue/plan.h"
#include "query.h"
#include "shared/hormone.h"

#define FDS	   1024
#define STORM_IDS  64 /* serials that are tried: ids are small numbers */
#define STORM_SLOTS 16

struct request {
	struct cellws_text query;
	struct cellws_response *rs;
};

static int tell(const struct request *r, const char *name, long value)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%s=%ld\n", name, value);

	return r->rs->write(r->rs, text, (size_t)n);
}

static unsigned number(const struct request *r, const char *name)
{
	return (unsigned)query_number(r->query, name, 0);
}

static unsigned long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000;
}

/* The one command of bpf(2) that a cell has. 0 or -errno. */
static int run(int fd, void *call, unsigned n)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (unsigned)fd;
	attr.test.ctx_in = (unsigned long)call; /* where the answer comes too */
	attr.test.ctx_size_in = n;
	return syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) ? -errno : 0;
}

static struct bus_call bus_call_of(const struct request *r)
{
	return (struct bus_call){
		.kind = number(r, "kind="),
		.class = number(r, "class="),
		.strength_q16 = number(r, "strength="),
		.target = number(r, "target="),
		.reason = number(r, "reason="),
		.busy_permille = number(r, "busy="),
		.molecule = query_number(r->query, "molecule=", 0),
	};
}

/* program=FD of the bus, times=N: the first call and the last. */
static int bus(const struct request *r)
{
	unsigned times = (unsigned)query_number(r->query, "times=", 1);

	for (unsigned i = 0; i < times; i++) {
		struct bus_call call = bus_call_of(r);
		int error = run((int)number(r, "program="), &call, sizeof(call));

		if (i == 0) {
			tell(r, "first_error", -error);
			tell(r, "first", error ? -1 : (long)call.answer);
		}
		if (i == times - 1) {
			tell(r, "error", -error);
			tell(r, "answer", error ? -1 : (long)call.answer);
			tell(r, "votes", call.votes);
		}
	}
	return 0;
}

/* program=FD of the gland, class=, seen=. */
static int gland(const struct request *r)
{
	struct gland_call call = { .class = number(r, "class="), .seen = number(r, "seen=") };
	int error = run((int)number(r, "program="), &call, sizeof(call));

	tell(r, "pid", getpid());
	tell(r, "error", -error);
	return tell(r, "answer", error ? -1 : (long)call.answer);
}

/* Another command of bpf(2) on descriptor fd=N. */
static int update(const struct request *r)
{
	union bpf_attr attr;
	unsigned key = 0;
	char value[4096] = { 0 };

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = number(r, "fd=");
	attr.key = (unsigned long)&key;
	attr.value = (unsigned long)value;
	return tell(r, "error", syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) ? errno : 0);
}

/* Every descriptor there may be: mapped for writing and, from fd 3 on, written to. Each that could be mapped is told. */
static int maps(const struct request *r)
{
	long mapped = 0, written = 0;

	for (int fd = 0; fd < FDS; fd++) {
		for (long page = 0; page < 2; page++) {
			void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page * 4096);

			if (at == MAP_FAILED)
				continue;
			tell(r, page ? "mapped_page_1" : "mapped", fd);
			mapped++;
			munmap(at, 4096);
		}
		if (fd > FD_ERR)
			written += write(fd, "rogue!!\n", 8) == 8;
	}
	tell(r, "writable", written);
	return tell(r, "total", mapped);
}

/* Makes the mapping at= of bytes= writable again. */
static int protect(const struct request *r)
{
	char *at = (char *)query_number(r->query, "at=", 0);

	return tell(r, "error", mprotect(at, query_number(r->query, "bytes=", 4096), PROT_READ | PROT_WRITE) ? errno : 0);
}

/* Makes the mapping at= of bytes= larger by the same again. */
static int grow(const struct request *r)
{
	char *at = (char *)query_number(r->query, "at=", 0);
	size_t n = query_number(r->query, "bytes=", 4096);

	return tell(r, "error", mremap(at, n, 2 * n, MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0);
}

#define MARK	   "X-Mark: rogue"
#define DRONE_SEEN 65536 /* bytes of the drone's own memory in which its header lines are looked for */

/* Spoils a header line after the drone has checked it: the drone seals the answer as its own. */
static int mangle(const struct request *r)
{
	char *drone = *(char **)(r->rs + 1), *line;

	if (r->rs->header(r->rs, "X-Mark", "rogue"))
		return -EINVAL;
	line = memmem(drone, DRONE_SEEN, MARK, sizeof(MARK) - 1);
	if (!line)
		return -ENOENT;
	line[1] = ' ';
	return tell(r, "pid", getpid());
}

/* Writes the number value= into memory at=, unless it is the process unless= itself; tells which it is. */
static int poke(const struct request *r)
{
	if (getpid() != (int)number(r, "unless="))
		*(volatile unsigned long *)query_number(r->query, "at=", 0) = query_number(r->query, "value=", 0);
	return tell(r, "pid", getpid());
}

struct region {
	char *at;
	unsigned count, step, bytes;
};

/* After after= ms, for ms=: overwrites bytes= bytes at at=, and every step= behind it, count= times; so at2= and so on. */
static int spoil(const struct request *r)
{
	const struct region regions[] = {
		{ (char *)query_number(r->query, "at=", 0), number(r, "count="), number(r, "step="), number(r, "bytes=") },
		{ (char *)query_number(r->query, "at2=", 0), number(r, "count2="), number(r, "step2="), number(r, "bytes2=") },
	};
	struct timespec pause = { .tv_nsec = (long)number(r, "after=") * 1000000 };
	unsigned long long until = now_ms() + number(r, "after=") + number(r, "ms=");
	unsigned turns = 0;

	nanosleep(&pause, NULL);
	for (; now_ms() < until; turns++)
		for (unsigned k = 0; k < sizeof(regions) / sizeof(*regions); k++)
			for (unsigned i = 0; i < regions[k].count; i++)
				memset(regions[k].at + (unsigned long)i * regions[k].step, turns & 1 ? 0xff : 0x7f, regions[k].bytes);
	return tell(r, "turns", turns);
}

/* As much as a socket takes, or all that an eventfd can count. */
static long fill_up(int fd)
{
	unsigned long long most = ~0ULL - 1;
	struct iovec junk = { .iov_base = &most, .iov_len = sizeof(most) };
	struct msghdr m = { .msg_iov = &junk, .msg_iovlen = 1 };
	long n = 0;

	while (n < 4096 && sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		n++;
	return n || errno != ENOTSOCK ? n : write(fd, &most, sizeof(most)) > 0;
}

/* For ms=, everything that others could write to as well is kept full. */
static int fill(const struct request *r)
{
	unsigned long long until = now_ms() + number(r, "ms=");
	long n = 0;

	while (now_ms() < until)
		for (int fd = FD_ERR + 1; fd < FDS; fd++)
			n += fill_up(fd);
	return tell(r, "filled", n);
}

static void storm_against(unsigned id, unsigned turn)
{
	struct bus_call call = { .target = id, .reason = turn % REASON_COUNT };

	run(FD_VOTE, &call, sizeof(call));
	call = (struct bus_call){ .target = id };
	run(FD_PROMPT, &call, sizeof(call));
	call = (struct bus_call){ .kind = HORMONE_DANGER, .strength_q16 = 32768, .target = id, .reason = 1 + turn % (REASON_COUNT - 1) };
	run(FD_SECRETE, &call, sizeof(call));
}

static void storm_around(unsigned turn)
{
	struct bus_call call = { .kind = 1 + turn % 4, .class = turn % 8 < 5 ? turn % 5 : 0, .strength_q16 = turn % 3 ? 32768 : 65536 };
	struct gland_call leave = { 0 };

	run(FD_SECRETE, &call, sizeof(call));
	call = (struct bus_call){ .kind = HORMONE_GROWTH, .class = CLASS_DRONE, .strength_q16 = 32768 };
	run(FD_SECRETE, &call, sizeof(call));
	call = (struct bus_call){ .molecule = turn };
	run(FD_RELAY, &call, sizeof(call));
	call = (struct bus_call){ .busy_permille = turn % 1001 };
	run(FD_PULSE, &call, sizeof(call));
	run(FD_LEAVE, &leave, sizeof(leave));
}

/* Everything against everybody for ms= milliseconds, as fast as it goes. */
static int storm(const struct request *r)
{
	unsigned long long end = now_ms() + number(r, "ms=");
	unsigned turn = 0;

	while (now_ms() < end) {
		storm_against((turn / STORM_SLOTS % STORM_IDS) << 8 | turn % STORM_SLOTS, turn / 7);
		if (turn % 16 == 0)
			storm_around(turn / 16);
		turn++;
	}
	return tell(r, "turns", turn);
}

/* Answers every question of the next ms= milliseconds wrongly, before the drone can answer it right. */
static int lie(const struct request *r)
{
	unsigned long long end = now_ms() + number(r, "ms=");
	struct timespec pause = { .tv_nsec = 1000000 };
	long lies = 0;

	while (now_ms() < end) {
		struct bus_call call = { .mac = "not the key" };

		lies += run(FD_PROVE, &call, sizeof(call)) == 0 && call.answer == GLAND_OK;
		nanosleep(&pause, NULL);
	}
	return tell(r, "lies", lies);
}

/* Keeps mb= more megabytes for ever. */
static int eat(const struct request *r)
{
	size_t n = (size_t)number(r, "mb=") << 20;
	volatile char *p = malloc(n);

	for (size_t i = 0; p && i < n; i += 1024)
		p[i] = 1;
	return tell(r, "eaten", p != NULL);
}

static int sleep_on(const struct request *r)
{
	struct timespec long_time = { .tv_sec = 3600 };

	(void)r;
	for (;;)
		nanosleep(&long_time, NULL);
	return 0;
}

static int spin(const struct request *r)
{
	volatile unsigned turns = 0;

	(void)r;
	for (;;)
		turns++;
	return 0;
}

#define DEEDS(X) X(bus) X(gland) X(update) X(maps) X(protect) X(grow) X(mangle) X(poke) X(spoil) X(fill) X(storm) X(lie) X(eat) X(sleep_on) X(spin)

static int express(void *self, const struct cellws_request *rq, struct cellws_response *rs)
{
	struct request r = { .query = rq->query, .rs = rs };

	(void)self;
#define X(deed)                                                                                                        \
	if (rq->query.n >= sizeof("do=" #deed) - 1 && !strncmp(rq->query.p, "do=" #deed, sizeof("do=" #deed) - 1) &&   \
		(rq->query.n == sizeof("do=" #deed) - 1 || rq->query.p[sizeof("do=" #deed) - 1] == '&'))               \
		return deed(&r);
	DEEDS(X)
#undef X
	return -EINVAL;
}

const struct cellws_gene cellws_gene = {
	.abi = CELLWS_GENE_ABI,
	.name = "rogue",
	.express = express,
};
