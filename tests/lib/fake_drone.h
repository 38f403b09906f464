/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A drone for tests of genes: asks one request, records headers and body, and is as strict as gene.h says. */
#ifndef CELLWS_TESTS_FAKE_DRONE_H
#define CELLWS_TESTS_FAKE_DRONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cellws/gene.h>

#define FAKE_FIELDS_MAX 32

/* What is NULL or 0 is GET, "/", "/", "", "example.org" and the time of day. */
struct fake_ask {
	const char *method, *path, *route, *query, *host;
	int64_t now;
	const char *fields[2 * FAKE_FIELDS_MAX + 2]; /* name, value, name, value, ..., NULL */
};

struct fake_drone {
	struct cellws_response rs;
	bool head_request;
	char head[8192]; /* name NUL value NUL ... */
	size_t head_n;
	char bytes[CELLWS_BYTES_MAX];
	size_t bytes_n;
	size_t piece; /* room that pull() gets; 0: 4096 */
	char *body;   /* whatever the way it was given, NUL-terminated, after fake_drone_take() */
	size_t body_n;
	void (*on_header)(void *arg); /* called once, with the first header: the world may change under the gene */
	void *arg;
};

/* Runs express() once; d may be used again. Returns what express() returns. */
int fake_drone_ask(struct fake_drone *d, const struct cellws_gene *gene, void *self, const struct fake_ask *ask);

/* Collects the body, as the drone would send it. Returns 0, or the error of pull(). Closes what it was given. */
int fake_drone_take(struct fake_drone *d);

/* The value of the only field called name, or NULL. Fails the test when there are several. */
const char *fake_drone_field(const struct fake_drone *d, const char *name);

/* Gives back what the last answer holds. */
void fake_drone_done(struct fake_drone *d);

#endif
