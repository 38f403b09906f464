/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The handshake between hosts: both sides meet; whatever is altered, replayed, late or foreign is refused; streams in order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include "link/handshake.h"
#include "link/wire.h"

#define NOW  1700000000ULL
#define DAY  86400ULL

static struct identity mother, stranger;
static uint8_t egg[SECRET_SEED_BYTES];
static struct handshake_seen seen;
static struct handshake caller, called;
static uint8_t first[HANDSHAKE_FIRST_BYTES], second[HANDSHAKE_SECOND_BYTES], third[HANDSHAKE_THIRD_BYTES];
static uint8_t head[SECRET_STREAM_HEAD_BYTES];
static struct stream out, in, back_out, back_in;

static void begin(void)
{
	cr_assert(!identity_make(&mother) && !identity_make(&stranger) && !secret_random(egg, sizeof(egg)));
	memset(&seen, 0, sizeof(seen));
}

TestSuite(handshake, .init = begin, .timeout = 20);

static int call(const struct identity *id, const uint8_t *trust, uint64_t now_s)
{
	return handshake_call(&caller, trust, id, HANDSHAKE_SPORE, now_s, first);
}

static int hear(const uint8_t *trust, uint64_t now_s)
{
	return handshake_hear(&called, trust, egg, HANDSHAKE_SPORE, now_s, &seen, first, second);
}

static void meet(void)
{
	cr_assert_eq(call(&mother, mother.credential.public, NOW), 0);
	cr_assert_eq(hear(mother.credential.public, NOW), 0);
	cr_assert_eq(handshake_answer(&caller, &mother, NULL, second, third, &out), 0);
	cr_assert_eq(handshake_close(&called, third, &in, &back_out, head), 0);
	cr_assert_eq(handshake_finish(&caller, head, &back_in), 0);
}

Test(handshake, both_sides_meet)
{
	static uint8_t frame[STREAM_FRAME_MOST], clear[STREAM_MOST + 1];
	enum stream_kind kind;
	bool last;
	int n;

	meet();
	n = stream_push(&out, STREAM_PIECE, "spore", 5, true, frame);
	cr_assert_eq(n, (int)(STREAM_HEAD_BYTES + SECRET_STREAM_BYTES + 6));
	cr_assert_eq(stream_length(frame), n - 4);
	cr_assert_eq(stream_pull(&in, frame + 4, (size_t)n - 4, clear, &kind, &last), 5);
	cr_expect(kind == STREAM_PIECE && last && !memcmp(clear + 1, "spore", 5));
	n = stream_push(&back_out, STREAM_ACCEPTED, "lab", 3, true, frame);
	cr_assert_eq(stream_pull(&back_in, frame + 4, (size_t)n - 4, clear, &kind, &last), 3);
	cr_expect_eq(kind, STREAM_ACCEPTED);
	cr_expect_eq(stream_push(&out, STREAM_PIECE, "x", 1, true, frame), -EPIPE);
	cr_expect_eq(stream_pull(&in, frame + 4, (size_t)n - 4, clear, &kind, &last), -EPIPE);
}

Test(handshake, a_stranger_gets_no_answer)
{
	uint8_t nothing[HANDSHAKE_SECOND_BYTES];

	memset(second, 0xa5, sizeof(second));
	memset(nothing, 0xa5, sizeof(nothing));
	/* Who knows the public key but not the secret one, and who knows neither. */
	call(&stranger, mother.credential.public, NOW);
	cr_expect_eq(hear(mother.credential.public, NOW), -EACCES);
	call(&stranger, stranger.credential.public, NOW);
	cr_expect_eq(hear(mother.credential.public, NOW), -EACCES);
	/* Who shows the mother's credential and signs with his own key. */
	memcpy(stranger.credential.public, mother.credential.public, 32);
	call(&stranger, mother.credential.public, NOW);
	cr_expect_eq(hear(mother.credential.public, NOW), -EACCES);
	cr_expect_arr_eq(second, nothing, sizeof(nothing), "something was prepared for a stranger");
}

