/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cuts the DNA's text into tokens: words, quoted strings, braces, signs; comments fall away. */
#include <ctype.h>
#include <string.h>
#include "dna/parts.h"

static enum dna_token broken(struct dna_lex *lex, const char *found, const char *allowed)
{
	dna_problem_add(lex->reading->problems, lex->line, "syntax", "found %s; allowed: %s", found, allowed);
	lex->reading->broken = true;
	return DNA_TOKEN_BROKEN;
}

static void feed_line(struct dna_lex *lex)
{
	lex->line++;
	fputc('\n', lex->clean);
}

static void skip_line(struct dna_lex *lex)
{
	while (lex->at < lex->end && *lex->at != '\n')
		lex->at++;
}

/* Skips a comment between slash-stars. False when it does not end. */
static bool skip_block(struct dna_lex *lex)
{
	uint32_t begun = lex->line;

	for (lex->at += 2; lex->at < lex->end; lex->at++) {
		if (*lex->at == '\n')
			feed_line(lex);
		if (*lex->at == '*' && lex->at + 1 < lex->end && lex->at[1] == '/') {
			lex->at += 2;
			return true;
		}
	}
	lex->line = begun;
	broken(lex, "a comment that does not end", "\"*/\" after it");
	return false;
}

static bool starts(const struct dna_lex *lex, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(lex->end - lex->at) >= n && !memcmp(lex->at, what, n);
}

/* Skips what stands between tokens. False when the text is broken. */
static bool skip_blanks(struct dna_lex *lex)
{
	while (lex->at < lex->end) {
		if (*lex->at == '#' || starts(lex, "//")) {
			skip_line(lex);
		} else if (starts(lex, "/*")) {
			if (!skip_block(lex))
				return false;
		} else if (*lex->at == '\n') {
			feed_line(lex);
			lex->at++;
		} else if (*lex->at == ' ' || iscntrl((unsigned char)*lex->at)) {
			lex->at++;
		} else {
			break;
		}
	}
	return true;
}

static int hex_digit(const struct dna_lex *lex, size_t after)
{
	unsigned char c;

	if ((size_t)(lex->end - lex->at) <= after)
		return -1;
	c = (unsigned char)lex->at[after];
	if (!isxdigit(c))
		return -1;
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

static void bad_escape(struct dna_lex *lex)
{
	bool shown = lex->at<lex->end && * lex->at> ' ';
	char found[] = {'\\', shown ? *lex->at : '\0', '\0'};

	dna_problem_add(lex->reading->problems, lex->line, "text",
		"found \"%s\" in double quotes; allowed: \\\\ \\\" \\$ \\n \\r \\t \\xHH, not \\x00; or single quotes",
		found);
}

/* Undoes one escape of a double-quoted string; lex->at is behind the backslash. */
static void take_escape(struct dna_lex *lex)
{
	static const char named[] = "nrt\\\"$", meant[] = "\n\r\t\\\"$";
	const char *which = lex->at < lex->end && *lex->at ? strchr(named, *lex->at) : NULL;
	int high = hex_digit(lex, 1), low = hex_digit(lex, 2);

	if (which) {
		lex->word[lex->word_n++] = meant[which - named];
		lex->at++;
	} else if (lex->at < lex->end && *lex->at == 'x' && high >= 0 && low >= 0 && high + low > 0) {
		lex->word[lex->word_n++] = (char)(high * 16 + low);
		lex->at += 3;
	} else {
		bad_escape(lex);
	}
}

/* A quoted string ends on the line where it begins: so a forgotten quote is found there, not at the next one. */
static enum dna_token take_quoted(struct dna_lex *lex)
{
	char quote = *lex->at++;

	while (lex->at < lex->end && *lex->at != '\n') {
		char c = *lex->at++;

		if (c == quote) {
			lex->word[lex->word_n] = '\0';
			return DNA_TOKEN_WORD;
		}
		if (c == '\\' && quote == '"') {
			take_escape(lex);
			continue;
		}
		if (c == '\\' && lex->at < lex->end && (*lex->at == '\\' || *lex->at == quote))
			c = *lex->at++;
		if (c)
			lex->word[lex->word_n++] = c;
	}
	return broken(lex, "a text without its closing quote", "text that begins and ends on one line");
}

/* A word ends where libconfuse would end it. */
static enum dna_token take_bare(struct dna_lex *lex)
{
	while (lex->at < lex->end && (unsigned char)*lex->at > ' ' && !strchr("#\"'={}()+,*\x7f", *lex->at))
		lex->word[lex->word_n++] = *lex->at++;
	lex->word[lex->word_n] = '\0';
	return DNA_TOKEN_WORD;
}

enum dna_token dna_lex_next(struct dna_lex *lex)
{
	static const char signs[] = "{}=,";
	const char *sign;

	lex->word_n = 0;
	if (!skip_blanks(lex))
		return DNA_TOKEN_BROKEN;
	if (lex->at == lex->end)
		return DNA_TOKEN_END;
	sign = strchr(signs, *lex->at);
	if (sign) {
		static const enum dna_token tokens[] = {
			DNA_TOKEN_OPEN, DNA_TOKEN_CLOSE, DNA_TOKEN_EQUAL, DNA_TOKEN_COMMA};
		lex->at++;
		return tokens[sign - signs];
	}
	if (starts(lex, "+=")) {
		lex->at += 2;
		return DNA_TOKEN_APPEND;
	}
	if (*lex->at == '"' || *lex->at == '\'')
		return take_quoted(lex);
	if (strchr("()+*", *lex->at)) {
		char found[] = {'"', *lex->at, '"', '\0'};
		return broken(lex, found, "such a sign between quotes only");
	}
	return take_bare(lex);
}

const char *dna_lex_name(const struct dna_lex *lex, enum dna_token token, char *to, size_t room)
{
	static const char *const names[] = {
		[DNA_TOKEN_END] = "the end of the file",
		[DNA_TOKEN_OPEN] = "\"{\"",
		[DNA_TOKEN_CLOSE] = "\"}\"",
		[DNA_TOKEN_EQUAL] = "\"=\"",
		[DNA_TOKEN_APPEND] = "\"+=\"",
		[DNA_TOKEN_COMMA] = "\",\"",
	};

	if (token == DNA_TOKEN_WORD)
		return dna_problem_quote(lex->word, to, room);
	return token < DNA_TOKEN_BROKEN ? names[token] : "";
}
