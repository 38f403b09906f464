/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of signals and reasons, and a signal as the operator writes it. */
#include "cellctl/signal_text.h"
#include "cellctl/levels.h"
#include "dna/dna.h"
#include "tissue/tissue.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	bool by_class;
} hormones[HORMONE_COUNT] = {
#define X(NAME, name, by_class, text) [HORMONE_##NAME] = { #name, by_class },
	HORMONES(X)
#undef X
};

static const char *const reasons[REASON_COUNT] = {
#define X(NAME, name, text) [REASON_##NAME] = #name,
	REASONS(X)
#undef X
};

static const uint32_t classes[] = {
#define X(NAME, name) CLASS_##NAME,
	LEVEL_CLASSES(X)
#undef X
};
#define CLASSES_N (sizeof(classes) / sizeof(*classes))

const char *hormone_name(uint32_t hormone)
{
	return hormone > HORMONE_NONE && hormone < HORMONE_COUNT ? hormones[hormone].name : "unknown";
}

const char *reason_name(uint32_t reason)
{
	return reason > REASON_NONE && reason < REASON_COUNT ? reasons[reason] : "unknown";
}

static char wrong[320];

/* What may be sent; danger is no word of the operator: it accuses one cell, and each cell looks for itself. */
static const char *list_kinds(const char *kind)
{
	int n = snprintf(wrong, sizeof(wrong), "there is no signal \"%.40s\" to send; signals are ", kind);

	for (uint32_t i = HORMONE_NONE + 1; i < HORMONE_COUNT; i++)
		if (i != HORMONE_DANGER)
			n += snprintf(wrong + n, sizeof(wrong) - (size_t)n, "%s%s%s", i > HORMONE_NONE + 1 ? ", " : "",
				hormones[i].name, hormones[i].by_class ? ":CLASS" : "");
	return wrong;
}

static const char *list_classes(const char *kind, const char *class)
{
	int n = snprintf(wrong, sizeof(wrong), "%s speaks of a class, as in %s:drone; ", kind, kind);

	if (class)
		n = snprintf(wrong, sizeof(wrong), "%s does not speak of \"%.40s\"; ", kind, class);
	for (uint32_t i = 0; i < CLASSES_N; i++)
		n += snprintf(wrong + n, sizeof(wrong) - (size_t)n, "%s%s", i ? ", " : "classes are ",
			class_name((int)classes[i]));
	return wrong;
}

static const char *read_kind(const char *signal, size_t n, struct bus_call *call)
{
	char kind[48];

	snprintf(kind, sizeof(kind), "%.*s", (int)(n < 40 ? n : 40), signal);
	for (uint32_t i = HORMONE_NONE + 1; i < HORMONE_COUNT; i++)
		if (i != HORMONE_DANGER && !strcmp(hormones[i].name, kind))
			call->kind = i;
	return call->kind ? NULL : list_kinds(kind);
}

static const char *read_class(const char *class, struct bus_call *call)
{
	const char *kind = hormones[call->kind].name;

	if (!hormones[call->kind].by_class && class) {
		snprintf(wrong, sizeof(wrong), "%s speaks of no class: leave out \":%.40s\"", kind, class);
		return wrong;
	}
	if (!hormones[call->kind].by_class)
		return NULL;
	for (uint32_t i = 0; i < CLASSES_N && class; i++)
		if (!strcmp(class_name((int)classes[i]), class))
			call->class = classes[i];
	return call->class ? NULL : list_classes(kind, class);
}

const char *signal_read(const char *signal, const char *strength, struct bus_call *call)
{
	const char *colon = strchr(signal, ':'), *error;

	call->kind = HORMONE_NONE;
	call->class = CLASS_NONE;
	error = read_kind(signal, colon ? (size_t)(colon - signal) : strlen(signal), call);
	if (!error)
		error = read_class(colon ? colon + 1 : NULL, call);
	if (error)
		return error;
	if (!dna_fraction_read(strength, &call->strength_q16) && call->strength_q16 && call->strength_q16 <= Q16_ONE)
		return NULL;
	snprintf(wrong, sizeof(wrong), "\"%.40s\" is no strength; 0.0001 to 1 are, as in 0.5, with at most 4 decimals", strength);
	return wrong;
}
