/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bodies of any length cost bounded memory: a 2 GB upload taken part by part, a 10 GB file to a client that reads slowly. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_72_bounded, 240);

#define UPLOAD       2000000000ull
#define DOWNLOAD     10000000000ull
#define READ_OF_IT   (256ull << 20)
#define GROWTH_MAX_K 4096ul /* all cells together */
#define PIECE        (256u << 10)
#define CELLS_MAX    64

static unsigned long pss_kb(void)
{
	pid_t pids[CELLS_MAX];
	unsigned n = lab_pids(&lab, NULL, pids, CELLS_MAX);
	unsigned long sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += lab_memory_kb(pids[i], "Pss:");
	return sum;
}

/* Sends n bytes of value 1; looks at the memory of the cells every 64 MB and returns the most it was. */
static unsigned long upload(struct lab_conn *c, uint64_t n)
{
	static char ones[PIECE];
	unsigned long most = 0;

	memset(ones, 1, sizeof(ones));
	for (uint64_t at = 0; at < n; at += sizeof(ones)) {
		lab_send(c, ones, n - at < sizeof(ones) ? (size_t)(n - at) : sizeof(ones));
		if (at % (256ull * PIECE) == 0) {
			unsigned long now = pss_kb();

			most = now > most ? now : most;
		}
	}
	return most;
}

Test(lab_72_bounded, an_upload_of_2_gb_is_never_in_memory_as_a_whole)
{
	struct lab_conn c = { .fd = -1 };
	struct lab_answer a;
	unsigned long before, most;
	char route[512], sum[80];

	snprintf(route, sizeof(route), "limits { body = \"3G\" }\nroute \"/count\" { gene = \"%s/build/tests/genes/count.so\" }\n",
		lab_here());
	lab_up(&lab, route, "");
	lab_wake(&lab);
	before = pss_kb();
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "PUT /count HTTP/1.1\r\nHost: lab\r\nContent-Length: %llu\r\n\r\n", (unsigned long long)UPLOAD);
	most = upload(&c, UPLOAD);
	lab_read(&c, &a, false, 60);
	snprintf(sum, sizeof(sum), "%llu bytes, sum %llu\n", (unsigned long long)UPLOAD, (unsigned long long)UPLOAD);
	cr_assert_eq(a.status, 200);
	cr_assert_str_eq(a.body, sum);
	fprintf(stderr, "      a 2 GB upload: %lu KiB more in all cells at the most\n", most > before ? most - before : 0);
	cr_assert_lt(most, before + GROWTH_MAX_K);
	lab_answer_free(&a);
	lab_hang_up(&c);
}

static void make_sparse(const char *name, uint64_t n)
{
	char path[160];

	lab_put(&lab, name, "", 0);
	snprintf(path, sizeof(path), "%s/%s", lab.root, name);
	cr_assert_eq(truncate(path, (off_t)n), 0);
}

Test(lab_72_bounded, a_10_gb_download_costs_no_more_than_a_small_one)
{
	static char in[PIECE];
	struct lab_conn c = { .fd = -1 };
	unsigned long before, now, most = 0;
	uint64_t got = 0;

	make_sparse("ten", DOWNLOAD);
	lab_up(&lab, "", "");
	lab_wake(&lab);
	before = pss_kb();
	lab_connect(&c, LAB_SERVER_V4);
	lab_say(&c, "GET /ten HTTP/1.1\r\nHost: lab\r\n\r\n");
	while (got < READ_OF_IT) {
		ssize_t n = recv(c.fd, in, sizeof(in), 0);

		cr_assert_gt(n, 0, "the download ended after %llu bytes", (unsigned long long)got);
		if (got == 0)
			cr_assert(memmem(in, (size_t)n, "Content-Length: 10000000000\r\n", 29));
		if (got / (32u << 20) != (got + (uint64_t)n) / (32u << 20)) {
			now = pss_kb();
			most = now > most ? now : most;
		}
		got += (uint64_t)n;
	}
	fprintf(stderr, "      a 10 GB download: %lu KiB more in all cells at the most\n", most > before ? most - before : 0);
	cr_assert_lt(most, before + GROWTH_MAX_K);
	lab_hang_up(&c);
}
