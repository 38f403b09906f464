/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cellctl egg: waits for an organism that proves the trusted key, lets nobody else notice it, and ends as that organism. */
#include "cellctl/egg.h"
#include "cellctl/key.h"
#include "cellctl/up.h"
#include "immune/ttl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG	  64
#define END_STEPS 200
#define END_STEP_NS 10000000L

int egg_path(const struct invocation *in, const char *leaf, char to[PIN_PATH])
{
	int n = snprintf(to, PIN_PATH, "%s/egg.%s", in->run_dir, leaf);

	return n < 0 || n >= PIN_PATH ? -ENAMETOOLONG : 0;
}

static int egg_arguments(struct egg *e, struct invocation *in)
{
	const char *listen, *trust, *until;

	if (verb_option(in, "--listen", &listen) || verb_option(in, "--trust", &trust) || verb_option(in, "--for", &until) ||
		verb_option(in, "--xdp", &e->xdp_wish))
		return VERB_USAGE;
	if (in->argc != 2 || in->argv[1][0] == '-' || !listen || !trust)
		return verb_usage("egg");
	if (!e->xdp_wish)
		e->xdp_wish = "auto";
	if (strcmp(e->xdp_wish, "auto") && strcmp(e->xdp_wish, "native") && strcmp(e->xdp_wish, "generic") &&
		strcmp(e->xdp_wish, "off"))
		return verb_say(VERB_USAGE, "--xdp is auto, native, generic or off, not \"%s\"", e->xdp_wish);
	if (!dna_listen_read(listen, &e->listen))
		return verb_say(VERB_USAGE, "--listen: \"%s\" is no address with a port, as in 0.0.0.0:7946 or [::]:7946", listen);
	if (key_public_read(trust, e->trust))
		return verb_say(VERB_USAGE, "--trust: \"%s\" is no public key; `cellctl key --public` prints it", trust);
	if (until && ttl_parse(until, &e->for_s))
		return verb_say(VERB_USAGE, "--for: \"%s\" is no duration; allowed: as in 20s, 5m, 2h, 1d", until);
	e->iface = in->argv[1];
	return 0;
}

static int egg_lock(struct egg *e)
{
	char path[PIN_PATH];

	if (egg_path(e->in, "lock", path))
		return verb_say(VERB_USAGE, "--run-dir is too long");
	if (mkdir(e->in->run_dir, 0755) && errno != EEXIST)
		return verb_say(VERB_FAILED, "%s cannot be made: %s", e->in->run_dir, strerror(errno));
	e->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (e->lock < 0)
		return verb_say(VERB_FAILED, "%s cannot be opened: %s", path, strerror(errno));
	if (flock(e->lock, LOCK_EX | LOCK_NB))
		return verb_say(VERB_FAILED, "an egg waits here already; `cellctl down` ends it");
	return 0;
}

static int egg_listen(struct egg *e)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(e->listen.port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(e->listen.port) };
	bool is_six = e->listen.family == AF_INET6;
	int one = 1;

	memcpy(&six.sin6_addr, e->listen.addr, 16);
	memcpy(&four.sin_addr, e->listen.addr, 4);
	e->listener = socket(e->listen.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (e->listener < 0 || setsockopt(e->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		(is_six && setsockopt(e->listener, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one))) ||
		bind(e->listener, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof(six) : sizeof(four)) ||
		listen(e->listener, BACKLOG))
		return verb_say(VERB_FAILED, "cannot listen on %s: %s", e->listen.text, strerror(errno));
	return 0;
}

/* From here on a process of the background, whose words go to the log. */
static _Noreturn void go_on(struct egg *e, int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), log = -1;
	char path[PIN_PATH];

	if (!egg_path(e->in, "log", path))
		log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	signal(SIGPIPE, SIG_IGN);
	if (setsid() < 0 || null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
		ftruncate(e->lock, 0) || dprintf(e->lock, "%d\n", (int)getpid()) < 0)
		_exit(VERB_FAILED);
	egg_keep(e, ready);
}

static int egg_lay(struct egg *e)
{
	uint8_t public[SECRET_PUBLIC_BYTES];
	char text[KEY_PUBLIC_TEXT], byte;
	int ready[2];
	pid_t pid;

	if (secret_lock(e->seed, sizeof(e->seed)) || secret_random(e->seed, sizeof(e->seed)) || pipe2(ready, O_CLOEXEC))
		return verb_say(VERB_FAILED, "the egg cannot be made: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return verb_say(VERB_FAILED, "no process can be made: %s", strerror(errno));
	if (!pid)
		go_on(e, ready[1]);
	close(ready[1]);
	secret_public(e->seed, public);
	secret_unlock(e->seed, sizeof(e->seed));
	if (read(ready[0], &byte, 1) != 1)
		return verb_say(VERB_FAILED, "the egg did not get ready; see %s/egg.log", e->in->run_dir);
	secret_write(public, sizeof(public), text, sizeof(text));
	if (e->skin.link >= 0)
		printf("XDP in %s mode on %s (%s)\n", e->skin.native ? "native" : "generic", e->iface, e->skin.note);
	else
		printf("no XDP, as asked: packets are not screened\n");
	printf("an egg waits on %s\nto be sure that it is this one: cellctl reproduce HOST:%u --egg %s\n", e->listen.text,
		e->listen.port, text);
	return VERB_DONE;
}

int verb_egg(const struct invocation *in)
{
	static struct egg e;
	struct invocation mine = *in;
	struct up place = { .in = in };
	int code;

	e = (struct egg){ .in = in, .lock = -1, .listener = -1 };
	code = egg_arguments(&e, &mine);
	place.iface = e.iface;
	if (!code)
		code = up_check_place(&place);
	if (!code)
		code = egg_lock(&e);
	/* First the skin: nobody reaches the egg unscreened. */
	if (!code)
		code = egg_skin_on(&e.skin, in, e.iface, place.ifindex, e.xdp_wish, e.listen.port);
	if (!code)
		code = egg_listen(&e);
	return code ? code : egg_lay(&e);
}

/* The keeper holds the lock as long as it lives, so the number in it is its own. */
static bool end_keeper(int lock)
{
	struct timespec step = { .tv_nsec = END_STEP_NS };
	char text[16] = "";
	pid_t pid;

	if (!flock(lock, LOCK_EX | LOCK_NB))
		return false;
	if (pread(lock, text, sizeof(text) - 1, 0) <= 0 || (pid = (pid_t)atoi(text)) <= 1)
		return false;
	kill(pid, SIGTERM);
	for (int i = 0; i < END_STEPS && flock(lock, LOCK_EX | LOCK_NB); i++)
		nanosleep(&step, NULL);
	return true;
}

bool egg_end(const struct invocation *in)
{
	char path[PIN_PATH];
	bool ended;
	int lock;

	if (egg_path(in, "lock", path))
		return false;
	lock = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (lock < 0)
		return false;
	ended = end_keeper(lock);
	unlink(path);
	if (ended && !egg_path(in, "log", path))
		unlink(path);
	close(lock);
	return ended;
}
