/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl up: check, load, pin, listen, guard, screen, lay the egg; a failure half way undoes what was done, in reverse. */
#include "cellctl/up.h"
#include "cellctl/confirm.h"
#include "cellctl/down.h"
#include "cellctl/vital.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void up_done(struct up *u, void (*undo)(struct up *u))
{
	if (u->done_n < UP_UNDO_MAX)
		u->done[u->done_n++].undo = undo;
}

static void up_undo(struct up *u)
{
	while (u->done_n)
		u->done[--u->done_n].undo(u);
}

void up_plan_fd(struct up *u, int number, int fd)
{
	if (number >= 0 && number < u->fds_n)
		u->fds[number] = fd;
}

static int up_read_dna(struct up *u, const char *file)
{
	struct dna *dna = &u->germ.dna;
	char *text = NULL, here[DNA_PATH_MAX] = "";
	int error;

	if (!file || file[0] != '/')
		(void)!getcwd(here, sizeof(here));
	snprintf(u->germ.origin, sizeof(u->germ.origin), "%s%s%s", here, here[0] ? "/" : "", file ? file : "dna.conf");
	u->text = dna_default_text;
	u->text_n = dna_default_size;
	if (!file)
		return dna_parse(u->text, u->text_n, "dna.conf (embedded)", dna, stderr) ? VERB_USAGE : 0;
	error = dna_load(file, &text, &u->text_n);
	if (error)
		return verb_say(VERB_USAGE, "%s cannot be read: %s", file, strerror(-error));
	/* Kept to the end of the process: the cells get a copy. */
	u->text = text;
	return dna_parse(u->text, u->text_n, file, dna, stderr) ? VERB_USAGE : 0;
}

int up_check_place(struct up *u)
{
	if (geteuid())
		return verb_say(VERB_FAILED, "%s needs root, to load BPF programs and to bind ports: sudo cellctl %s ...",
			u->in->argv[0], u->in->argv[0]);
	if (!vital_sees_pids())
		return verb_say(VERB_FAILED, "up does not work inside a pid namespace: the kernel knows cells by their pids outside "
			"of it; run it on the host, or the container with the host's pids");
	u->ifindex = if_nametoindex(u->iface);
	if (!u->ifindex)
		return verb_say(VERB_FAILED, "there is no interface \"%s\" here; `ip link` lists them", u->iface);
	return 0;
}

/*
 * Descriptors for every connection, and for what is planned twice over while it is being arranged; where the host allows,
 * also for a file that each connection is being sent.
 */
static int up_make_room(const struct up *u)
{
	const struct dna *d = &u->germ.dna;
	rlim_t planned = (rlim_t)u->fds_n + UP_FDS_SPARE, need = planned + (rlim_t)u->fds_n, most;
	struct rlimit l;

	if (need < planned + d->connections)
		need = planned + d->connections;
	if (getrlimit(RLIMIT_NOFILE, &l))
		return verb_say(VERB_FAILED, "the limit of open files cannot be read: %s", strerror(errno));
	most = l.rlim_max;
	l.rlim_cur = l.rlim_max = most < need + d->connections ? need + d->connections : most;
	if (!setrlimit(RLIMIT_NOFILE, &l))
		return 0;
	l.rlim_cur = l.rlim_max = most < need ? need : most;
	if (!setrlimit(RLIMIT_NOFILE, &l))
		return 0;
	return verb_say(VERB_FAILED, "%s: limits.connections: %u need %llu open files, this host allows %llu (ulimit -Hn)", d->file,
		d->connections, (unsigned long long)need, (unsigned long long)most);
}

/* How many slots and descriptors the DNA's numbers take. */
static int up_plan(struct up *u)
{
	const struct dna *d = &u->germ.dna;
	struct plan *p = &u->germ.plan;

	germ_number(&u->germ, u->germ.generation ? u->germ.generation : 1);
	p->vessels = d->blood_max;
	p->listens = d->listen_count;
	/* The egg's successor, the maxima, the founders, who are stems for a moment, the T cells, the gamete. */
	p->slots = 1 + d->blood_max + d->drone_max + d->stem_min + 2 + (d->memory[0] ? 3 : 2) + (d->link.family != 0);
	if (p->slots > d->cells_max)
		p->slots = d->cells_max;
	u->fds_n = plan_end(p);
	u->fds = malloc((size_t)u->fds_n * sizeof(*u->fds));
	if (!u->fds)
		return verb_say(VERB_FAILED, "out of memory");
	for (int i = 0; i < u->fds_n; i++)
		u->fds[i] = -1;
	return up_make_room(u);
}

