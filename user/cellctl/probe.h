/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A private piece of wire: a veth pair in a network namespace of this process's own, and probe packets across it. */
#ifndef CELLWS_CELLCTL_PROBE_H
#define CELLWS_CELLCTL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define PROBE_PORT 8080

struct probe {
	unsigned near, far; /* interfaces: packets go in at near and come out at far */
	int send;           /* on near */
	int tap;            /* on far, behind any XDP program */
	int back;           /* on near: what comes back */
	uint8_t mac[6];     /* of far */
	const char *step;   /* what was tried last, for the message when it failed */
};

/*
 * Leaves the process's network namespace for a new one, which goes with the process: call it in a child. 0 or -errno.
 */
int probe_open(struct probe *p);

/* Sends a TCP SYN to PROBE_PORT from 198.51.100.66 (AF_INET) or 2001:db8:66::1 (AF_INET6), marked with serial. */
int probe_send(const struct probe *p, int family, uint32_t serial);

/* Gives far the addresses that the probes go to, so that the stack behind it answers. 0 or -errno. */
int probe_address(struct probe *p);

/* Sends a segment with right checksums to far's hardware address. */
int probe_segment(const struct probe *p, int family, uint8_t flags, uint32_t sequence, uint32_t acknowledged);

/* Whether a SYN-ACK that acknowledges this comes back at near within ms; its sequence number. */
bool probe_answers(const struct probe *p, int family, uint32_t acknowledged, int ms, uint32_t *sequence);

/* Whether the SYN with that serial comes out at the other end within ms. */
bool probe_arrives(const struct probe *p, uint32_t serial, int ms);

/* The source of the probes, as an operator writes it. */
const char *probe_source(int family);

#endif
