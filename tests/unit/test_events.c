/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events: taken from a ring that is written to meanwhile, and each kind in its words. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "cellctl/events.h"

static struct event ring[EVENTS_MAX];
static struct cell cells[CELL_SLOTS_MAX];

static void happen(uint64_t seq)
{
	ring[seq % EVENTS_MAX] = (struct event){ .seq = seq, .kind = HAPPENED_BIRTH, .a = (uint32_t)seq };
}

static void happen_up_to(uint64_t first, uint64_t last)
{
	for (; first <= last; first++)
		happen(first);
}

Test(events, nothing_has_happened)
{
	struct events_reader r = { .ring = ring, .next = 1 };
	struct event e;
	uint64_t missed;

	cr_expect_eq(events_newest(ring), 0);
	cr_expect_eq(events_read(ring, 1, &e), EVENT_NOT_YET);
	cr_expect_eq(events_next(&r, &e, &missed), 0);
	cr_expect_eq(r.next, 1);
}

Test(events, in_order_and_once)
{
	struct events_reader r = { .ring = ring, .next = 1 };
	struct event e;
	uint64_t missed;

	for (uint64_t n = 1; n < 3 * EVENTS_MAX; n++) {
		happen(n);
		cr_assert_eq(events_next(&r, &e, &missed), 1);
		cr_assert(e.seq == n && e.a == n);
		cr_assert_eq(events_next(&r, &e, &missed), 0);
	}
}

Test(events, who_falls_behind_learns_how_much_was_missed)
{
	struct events_reader r = { .ring = ring, .next = 1 };
	uint64_t missed = 0, seen = 0, first;
	struct event e;
	int n;

	happen_up_to(1, 3000);
	cr_expect_eq(events_read(ring, 1, &e), EVENT_MISSED);
	cr_expect_eq(events_next(&r, &e, &missed), -1);
	cr_expect_gt(r.next, 3000 - EVENTS_MAX);
	cr_expect_eq(missed, r.next - 1);
	first = r.next;
	while ((n = events_next(&r, &e, &missed)) == 1)
		seen++;
	cr_expect_eq(n, 0);
	cr_expect_eq(r.next, 3001);
	cr_expect_eq(seen, 3001 - first);
}

/* As the writer leaves it in the middle: the number is 0. */
Test(events, one_that_is_being_written_is_waited_for)
{
	struct events_reader r = { .ring = ring, .next = 5 };
	struct event e;
	uint64_t missed;

	happen_up_to(1, 8);
	ring[5].seq = 0;
	cr_expect_eq(events_next(&r, &e, &missed), 0);
	happen(5);
	cr_expect_eq(events_next(&r, &e, &missed), 1);
	cr_expect_eq(e.seq, 5);
}

Test(events, one_that_never_comes_does_not_hold_up_the_rest)
{
	struct events_reader r = { .ring = ring, .next = 5 };
	struct event e;
	uint64_t missed = 0;

	happen_up_to(1, 100);
	ring[5].seq = 0;
	cr_expect_eq(events_next(&r, &e, &missed), -1);
	cr_expect_eq(missed, 1);
	cr_expect_eq(events_next(&r, &e, &missed), 1);
	cr_expect_eq(e.seq, 6);
}

static void expect_text(struct event e, const char *text)
{
	char said[256];

	events_write(&e, cells, said, sizeof(said));
	cr_expect_str_eq(said, text);
}

#define DRONE_3 .slot = 3, .id = 0x703, .class = CLASS_DRONE
#define BLOOD_2 .slot = 2, .id = 0x202, .class = CLASS_BLOOD

static void know_drone(void)
{
	cells[3] = (struct cell){ DRONE_3 };
}

