/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was learned as bytes: fixed vectors, ages between clocks, and what nobody could have written. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/immunity.h"

#define NS  1000000000ULL
#define NOW (5000 * NS)

static const struct source bad = { .key = 0x0200c0, .family = 4 };
static const struct offender thrice = { .last_ns = NOW - 60 * NS, .offences = 3 };
static const struct pathogen deadly = { .fingerprint = 0x1122334455667788, .first_ns = NOW - 90 * NS, .last_ns = NOW - 30 * NS,
	.deaths = 2, .route = 1, .cause = 11, .detail = "GET /crash?now" };

Test(immunity, fixed_vectors)
{
	static const uint8_t offence[OFFENCE_WIRE_BYTES] = { 4, 0, 0, 0, 3, 0, 0, 0, 0xc0, 0, 2, 0, 0, 0, 0, 0, 60 };
	static const uint8_t head[40] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 30, 0, 0, 0, 0, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 2,
		0, 0, 0, 1, 0, 0, 0, 11 };
	uint8_t bytes[PATHOGEN_WIRE_BYTES];

	offence_wire_write(&bad, &thrice, NOW, bytes);
	cr_expect_arr_eq(bytes, offence, sizeof(offence));
	pathogen_wire_write(&deadly, NOW, bytes);
	cr_expect_arr_eq(bytes, head, sizeof(head));
	cr_expect_str_eq((const char *)bytes + 40, "GET /crash?now");
}

Test(immunity, ages_hold_on_another_clock)
{
	uint8_t bytes[PATHOGEN_WIRE_BYTES];
	struct offender o;
	struct source s;
	struct pathogen p;

	offence_wire_write(&bad, &thrice, NOW, bytes);
	cr_assert_eq(offence_wire_read(&s, &o, 100 * NS, bytes), 0);
	cr_expect(s.key == bad.key && s.family == 4 && o.offences == 3 && o.last_ns == 40 * NS);
	/* Older than this host's boot. */
	cr_assert_eq(offence_wire_read(&s, &o, 10 * NS, bytes), 0);
	cr_expect_eq(o.last_ns, 1);
	pathogen_wire_write(&deadly, NOW, bytes);
	cr_assert_eq(pathogen_wire_read(&p, 100 * NS, bytes), 0);
	cr_expect(p.fingerprint == deadly.fingerprint && p.last_ns == 70 * NS && p.first_ns == 10 * NS && p.deaths == 2 && p.cause == 11);
	cr_expect_str_eq(p.detail, "GET /crash?now");
}

static void expect_refused(const uint8_t *good, size_t n, size_t at, uint8_t with)
{
	uint8_t bytes[PATHOGEN_WIRE_BYTES];
	struct offender o;
	struct source s;
	struct pathogen p;

	memcpy(bytes, good, n);
	bytes[at] = with;
	cr_expect_eq(n == OFFENCE_WIRE_BYTES ? offence_wire_read(&s, &o, NOW, bytes) : pathogen_wire_read(&p, NOW, bytes), -EBADMSG,
		"byte %zu as %u", at, with);
}

Test(immunity, what_nobody_could_have_written)
{
	/* Family, length of a prefix with something behind it, proxy, zero, offences, address, age. */
	static const uint8_t harm[][2] = { { 0, 5 }, { 0, 0 }, { 1, 8 }, { 1, 32 }, { 2, 2 }, { 3, 1 }, { 4, 0 }, { 7, 1 }, { 12, 1 }, { 20, 1 } };
	/* No fingerprint is made by its bytes; last after first; deaths; zeros; text. */
	static const uint8_t harms[][2] = { { 8, 91 }, { 23, 1 }, { 24, 0 }, { 36, 1 }, { 40, 1 }, { 55, 'x' }, { 103, 1 } };
	uint8_t bytes[PATHOGEN_WIRE_BYTES];

	offence_wire_write(&bad, &thrice, NOW, bytes);
	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++)
		expect_refused(bytes, OFFENCE_WIRE_BYTES, harm[i][0], harm[i][1]);
	pathogen_wire_write(&deadly, NOW, bytes);
	for (unsigned i = 0; i < sizeof(harms) / sizeof(*harms); i++)
		expect_refused(bytes, PATHOGEN_WIRE_BYTES, harms[i][0], harms[i][1]);
	memset(bytes, 0, 8);
	expect_refused(bytes, PATHOGEN_WIRE_BYTES, 0, 0);
}

Test(immunity, text_is_made_printable)
{
	struct pathogen odd = deadly;
	uint8_t bytes[PATHOGEN_WIRE_BYTES];
	struct pathogen p;

	memset(odd.detail, 'x', sizeof(odd.detail));
	odd.detail[3] = '\x1b';
	pathogen_wire_write(&odd, NOW, bytes);
	cr_assert_eq(pathogen_wire_read(&p, NOW, bytes), 0);
	cr_expect(p.detail[3] == '?' && strlen(p.detail) == ANTIGEN_DETAIL - 1);
}
