/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an unknown name was probably meant to be: the nearest known name by edit distance. */
#include <stdio.h>
#include <string.h>
#include "dna/parts.h"

#define NAME_MOST 32 /* longer names are not compared */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int low = a < b ? a : b;

	return low < c ? low : c;
}

/* How many letters have to be put in, taken out or changed to make b of a; both at most NAME_MOST long. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NAME_MOST + 1];
	unsigned int a_n = (unsigned int)strlen(a), b_n = (unsigned int)strlen(b);

	for (unsigned int j = 0; j <= b_n; j++)
		row[j] = j;
	for (unsigned int i = 1; i <= a_n; i++) {
		unsigned int corner = row[0];

		row[0] = i;
		for (unsigned int j = 1; j <= b_n; j++) {
			unsigned int above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[b_n];
}

/* The n-th name of a section, options first; NULL after the last. */
static const char *name_at(int section, int n)
{
	for (int i = 0; i < DNA_OPTION_COUNT; i++)
		if (dna_options[i].section == section && n-- == 0)
			return dna_options[i].name;
	for (int i = DNA_SECTION_TOP + 1; i < DNA_SECTION_COUNT; i++)
		if (dna_sections[i].parent == section && n-- == 0)
			return dna_sections[i].name;
	return NULL;
}

/* The name of the section that is nearest to name, but only when nearer than *best, which it then lowers; or NULL. */
static const char *nearest(int section, const char *name, unsigned int *best)
{
	const char *found = NULL, *known;

	for (int i = 0; (known = name_at(section, i)); i++) {
		unsigned int d = distance(name, known);

		if (d < *best && d < strlen(known)) {
			*best = d;
			found = known;
		}
	}
	return found;
}

/* Writes what was probably meant, in this section or else in another; how much was written. */
static size_t write_guess(int section, const char *name, char *to, size_t room)
{
	unsigned int best = 2 + (unsigned int)strlen(name) / 5;
	char guess[DNA_WHERE_MAX] = "";
	const char *near;

	if (strlen(name) > NAME_MOST)
		return 0;
	near = nearest(section, name, &best);
	if (near)
		return (size_t)snprintf(to, room, "did you mean \"%s\"? ", near);
	for (int other = 0; other < DNA_SECTION_COUNT; other++) {
		near = nearest(other, name, &best);
		if (near && other == DNA_SECTION_TOP)
			snprintf(guess, sizeof(guess), "%s, outside of this section", near);
		else if (near)
			dna_name_write(other, NULL, near, guess, sizeof(guess));
	}
	return guess[0] ? (size_t)snprintf(to, room, "did you mean %s? ", guess) : 0;
}

void dna_near_write(int section, const char *name, char *to, size_t room)
{
	size_t used = write_guess(section, name, to, room);
	const char *known;

	used += (size_t)snprintf(to + used, room - used, "allowed: ");
	for (int i = 0; (known = name_at(section, i)) && used < room; i++)
		used += (size_t)snprintf(to + used, room - used, "%s%s", i ? ", " : "", known);
}
