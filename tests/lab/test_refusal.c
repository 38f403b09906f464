/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* When `up` cannot do it: the exit code, one clear line, and nothing left behind. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lab.h"

LAB_SUITE(lab_20_refusal, 60);

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* The last command was refused with one line that says text. */
static void expect_refused(int code, const char *text)
{
	lab_expect(&lab, code, text);
	cr_expect_eq(lines(lab.err), 1, "not one line: %s", lab.err);
	cr_expect_str_empty(lab.out, "also says %s", lab.out);
	lab_expect_nothing_left(&lab);
}

static void up(void)
{
	lab_ctl(&lab, "up eth0 --dna %s", lab.dna);
}

Test(lab_20_refusal, a_without_root)
{
	lab_write_dna(&lab, "");
	/* A copy, because the tree may lie where only root may read. */
	lab_sh(&lab,
		"cp %s/cellctl %s/cellctl && exec nsenter --net=/run/netns/%s setpriv --reuid 65534 --regid 65534 --clear-groups "
		"%s/cellctl up eth0 --dna %s --run-dir %s --bpffs %s",
		lab_here(), lab.dir, lab.server, lab.dir, lab.dna, lab.run_dir, lab.bpffs);
	expect_refused(1, "needs root");
}

Test(lab_20_refusal, b_no_such_interface)
{
	lab_write_dna(&lab, "");
	lab_ctl(&lab, "up eth7 --dna %s", lab.dna);
	expect_refused(1, "no interface \"eth7\"");
}

Test(lab_20_refusal, c_no_bpf_file_system)
{
	lab_write_dna(&lab, "");
	lab_sh(&lab, "umount %s", lab.bpffs);
	up();
	expect_refused(1, "mount -t bpf");
	lab_ctl(&lab, "up eth0 --dna %s --bpffs %s/nowhere", lab.dna, lab.dir);
	/* lab_ctl() adds its own --bpffs; the first one is taken, the second is one argument too many. */
	cr_expect_neq(lab.code, 0);
}

Test(lab_20_refusal, d_no_such_dna)
{
	lab_ctl(&lab, "up eth0 --dna %s/nothing.conf", lab.dir);
	expect_refused(2, "nothing.conf cannot be read");
	lab_ctl(&lab, "up eth0 --dna %s", lab.dir);
	expect_refused(2, "cannot be read");
}

Test(lab_20_refusal, e_a_dna_with_errors_names_file_and_line)
{
	char place[128];

	lab_write_raw_dna(&lab, "organism = \"lab\"\nlisten = { \"0.0.0.0:8080\" }\nlimits { conections = 5 }\n"
				"route \"/\" { gene = \"static\" root = \"/tmp\" }\ntimeouts { head = \"soon\" }\n");
	up();
	snprintf(place, sizeof(place), "%s:3:", lab.dna);
	lab_expect(&lab, 2, place);
	lab_expect(&lab, 2, "connections");
	snprintf(place, sizeof(place), "%s:5:", lab.dna);
	lab_expect(&lab, 2, place);
	lab_expect_nothing_left(&lab);
}

Test(lab_20_refusal, f_a_document_root_that_is_missing)
{
	lab_sh(&lab, "rm -r %s", lab.root);
	lab_write_dna(&lab, "");
	up();
	lab_expect(&lab, 2, "does not exist");
	expect_refused(2, "dna.conf:3:");
}

Test(lab_20_refusal, g_genes_that_do_not_load)
{
	char text[512];

	lab_sh(&lab, "head -c 4096 /dev/zero > %s/broken.so && chmod 644 %s/broken.so", lab.dir, lab.dir);
	snprintf(text, sizeof(text), "route \"/broken\" { gene = \"%s/broken.so\" }", lab.dir);
	lab_write_dna(&lab, text);
	up();
	expect_refused(2, "broken.so cannot be loaded");
	snprintf(text, sizeof(text), "route \"/none\" { gene = \"%s/none.so\" }", lab.dir);
	lab_write_dna(&lab, text);
	up();
	expect_refused(2, "none.so does not exist");
	snprintf(text, sizeof(text), "route \"/slow\" { gene = \"%s/build/genes/sleep.so\" args = \"long\" }", lab_here());
	lab_write_dna(&lab, text);
	up();
	expect_refused(2, "args must be milliseconds");
}

