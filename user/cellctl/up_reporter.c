/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Starting the reporter, where the DNA wants incidents reported: a process of its own program and user, with five descriptors. */
#include "cellctl/up.h"
#include "cellctl/reporter.h"
#include "cellws.skel.h"
#include "reporter/reporter.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ABOVE 64 /* numbers that nothing is put to */

static void undo_reporter(struct up *u)
{
	reporter_end(u->in, u->germ.dna.organism);
	waitpid(u->reporter, NULL, 0);
}

static int put(int from[5])
{
	for (int i = 0; i < 5; i++) {
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, ABOVE);
		if (from[i] < 0)
			return -errno;
	}
	for (int i = 0; i < 5; i++)
		if (dup2(from[i], i) < 0)
			return -errno;
	return syscall(SYS_close_range, 5u, ~0u, 0) ? -errno : 0;
}

static int give_up_root(uid_t uid, gid_t gid)
{
	for (int cap = 0; cap <= 63; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EINVAL)
			return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -errno;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

static _Noreturn void become_reporter(struct up *u, int lock, const struct passwd *user)
{
	const struct dna *d = &u->germ.dna;
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char title[64], organism[DNA_NAME_MAX], program[DNA_TEXT_MAX];
	char *argv[] = { title, REPORTER_ARGUMENT, organism, d->report_syslog ? "1" : "0", program, NULL }, *env[] = { NULL };
	int from[5] = { open("/dev/null", O_RDWR | O_CLOEXEC), u->log, u->log, bpf_map__fd(u->skel->maps.reports), lock };
	sigset_t none;
	int error;

	snprintf(title, sizeof(title), "cellws: reporter of %s", d->organism);
	snprintf(organism, sizeof(organism), "%s", d->organism);
	snprintf(program, sizeof(program), "%s", d->report_program);
	umask(077);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	error = from[0] < 0 ? -errno : put(from);
	/* A lock of the process: closing any descriptor of the file would give it up, so it is taken when that is over. */
	if (!error && (fcntl(REPORTER_LOCK, F_SETLK, &whole) || setsid() < 0 || chdir("/")))
		error = -errno;
	if (!error)
		error = give_up_root(user->pw_uid, user->pw_gid);
	if (!error) {
		execve("/proc/self/exe", argv, env);
		error = -errno;
	}
	dprintf(REPORTER_ERR, "cellctl: the reporter could not be started: %s\n", strerror(-error));
	_exit(1);
}

/* Its lock says that it lives; until it is there, `down` could miss it. */
static int await(struct up *u)
{
	for (int i = 0; i < 1000; i++) {
		if (reporter_find(u->in, u->germ.dna.organism) > 0)
			return 0;
		if (waitpid(u->reporter, NULL, WNOHANG) == u->reporter)
			break;
		usleep(2000);
	}
	return verb_say(VERB_FAILED, "the reporter did not get ready");
}

int up_reporter(struct up *u)
{
	const struct dna *d = &u->germ.dna;
	const struct passwd *user = getpwnam(d->report_user[0] ? d->report_user : d->user);
	int lock, code;

	/* One that was left behind when every cell was killed. */
	reporter_end(u->in, d->organism);
	if (!d->report_syslog && !d->report_program[0])
		return 0;
	if (!user || !user->pw_uid)
		return verb_say(VERB_FAILED, "there is no user without privileges for the reporter");
	lock = reporter_file(u->in, d->organism);
	if (lock < 0)
		return verb_say(VERB_FAILED, "the reporter's file cannot be made: %s", strerror(-lock));
	u->reporter = fork();
	if (u->reporter < 0)
		return verb_say(VERB_FAILED, "no process can be made: %s", strerror(errno));
	if (!u->reporter)
		become_reporter(u, lock, user);
	close(lock);
	up_done(u, undo_reporter);
	code = await(u);
	return code;
}
