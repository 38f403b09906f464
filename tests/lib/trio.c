/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Three hosts in namespaces, and cellctl on each of them. */
#include "trio.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define LINKED "\"state\": \"linked\""

/* The third host hangs on the second interface of the mother's, which passes packets on. */
void trio_open(struct trio *t, struct lab *l)
{
	*t = (struct trio){ .lab = l };
	lab_open(l);
	snprintf(t->third, sizeof(t->third), "%s3", l->server);
	lab_sh(l, "set -e; ip netns add %s; ip -n %s link add eth1 type veth peer name eth0 netns %s\n"
		"ip -n %s addr add 10.98.0.1/24 dev eth1; ip -n %s link set eth1 up; ip -n %s addr add " TRIO_DAUGHTER_2 "/24 dev eth0\n"
		"ip -n %s link set eth0 up; ip -n %s link set lo up; ip -n %s route add default via 10.98.0.1\n"
		"ip -n %s route add 10.98.0.0/24 via " LAB_SERVER_V4 "; nsenter --net=/run/netns/%s -- sysctl -qw net.ipv4.ip_forward=1",
		t->third, l->server, t->third, l->server, l->server, t->third, t->third, t->third, t->third, l->client, l->server);
	cr_assert_eq(l->code, 0, "%s", l->err);
}

void trio_close(struct trio *t)
{
	trio_at(t, t->third, "down");
	lab_sh(t->lab, "ip netns del %s", t->third);
	lab_close(t->lab);
}

int trio_at(struct trio *t, const char *host, const char *words)
{
	struct lab *l = t->lab;

	if (!host)
		return lab_ctl(l, "%s", words);
	return lab_sh(l, "mkdir -p %s/%s && exec nsenter --net=/run/netns/%s -- %s/cellctl %s --run-dir %s/%s --bpffs %s/%s", l->bpffs, host,
		host, lab_here(), words, l->dir, host, l->bpffs, host);
}

unsigned trio_links(struct trio *t, const char *host)
{
	unsigned n = 0;

	trio_at(t, host, "hosts --json");
	for (const char *p = t->lab->out; (p = strstr(p, LINKED)); p++)
		n++;
	return n;
}

static bool all_linked(void *arg)
{
	struct trio *t = arg;

	return trio_links(t, NULL) == 2 && trio_links(t, t->lab->client) == 1 && trio_links(t, t->third) == 1;
}

bool trio_linked(struct trio *t)
{
	return lab_wait(LAB_SOON_S, all_linked, t);
}

bool trio_linked_again(struct trio *t)
{
	return lab_wait(2 * LAB_SOON_S, all_linked, t);
}

void trio_grow_with(struct trio *t, const char *more)
{
	struct lab *l = t->lab;
	char words[160], text[512];

	lab_ctl(l, "keygen %s/secret", l->dir);
	lab_ctl(l, "key --public %s/secret", l->dir);
	cr_assert_lt(snprintf(t->key, sizeof(t->key), "%s", l->out), (int)sizeof(t->key));
	t->key[strcspn(t->key, "\n")] = 0;
	snprintf(text, sizeof(text), "key = \"%s/secret\"\nlink { listen = \"0.0.0.0:" TRIO_PORT "\" }\n%s\n", l->dir, more);
	lab_up(l, text, "");
	snprintf(words, sizeof(words), "egg eth0 --listen 0.0.0.0:" TRIO_PORT " --trust %s", t->key);
	for (int i = 0; i < 2; i++) {
		trio_at(t, i ? t->third : l->client, words);
		lab_expect(l, 0, "an egg waits");
		lab_ctl(l, "reproduce %s:" TRIO_PORT, i ? TRIO_DAUGHTER_2 : TRIO_DAUGHTER_1);
		lab_expect(l, 0, "lab is laid there");
	}
	cr_assert(trio_linked(t), "not all are linked");
}

void trio_grow(struct trio *t)
{
	trio_grow_with(t, "");
}

void trio_id(struct trio *t, const char *host, char id[17])
{
	json_t *status;

	trio_at(t, host, "status --json");
	status = json_loads(t->lab->out, 0, NULL);
	cr_assert(status, "%s", t->lab->out);
	snprintf(id, 17, "%s", json_string_value(json_object_get(json_object_get(status, "organism"), "id")));
	json_decref(status);
}

void trio_grow_deadly(struct trio *t)
{
	char route[160];

	snprintf(route, sizeof(route), "route \"/exec\" { gene = \"%s/build/tests/genes/exec.so\" }", lab_here());
	trio_grow_with(t, route);
}

int trio_die(const char *address)
{
	struct lab_answer a;
	struct lab_conn c;
	int status;

	lab_connect(&c, address);
	lab_say(&c, "POST /exec HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	lab_read(&c, &a, false, LAB_SOON_S);
	status = a.status;
	lab_answer_free(&a);
	lab_hang_up(&c);
	return status;
}
