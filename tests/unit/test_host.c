/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a host signs for itself: certificates, proofs, votes; records of them there and back; rows of the file of expelled hosts. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/expelled.h"
#include "link/host.h"

static uint8_t bytes[RECORD_VOTE_BYTES], seed[32], organism[32], public[32], organism_public[32], script[32];

static void open_keys(void)
{
	for (unsigned i = 0; i < 32; i++) {
		seed[i] = (uint8_t)i;
		organism[i] = (uint8_t)(i + 100);
		script[i] = (uint8_t)(i + 200);
	}
	secret_public(seed, public);
	secret_public(organism, organism_public);
}

TestSuite(host, .init = open_keys, .timeout = 20);

static struct record_vote vote(void)
{
	struct record_vote v = { .voter = 0x0102030405060708, .target = 0x1112, .stamp = 0x2122, .family = 9 };

	memcpy(v.voter_key, public, 32);
	memset(v.target_key, 7, 32);
	host_certify(v.certificate, organism, v.voter, public);
	host_vote(&v, seed);
	return v;
}

Test(host, a_certificate_is_of_one_number_and_one_key)
{
	uint8_t certificate[64];

	host_certify(certificate, organism, 5, public);
	cr_expect(host_is_certified(certificate, organism_public, 5, public));
	cr_expect_not(host_is_certified(certificate, organism_public, 6, public));
	cr_expect_not(host_is_certified(certificate, organism_public, 5, organism_public));
	cr_expect_not(host_is_certified(certificate, public, 5, public), "by another organism");
}

Test(host, a_proof_is_good_for_one_link_and_one_side)
{
	uint8_t proof[64], other[32] = { 1 };

	host_prove(proof, seed, script, true);
	cr_expect(host_is_proved(proof, public, script, true));
	cr_expect_not(host_is_proved(proof, public, script, false), "said by the other side");
	cr_expect_not(host_is_proved(proof, public, other, true), "replayed on another link");
	cr_expect_not(host_is_proved(proof, organism_public, script, true));
}

Test(host, nothing_of_a_vote_can_be_changed)
{
	static const unsigned at[] = { 0, 8, 104, 112, 144, 152, 156, 160 };
	struct record_vote there = vote(), back;

	cr_assert(host_has_voted(&there));
	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++) {
		record_vote_write(&there, bytes);
		bytes[at[i]] ^= 1;
		cr_assert_eq(record_vote_read(&back, bytes), 0, "byte %u", at[i]);
		cr_expect_not(host_has_voted(&back), "byte %u", at[i]);
	}
}

Test(host, a_vote_comes_back_as_it_went)
{
	static const uint8_t end[16] = { 0x22, 0x21, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0 };
	struct record_vote there = vote(), back = { 0 };

	record_vote_write(&there, bytes);
	cr_expect(bytes[0] == 8 && bytes[7] == 1 && !memcmp(bytes + 8, public, 32) && bytes[104] == 0x12 && bytes[112] == 7);
	cr_expect_arr_eq(bytes + 144, end, sizeof(end));
	cr_assert_eq(record_vote_read(&back, bytes), 0);
	cr_expect(!memcmp(&back, &there, sizeof(back)) && host_has_voted(&back));
}

Test(host, a_vote_that_could_not_be_is_refused)
{
	static const struct {
		unsigned at, n;
		uint8_t to;
	} harm[] = { { 0, 8, 0 }, { 104, 8, 0 }, { 144, 8, 0 }, { 152, 1, 0 }, { 155, 1, 1 }, { 156, 1, 2 } };
	struct record_vote there = vote(), back;

	for (unsigned i = 0; i < sizeof(harm) / sizeof(*harm); i++) {
		record_vote_write(&there, bytes);
		memset(bytes + harm[i].at, harm[i].to, harm[i].n);
		cr_expect_eq(record_vote_read(&back, bytes), -EBADMSG, "harm %u", i);
	}
	there.target = there.voter;
	record_vote_write(&there, bytes);
	cr_expect_eq(record_vote_read(&back, bytes), -EBADMSG, "about itself");
}

Test(host, an_introduction_comes_back_as_it_went)
{
	struct record_host there = { .id = 0x0102030405060708 }, back;

	memset(there.key, 1, 32);
	memset(there.certificate, 2, 64);
	memset(there.proof, 3, 64);
	record_host_write(&there, bytes);
	cr_expect(bytes[0] == 8 && bytes[8] == 1 && bytes[40] == 2 && bytes[104] == 3 && bytes[167] == 3);
	cr_assert_eq(record_host_read(&back, bytes), 0);
	cr_expect(!memcmp(&back, &there, sizeof(back)));
	memset(bytes, 0, 8);
	cr_expect_eq(record_host_read(&back, bytes), -EBADMSG);
}

Test(host, a_row_of_the_file_is_known_by_its_mark)
{
	struct expelled there = { .id = 5, .key = { 1, 2, 3 } }, back;
	uint8_t row[EXPELLED_BYTES];

	expelled_write(&there, seed, row);
	cr_expect(expelled_read(&back, seed, row) && back.id == 5 && !memcmp(back.key, there.key, 32));
	cr_expect_not(expelled_read(&back, organism, row));
	for (unsigned i = 0; i < EXPELLED_BYTES; i++) {
		row[i] ^= 1;
		cr_expect_not(expelled_read(&back, seed, row), "byte %u", i);
		row[i] ^= 1;
	}
}
