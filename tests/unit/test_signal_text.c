/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals as the operator writes them, and levels as he reads them. */
#include <criterion/criterion.h>
#include <string.h>
#include "cellctl/levels.h"
#include "cellctl/signal_text.h"

static void expect_call(const char *signal, const char *strength, uint32_t kind, uint32_t class, uint32_t q16)
{
	struct bus_call call = { 0 };
	const char *wrong = signal_read(signal, strength, &call);

	cr_expect_null(wrong, "%s %s: %s", signal, strength, wrong);
	cr_expect(call.kind == kind && call.class == class && call.strength_q16 == q16, "%s %s", signal, strength);
}

static void expect_wrong(const char *signal, const char *strength, const char *text)
{
	struct bus_call call = { 0 };
	const char *wrong = signal_read(signal, strength, &call);

	cr_expect(wrong && strstr(wrong, text), "%s %s: says \"%s\", not \"%s\"", signal, strength, wrong ? wrong : "", text);
}

Test(signal_text, what_may_be_sent)
{
	expect_call("growth:drone", "0.5", HORMONE_GROWTH, CLASS_DRONE, 32768);
	expect_call("antigrowth:blood", "1", HORMONE_ANTIGROWTH, CLASS_BLOOD, 65536);
	expect_call("growth:gamete", "0.0001", HORMONE_GROWTH, CLASS_GAMETE, 7);
	expect_call("alarm", "1.0", HORMONE_ALARM, CLASS_NONE, 65536);
	expect_call("calm", "0.25", HORMONE_CALM, CLASS_NONE, 16384);
}

Test(signal_text, what_may_not)
{
	expect_wrong("grow:drone", "0.5", "signals are growth:CLASS, antigrowth:CLASS, alarm, calm");
	expect_wrong("", "0.5", "signals are growth");
	expect_wrong("danger", "0.5", "signals are growth");
	expect_wrong("Alarm", "0.5", "signals are growth");
	expect_wrong("growth", "0.5", "growth speaks of a class, as in growth:drone; classes are blood, drone, stem, tcell, gamete");
	expect_wrong("growth:", "0.5", "growth does not speak of \"\"; classes are blood");
	expect_wrong("growth:neuron", "0.5", "does not speak of \"neuron\"");
	expect_wrong("growth:drone:x", "0.5", "does not speak of \"drone:x\"");
	expect_wrong("alarm:drone", "0.5", "alarm speaks of no class");
	expect_wrong("alarm", "0", "no strength");
	expect_wrong("alarm", "0.0", "no strength");
	expect_wrong("alarm", "1.1", "no strength");
	expect_wrong("alarm", "-1", "no strength");
	expect_wrong("alarm", "loud", "no strength");
	expect_wrong("alarm", "", "no strength");
}

Test(signal_text, long_words_do_no_harm)
{
	char word[5000];

	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	expect_wrong(word, "1", "signals are");
	memcpy(word, "growth:", 7);
	expect_wrong(word, "1", "classes are");
	expect_wrong("alarm", word, "no strength");
	memcpy(word, "alarm:", 6);
	expect_wrong(word, "1", "no class");
}

Test(signal_text, names)
{
	cr_expect_str_eq(hormone_name(HORMONE_CALM), "calm");
	cr_expect_str_eq(hormone_name(0), "unknown");
	cr_expect_str_eq(hormone_name(HORMONE_COUNT), "unknown");
	cr_expect_str_eq(reason_name(REASON_SILENT), "silent");
	cr_expect_str_eq(reason_name(REASON_COUNT), "unknown");
}

Test(levels, fade_by_the_half_life)
{
	struct receptors r = { .growth.drone = { .level_q16 = 32768, .at_ns = 1000000000 }, .calm = { .level_q16 = 65536 } };

	cr_expect_eq(level_now(&r, LEVEL_GROWTH_DRONE, 1000000000, 2000), 32768);
	cr_expect_eq(level_now(&r, LEVEL_GROWTH_DRONE, 3000000000, 2000), 16384);
	cr_expect_eq(level_now(&r, LEVEL_GROWTH_BLOOD, 3000000000, 2000), 0);
	cr_expect_eq(level_now(&r, LEVEL_CALM, 0, 2000), 65536);
	cr_expect_eq(level_now(&r, LEVEL_ALARM, 0, 2000), 0);
}

Test(levels, each_has_its_own_place)
{
	for (enum level i = 0; i < LEVEL_COUNT; i++) {
		for (enum level j = 0; j < i; j++)
			cr_expect_str_neq(level_name(i), level_name(j));
	}
	cr_expect_str_eq(level_name(LEVEL_ANTIGROWTH_TCELL), "antigrowth.tcell");
	cr_expect_eq(LEVEL_COUNT, 13);
}

Test(levels, brief)
{
	struct receptors r = { .growth.drone = { .level_q16 = 27525 },
		.antigrowth.blood = { .level_q16 = 65536 },
		.alarm = { .level_q16 = 300 } };
	char text[128], little[32];

	levels_write(&r, 0, 2000, text, sizeof(text));
	cr_expect_str_eq(text, "growth.drone 0.42, antigrowth.blood 1.00");
	levels_write(&r, 0, 2000, little, sizeof(little));
	cr_expect_str_eq(little, "growth.drone 0.42");
	memset(&r, 0, sizeof(r));
	levels_write(&r, 5, 2000, text, sizeof(text));
	cr_expect_str_empty(text);
}

Test(levels, json_has_all_or_none)
{
	static struct levels l = { .known = true, .half_life_ms = 2000 };
	json_t *o = levels_json(&l, 3);

	cr_expect_eq(json_object_size(o), LEVEL_COUNT);
	cr_expect(json_is_real(json_object_get(o, "growth.drone")));
	cr_expect(json_is_real(json_object_get(o, "danger")));
	json_decref(o);
	l.of[3].alarm = (struct receptor){ .level_q16 = 8192, .at_ns = UINT64_MAX };
	o = levels_json(&l, 3);
	cr_expect_float_eq(json_real_value(json_object_get(o, "alarm")), 0.125, 1e-9);
	json_decref(o);
	l.known = false;
	o = levels_json(&l, 3);
	cr_expect_eq(json_object_size(o), 0);
	json_decref(o);
}
