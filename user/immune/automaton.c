/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Builds the automaton as a trie, then fills in where to go on after a mismatch, breadth first. */
#include "immune/automaton.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t fold(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Class 0: bytes of no pattern. */
static void classes_make(struct automaton *a, const char *const *patterns, const size_t *n, size_t count)
{
	a->classes = 1;
	for (size_t p = 0; p < count; p++)
		for (size_t i = 0; i < n[p]; i++)
			if (!a->class_of[fold(patterns[p][i])])
				a->class_of[fold(patterns[p][i])] = (uint8_t)a->classes++;
	for (int c = 'A'; c <= 'Z'; c++)
		a->class_of[c] = a->class_of[c + 32];
}

static void trie_add(struct automaton *a, const char *pattern, size_t n, size_t number)
{
	uint32_t state = 0;

	for (size_t i = 0; i < n; i++) {
		uint16_t *to = &a->next[state * a->classes + a->class_of[(uint8_t)pattern[i]]];

		if (!*to)
			*to = (uint16_t)a->states++;
		state = *to;
	}
	if (!a->found[state])
		a->found[state] = (uint16_t)(number + 1);
}

/* queue and fall have a place for each state. */
static void links_make(struct automaton *a, uint16_t *queue, uint16_t *fall)
{
	uint32_t head = 0, tail = 0;

	for (uint32_t c = 0; c < a->classes; c++)
		if (a->next[c])
			queue[tail++] = a->next[c];
	while (head < tail) {
		uint32_t s = queue[head++];

		if (!a->found[s])
			a->found[s] = a->found[fall[s]];
		for (uint32_t c = 0; c < a->classes; c++) {
			uint16_t *to = &a->next[s * a->classes + c], other = a->next[fall[s] * a->classes + c];

			if (!*to) {
				*to = other;
				continue;
			}
			fall[*to] = other;
			queue[tail++] = *to;
		}
	}
}

int automaton_build(struct automaton *a, const char *const *patterns, const size_t *n, size_t count)
{
	size_t states = 1;
	uint16_t *work;

	memset(a, 0, sizeof(*a));
	for (size_t p = 0; p < count; p++) {
		if (!n[p])
			return -EINVAL;
		if (n[p] > AUTOMATON_STATES - states)
			return -E2BIG;
		states += n[p];
	}
	classes_make(a, patterns, n, count);
	a->next = calloc(states * a->classes, sizeof(*a->next));
	a->found = calloc(states, sizeof(*a->found));
	work = calloc(2 * states, sizeof(*work));
	if (!a->next || !a->found || !work) {
		automaton_done(a);
		free(work);
		return -ENOMEM;
	}
	a->states = 1;
	for (size_t p = 0; p < count; p++)
		trie_add(a, patterns[p], n[p], p);
	links_make(a, work, work + states);
	free(work);
	return 0;
}

void automaton_done(struct automaton *a)
{
	free(a->next);
	free(a->found);
	memset(a, 0, sizeof(*a));
}

int automaton_scan(const struct automaton *a, uint32_t *state, const char *text, size_t n)
{
	uint32_t s = *state;

	for (size_t i = 0; i < n; i++) {
		s = a->next[s * a->classes + a->class_of[(uint8_t)text[i]]];
		if (a->found[s]) {
			*state = s;
			return a->found[s] - 1;
		}
	}
	*state = s;
	return -1;
}
