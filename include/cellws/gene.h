/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The gene interface: how user code turns one HTTP request into one response inside a drone. */
#ifndef CELLWS_GENE_H
#define CELLWS_GENE_H

/*
 * A gene is a shared object that exports one object:
 *
 *	const struct cellws_gene cellws_gene = { .abi = CELLWS_GENE_ABI, .name = "hello", .express = express };
 *
 * Build: cc -std=gnu17 -O2 -fPIC -shared -Iinclude -o hello.so hello.c. Nothing has to be linked.
 *
 * Life: a drone loads the object, calls init() once per route that names the gene, then express() once per request,
 * one request at a time and from one thread. A drone may die at any moment: what must survive belongs in a database.
 * After init() the drone is sealed: it reads files below the roots of the DNA's routes, opens no socket, starts no
 * process or thread. A system call outside that kills the drone; the request is answered 502. mremap(2) always fails, so
 * realloc(3) copies.
 *
 * HEAD: answer as to GET; the drone takes the length of a BYTES, FILE or PULL body for Content-Length and sends no body.
 * Where making the body is work, leave it out and set Content-Length with header().
 *
 * Strings that come as {p, n} are not NUL-terminated and live until express() has returned, or, when the response
 * is pulled in pieces, until done_pulling().
 */

#include <stddef.h>
#include <stdint.h>

#define CELLWS_GENE_ABI 1

#ifdef __cplusplus
extern "C" {
#endif

/* n bytes at p; p is never NULL, also when n is 0. */
struct cellws_text {
	const char *p;
	size_t n;
};

struct cellws_header {
	struct cellws_text name;  /* as the client wrote it; compare without case */
	struct cellws_text value; /* without surrounding blanks */
};

struct cellws_request {
	struct cellws_text method;  /* "GET" */
	struct cellws_text target;  /* as received, origin form: "/a%20b?x=1" */
	struct cellws_text path;    /* percent-decoded once, dot segments removed, begins with '/', has no NUL */
	struct cellws_text query;   /* raw, without '?'; empty when there is none */
	struct cellws_text route;   /* the route's prefix from the DNA, "/api/" */
	struct cellws_text host;    /* Host value; may be empty in HTTP/1.0 */
	struct cellws_text client;  /* peer address in text, "192.0.2.7" or "2001:db8::7" */
	const struct cellws_header *headers;
	size_t header_count;
	struct cellws_text body;    /* the whole body, framing removed; empty when feed() has taken it */
	void *upload;               /* what feed() has made of the body, else NULL */
	int64_t now;                /* seconds since 1970, the second of the Date header */
};

#define CELLWS_UNKNOWN UINT64_MAX

/* How a response's body is given; exactly one way per response. */
enum cellws_body {
	CELLWS_BODY_NONE = 0,  /* no body; Content-Length 0 where a body would be allowed */
	CELLWS_BODY_BYTES = 1, /* bytes written by cellws_response.write() */
	CELLWS_BODY_FILE = 2,  /* length bytes of file_fd from file_offset; the drone closes file_fd */
	CELLWS_BODY_PULL = 3,  /* pieces, from pull(), called when there is room for more */
};

/* Filled by express(). Zeroed before the call, except the functions, which are the drone's. */
struct cellws_response {
	int status;            /* 200 to 599; 0 counts as 200 */
	uint32_t fresh_ms;     /* > 0: the same GET may be answered from memory this long (capped at 10 000). Public data only */
	uint32_t retryable;    /* 1: express() may be run again for this request though its method is not idempotent */
	enum cellws_body body;
	int file_fd;
	uint64_t file_offset;
	uint64_t length;       /* FILE: bytes to send. PULL: the exact total, or CELLWS_UNKNOWN for chunked coding */
	void *pull_state;
	/* PULL: write at most room bytes to to; returns bytes written, 0 at the end, -errno to break the connection off. */
	long (*pull)(void *pull_state, char *to, size_t room);
	/* PULL: called once when the body is complete or the client is gone. */
	void (*done_pulling)(void *pull_state);

	/*
	 * Adds a header. name: a token; value: no CR, LF or NUL. Content-Length, Transfer-Encoding, Connection and Date
	 * are the server's and are refused, but for Content-Length in answer to HEAD. 0, -EINVAL, or -ENOSPC when the
	 * response head would be over 8 KiB.
	 */
	int (*header)(struct cellws_response *self, const char *name, const char *value);
	/* Appends n bytes to a BYTES body (and sets body to BYTES). 0, or -ENOSPC when it would be over CELLWS_BYTES_MAX. */
	int (*write)(struct cellws_response *self, const void *bytes, size_t n);
	void *drone; /* the drone's own */
};

#define CELLWS_COLLECT_MAX (64u << 20) /* longest body that is collected for a gene without feed(); longer is 413 */
#define CELLWS_BYTES_MAX 49152 /* most bytes of a BYTES body; larger bodies are pulled or sent as a file */

struct cellws_gene {
	uint32_t abi; /* CELLWS_GENE_ABI */
	uint32_t flags; /* none yet: 0 */
	const char *name;
	/*
	 * Optional. args: the route's args from the DNA, "" when absent. *self is passed to every later call. Returns 0;
	 * or -errno and, if it likes, a reason in why (why_n bytes, NUL-terminated): the DNA is then refused.
	 */
	int (*init)(void **self, const char *args, char *why, size_t why_n);
	/* Optional: before the drone ends in good order. */
	void (*done)(void *self);
	/* Answers one request. 0, or -errno: the client gets 500 and the drone lives on. */
	int (*express)(void *self, const struct cellws_request *request, struct cellws_response *response);
	/*
	 * Optional: "GET, HEAD, POST", the value of Allow. Other methods get 405 without express() being called. NULL:
	 * every method of RFC 9110 but CONNECT and TRACE.
	 */
	const char *allow;
	/*
	 * Optional: takes a body that does not come in one piece (it is longer than 64 KiB) part by part, so that it never
	 * has to be in memory as a whole. *upload is NULL at the first part and the gene's own after it; express() finds it
	 * in request->upload and from then on it is the gene's to free. 0; or -errno: -EFBIG is answered 413, others 500.
	 * Without feed() the drone collects the body, up to CELLWS_COLLECT_MAX.
	 */
	int (*feed)(void *self, const struct cellws_request *request, void **upload, const void *bytes, size_t n);
	/* Optional: the request has ended before express(): free what feed() has made. */
	void (*drop)(void *self, void *upload);
};

/* What the drone looks up with dlsym(). */
extern const struct cellws_gene cellws_gene;

#ifdef __cplusplus
}
#endif

#endif
