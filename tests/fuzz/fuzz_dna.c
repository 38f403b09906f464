/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes the DNA's parser: any bytes are refused with problems, or give a record that keeps its promises. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "dna/parts.h"

#define REQUIRE(what)                                                                                                  \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			fprintf(stderr, "broken: %s\n", #what);                                                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

#define ENDS(text) (memchr(text, 0, sizeof(text)) != NULL)

static void require_routes(const struct dna *dna)
{
	REQUIRE(dna->route_count >= 1 && dna->route_count <= DNA_ROUTES_MAX);
	for (uint32_t i = 0; i < dna->route_count; i++) {
		const struct dna_route *r = &dna->route[i];

		REQUIRE(ENDS(r->prefix) && ENDS(r->gene) && ENDS(r->root) && ENDS(r->args) && ENDS(r->index));
		REQUIRE(r->prefix[0] == '/' && r->line > 0 && r->gene_line >= r->line);
		REQUIRE(!strcmp(r->gene, "static") ? r->root[0] == '/' : r->gene[0] == '/' && !r->root[0]);
		REQUIRE(r->index[0] && !strchr(r->index, '/'));
		REQUIRE(r->deadline_ms >= 10 && r->deadline_ms <= 3600000);
		REQUIRE(dna_route_find(dna, r->prefix, strlen(r->prefix)) == (int)i);
	}
}

static void require_addresses(const struct dna *dna)
{
	REQUIRE(dna->listen_count >= 1 && dna->listen_count <= DNA_LISTEN_MAX && dna->allow_count <= DNA_ALLOW_MAX);
	for (uint32_t i = 0; i < dna->listen_count; i++) {
		REQUIRE(dna->listen[i].port > 0 && ENDS(dna->listen[i].text));
		REQUIRE(dna->listen[i].family == AF_INET || dna->listen[i].family == AF_INET6);
	}
	REQUIRE(dna->trap_count <= DNA_TRAPS_MAX);
	for (uint32_t i = 0; i < dna->trap_count; i++)
		REQUIRE(ENDS(dna->trap[i]) && dna->trap[i][0] == '/' && dna->trap[i][1]);
	for (uint32_t i = 0; i < dna->allow_count; i++)
		REQUIRE(dna->allow[i].bits <= (dna->allow[i].family == AF_INET ? 32 : 128));
}

static bool is_number(int type)
{
	return type == DNA_TYPE_COUNT || type == DNA_TYPE_SIZE || type == DNA_TYPE_DURATION || type == DNA_TYPE_FRACTION;
}

/* Numbers lie in the range of the table; those of routes lie elsewhere, and signatures have none. */
static void require_numbers(const struct dna *dna)
{
	for (int i = 0; i < DNA_OPTION_COUNT; i++) {
		const struct dna_option *o = &dna_options[i];
		uint64_t n = 0;

		if (!is_number(o->type) || o->section == DNA_SECTION_ROUTE || o->section == DNA_SECTION_SIGNATURE)
			continue;
		REQUIRE(o->room == sizeof(uint32_t) || o->room == sizeof(uint64_t));
		memcpy(&n, (const char *)dna + o->offset, o->room); /* the lower bytes come first */
		REQUIRE(n >= o->min && n <= o->max);
	}
	REQUIRE(dna->blood_min <= dna->blood_max && dna->drone_min <= dna->drone_max &&
		dna->line_bytes <= dna->head_bytes && dna->hormone_die_q16 <= dna->hormone_divide_q16);
	REQUIRE(dna_cells_least(dna) <= dna->cells_max && ENDS(dna->key));
}

/* libconfuse never finds an error of syntax that the walk has not found before. */
static void require_one_mind(const char *said)
{
	static const char theirs[] = " syntax: found:";

	for (const char *at = said; at && *at; at = strchr(at, '\n') + 1) {
		const char *where = strchr(at, ':') + 1;

		where += strspn(where, "0123456789") + 1;
		REQUIRE(strncmp(where, theirs, sizeof(theirs) - 1) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct dna dna;
	char *said = NULL;
	size_t said_n = 0;
	FILE *out = open_memstream(&said, &said_n);
	int problems = dna_parse((const char *)data, n, "fuzz", &dna, out);

	fclose(out);
	REQUIRE(problems >= 0 && (problems > 0) == (said_n > 0));
	REQUIRE(ENDS(dna.file) && ENDS(dna.organism) && ENDS(dna.user) && strlen(dna.sha256) == 64);
	REQUIRE(dna.route_count <= DNA_ROUTES_MAX && dna.listen_count <= DNA_LISTEN_MAX);
	require_one_mind(said);
	if (!problems) {
		REQUIRE(dna.organism[0] && dna.user[0]);
		require_routes(&dna);
		require_addresses(&dna);
		require_numbers(&dna);
	}
	free(said);
	return 0;
}
