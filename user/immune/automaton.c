/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds the automaton as a trie, fills in where to go on after a mismatch, breadth first, then puts it into its final order. */
#include "immune/automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The table while it grows: states in the order of the patterns, classes in that of their bytes. */
struct trie {
	uint32_t states;
	uint32_t classes;
	uint8_t class_of[256];
	uint16_t *next;
	uint16_t *found; /* by state: pattern that ends here, + 1; 0 for none */
	uint16_t *queue; /* these two have a place for each state */
	uint16_t *fall;
};

static uint8_t fold(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Class 0: bytes of no pattern. */
static void classes_make(struct trie *t, const char *const *patterns, const size_t *n, size_t count)
{
	t->classes = 1;
	for (size_t p = 0; p < count; p++)
		for (size_t i = 0; i < n[p]; i++)
			if (!t->class_of[fold(patterns[p][i])])
				t->class_of[fold(patterns[p][i])] = (uint8_t)t->classes++;
	for (int c = 'A'; c <= 'Z'; c++)
		t->class_of[c] = t->class_of[c + 32];
}

static void trie_add(struct trie *t, const char *pattern, size_t n, size_t number)
{
	uint32_t state = 0;

	for (size_t i = 0; i < n; i++) {
		uint16_t *to = &t->next[state * t->classes + t->class_of[(uint8_t)pattern[i]]];

		if (!*to)
			*to = (uint16_t)t->states++;
		state = *to;
	}
	if (!t->found[state])
		t->found[state] = (uint16_t)(number + 1);
}

static void links_make(struct trie *t)
{
	uint32_t head = 0, tail = 0;

	for (uint32_t c = 0; c < t->classes; c++)
		if (t->next[c])
			t->queue[tail++] = t->next[c];
	while (head < tail) {
		uint32_t s = t->queue[head++];

		if (!t->found[s])
			t->found[s] = t->found[t->fall[s]];
		for (uint32_t c = 0; c < t->classes; c++) {
			uint16_t *to = &t->next[s * t->classes + c], other = t->next[t->fall[s] * t->classes + c];

			if (!*to) {
				*to = other;
				continue;
			}
			t->fall[*to] = other;
			t->queue[tail++] = *to;
		}
	}
}

static void trie_done(struct trie *t)
{
	free(t->next);
	free(t->found);
	free(t->queue);
	free(t->fall);
}

static int trie_make(struct trie *t, const char *const *patterns, const size_t *n, size_t count)
{
	size_t most = 1;

	for (size_t p = 0; p < count; p++) {
		if (!n[p])
			return -EINVAL;
		if (n[p] > AUTOMATON_STATES - most)
			return -E2BIG;
		most += n[p];
	}
	classes_make(t, patterns, n, count);
	t->next = calloc(most * t->classes, sizeof(*t->next));
	t->found = calloc(most, sizeof(*t->found));
	t->queue = calloc(most, sizeof(*t->queue));
	t->fall = calloc(most, sizeof(*t->fall));
	if (!t->next || !t->found || !t->queue || !t->fall)
		return -ENOMEM;
	t->states = 1;
	for (size_t p = 0; p < count; p++)
		trie_add(t, patterns[p], n[p], p);
	links_make(t);
	return 0;
}

/* States that end a pattern come last, so that one comparison finds them. Returns the first of them. */
static uint32_t order_states(const struct trie *t, uint16_t *place)
{
	uint32_t at = 0, hit_from;

	for (uint32_t s = 0; s < t->states; s++)
		if (!t->found[s])
			place[s] = (uint16_t)at++;
	hit_from = at;
	for (uint32_t s = 0; s < t->states; s++)
		if (t->found[s])
			place[s] = (uint16_t)at++;
	return hit_from;
}

/* The same for classes that begin a pattern. */
static uint32_t order_classes(const struct trie *t, uint8_t place[256])
{
	uint32_t at = 0, start_from;

	for (uint32_t c = 0; c < t->classes; c++)
		if (!t->next[c])
			place[c] = (uint8_t)at++;
	start_from = at;
	for (uint32_t c = 0; c < t->classes; c++)
		if (t->next[c])
			place[c] = (uint8_t)at++;
	return start_from;
}

static int table_make(struct automaton_table *to, const struct trie *t)
{
	const uint32_t block = sizeof(struct signature_cells) / sizeof(*to->cell);
	struct signature_head *h = &to->head;
	uint16_t *place = t->fall;
	uint8_t class[256];

	h->states = t->states;
	h->classes = t->classes;
	h->hit_from = order_states(t, place);
	h->start_from = order_classes(t, class);
	for (int c = 0; c < 256; c++)
		h->class_of[c] = class[t->class_of[c]];
	to->cells = (t->states * t->classes + t->states - h->hit_from + block - 1) / block * block;
	to->cell = calloc(to->cells, sizeof(*to->cell));
	if (!to->cell)
		return -ENOMEM;
	for (uint32_t s = 0; s < t->states; s++) {
		for (uint32_t c = 0; c < t->classes; c++)
			to->cell[place[s] * t->classes + class[c]] = place[t->next[s * t->classes + c]];
		if (t->found[s])
			to->cell[t->states * t->classes + place[s] - h->hit_from] = (uint16_t)(t->found[s] - 1);
	}
	return 0;
}

int automaton_build(struct automaton_table *to, const char *const *patterns, const size_t *n, size_t count)
{
	struct trie t = { 0 };
	int error = trie_make(&t, patterns, n, count);

	memset(to, 0, sizeof(*to));
	if (!error)
		error = table_make(to, &t);
	trie_done(&t);
	return error;
}

void automaton_done(struct automaton_table *t)
{
	free(t->cell);
	memset(t, 0, sizeof(*t));
}

int automaton_scan(const struct automaton *a, uint32_t *state, const char *text, size_t n)
{
	const struct signature_head *h = a->head;
	uint32_t s = *state;

	for (size_t i = 0; i < n; i++) {
		uint32_t c = h->class_of[(uint8_t)text[i]];

		/* Most bytes: they need no look at the table. */
		if (!s && c < h->start_from)
			continue;
		s = a->cell[s * h->classes + c];
		if (s >= h->hit_from) {
			*state = s;
			return a->cell[h->states * h->classes + s - h->hit_from];
		}
	}
	*state = s;
	return -1;
}