/* A socket of somebody else in the server's namespace, in the same reuseport mode that cells use. */
static int squat(int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(LAB_PORT) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(LAB_PORT) };
	struct sockaddr *at = family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	int one = 1, fd;

	lab_enter(lab.server);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_geq(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	cr_assert_eq(bind(fd, at, family == AF_INET6 ? sizeof(six) : sizeof(four)), 0);
	cr_assert_eq(listen(fd, 5), 0);
	lab_enter(lab.client);
	return fd;
}

Test(lab_20_refusal, h_a_port_that_is_taken)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const char *const named[] = { "0.0.0.0:8080", "[::]:8080" };

	lab_write_dna(&lab, "");
	for (int i = 0; i < 2; i++) {
		int fd = squat(families[i]);

		up();
		cr_expect_eq(lab.code, 1, "%s", lab.err);
		cr_expect(strstr(lab.err, named[i]) && strstr(lab.err, "another program listens"), "says %s", lab.err);
		cr_expect_eq(lines(lab.err), 1, "not one line: %s", lab.err);
		close(fd);
		lab_expect_nothing_left(&lab);
	}
	up();
	lab_expect(&lab, 0, NULL);
}

Test(lab_20_refusal, i_an_address_of_another_host)
{
	char text[512];

	snprintf(text, sizeof(text), "organism = \"lab\"\nlisten = { \"192.0.2.1:8080\" }\nroute \"/\" { gene = \"static\" root = \"%s\" }\n",
		lab.root);
	lab_write_raw_dna(&lab, text);
	up();
	expect_refused(1, "192.0.2.1:8080: this host has no such address");
}

/* Refused at the last step but one: everything before it has to be undone. */
Test(lab_20_refusal, j_an_interface_with_a_skin_already)
{
	char text[512], path[160];

	lab_up(&lab, "", "");
	snprintf(text, sizeof(text), "organism = \"two\"\nlisten = { \"0.0.0.0:8081\" }\nroute \"/\" { gene = \"static\" root = \"%s\" }\n",
		lab.root);
	lab_write_raw_dna(&lab, text);
	up();
	lab_expect(&lab, 1, "another XDP program is on eth0");
	cr_expect_eq(lines(lab.err), 1, "not one line: %s", lab.err);
	snprintf(path, sizeof(path), "%s/cellws/two", lab.bpffs);
	cr_expect(access(path, F_OK), "pins are left");
	snprintf(path, sizeof(path), "%s/two", lab.run_dir);
	cr_expect(access(path, F_OK), "a run directory is left");
	cr_expect_eq(lab_processes(&lab), 1);
	lab_sh(&lab, "nsenter --net=/run/netns/%s ss -Htln sport = :8081", lab.server);
	cr_expect_str_empty(lab.out, "a port is left open: %s", lab.out);
	cr_expect_eq(lab_get(LAB_SERVER_V4, "/", NULL), 200, "the first organism no longer answers");
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, NULL);
}

/* Who may not look at what lives is not told that nothing does. */
Test(lab_20_refusal, k_status_without_root)
{
	lab_up(&lab, "", "");
	lab_sh(&lab,
		"cp %s/cellctl %s/cellctl && exec setpriv --reuid 65534 --regid 65534 --clear-groups %s/cellctl status "
		"--run-dir %s --bpffs %s",
		lab_here(), lab.dir, lab.dir, lab.run_dir, lab.bpffs);
	lab_expect(&lab, 1, "cannot be read by this user");
	cr_expect_eq(lines(lab.err), 1, "not one line: %s", lab.err);
	lab_ctl(&lab, "status");
	lab_expect(&lab, 0, NULL);
}