Test(handshake, every_altered_bit_of_the_first_is_refused)
{
	call(&mother, mother.credential.public, NOW);
	for (unsigned bit = 0; bit < 8 * sizeof(first); bit++) {
		/* The top bit of an X25519 key does not count, but it is in the transcript. */
		first[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_eq(hear(mother.credential.public, NOW), -EACCES, "bit %u", bit);
		first[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	cr_expect_eq(hear(mother.credential.public, NOW), 0, "the refused ones were remembered");
}

Test(handshake, every_altered_bit_of_second_and_third_is_refused)
{
	struct handshake before;

	cr_assert(!call(&mother, mother.credential.public, NOW) && !hear(mother.credential.public, NOW));
	for (unsigned bit = 0; bit < 8 * sizeof(second); bit++) {
		before = caller;
		second[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_eq(handshake_answer(&caller, &mother, NULL, second, third, &out), -EACCES, "bit %u", bit);
		second[bit / 8] ^= (uint8_t)(1u << bit % 8);
		caller = before;
	}
	cr_assert_eq(handshake_answer(&caller, &mother, NULL, second, third, &out), 0);
	for (unsigned bit = 0; bit < 8 * (SECRET_SIGNATURE_BYTES + SECRET_SEAL_BYTES); bit++) {
		before = called;
		third[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_expect_eq(handshake_close(&called, third, &in, &back_out, head), -EACCES, "bit %u", bit);
		third[bit / 8] ^= (uint8_t)(1u << bit % 8);
		called = before;
	}
	cr_expect_eq(handshake_close(&called, third, &in, &back_out, head), 0);
}

Test(handshake, a_first_message_counts_once)
{
	call(&mother, mother.credential.public, NOW);
	cr_expect_eq(hear(mother.credential.public, NOW), 0);
	cr_expect_eq(hear(mother.credential.public, NOW), -EALREADY);
	cr_expect_eq(hear(mother.credential.public, NOW + HANDSHAKE_SKEW_S), -EALREADY);
	cr_expect_eq(hear(mother.credential.public, NOW + HANDSHAKE_SKEW_S + 1), -ETIME);
	/* From a clock that goes ahead: good for twice the time, and not once more at its end. */
	call(&mother, mother.credential.public, NOW + HANDSHAKE_SKEW_S);
	cr_expect_eq(hear(mother.credential.public, NOW), 0);
	cr_expect_eq(hear(mother.credential.public, NOW + 2 * HANDSHAKE_SKEW_S), -EALREADY);
	call(&mother, mother.credential.public, NOW + HANDSHAKE_SKEW_S + 1);
	cr_expect_eq(hear(mother.credential.public, NOW), -ETIME);
}

Test(handshake, a_replayed_dialogue_stops_at_the_third)
{
	static uint8_t old_first[HANDSHAKE_FIRST_BYTES], old_third[HANDSHAKE_THIRD_BYTES];

	meet();
	memcpy(old_first, first, sizeof(first));
	memcpy(old_third, third, sizeof(third));
	/* Another egg, that has not seen it. */
	memset(&seen, 0, sizeof(seen));
	memcpy(first, old_first, sizeof(first));
	cr_assert_eq(hear(mother.credential.public, NOW), 0);
	cr_expect_eq(handshake_close(&called, old_third, &in, &back_out, head), -EACCES);
}

Test(handshake, no_more_than_can_be_remembered)
{
	for (int i = 0; i < HANDSHAKE_SEEN; i++) {
		call(&mother, mother.credential.public, NOW);
		cr_assert_eq(hear(mother.credential.public, NOW), 0);
	}
	call(&mother, mother.credential.public, NOW);
	cr_expect_eq(hear(mother.credential.public, NOW), -EBUSY);
	call(&mother, mother.credential.public, NOW + 2 * HANDSHAKE_SKEW_S + 1);
	cr_expect_eq(hear(mother.credential.public, NOW + 2 * HANDSHAKE_SKEW_S + 1), 0);
}

Test(handshake, another_version_or_purpose)
{
	handshake_call(&caller, mother.credential.public, &mother, (enum handshake_purpose)77, NOW, first);
	cr_expect_eq(hear(mother.credential.public, NOW), -EPROTONOSUPPORT);
}

Test(handshake, the_called_one_must_be_who_is_expected)
{
	uint8_t public[SECRET_PUBLIC_BYTES];

	cr_assert(!call(&mother, mother.credential.public, NOW) && !hear(mother.credential.public, NOW));
	cr_expect_eq(handshake_answer(&caller, &mother, stranger.credential.public, second, third, &out), -EACCES);
	cr_assert(!call(&mother, mother.credential.public, NOW) && !hear(mother.credential.public, NOW));
	secret_public(egg, public);
	cr_expect_eq(handshake_answer(&caller, &mother, public, second, third, &out), 0);
}

Test(handshake, an_egg_of_another_organism_cannot_answer)
{
	/* It reads the first with what it trusts, so it must trust the same key. */
	call(&mother, mother.credential.public, NOW);
	cr_expect_eq(hear(stranger.credential.public, NOW), -EACCES);
}

Test(handshake, a_rotated_key_is_vouched_for_until_then)
{
	uint8_t old[SECRET_PUBLIC_BYTES];

	memcpy(old, mother.credential.public, sizeof(old));
	cr_assert_eq(identity_rotate(&mother, NOW + DAY), 0);
	cr_expect_eq(mother.credential.generation, 2);
	call(&mother, old, NOW);
	cr_expect_eq(hear(old, NOW), 0);
	call(&mother, old, NOW + DAY);
	cr_expect_eq(hear(old, NOW + DAY), -EACCES, "the time is over");
	mother.credential.until_s += DAY;
	call(&mother, old, NOW);
	cr_expect_eq(hear(old, NOW), -EACCES, "a longer time than was signed");
	mother.credential.until_s -= DAY;
	/* And a second generation later the first is not enough. */
	cr_assert_eq(identity_rotate(&mother, NOW + DAY), 0);
	call(&mother, old, NOW);
	cr_expect_eq(hear(old, NOW), -EACCES);
}

Test(handshake, frames_are_bounded_and_in_order)
{
	static uint8_t one[STREAM_FRAME_MOST], two[STREAM_FRAME_MOST], clear[STREAM_MOST + 1], long_message[STREAM_MOST + 1];
	const uint8_t short_head[4] = { 17, 0, 0, 0 }, huge_head[4] = { 0xff, 0xff, 0xff, 0xff };
	struct stream again;
	enum stream_kind kind;
	bool last;
	int n;

	meet();
	cr_expect_eq(stream_length(short_head), -EMSGSIZE);
	cr_expect_eq(stream_length(huge_head), -EMSGSIZE);
	cr_expect_eq(stream_push(&out, STREAM_PIECE, long_message, sizeof(long_message), false, one), -EMSGSIZE);
	cr_expect_eq(stream_push(&out, STREAM_KEYS, long_message, 63, false, one), -EMSGSIZE);
	n = stream_push(&out, STREAM_PIECE, long_message, STREAM_MOST, false, one);
	cr_assert_eq(n, (int)STREAM_FRAME_MOST);
	cr_assert_eq(stream_push(&out, STREAM_PIECE, "b", 1, false, two), 4 + 17 + 2);
	again = in;
	cr_expect_eq(stream_pull(&again, two + 4, 19, clear, &kind, &last), -EBADMSG, "out of order");
	cr_expect_eq(stream_pull(&in, one + 4, (size_t)n - 5, clear, &kind, &last), -EBADMSG, "truncated");
	cr_expect_eq(stream_pull(&in, one + 4, (size_t)n - 4, clear, &kind, &last), (int)STREAM_MOST);
	cr_expect_eq(stream_pull(&in, one + 4, (size_t)n - 4, clear, &kind, &last), -EBADMSG, "twice");
	cr_expect_eq(stream_pull(&in, two + 4, 19, clear, &kind, &last), 1);
	cr_expect(!last);
}

/*
 * Of the pair of RFC 8032, section 7.1, test 1, at NOW: what was said once is understood by every later version, or
 * HANDSHAKE_VERSION is raised.
 */
static const uint8_t vector_seed[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
	0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };

Test(handshake, a_fixed_first_message)
{
	static const char text[] =
		"xDn5OiIIq2EbOxykLi0TnHg6iaT8c1nUlyn8YbfO9wqBmnnvSr1wU/TzHZtAEGBhwkz4QLQcbbc2uITeixVKoT3R4+0ijiJNIS+H"
		"SgD6p7+r0Q0gqGNqxs2c2hslXUO12j5RY8WzLKuly0mJTVXRkYjXfvOtGrT33oRZnuRLFk6FKYpbY858ZvFZ+SwlfX4dkEPunSSG"
		"89f5s6FWfkT/08rAoKjJ5n1cgF1SsIITWf7BjTHwLLzPaINj9N1pw/EpEwn2yC0h/XWm6ZmMrqY2l+9YVTCNqq3ne7HD5jc9uPwg"
		"9iy0CwKbeWfv5B4naMpdMiuGDacdRDWHlX1B508QT0V+yPmmOdGL";
	uint8_t public[SECRET_PUBLIC_BYTES];

	secret_public(vector_seed, public);
	cr_assert_eq(secret_read(text, strlen(text), first, sizeof(first)), 0);
	cr_expect_eq(hear(public, NOW), 0);
	cr_expect_eq(called.peer.generation, 1);
}

Test(handshake, fixed_frames)
{
	static const char piece[] = "FwAAANt0I7AscBfnBS1erAkuy4QiB+6UMGki";
	static const char accepted[] = "FgAAACPSSS3r8Uf8fDdBtKIPC+O8IBD4iXs=";
	static uint8_t clear[STREAM_MOST + 1];
	uint8_t frame[64];
	enum stream_kind kind;
	bool last;

	cr_assert_eq(secret_read("nCzVJ3baDiaYUEdM5XdUxAShUqkztfSc", 32, head, sizeof(head)), 0);
	cr_assert_eq(stream_take(&in, vector_seed, head), 0);
	cr_assert_eq(secret_read(piece, strlen(piece), frame, 27), 0);
	cr_assert_eq(stream_length(frame), 23);
	cr_expect(stream_pull(&in, frame + 4, 23, clear, &kind, &last) == 5 && kind == STREAM_PIECE && !last);
	cr_expect_eq(memcmp(clear + 1, "spore", 5), 0);
	cr_assert_eq(secret_read(accepted, strlen(accepted), frame, 26), 0);
	cr_expect(stream_pull(&in, frame + 4, 22, clear, &kind, &last) == 4 && kind == STREAM_ACCEPTED && last);
}
