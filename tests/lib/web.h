/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An organism with the genes of tests/lab/genes, asked byte by byte; whatever was done to it, it must be calm afterwards. */
#ifndef CELLWS_TESTS_WEB_H
#define CELLWS_TESTS_WEB_H

#include "lab.h"

#define WEB_HOST "Host: lab\r\n"
#define WEB_BIG	 20000000 /* bytes of the file /big */
#define WEB_MID	 40000	  /* of /mid: answered from memory */
#define WEB_FILE 100000	  /* of /hundred, which the gene at /file answers with too */

/*
 * Lays and wakes an organism with the routes /echo, /pull, /bad and /file besides the lab's own and the files /small
 * ("small\n"), /mid, /hundred and /big; more: further DNA text. Remembers who lives then, and the blood cell's descriptors.
 */
void web_up(struct lab *l, const char *more);

/* Fails unless the organism is as web_up() has left it: no connection, nobody dead, no descriptor more, nothing spins. */
void web_expect_calm(struct lab *l, const char *after);

/* Sends n bytes on a connection of its own and reads one answer. The status. */
int web_ask(struct lab_answer *a, bool head_only, const void *bytes, size_t n);
/* The same with a text, and nobody wants the answer. */
int web_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads an answer and fails unless it is whole and has this status. Free with lab_answer_free. */
void web_expect(struct lab_conn *c, struct lab_answer *a, bool head_only, int status, const char *what);
/* Fails unless the connection answers one more request. */
void web_expect_kept(struct lab_conn *c, const char *what);
/* Fails unless the connection is at its end, without another byte and without a reset. */
void web_expect_closed(struct lab_conn *c, const char *what);

/* A connection with a receive buffer of about this many bytes. */
void web_dial_narrow(struct lab_conn *c, int bytes);
/* Ends a connection with a reset. */
void web_reset(struct lab_conn *c);
/* Sends no more: shutdown(SHUT_WR). */
void web_half_close(struct lab_conn *c);

/* Byte i of the bodies that the genes pull and bad make up, and that tests send. */
char web_byte(size_t i);
/* n of them from 0 on; free() them. */
char *web_bytes(size_t n);
bool web_bytes_are(const char *bytes, size_t n);
/* FNV-1a, as the gene echo tells it. */
uint64_t web_digest(const char *bytes, size_t n);

#endif
