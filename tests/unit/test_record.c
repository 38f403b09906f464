/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What linked hosts say: fixed vectors, there and back, and everything that nobody could have written is refused. */
#include <criterion/criterion.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "link/record.h"

static uint8_t bytes[RECORD_FAMILY_BYTES];

TestSuite(record, .timeout = 20);

static struct record_hello hello(void)
{
	struct record_hello r = { .id = 0x0102030405060708, .have = 9, .generation = 3, .port = 7946, .relation = RELATION_MOTHER };

	memset(r.dna_sha256, 'a', HOST_DNA - 1);
	return r;
}

Test(record, a_hello_comes_back_as_it_went)
{
	static const uint8_t head[24] = { 8, 7, 6, 5, 4, 3, 2, 1, 9, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0x0a, 0x1f, 1, 0 };
	struct record_hello there = hello(), back;

	record_hello_write(&there, bytes);
	cr_expect(!memcmp(bytes, head, sizeof(head)) && bytes[24] == 'a' && bytes[87] == 'a');
	cr_assert_eq(record_hello_read(&back, bytes), 0);
	cr_expect(back.id == there.id && back.have == 9 && back.generation == 3 && back.port == 7946 && back.relation == RELATION_MOTHER);
	cr_expect_str_eq(back.dna_sha256, there.dna_sha256);
}

Test(record, a_hello_of_nobody_is_refused)
{
	static const struct {
		unsigned at, n;
		uint8_t to;
	} harm[] = { { 0, 8, 0 }, { 20, 2, 0 }, { 22, 1, RELATION_COUNT }, { 24, 1, 'g' }, { 87, 1, 0 } };
	struct record_hello there = hello(), back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		record_hello_write(&there, bytes);
		memset(bytes + harm[i].at, harm[i].to, harm[i].n);
		cr_expect_eq(record_hello_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
}

Test(record, a_beat_comes_back_and_a_wrong_one_does_not)
{
	struct record_beat there = { .sent_ns = 5, .echo_ns = 4, .held_ns = 3, .reach = 2 }, back;

	record_beat_write(&there, bytes);
	cr_assert_eq(record_beat_read(&back, bytes), 0);
	cr_expect(back.sent_ns == 5 && back.echo_ns == 4 && back.held_ns == 3 && back.reach == 2);
	memset(bytes + 16, 0xff, 8);
	cr_expect_eq(record_beat_read(&back, bytes), -EBADMSG);
	there.sent_ns = 0;
	record_beat_write(&there, bytes);
	cr_expect_eq(record_beat_read(&back, bytes), -EBADMSG);
}

Test(record, a_family_of_every_size_comes_back)
{
	struct record_kin kin[HOSTS_MAX], back[HOSTS_MAX];

	for (unsigned n = 0; n <= HOSTS_MAX; n++) {
		for (unsigned i = 0; i < n; i++) {
			kin[i] = (struct record_kin){ .id = i + 1, .relation = RELATION_SISTER };
			snprintf(kin[i].address, HOST_ADDRESS, "192.0.2.%u:7946", i);
		}
		cr_assert_eq(record_family_write(kin, n, bytes), n * RECORD_KIN_BYTES);
		cr_assert_eq(record_family_read(back, bytes, n * RECORD_KIN_BYTES), (int)n);
		for (unsigned i = 0; i < n; i++)
			cr_expect(back[i].id == i + 1 && !strcmp(back[i].address, kin[i].address));
	}
	cr_expect_eq(record_family_read(back, bytes, RECORD_KIN_BYTES - 1), -EBADMSG);
	cr_expect_eq(record_family_read(back, bytes, sizeof(bytes) + RECORD_KIN_BYTES), -EBADMSG);
	bytes[10] = '\n';
	cr_expect_eq(record_family_read(back, bytes, RECORD_KIN_BYTES), -EBADMSG, "an address with a line feed");
	memset(bytes + 10, '1', HOST_ADDRESS);
	cr_expect_eq(record_family_read(back, bytes, RECORD_KIN_BYTES), -EBADMSG, "an address without an end");
	memset(bytes + 10, 0, HOST_ADDRESS);
	cr_expect_eq(record_family_read(back, bytes, RECORD_KIN_BYTES), -EBADMSG, "no address");
}

static struct record_ban ban(const char *address, unsigned bits)
{
	struct record_ban r = { .source = { .family = 4, .bits = (uint16_t)bits }, .origin = 7, .stamp = 6, .number = 5,
		.left_ms = 60000, .reason = ANTIGEN_TRAP, .detail = "/wp-login.php" };
	uint32_t four;

	cr_assert_eq(inet_pton(AF_INET, address, &four), 1);
	r.source.key = four;
	return r;
}

Test(record, a_ban_comes_back_as_it_went)
{
	static const uint8_t head[16] = { 4, 0, 0, 0, ANTIGEN_TRAP, 0, 0, 0, 192, 0, 2, 7, 0, 0, 0, 0 };
	struct record_ban there = ban("192.0.2.7", 0), back;

	record_ban_write(&there, bytes);
	cr_expect(!memcmp(bytes, head, sizeof(head)));
	cr_assert_eq(record_ban_read(&back, bytes), 0);
	cr_expect(!memcmp(&back, &there, sizeof(back)));
	there = ban("192.0.2.0", 24);
	there.lifted = 1;
	record_ban_write(&there, bytes);
	cr_assert_eq(record_ban_read(&back, bytes), 0);
	cr_expect(back.source.bits == 24 && back.lifted == 1);
}

Test(record, a_ban_that_could_not_be_is_refused)
{
	static const struct {
		unsigned at, n;
		uint8_t to;
	} harm[] = { { 0, 1, 5 }, { 1, 1, 32 }, { 1, 1, 200 }, { 1, 1, 24 }, { 2, 1, 2 }, { 3, 1, 1 }, { 4, 1, ANTIGEN_COUNT }, { 12, 1, 1 },
		{ 16, 8, 0 }, { 24, 8, 0 }, { 32, 8, 0 }, { 40, 8, 0xff }, { 48, 1, '\n' }, { 48, 40, 'a' }, { 80, 1, 'x' } };
	struct record_ban there = ban("192.0.2.7", 0), back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		record_ban_write(&there, bytes);
		memset(bytes + harm[i].at, harm[i].to, harm[i].n);
		cr_expect_eq(record_ban_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
}
