/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl tree: who is whose daughter, and what each has heard lately. */
#include "cellctl/levels.h"
#include "cellctl/verb.h"
#include "cellctl/pins.h"
#include "tissue/tissue.h"

#include <jansson.h>
#include <stdio.h>

static bool is_daughter(const struct family *f, uint32_t slot, uint32_t mother)
{
	return f->cell[slot].state == CELL_LIVING && f->cell[slot].mother == mother && slot != mother;
}

/* depth bounds what a damaged map could do to the recursion. */
static void print_under(const struct family *f, const struct levels *l, uint32_t mother, unsigned depth)
{
	for (uint32_t i = 0; i < CELL_SLOTS_MAX && depth < CELL_SLOTS_MAX; i++) {
		const struct cell *c = &f->cell[i];
		char heard[256];

		if (!is_daughter(f, i, mother))
			continue;
		levels_write_slot(l, i, heard, sizeof(heard));
		printf("%*s%s %u  pid %u, generation %u, %.1f s old%s%s\n", (int)(2 * depth), "", class_name((int)c->class), i, c->pid,
			c->generation, (double)(clock_boot_ns() - c->born_ns) / 1e9, heard[0] ? ", has heard: " : "", heard);
		print_under(f, l, i, depth + 1);
	}
}

static json_t *json_under(const struct family *f, const struct levels *l, uint32_t mother, unsigned depth)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < CELL_SLOTS_MAX && depth < CELL_SLOTS_MAX; i++) {
		const struct cell *c = &f->cell[i];

		if (!is_daughter(f, i, mother))
			continue;
		json_array_append_new(list, json_pack("{s:I, s:I, s:s, s:I, s:o, s:o}", "slot", (json_int_t)i, "pid",
						    (json_int_t)c->pid, "class", class_name((int)c->class), "generation",
						    (json_int_t)c->generation, "levels", levels_json(l, i),
						    "daughters", json_under(f, l, i, depth + 1)));
	}
	return list;
}

int verb_tree(const struct invocation *in)
{
	static struct family f;
	static struct levels l;
	char name[32];
	int code;

	if (in->argc != 1)
		return verb_usage("tree");
	code = verb_organism(in, name);
	if (!code)
		code = family_open(in, name, &f);
	if (code)
		return code;
	levels_read(in, name, &l);
	if (in->json) {
		json_t *tree = json_under(&f, &l, CELL_NOBODY, 0);

		json_dumpf(tree, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
		putchar('\n');
		json_decref(tree);
	} else {
		printf("%s\n", name);
		print_under(&f, &l, CELL_NOBODY, 1);
	}
	family_close(&f);
	return f.living ? VERB_DONE : verb_say(VERB_NOT_RUNNING, "%s is not running: every cell is dead", name);
}
