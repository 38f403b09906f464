/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A changed DNA: every option of the table is either refused by its name and line, or reaches the kernel or the cells. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "dna/parts.h"
#include "tissue/mutation.h"

static struct dna now, next;

static void parse(const char *text, struct dna *to)
{
	cr_assert_eq(dna_parse(text, strlen(text), "/etc/t.conf", to, stderr), 0);
}

static void both(void)
{
	parse("route \"/\" { gene = \"static\" root = \"/srv\" }\n", &now);
	next = now;
}

TestSuite(change, .init = both);

static bool is_fixed(int option, bool from_zero)
{
	enum { ALWAYS, FROM_ZERO };
	static const struct {
		int option, when;
	} fixed[] = {
#define X(option, when, why) {DNA_##option, when},
		DNA_FIXED(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (fixed[i].option == option)
			return fixed[i].when == ALWAYS || from_zero;
	return false;
}

/* Another value than before, without asking whether it makes sense. */
static void change(struct dna *d, const struct dna_option *o)
{
	char *at = (char *)(o->section == DNA_SECTION_ROUTE ? (void *)d->route : o->section == DNA_SECTION_SIGNATURE ? (void *)d->signature :
									     (void *)d) + o->offset;

	if (o->type == DNA_TYPE_ADDRESSES)
		d->listen[0].port++;
	else if (o->type == DNA_TYPE_ENDPOINT)
		d->link.port++;
	else
		at[0] ^= 1;
}

Test(change, a_every_option_is_refused_or_seen)
{
	char name[DNA_WHERE_MAX];

	for (int i = 0; i < DNA_OPTION_COUNT; i++) {
		const struct dna_option *o = &dna_options[i];

		next = now;
		change(&next, o);
		dna_name_write(o->section, NULL, o->name, name, sizeof(name));
		cr_expect_eq(dna_check_change(&now, &next, NULL), is_fixed(i, false), "%s", name);
		cr_expect(!dna_is_same(&now, &next), "%s makes no difference", name);
	}
}

Test(change, b_what_was_off_stays_off)
{
	now.cookie_rate = 0;
	cr_expect_eq(dna_check_change(&now, &next, NULL), 1);
	cr_expect_eq(dna_check_change(&next, &now, NULL), 0, "it may be switched off");
}

Test(change, c_the_same_is_the_same)
{
	cr_expect(dna_is_same(&now, &next));
	cr_expect_eq(dna_check_change(&now, &next, NULL), 0);
	strcpy(next.file, "/elsewhere/t.conf");
	cr_expect(dna_is_same(&now, &next), "wherever the file is");
}

Test(change, d_name_line_and_both_values)
{
	char *said = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&said, &n);

	parse("route \"/\" { gene = \"static\" root = \"/srv\" }\nlisten = { \"127.0.0.1:81\" }\ncells {\n drone { max = 9 } }\n", &next);
	cr_expect_eq(dna_check_change(&now, &next, out), 2);
	fclose(out);
	cr_expect(strstr(said, "/etc/t.conf:2: listen: \"0.0.0.0:8080, [::]:8080\" in the living organism, \"127.0.0.1:81\" here;"), "%s", said);
	cr_expect(strstr(said, "/etc/t.conf:4: cells.drone.max: 8 in the living organism, 9 here;"), "%s", said);
	cr_expect(strstr(said, "`cellctl down`"));
	free(said);
}

static void describe(const struct dna *d, struct mutation *to)
{
	static struct germ g;

	g = (struct germ){ .generation = 2 };
	g.dna = *d;
	mutation_describe(&g, &now, true, to);
	memset(to->germ, 0, sizeof(to->germ));
	memset(to->dna_sha256, 0, sizeof(to->dna_sha256));
}

/* All of these the kernel's programs go by: a change must be in what they are told. */
Test(change, e_what_the_kernel_goes_by_reaches_it)
{
	static const int options[] = { DNA_HORMONES_attenuation, DNA_HORMONES_floor, DNA_HORMONES_hops, DNA_HORMONES_half_life,
		DNA_HORMONES_divide, DNA_HORMONES_die, DNA_HORMONES_refractory, DNA_HORMONES_rate, DNA_POTENCY_neuron,
		DNA_POTENCY_blood, DNA_POTENCY_drone, DNA_POTENCY_stem, DNA_POTENCY_tcell, DNA_POTENCY_gamete, DNA_HEALTH_prompt,
		DNA_HEALTH_answer, DNA_HEALTH_ballot, DNA_HEALTH_memory, DNA_IMMUNE_syn_rate, DNA_IMMUNE_packet_rate,
		DNA_IMMUNE_cookie_rate, DNA_IMMUNE_ban_time, DNA_IMMUNE_ban_max, DNA_IMMUNE_bans_per_minute, DNA_IMMUNE_widen,
		DNA_IMMUNE_widest, DNA_IMMUNE_widest_ipv6, DNA_IMMUNE_observe, DNA_BLOOD_min, DNA_DRONE_min, DNA_TIMEOUTS_drain };
	struct mutation before, after;
	char name[DNA_WHERE_MAX];

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct dna_option *o = &dna_options[options[i]];
		uint64_t four = 0;

		next = now;
		memcpy(&four, (char *)&next + o->offset, o->room);
		/* Far enough off that no rounding hides it. */
		four = four * 3 + 65536;
		memcpy((char *)&next + o->offset, &four, o->room);
		describe(&now, &before);
		describe(&next, &after);
		dna_name_write(o->section, NULL, o->name, name, sizeof(name));
		cr_expect(memcmp(&before, &after, sizeof(before)), "%s", name);
	}
}

Test(change, f_observing_is_told_only_when_it_changes)
{
	struct mutation m;

	next.ban_at++;
	describe(&next, &m);
	cr_expect_eq(m.observe, 0, "the operator may have switched it by hand");
	next.observe = !now.observe;
	describe(&next, &m);
	cr_expect_eq(m.observe, 1);
	cr_expect_eq(m.rules.observe, next.observe);
}
