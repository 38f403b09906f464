/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzzes the search for signatures: an attack is found wherever it stands and however it is coded; nothing is made longer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "immune/normalise.h"

#define REQUIRE(what)                                                                                                  \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			fprintf(stderr, "broken: %s\n", #what);                                                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

static const char *const patterns[] = { "${jndi:", "/etc/passwd", "union select" };
static const size_t lengths[] = { 7, 11, 12 };

#define LONGEST (12 * 16) /* a byte in six, each percent-coded */

/* Writes the pattern with each byte as the two bits of how for it say: plain, percent-coded, overlong, overlong and coded. */
static size_t code(const char *pattern, size_t n, uint32_t how, char *to)
{
	size_t made = 0;

	for (size_t i = 0; i < n; i++, how >>= 2) {
		unsigned c = (unsigned char)pattern[i], high = 0xc0 | c >> 6, low = 0x80 | (c & 0x3f);

		if ((how & 3) == 0)
			to[made++] = (char)c;
		else if ((how & 3) == 1)
			made += (size_t)sprintf(to + made, "%%%02x", c);
		else if ((how & 3) == 2)
			made += (size_t)sprintf(to + made, "%c%c", (int)high, (int)low);
		else
			made += (size_t)sprintf(to + made, "%%%02X%%%02x", high, low);
	}
	return made;
}

static struct automaton automaton(void)
{
	static struct automaton_table table;

	if (!table.cell)
		REQUIRE(!automaton_build(&table, patterns, lengths, 3));
	return automaton_of(&table);
}

static void no_longer(const char *text, size_t n, char *scratch)
{
	REQUIRE(normalise_decode(text, n, scratch, true) <= n);
	REQUIRE(normalise_overlong(text, n, scratch) <= n);
	REQUIRE(normalise_dots(text, n, scratch) <= n);
}

/* Before it stands a byte that ends whatever the text before has begun. */
static void found_in(const struct automaton *a, const char *text, size_t n, unsigned which, uint32_t how)
{
	char *whole = malloc(n + 1 + LONGEST), *scratch = malloc(n + 1 + LONGEST);
	size_t made = n;

	memcpy(whole, text, n);
	whole[made++] = '~';
	made += code(patterns[which], lengths[which], how, whole + made);
	REQUIRE(normalise_find(a, whole, made, scratch) >= 0);
	free(whole);
	free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct automaton a = automaton();
	uint32_t how, state = 0;
	char *scratch;

	if (n < sizeof(how) + 1)
		return 0;
	memcpy(&how, data + 1, sizeof(how));
	scratch = malloc(n);
	n -= sizeof(how) + 1;
	no_longer((const char *)data + sizeof(how) + 1, n, scratch);
	found_in(&a, (const char *)data + sizeof(how) + 1, n, data[0] % 3, how);
	if (automaton_scan(&a, &state, (const char *)data + sizeof(how) + 1, n) >= 0)
		REQUIRE(normalise_find(&a, (const char *)data + sizeof(how) + 1, n, scratch) >= 0);
	free(scratch);
	return 0;
}
