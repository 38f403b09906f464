/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a lab's organism says and how it votes, seen from outside. */
#include "lab_bus.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int lab_bus_map(const struct lab *l, const char *leaf)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/cellws/lab/%s", l->bpffs, leaf);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	return fd;
}

void lab_bus_look(const struct lab *l, const char *leaf, uint32_t key, void *to)
{
	int fd = lab_bus_map(l, leaf);

	cr_assert(!bpf_map_lookup_elem(fd, &key, to), "%s has no %u", leaf, key);
	close(fd);
}

unsigned lab_bus_events(const struct lab *l, uint32_t kind, uint32_t id, struct event *newest)
{
	int fd = lab_bus_map(l, "events");
	struct event e, best = { 0 };
	unsigned n = 0;

	for (uint32_t i = 0; i < EVENTS_MAX; i++) {
		cr_assert(!bpf_map_lookup_elem(fd, &i, &e));
		if (!e.seq || e.kind != kind || (id && e.id != id))
			continue;
		n++;
		if (e.seq > best.seq)
			best = e;
	}
	close(fd);
	if (newest)
		*newest = best;
	return n;
}

uint32_t lab_bus_id(const struct lab_family *f, pid_t pid)
{
	for (uint32_t i = 0; i < f->slots; i++)
		if (f->cells[i].state == CELL_LIVING && f->cells[i].pid == (uint32_t)pid)
			return f->cells[i].id;
	return 0;
}

const char *lab_bus_rogue(const char *deadline)
{
	static char text[512];

	snprintf(text, sizeof(text), "route \"/rogue\" { gene = \"%s/build/tests/genes/rogue.so\" deadline = \"%s\" }\n", lab_here(),
		deadline);
	return text;
}

void lab_bus_begin(struct lab_conn *c, const char *query)
{
	lab_connect(c, LAB_SERVER_V4);
	lab_say(c, "POST /rogue?%s HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", query);
}

int lab_bus_ask(struct lab_answer *a, const char *query)
{
	struct lab_conn c;

	lab_bus_begin(&c, query);
	lab_read(&c, a, false, LAB_SOON_S);
	lab_hang_up(&c);
	return a->status;
}

long lab_bus_number(const struct lab_answer *a, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = a->body; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (!strncmp(at, name, n) && at[n] == '=')
			return strtol(at + n + 1, NULL, 10);
	return -1;
}

bool lab_bus_log_says(struct lab *l, const char *text)
{
	lab_sh(l, "cat %s/lab/log", l->run_dir);
	return strstr(l->out, text) != NULL;
}
