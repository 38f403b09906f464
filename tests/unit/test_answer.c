/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Answers that a drone can have made are sound; each way of making one up has its name. */
#include "tissue/answer.h"

#include <cellws/gene.h>
#include <criterion/criterion.h>
#include <string.h>

static const char lines[] = "Content-Type: text/plain\r\nX-Y: z\r\n\r\n";
#define LINES_N (sizeof(lines) - 1)

static const struct answer_said bytes = { .kind = ANSWER_BYTES, .status = 200, .head_len = LINES_N, .body_len = 5, .length = 5 };

static void expect_fault(const struct answer_said *w, enum answer_fault fault)
{
	enum answer_fault is = answer_fault(w, lines, LINES_N);

	cr_expect_eq(is, fault, "found %s, not %s", answer_fault_text(is), answer_fault_text(fault));
}

Test(answer, what_drones_make_is_sound)
{
	static const struct answer_said sound[] = {
		{ ANSWER_BYTES, 200, LINES_N, SLOT_ANSWER_BODY_ROOM, SLOT_ANSWER_BODY_ROOM, 0 },
		{ ANSWER_BYTES, 204, LINES_N, 0, CELLWS_UNKNOWN, 0 },
		{ ANSWER_BYTES, 599, LINES_N, 0, 1u << 30, 0 },
		{ ANSWER_FILE, 206, LINES_N, 0, INT64_MAX - 7, 7 },
		{ ANSWER_PULL, 200, LINES_N, 9, CELLWS_UNKNOWN, 0 },
		{ ANSWER_PULL, 200, LINES_N, 9, 9, 0 },
		{ ANSWER_BREAK, 200, LINES_N, 0, 9, 0 },
	};

	for (unsigned i = 0; i < sizeof(sound) / sizeof(*sound); i++)
		expect_fault(&sound[i], ANSWER_SOUND);
	cr_expect_eq(answer_fault(&(struct answer_said){ ANSWER_BYTES, 200, 2, 0, 0, 0 }, "\r\n", 2), ANSWER_SOUND);
}

Test(answer, numbers_out_of_range)
{
	static const struct {
		struct answer_said said;
		enum answer_fault fault;
	} wrong[] = {
		{ { ANSWER_BREAK + 1, 200, LINES_N, 0, 0, 0 }, ANSWER_FAULT_KIND },
		{ { ANSWER_BYTES, 199, LINES_N, 0, 0, 0 }, ANSWER_FAULT_STATUS },
		{ { ANSWER_BYTES, 600, LINES_N, 0, 0, 0 }, ANSWER_FAULT_STATUS },
		{ { ANSWER_BYTES, 200, 1, 0, 0, 0 }, ANSWER_FAULT_HEAD },
		{ { ANSWER_BYTES, 200, ANSWER_LINES_MAX + 1, 0, 0, 0 }, ANSWER_FAULT_HEAD },
		{ { ANSWER_BYTES, 200, UINT32_MAX, 0, 0, 0 }, ANSWER_FAULT_HEAD },
		{ { ANSWER_BYTES, 200, LINES_N, SLOT_ANSWER_BODY_ROOM + 1, SLOT_ANSWER_BODY_ROOM + 1, 0 }, ANSWER_FAULT_BODY },
		{ { ANSWER_BYTES, 200, LINES_N, 5, 4, 0 }, ANSWER_FAULT_LENGTH },
		{ { ANSWER_PULL, 200, LINES_N, 5, 4, 0 }, ANSWER_FAULT_LENGTH },
		{ { ANSWER_FILE, 200, LINES_N, 1, 4, 0 }, ANSWER_FAULT_FILE },
		{ { ANSWER_FILE, 200, LINES_N, 0, CELLWS_UNKNOWN, 0 }, ANSWER_FAULT_FILE },
		{ { ANSWER_FILE, 200, LINES_N, 0, 8, INT64_MAX - 7 }, ANSWER_FAULT_FILE },
		{ { ANSWER_FILE, 200, LINES_N, 0, 8, UINT64_MAX }, ANSWER_FAULT_FILE },
	};

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		expect_fault(&wrong[i].said, wrong[i].fault);
}

static enum answer_fault of(const char *text)
{
	struct answer_said w = bytes;

	w.head_len = (uint32_t)strlen(text);
	return answer_fault(&w, text, w.head_len);
}

Test(answer, lines_that_are_none)
{
	static const char *const wrong[] = { "X-Y: z\r\n", "X Y: z\r\n\r\n", ": z\r\n\r\n", "X-Y z\r\n\r\n", "X-Y: a\nb\r\n\r\n",
		"X-Y: z\r\r\n\r\n", "\r\n\r\n", "X-Y: z\r\n\r\nX: y\r\n\r\n", "X-Y: z\n\r\n", "X-Y:", "X\r\n\r\n" };
	static const char *const ours[] = { "Content-Length: 5\r\n\r\n", "transfer-encoding: chunked\r\n\r\n", "CONNECTION: x\r\n\r\n" };

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_expect_eq(of(wrong[i]), ANSWER_FAULT_LINES, "%s", wrong[i]);
	for (unsigned i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		cr_expect_eq(of(ours[i]), ANSWER_FAULT_LINES, "%s", ours[i]);
}

/* Whatever of the lines is seen, a sound head is sound; a bad line counts as soon as it is seen to its end. */
Test(answer, only_a_part_is_seen)
{
	static const char bad[] = "X-Y: z\r\nX Y: z\r\n\r\n";
	struct answer_said w = bytes;

	for (uint32_t seen = 0; seen <= LINES_N; seen++)
		cr_expect_eq(answer_fault(&w, lines, seen), ANSWER_SOUND, "%u bytes seen", seen);
	w.head_len = sizeof(bad) - 1;
	for (uint32_t seen = 0; seen <= w.head_len; seen++)
		cr_expect_eq(answer_fault(&w, bad, seen), seen < 16 ? ANSWER_SOUND : ANSWER_FAULT_LINES, "%u bytes seen", seen);
}

Test(answer, every_fault_has_a_text)
{
	for (int i = 0; i < ANSWER_FAULT_COUNT; i++)
		cr_expect(answer_fault_text((enum answer_fault)i) && *answer_fault_text((enum answer_fault)i));
}
