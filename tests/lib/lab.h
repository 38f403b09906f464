/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A laboratory for one organism: two network namespaces, a private BPF file system, a document root, a guard that clears up. */
#ifndef CELLWS_TESTS_LAB_H
#define CELLWS_TESTS_LAB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LAB_PORT      8080
#define LAB_SERVER_V4 "10.99.0.1"
#define LAB_SERVER_V6 "fd99::1"
#define LAB_CLIENT_V4 "10.99.0.2"
#define LAB_CLIENT_V6 "fd99::2"
#define LAB_SOON_S    10 /* for what must happen, however slow the machine is */
#define LAB_TEXT_MAX  (256 * 1024)

/*
 * A test runs in the client's namespace; cellctl runs in the server's, where eth0 leads to the client. Everything below
 * dir goes with the lab. Tests of one suite that use the same lab each get their own: criterion gives each a process.
 */
struct lab {
	char server[32], client[32]; /* names of the namespaces */
	char dir[64];
	char run_dir[80], bpffs[80], root[80], dna[80];
	int home; /* the namespace the test came from */
	int guard; /* closed: the guard clears up */
	pid_t guard_pid;
	int code;   /* of the last command; -1: it had to be killed */
	char *out;  /* what it wrote to standard output and to standard error, NUL-terminated */
	char *err;
};

/* A suite whose tests have each a lab of their own, named lab. A test that takes longer than seconds fails. */
#define LAB_SUITE(name, seconds)                                                                       \
	static struct lab lab;                                                                         \
	static void name##_open(void)                                                                  \
	{                                                                                              \
		lab_open(&lab);                                                                        \
	}                                                                                              \
	static void name##_close(void)                                                                 \
	{                                                                                              \
		lab_close(&lab);                                                                       \
	}                                                                                              \
	TestSuite(name, .init = name##_open, .fini = name##_close, .timeout = seconds)

/* lab.c. Failing tests fail inside these: all cr_assert. */
void lab_open(struct lab *l);
/* Ends every process in the namespaces and removes all; fails the test when something would be left. */
void lab_close(struct lab *l);

/* An organism named "lab" on both addresses; more: further DNA text, or "". Routes: / (files of root), /hello, /sleep, /crash. */
void lab_write_dna(struct lab *l, const char *more);
/* Any DNA text at all. */
void lab_write_raw_dna(struct lab *l, const char *text);
/* Writes the DNA and lays the egg on eth0; arguments: further ones for up, or "". */
void lab_up(struct lab *l, const char *more, const char *arguments);

/* A file below the document root, readable by everybody; of n bytes that differ from place to place when bytes is NULL. */
void lab_put(struct lab *l, const char *path, const void *bytes, size_t n);

/* The test itself may open so many descriptors. False when the host does not allow it. */
bool lab_allow_files(unsigned n);

/* lab_run.c: runs a shell command, waits for it (at most 60 s), keeps what it says in l. The exit code. */
int lab_sh(struct lab *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* cellctl in the server's namespace with --run-dir and --bpffs of this lab. The exit code. */
int lab_ctl(struct lab *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails the test unless the last command ended with code and said text (in out or err; NULL: anything). */
void lab_expect(struct lab *l, int code, const char *text);
/* Where ./cellctl and build/ are. */
const char *lab_here(void);
/* Enters a namespace by name, or by descriptor. */
void lab_enter(const char *name);
void lab_enter_fd(int fd);
/* Whether cond(arg) becomes true within seconds. */
bool lab_wait(double seconds, bool (*cond)(void *arg), void *arg);
double lab_now(void);

/* lab_cells.c: who lives, as `cellctl status --json` says. */
json_t *lab_status(struct lab *l); /* a new reference; NULL when it is no JSON */
/* The number at a path like "circulation.requests"; -1 when there is none. */
long long lab_number(struct lab *l, const char *path);
unsigned lab_census(struct lab *l, const char *class);
/* Pids of a class (NULL: all), at most room of them. How many. */
unsigned lab_pids(struct lab *l, const char *class, pid_t *pids, unsigned room);
pid_t lab_pid(struct lab *l, const char *class); /* any one of them; fails when there is none */
/* SIGKILLs up to n cells of a class (NULL: any) and returns how many; only what runs in the server's namespace. */
unsigned lab_kill(struct lab *l, const char *class, unsigned n);
/* SIGKILLs every process in the server's namespace until none is left. */
void lab_kill_everything(struct lab *l);
/* How many processes run in the server's namespace: what `down` must have brought to 0. */
unsigned lab_processes(struct lab *l);
/* Sends a first request and waits until neuron, blood, drone and stems are there. */
void lab_wake(struct lab *l);
/* Fails when anything is left of an organism: processes, pins, run directory, XDP program, a listening port. */
void lab_expect_nothing_left(struct lab *l);

/* lab_proc.c: what /proc says of a process. */
bool lab_alive(pid_t pid);
/* A line of /proc/PID/status without its name and leading blanks; false when there is none. */
bool lab_proc_line(pid_t pid, const char *name, char *to, size_t room);
/* Sum over smaps_rollup lines in KiB: "Pss:", or "Private_Clean:" and "Private_Dirty:" by "Private_". */
unsigned long lab_memory_kb(pid_t pid, const char *lines);
double lab_cpu_s(pid_t pid); /* user and system seconds so far */
bool lab_is_sealed(pid_t pid); /* no root, no capability, no new privileges, seccomp filter */

/* lab_http.c: a client. */
struct lab_conn {
	int fd;
	char *in; /* bytes received and not yet taken by an answer */
	size_t n, room;
};

struct lab_answer {
	int status;    /* 0: none came */
	char *bytes;   /* head and body; NUL-terminated */
	size_t head_n; /* with the empty line */
	char *body;    /* without chunk framing */
	size_t body_n;
	bool whole;    /* came to the end that its head announces */
	bool closed;   /* the server has closed by the end of it, as far as is known */
};

/* Connects to the server; address: LAB_SERVER_V4 or _V6; from: a source address or NULL. -errno on failure. */
int lab_dial(const char *address, const char *from);
/* Whether a connection is made within seconds. */
bool lab_reaches(const char *address, const char *from, double seconds);
/* As lab_dial, and failure fails the test. */
void lab_connect(struct lab_conn *c, const char *address);
void lab_hang_up(struct lab_conn *c);
void lab_send(struct lab_conn *c, const void *bytes, size_t n);
void lab_say(struct lab_conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Reads one answer: by Content-Length, chunks or close; head_only: to a HEAD request. An interim (1xx) answer counts as
 * one of its own. status 0 when the connection ends or seconds pass before a head is there. Free with lab_answer_free.
 */
void lab_read(struct lab_conn *c, struct lab_answer *a, bool head_only, double seconds);
void lab_answer_free(struct lab_answer *a);
/* Value of a header, or NULL; valid until the next call. */
const char *lab_field(const struct lab_answer *a, const char *name);
/* True when the server closes within seconds (what it still sends is kept in c). */
bool lab_closes(struct lab_conn *c, double seconds);

/* One GET on a connection of its own with Connection: close. The status; with a non-NULL, the caller frees it. */
int lab_get(const char *address, const char *path, struct lab_answer *a);

#endif