Test(events, in_words, .init = know_drone)
{
	expect_text((struct event){ .kind = HAPPENED_BIRTH, DRONE_3, .a = 0 }, "drone 3 was born, daughter of cell 0");
	expect_text((struct event){ .kind = HAPPENED_BIRTH, DRONE_3, .a = CELL_NOBODY }, "drone 3 was born");
	expect_text((struct event){ .kind = HAPPENED_BECAME, DRONE_3, .a = CLASS_STEM }, "stem 3 became drone 3");
	expect_text((struct event){ .kind = HAPPENED_DEATH, DRONE_3, .a = 9 }, "drone 3 was killed by signal 9 (Killed)");
	expect_text((struct event){ .kind = HAPPENED_DEATH, DRONE_3, .a = 0x100 }, "drone 3 ended with exit code 1");
	expect_text((struct event){ .kind = HAPPENED_LEAVE, DRONE_3 }, "drone 3 leaves: it finishes its work and ends");
	expect_text((struct event){ .kind = HAPPENED_TUMOUR, DRONE_3, .a = 77 },
		"drone 3 made a process without licence (pid 77); it is ended");
	expect_text((struct event){ .kind = HAPPENED_SECRETE, BLOOD_2, .a = HORMONE_GROWTH, .b = CLASS_DRONE, .c = 32768 },
		"blood 2 signals growth:drone at 0.5");
	expect_text((struct event){ .kind = HAPPENED_SECRETE, .slot = CELL_NOBODY, .a = HORMONE_ALARM, .c = 65536 },
		"root signals alarm at 1");
	expect_text((struct event){ .kind = HAPPENED_ACCUSE, BLOOD_2, .a = 0x703, .b = REASON_MEMORY },
		"blood 2 accuses drone 3: more memory than the DNA allows");
	expect_text((struct event){ .kind = HAPPENED_ACCUSE, BLOOD_2, .a = 0x603, .b = REASON_MEMORY },
		"blood 2 accuses cell 3: more memory than the DNA allows");
	expect_text((struct event){ .kind = HAPPENED_VOTE, BLOOD_2, .a = 0x703, .b = REASON_PROOF, .c = 1 << 16 | 3 },
		"blood 2 votes against drone 3, as 1 of 3 do: the proof of the key was wrong");
	expect_text((struct event){ .kind = HAPPENED_CONDEMN, DRONE_3, .b = REASON_DEADLINE, .c = 2 << 16 | 3 },
		"drone 3 was condemned by 2 of 3: a request has been held longer than its route allows");
	expect_text((struct event){ .kind = HAPPENED_REFUSE, DRONE_3, .a = GLAND_LOUD, .b = HORMONE_GROWTH },
		"drone 3 was refused a signal of growth: stronger than this class may speak");
	expect_text((struct event){ .kind = HAPPENED_REFUSE, DRONE_3, .a = GLAND_CLASS },
		"drone 3 was refused: this class may not do that");
	expect_text((struct event){ .kind = HAPPENED_STRANGER, .slot = CELL_NOBODY, .a = 77, .b = 1 },
		"process 77, which is no cell, tried to act as a cell");
	expect_text((struct event){ .kind = HAPPENED_STRANGER, .slot = CELL_NOBODY, .a = 77, .b = 3 },
		"process 77 ran another program and is no cell any more");
}

/* Whatever the map holds, words are found and stay inside their room. */
Test(events, of_unknown_kind)
{
	for (uint32_t kind = 0; kind < HAPPENED_COUNT + 2; kind++) {
		struct event e = { .kind = kind, .slot = 200, .id = ~0u, .class = 99, .a = ~0u, .b = ~0u, .c = ~0u };
		char said[256];
		json_t *o;

		events_write(&e, cells, said, sizeof(said));
		cr_expect_gt(strlen(said), 0);
		o = events_json(&e, cells, 0);
		cr_expect(o && json_is_string(json_object_get(o, "text")), "kind %u", kind);
		json_decref(o);
	}
	cr_expect_str_eq(event_name(HAPPENED_CONDEMN), "condemn");
	cr_expect_str_eq(event_name(HAPPENED_COUNT), "unknown");
}

static void expect_json(struct event e, const char *text)
{
	json_t *o = events_json(&e, cells, 1.5);
	char *said = json_dumps(o, JSON_COMPACT);

	cr_expect_str_eq(said, text);
	free(said);
	json_decref(o);
}

Test(events, as_json, .init = know_drone)
{
	expect_json((struct event){ .seq = 9, .kind = HAPPENED_VOTE, BLOOD_2, .a = 0x703, .b = REASON_SILENT, .c = 2 << 16 | 3 },
		"{\"time\":1.5,\"seq\":9,\"event\":\"vote\",\"slot\":2,\"id\":514,\"class\":\"blood\",\"target\":{\"slot\":3,\"id\":1795,"
		"\"class\":\"drone\"},\"reason\":\"silent\",\"votes\":2,\"electorate\":3,\"text\":\"blood 2 votes against drone 3, as 2 of 3 "
		"do: the proof of the key that was asked for is overdue\"}");
	expect_json((struct event){ .seq = 1, .kind = HAPPENED_SECRETE, .slot = CELL_NOBODY, .a = HORMONE_CALM, .c = 6554 },
		"{\"time\":1.5,\"seq\":1,\"event\":\"secrete\",\"slot\":null,\"id\":null,\"class\":null,\"hormone\":\"calm\",\"of\":null,"
		"\"strength\":0.10000000000000001,\"text\":\"root signals calm at 0.1\"}");
	expect_json((struct event){ .seq = 2, .kind = HAPPENED_DEATH, DRONE_3, .a = 11 },
		"{\"time\":1.5,\"seq\":2,\"event\":\"death\",\"slot\":3,\"id\":1795,\"class\":\"drone\",\"signal\":11,"
		"\"text\":\"drone 3 was killed by signal 11 (Segmentation fault)\"}");
}

/* A client of a trusted proxy is not banned: its address may be anybody's. */
Test(events, a_ban_says_whether_it_is_one)
{
	struct event e = { .kind = HAPPENED_BAN, .class = CLASS_TCELL, .slot = 1, .a = ANTIGEN_TRAP, .b = 60, .c = 1,
		.source = { .key = 0x0100007f, .family = 4 } };
	char text[256];

	events_write(&e, cells, text, sizeof(text));
	cr_expect(strstr(text, "bans 127.0.0.1 for 60 s"), "%s", text);
	e.source.via = 1;
	events_write(&e, cells, text, sizeof(text));
	cr_expect(strstr(text, "has 127.0.0.1 behind trusted proxies answered 403 for 60 s"), "%s", text);
}