static int up_steps(struct up *u)
{
	static int (*const steps[])(struct up *) = { up_plan, up_lock, up_load, up_neverban, up_memory, up_listen, up_key,
		up_guard, up_screen, up_reporter, up_lay, up_unless_confirmed };

	for (unsigned i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int code = steps[i](u);

		if (code)
			return code;
	}
	return 0;
}

int up_organism(struct up *u)
{
	int code = dna_check_host(&u->germ.dna, stderr) ? VERB_USAGE : 0;

	if (!code)
		code = up_steps(u);
	if (code)
		up_undo(u);
	return code;
}

static void up_tell(const struct up *u)
{
	const struct dna *dna = &u->germ.dna;

	printf("%s: the egg is laid on %s and listens on", dna->organism, u->iface);
	for (uint32_t i = 0; i < dna->listen_count; i++)
		printf("%s %s", i ? "," : "", dna->listen[i].text);
	printf("\n");
	up_neverban_tell(u);
	if (dna->observe || u->observe)
		printf("%s: it observes: nothing is dropped, refused or banned; `cellctl immune enforce` ends that\n", dna->organism);
	if (u->confirm_s)
		printf("%s: taken down again in %llu s unless `cellctl confirm` comes\n", dna->organism,
			(unsigned long long)u->confirm_s);
	fflush(stdout);
}

/* Stays until Ctrl-C, SIGTERM or the end of the organism, then takes it down. */
static int up_stay(struct up *u)
{
	struct invocation in = *u->in;
	sigset_t wait;
	int signal;

	in.name = u->germ.dna.organism;
	close(u->lock);
	sigemptyset(&wait);
	sigaddset(&wait, SIGINT);
	sigaddset(&wait, SIGTERM);
	sigaddset(&wait, SIGCHLD);
	sigprocmask(SIG_BLOCK, &wait, NULL);
	do {
		struct timespec second = { .tv_sec = 1 };

		signal = sigtimedwait(&wait, NULL, &second);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (down_has_begun(&in)) {
			printf("%s: another cellctl takes it down\n", in.name);
			return VERB_DONE;
		}
		if ((signal < 0 || signal == SIGCHLD) && !down_anybody_lives(&in))
			return verb_say(VERB_FAILED, "%s has ended; the skin stays on until `cellctl down`", in.name);
	} while (signal != SIGINT && signal != SIGTERM);
	return down_organism(&in, in.name);
}

static int up_arguments(struct up *u, struct invocation *in, const char **dna)
{
	const char *confirm;

	if (verb_option(in, "--dna", dna) || verb_option(in, "--xdp", &u->xdp_wish) || verb_option(in, "--confirm", &confirm))
		return VERB_USAGE;
	u->foreground = verb_flag(in, "--foreground");
	u->observe = verb_flag(in, "--observe");
	if (confirm && confirm_seconds(confirm, &u->confirm_s))
		return verb_say(VERB_USAGE, "--confirm \"%s\" is no duration up to 1d; 20s, 5m and 2h are", confirm);
	if (!u->xdp_wish)
		u->xdp_wish = "auto";
	if (strcmp(u->xdp_wish, "auto") && strcmp(u->xdp_wish, "native") && strcmp(u->xdp_wish, "generic") &&
		strcmp(u->xdp_wish, "off"))
		return verb_say(VERB_USAGE, "--xdp is auto, native, generic or off, not \"%s\"", u->xdp_wish);
	if (in->argc != 2 || in->argv[1][0] == '-')
		return verb_usage("up");
	u->iface = in->argv[1];
	return 0;
}

int verb_up(const struct invocation *in)
{
	static struct up u;
	struct invocation mine = *in;
	const char *dna = NULL;
	int code;

	u = (struct up){ .in = in, .lock = -1, .log = -1, .ready = { -1, -1 } };
	code = up_arguments(&u, &mine, &dna);
	if (!code)
		code = up_check_place(&u);
	if (!code)
		code = up_read_dna(&u, dna);
	if (!code && in->name && strcmp(in->name, u.germ.dna.organism))
		code = verb_say(VERB_USAGE, "--name %s is not the DNA's organism \"%s\"", in->name, u.germ.dna.organism);
	if (!code)
		code = up_organism(&u);
	if (code)
		return code;
	up_tell(&u);
	return u.foreground ? up_stay(&u) : VERB_DONE;
}
