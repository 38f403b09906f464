/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of scenarios. A drone that dies in a stream, or over a POST, ends that answer: there only blood is killed. */
#include "scenario.h"
#include "shared/cell.h"

#define BLOOD (1u << CLASS_BLOOD)
#define DRONE (1u << CLASS_DRONE)

#define HOST  " HTTP/1.1\r\nHost: lab\r\n"
#define CLOSE "Connection: close\r\n"
#define END   "\r\n"

const struct scenario scenarios[] = {
	{ "small file", BLOOD | DRONE, .segment = { { "GET /small.txt?~" HOST END } } },
	{ "small file from memory", BLOOD, .warm = true, .segment = { { "GET /small.txt?~" HOST END } } },
	{ "HEAD", BLOOD | DRONE, .segment = { { "HEAD /small.txt?~" HOST CLOSE END } } },
	{ "head in three segments", BLOOD,
		.segment = { { "GET /sma" }, { "ll.txt?~" HOST "X-Long: " }, { END END } } },
	{ "two files, pipelined", BLOOD | DRONE,
		.segment = { { "GET /small.txt?~" HOST END "GET /index.html?~" HOST END } } },
	{ "file and gene, pipelined", BLOOD | DRONE, .segment = { { "GET /small.txt?~" HOST END "GET /hello" HOST CLOSE END } } },
	{ "1 MiB file", BLOOD | DRONE, .segment = { { "GET /large.bin" HOST END } } },
	{ "1 MiB file to a slow client", BLOOD, .receive_room = 8192, .slow_us = 2000,
		.segment = { { "GET /large.bin" HOST CLOSE END } } },
	{ "range of a file", BLOOD | DRONE, .segment = { { "GET /large.bin" HOST "Range: bytes=1000-300999\r\n" END } } },
	{ "gene", BLOOD | DRONE, .segment = { { "GET /hello" HOST END } } },
	{ "genes, pipelined, to a slow client", BLOOD, .receive_room = 8192, .slow_us = 2000,
		.segment = { { "GET /bad?full" HOST END "GET /bad?full" HOST END "GET /bad?full" HOST END
			       "GET /bad?full" HOST CLOSE END } } },
	{ "pulled stream, chunked", BLOOD, .segment = { { "GET /pull?length=120000&piece=20000&unknown=1" HOST END } } },
	{ "pulled stream, known length", BLOOD, .segment = { { "GET /pull?length=120000" HOST CLOSE END } } },
	{ "chunked PUT with trailers", BLOOD | DRONE,
		.segment = { { "PUT /echo" HOST "Transfer-Encoding: chunked\r\n" END "40;x=y\r\n", 64 }, { "\r\n3e8\r\n", 1000 },
			{ "\r\n0\r\nX-Sum: 1\r\n" END } } },
	{ "POST of 6000 bytes", BLOOD,
		.segment = { { "POST /echo" HOST "Content-Length: 6000\r\n" END, 1000 }, { "", 3000 }, { "", 2000 } } },
	{ "POST of 200000 bytes, part by part", BLOOD,
		.segment = { { "POST /echo" HOST "Content-Length: 200000\r\n" END, 90000 }, { "", 90000 }, { "", 20000 } } },
	{ "chunked POST of 150000 bytes", BLOOD,
		.segment = { { "POST /echo" HOST "Transfer-Encoding: chunked\r\n" END "11170\r\n", 70000 }, { "\r\n13880\r\n", 80000 },
			{ "\r\n0\r\n" END "GET /hello" HOST CLOSE END } } },
	{ "100-continue", BLOOD | DRONE,
		.segment = { { "PUT /echo" HOST "Expect: 100-continue\r\nContent-Length: 900\r\n" END },
			{ "", 900, "100 Continue\r\n\r\n" } } },
	{ "malformed answer", BLOOD, .condemned = true, .segment = { { "GET /rogue?do=mangle" HOST END } } },
	{ "half-closed client", BLOOD | DRONE, .half_close = true, .segment = { { "GET /hello" HOST END } } },
	{ "end within a head", BLOOD, .half_close = true, .segment = { { "GET /hello HTTP" } } },
	{ "refused, with input left over", BLOOD,
		.segment = { { "BREW /pot" HOST "Content-Length: 5000\r\n" END, 2500 }, { "", 2500 } } },
	{ "PROXY header and gene in one segment", BLOOD | DRONE,
		.segment = { { "PROXY TCP4 192.0.2.7 10.99.0.1 1 2\r\nGET /client" HOST CLOSE END } } },
	{ "PROXY header in two segments, then two clients", BLOOD,
		.segment = { { "PROXY TCP4 10.98" },
			{ ".1.1 10.99.0.1 1 2\r\nGET /client" HOST "X-Forwarded-For: 192.0.2.7\r\n" END "GET /client" HOST
			  "X-Forwarded-For: 192.0.2.8\r\n" END } } },
	{ "PROXY header of none", BLOOD, .segment = { { "PROXY TCP4 192.0.2.7\r\nGET /client" HOST END } } },
};

const unsigned scenario_count = sizeof(scenarios) / sizeof(*scenarios);
