/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Levels of receptors, read from the pinned maps and put into words. */
#include "cellctl/levels.h"
#include "cellctl/pins.h"
#include "shared/receptor.h"
#include "tissue/tissue.h"

#include <bpf/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	size_t at;
} levels[LEVEL_COUNT] = {
#define X(NAME, name) [LEVEL_GROWTH_##NAME] = { "growth." #name, offsetof(struct receptors, growth.name) },
	LEVEL_CLASSES(X)
#undef X
#define X(NAME, name) [LEVEL_ANTIGROWTH_##NAME] = { "antigrowth." #name, offsetof(struct receptors, antigrowth.name) },
	LEVEL_CLASSES(X)
#undef X
	[LEVEL_ALARM] = { "alarm", offsetof(struct receptors, alarm) },
	[LEVEL_CALM] = { "calm", offsetof(struct receptors, calm) },
	[LEVEL_DANGER] = { "danger", offsetof(struct receptors, danger) },
};

static int read_receptors(int rules, int receptors, struct levels *to)
{
	struct constitution k;
	__u32 zero = 0;

	if (rules < 0 || receptors < 0 || bpf_map_lookup_elem(rules, &zero, &k))
		return -1;
	to->half_life_ms = k.half_life_ms;
	for (__u32 i = 0; i < CELL_SLOTS_MAX; i++)
		if (bpf_map_lookup_elem(receptors, &i, &to->of[i]))
			return -1;
	return 0;
}

void levels_read(const struct invocation *in, const char *name, struct levels *to)
{
	int rules = pin_map(in, name, "constitution", true), receptors = pin_map(in, name, "receptors", true);

	to->known = !read_receptors(rules, receptors, to);
	if (rules >= 0)
		close(rules);
	if (receptors >= 0)
		close(receptors);
}

const char *level_name(enum level level)
{
	return levels[level].name;
}

uint32_t level_now(const struct receptors *r, enum level level, uint64_t now_ns, uint32_t half_life_ms)
{
	const struct receptor *one = (const struct receptor *)(const void *)((const char *)r + levels[level].at);

	return receptor_now(one->level_q16, one->at_ns, now_ns, half_life_ms);
}

void levels_write(const struct receptors *r, uint64_t now_ns, uint32_t half_life_ms, char *to, size_t room)
{
	size_t used = 0;

	*to = '\0';
	for (enum level i = 0; i < LEVEL_COUNT; i++) {
		uint32_t hundredths = (level_now(r, i, now_ns, half_life_ms) * 100u + Q16_ONE / 2) / Q16_ONE;
		char one[40];
		int n = snprintf(one, sizeof(one), "%s%s %u.%02u", used ? ", " : "", levels[i].name, hundredths / 100,
			hundredths % 100);

		if (!hundredths || n < 0 || (size_t)n >= room - used)
			continue;
		memcpy(to + used, one, (size_t)n + 1);
		used += (size_t)n;
	}
}

void levels_write_slot(const struct levels *l, uint32_t slot, char *to, size_t room)
{
	*to = '\0';
	if (l->known && slot < CELL_SLOTS_MAX)
		levels_write(&l->of[slot], clock_boot_ns(), l->half_life_ms, to, room);
}

json_t *levels_json(const struct levels *l, uint32_t slot)
{
	json_t *o = json_object();
	uint64_t now = clock_boot_ns();

	for (enum level i = 0; i < LEVEL_COUNT && l->known && slot < CELL_SLOTS_MAX; i++) {
		uint32_t level = level_now(&l->of[slot], i, now, l->half_life_ms);

		json_object_set_new(o, levels[i].name, json_real((level * 1000u + Q16_ONE / 2) / Q16_ONE / 1000.0));
	}
	return o;
}
