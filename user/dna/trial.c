/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tries something in a child that has no privileges and little time, so that a bad gene harms nobody. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "dna/parts.h"

#define TRIAL_SECONDS 5
#define REPORT_FD     3
#define KEEP_FD	      4

/* Exit codes of the child, which has then written to the pipe why, if it failed. */
enum { CHILD_CONTENT = 93, CHILD_REFUSES = 94 };

/* Gives up every privilege, when there is one. */
static int drop(const struct dna_trial *trial)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) || setresgid(trial->gid, trial->gid, trial->gid) ||
		setresuid(trial->uid, trial->uid, trial->uid))
		return -errno;
	return 0;
}

static int limit(void)
{
	const struct rlimit cpu = {TRIAL_SECONDS, TRIAL_SECONDS + 1}, core = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	if (setrlimit(RLIMIT_CPU, &cpu) || setrlimit(RLIMIT_CORE, &core))
		return -errno;
	return 0;
}

/* Leaves open: nothing to read, nothing to write to, standard error, the report and the descriptor to keep. */
static int close_rest(int report, int keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high_report = fcntl(report, F_DUPFD, 10), high_keep = keep < 0 ? -1 : fcntl(keep, F_DUPFD, 10);

	if (null < 0 || high_report < 0 || (keep >= 0 && high_keep < 0))
		return -errno;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(high_report, REPORT_FD) < 0)
		return -errno;
	if (keep >= 0 && dup2(high_keep, KEEP_FD) < 0)
		return -errno;
	return close_range(keep < 0 ? KEEP_FD : KEEP_FD + 1, ~0u, 0) ? -errno : 0;
}

static void __attribute__((noreturn)) child(const struct dna_trial *trial, int report)
{
	struct dna_trial mine = *trial;
	char say[DNA_SAY_MAX] = "";
	int failed;

	setsid();
	failed = close_rest(report, trial->keep);
	mine.keep = KEEP_FD;
	if (!failed)
		failed = drop(trial);
	if (!failed)
		failed = limit();
	if (failed)
		snprintf(say, sizeof(say), "cannot be tried without privileges: %s", strerror(-failed));
	else
		failed = mine.work(&mine, say, sizeof(say));
	if (failed && write(REPORT_FD, say, strlen(say)) < 0)
		_exit(1);
	_exit(failed ? CHILD_REFUSES : CHILD_CONTENT);
}

/* Waits for the end of the child, which is forced in the end. Its wait status. */
static int await(pid_t pid, bool *late)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0, ready;
	struct pollfd wait = {.fd = pidfd, .events = POLLIN};

	do
		ready = poll(&wait, 1, TRIAL_SECONDS * 1000);
	while (ready < 0 && errno == EINTR);
	*late = ready == 0;
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pidfd >= 0)
		close(pidfd);
	return status;
}

static int judge(int status, bool late, int report, char *say, size_t room)
{
	ssize_t n;

	if (late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
		snprintf(say, room, "was not done after %d seconds", TRIAL_SECONDS);
	else if (WIFSIGNALED(status))
		snprintf(say, room, "crashed with signal %d while loading", WTERMSIG(status));
	else if (WEXITSTATUS(status) == CHILD_CONTENT)
		return 0;
	else if (WEXITSTATUS(status) != CHILD_REFUSES)
		snprintf(say, room, "ended the process with exit code %d while loading", WEXITSTATUS(status));
	else if ((n = read(report, say, room - 1)) >= 0)
		say[n] = '\0';
	else
		snprintf(say, room, "gave no reason");
	return -1;
}

int dna_trial_run(const struct dna_trial *trial, char *say, size_t room)
{
	int report[2], status, result;
	bool late;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK)) {
		snprintf(say, room, "cannot be tried: %s", strerror(errno));
		return -1;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(trial, report[1]);
	close(report[1]);
	if (pid > 0) {
		status = await(pid, &late);
		result = judge(status, late, report[0], say, room);
	} else {
		snprintf(say, room, "cannot be tried: %s", strerror(errno));
		result = -1;
	}
	close(report[0]);
	return result;
}
