/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A DNA that comes from another host: what is this host's own stays, all else is as it came; roots that travelled stay where they are. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tissue/germ.h"

static struct dna own, next;

static void read_dna(const char *text, struct dna *to)
{
	cr_assert_eq(dna_parse(text, strlen(text), "/etc/x.conf", to, stderr), 0, "%s", text);
}

Test(dna_own, what_is_the_hosts_own_stays, .timeout = 20)
{
	read_dna("organism = \"a\"\nlisten = { \"10.0.0.1:80\", \"[::1]:81\" }\nuser = \"daemon\"\nkey = \"/mine\"\n"
		 "link { listen = \"10.0.0.1:7946\" }\nimmune { memory = \"/m/mine.db\" }\nroute \"/\" { gene = \"static\" root = \"/r\" }\n", &own);
	read_dna("organism = \"a\"\nlisten = \"10.0.0.2:80\"\nkey = \"/theirs\"\nlink { listen = \"10.0.0.2:7946\" }\n"
		 "timeouts { idle = 7s }\nroute \"/new\" { gene = \"static\" root = \"/r\" }\n", &next);
	cr_expect_neq(dna_check_change(&own, &next, NULL), 0);
	dna_keep_own(&own, &next);
	cr_expect_eq(dna_check_change(&own, &next, stderr), 0);
	cr_expect(next.listen_count == 2 && next.listen[1].port == 81 && !strcmp(next.key, "/mine") && !strcmp(next.memory, "/m/mine.db"));
	cr_expect(!strcmp(next.user, "daemon") && !strcmp(next.link.text, "10.0.0.1:7946"));
	cr_expect(next.idle_ms == 7000 && !strcmp(next.route[0].prefix, "/new"));
}

Test(dna_own, roots_that_came_along_stay, .timeout = 20)
{
	static const char text[] = "route \"/\" { gene = \"static\" root = \"/mother/site\" carry = 1 }\n"
				   "route \"/s\" { gene = \"static\" root = \"/mother/same\" }\n";
	static struct germ g;
	const struct germ_part none[MEMBRANE_COUNT] = { 0 };
	const char *bytes[MEMBRANE_COUNT];
	const struct germ *living;
	int fd;

	for (int i = 0; i < MEMBRANE_COUNT; i++)
		bytes[i] = "";
	read_dna(text, &g.dna);
	snprintf(g.origin, sizeof(g.origin), "/etc/x.conf");
	snprintf(g.dna.route[0].root, sizeof(g.dna.route[0].root), "/run/x.roots/0");
	fd = germ_make(&g, none, bytes, "", 0, text, strlen(text));
	cr_assert_geq(fd, 0);
	living = germ_map(fd);
	cr_assert(living);
	read_dna("route \"/a\" { gene = \"static\" root = \"/mother/same\" }\nroute \"/b\" { gene = \"static\" root = \"/mother/site\" carry = 1 }\n"
		 "route \"/c\" { gene = \"static\" root = \"/other\" }\n", &next);
	cr_assert_eq(germ_keep_roots(living, &next), 0);
	cr_expect_str_eq(next.route[0].root, "/mother/same");
	cr_expect_str_eq(next.route[1].root, "/run/x.roots/0");
	cr_expect_str_eq(next.route[2].root, "/other");
	close(fd);
}
