/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strangers are children of the test that leave its network namespace and its user. */
#include "stranger.h"
#include "lab.h"
#include "tissue/tissue.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIFE_S   60 /* after which one that was forgotten ends */
#define MAPS_MAX 32

static void become(uid_t uid)
{
	if (uid && (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
		_exit(99);
}

static int try_to_listen(const char *text, int port, int *fd)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	bool is_six = inet_pton(AF_INET6, text, &six.sin6_addr) == 1;
	struct sockaddr *at = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	int one = 1;

	if (!is_six && inet_pton(AF_INET, text, &four.sin_addr) != 1)
		return EINVAL;
	*fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return errno;
	setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (is_six)
		setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return bind(*fd, at, is_six ? sizeof(six) : sizeof(four)) || listen(*fd, 1024) ? errno : 0;
}

static _Noreturn void serve(int fd, volatile uint32_t *taken)
{
	static const char words[] = "HTTP/1.1 418 Stranger\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	for (;;) {
		int c = accept(fd, NULL, NULL);

		if (c < 0)
			continue;
		++*taken;
		(void)!write(c, words, sizeof(words) - 1);
		close(c);
	}
}

static _Noreturn void live(const char *netns, uid_t uid, const char *address, int port, int told, volatile uint32_t *taken)
{
	int fd = -1, error;

	alarm(LIFE_S);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	lab_enter(netns);
	become(uid);
	error = try_to_listen(address, port, &fd);
	(void)!write(told, &error, sizeof(error));
	if (error)
		_exit(0);
	serve(fd, taken);
}

void stranger_start(struct stranger *s, const char *netns, uid_t uid, const char *address, int port)
{
	int told[2];

	s->taken = mmap(NULL, sizeof(*s->taken), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert(s->taken != MAP_FAILED && !pipe2(told, O_CLOEXEC));
	s->pid = fork();
	cr_assert_geq(s->pid, 0);
	if (!s->pid)
		live(netns, uid, address, port, told[1], s->taken);
	close(told[1]);
	cr_assert_eq(read(told[0], &s->error, sizeof(s->error)), (ssize_t)sizeof(s->error), "a stranger could not be made");
	close(told[0]);
}

void stranger_end(struct stranger *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	munmap((void *)(uintptr_t)s->taken, sizeof(*s->taken));
}

int stranger_binds(const char *netns, uid_t uid, const char *address, int port)
{
	struct stranger s;

	stranger_start(&s, netns, uid, address, port);
	stranger_end(&s);
	return s.error;
}

int stranger_calls(int program, uid_t uid, const struct gland_call *call)
{
	struct gland_call mine = *call;
	int status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		become(uid);
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		mine.answer = 0;
		_exit(gland_run(program, &mine) ? 255 : (int)mine.answer);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

static bool uses(int program, const char *name, uint32_t map)
{
	uint32_t maps[MAPS_MAX], n = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .map_ids = (uintptr_t)maps, .nr_map_ids = MAPS_MAX };

	if (bpf_obj_get_info_by_fd(program, &info, &n) || strncmp(info.name, name, sizeof(info.name) - 1))
		return false;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		if (maps[i] == map)
			return true;
	return false;
}

int stranger_find_program(const char *name, uint32_t map)
{
	uint32_t id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd >= 0 && uses(fd, name, map))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}
