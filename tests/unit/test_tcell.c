/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pure parts of T cells: scores of a million sources, alarm and calm, incidents in words and in the memory's records. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <string.h>
#include "immune/alarm.h"
#include "immune/incident.h"
#include "immune/score.h"
#include "memory/memory.h"

#define NS 1000000000ULL

Test(unit_tcell, a_million_sources_take_no_more_room_than_the_first)
{
	struct score_table *t = score_new(60000);
	struct source worst = { .key = 7, .family = 4 };
	size_t before;

	score_add(t, &worst, 90, 1000);
	before = mallinfo2().uordblks;
	for (uint64_t i = 0; i < 1000000; i++)
		score_add(t, &(struct source){ .key = i * 0x10001, .family = 6 }, 2, 1000 + i / 17);
	cr_expect_eq(mallinfo2().uordblks, before);
	cr_expect_gt(score_now(t, &worst, 60000), 40, "the worst was washed out");
	cr_expect_eq(score_add(t, &worst, 60, 60000), 60 + score_now(t, &worst, 60000) - 60);
	score_free(t);
}

static enum alarm_change second_of(struct alarm *a, uint32_t n, uint64_t s)
{
	enum alarm_change change = alarm_count(a, n, s * 1000 + 1), end = alarm_count(a, 0, s * 1000 + 1000);

	return change != ALARM_SAME ? change : end;
}

Test(unit_tcell, an_alarm_begins_at_once_and_ends_late)
{
	struct alarm a = { .floor = 50 };
	uint64_t s = 100;

	cr_expect(alarm_is_at_rest(&a));
	cr_expect_eq(alarm_count(&a, 49, s * 1000), ALARM_SAME);
	cr_expect(!alarm_is_at_rest(&a));
	cr_expect_eq(alarm_count(&a, 1, s * 1000 + 999), ALARM_BEGINS, "it waits for the end of the second");
	cr_expect(a.on && !alarm_is_at_rest(&a));
	/* Neither a lull nor what is below the threshold, but not far below, ends it. */
	for (uint64_t i = 1; i < ALARM_QUIET_S; i++)
		cr_expect_eq(second_of(&a, 0, s + i), ALARM_SAME, "second %lu", (unsigned long)i);
	cr_expect_eq(second_of(&a, 13, s + ALARM_QUIET_S), ALARM_SAME);
	s += ALARM_QUIET_S + 1;
	for (uint64_t i = 0; i < ALARM_QUIET_S - 1; i++)
		cr_expect_eq(second_of(&a, 12, s + i), ALARM_SAME, "quiet second %lu", (unsigned long)i);
	cr_expect_eq(second_of(&a, 12, s + ALARM_QUIET_S - 1), ALARM_ENDS);
	cr_expect(!a.on);
	/* A silence without any call is as good. */
	cr_expect_eq(alarm_count(&a, 50, (s + 100) * 1000), ALARM_BEGINS);
	cr_expect_eq(alarm_count(&a, 0, (s + 200) * 1000), ALARM_ENDS);
}

Test(unit_tcell, what_is_usual_is_no_alarm_and_attacks_are_not_learned)
{
	struct alarm a = { .floor = 50 };
	uint64_t s = 1, mean;

	for (uint32_t n = 0; s < 2000; s++, n = n < 45 ? n + 1 : 0)
		cr_assert_eq(second_of(&a, n, s), ALARM_SAME);
	cr_expect_gt(alarm_threshold(&a), 60);
	cr_expect_lt(alarm_threshold(&a), 200);
	cr_expect_eq(second_of(&a, alarm_threshold(&a) - 1, s++), ALARM_SAME);
	mean = a.mean_milli;
	for (uint64_t end = s + 500; s < end; s++)
		second_of(&a, 100000, s);
	cr_expect_eq(a.mean_milli, mean, "an attack was learned");
}

Test(unit_tcell, incidents_there_and_back)
{
	static const struct { const char *text; uint32_t family, bits; } all[] = { { "192.0.2.7", 4, 0 }, { "192.0.2.0/24", 4, 24 },
		{ "10.0.0.0/12", 4, 12 }, { "2001:db8:1:2::/64", 6, 0 }, { "2001:db8:1::/48", 6, 48 } };
	const struct memory_clock now = { .boot = 1, .boot_ns = 500 * NS, .wall_s = 1000000 };
	struct memory_incident kept;
	char name[ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct incident was = { .time_ns = 400 * NS, .act = INCIDENT_BANNED + (uint32_t)i, .reason = ANTIGEN_TRAP, .score = 120,
			.ttl_s = 600, .offence = 3, .count = 9, .detail = "/wp-login.php" }, back;
		struct address a, again;

		cr_assert(!address_parse(all[i].text, &a, NULL));
		was.source = incident_source(&a);
		cr_expect(was.source.family == all[i].family && was.source.bits == all[i].bits, "%s", all[i].text);
		cr_assert(incident_address(&was.source, &again));
		cr_expect_str_eq(address_format(&again, name), all[i].text);
		memory_incident_make(&kept, &was, &now);
		cr_expect_eq(kept.wall_s, 999900);
		cr_assert(memory_incident_read(&kept, &back, &now), "%s", kept.decision);
		cr_expect(!memcmp(&was, &back, sizeof(was)), "%s: %s", all[i].text, kept.decision);
	}
	cr_expect(!incident_address(&(struct source){ 0 }, &(struct address){ 0 }));
	kept.decision[0] = 'x';
	cr_expect(!memory_incident_read(&kept, &(struct incident){ 0 }, &now));
}

Test(unit_tcell, pathogens_and_places_there_and_back)
{
	const struct memory_clock now = { .boot = 1, .boot_ns = 50 * NS, .wall_s = 1000000 };
	struct pathogen was = { .fingerprint = 0x00fedcba98765432, .last_ns = 20 * NS, .first_ns = 20 * NS, .deaths = 2,
		.route = ANTIGEN_NO_RULE, .detail = "GET /crash?now=1" }, back;
	struct memory_pathogen kept;
	char place[MEMORY_FACT];

	memory_pathogen_make(&kept, &was, &now);
	cr_assert(memory_pathogen_read(&kept, &back, &now));
	cr_expect(!memcmp(&was, &back, sizeof(was)));
	kept.wall_s = 5; /* long before this boot */
	cr_assert(memory_pathogen_read(&kept, &back, &now));
	cr_expect_eq(back.last_ns, 0);
	strcpy(kept.fingerprint, "12x");
	cr_expect(!memory_pathogen_read(&kept, &back, &now));
	memory_place_make(place, "0123456789abcdef", 77);
	cr_expect_eq(memory_place_read(place, "0123456789abcdef"), 77);
	cr_expect_eq(memory_place_read(place, "0123456789abcdee"), 0);
	cr_expect_eq(memory_place_read("", "0123456789abcdee"), 0);
}

static void heard(void *ctx, const struct incident *i)
{
	*(uint64_t *)ctx += i->seq;
}

Test(unit_tcell, all_who_listen_hear)
{
	uint64_t a = 0, b = 0;

	cr_assert(!incident_listen(heard, &a) && !incident_listen(heard, &b));
	incident_pass(&(struct incident){ .seq = 5 });
	cr_expect(a == 5 && b == 5);
	for (int i = 2; i < INCIDENT_TAKERS_MAX; i++)
		cr_assert(!incident_listen(heard, &a));
	cr_expect(incident_listen(heard, &a));
}
