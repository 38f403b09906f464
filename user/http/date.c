/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes and reads HTTP dates with arithmetic of its own: the C library's reach for locale and time zone. */
#include "http/date.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "http/bytes.h"

#define DAY	       86400
#define DAYS_400_YEARS 146097
#define EARLIEST       INT64_C(-62135596800) /* 0001-01-01 00:00:00 */
#define LATEST	       INT64_C(253402300799) /* 9999-12-31 23:59:59 */

struct civil {
	int year, month, day, hour, minute, second; /* month from 1 */
};

static const char day_names[7][10] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const short days_before[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
	return days_before[month] - days_before[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 0001-01-01 to the first of January of a year. */
static int64_t days_to(int year)
{
	int64_t past = year - 1;

	return past * 365 + past / 4 - past / 100 + past / 400;
}

/* Seconds since 1970. Year from 1. */
static int64_t to_seconds(const struct civil *c)
{
	int64_t days = days_to(c->year) + days_before[c->month - 1] + (c->month > 2 && is_leap(c->year)) + c->day - 1;

	return EARLIEST + days * DAY + c->hour * 3600 + c->minute * 60 + c->second;
}

/* t is clamped to the years 1 to 9999. Returns the day of the week, 0 for Sunday. */
static unsigned to_civil(int64_t t, struct civil *c)
{
	int64_t days;
	int second;

	t = t < EARLIEST ? EARLIEST : t > LATEST ? LATEST : t;
	days = (t - EARLIEST) / DAY;
	second = (int)((t - EARLIEST) % DAY);
	/* The mean year gives the right one or a neighbour of it. */
	c->year = (int)(days * 400 / DAYS_400_YEARS) + 2;
	while (days_to(c->year) > days)
		c->year--;
	c->day = (int)(days - days_to(c->year)) + 1;
	for (c->month = 1; c->day > days_in(c->year, c->month); c->month++)
		c->day -= days_in(c->year, c->month);
	c->hour = second / 3600;
	c->minute = second / 60 % 60;
	c->second = second % 60;
	return (unsigned)(days + 1) % 7; /* 0001-01-01 was a Monday */
}

static void put_digits(char *to, int value, int n)
{
	for (; n > 0; value /= 10)
		to[--n] = (char)('0' + value % 10);
}

void http_date_format(int64_t t, char *to)
{
	struct civil c = {0};
	unsigned weekday = to_civil(t, &c);

	memcpy(to, "Sun, 06 Nov 1994 08:49:37 GMT", HTTP_DATE_BYTES);
	memcpy(to, day_names[weekday], 3);
	put_digits(to + 5, c.day, 2);
	memcpy(to + 8, month_names + (c.month - 1) * 3, 3);
	put_digits(to + 12, c.year, 4);
	put_digits(to + 17, c.hour, 2);
	put_digits(to + 20, c.minute, 2);
	put_digits(to + 23, c.second, 2);
}

/* What is left of the text, and what has been read of it. */
struct reading {
	const char *s;
	size_t left;
	struct civil c;
};

/* The numbers a pattern can name. */
static const struct {
	char name;
	bool blank; /* a blank may stand for the first digit */
	short digits, most;
	size_t field;
} numbers[] = {
	{'d', false, 2, 31, offsetof(struct civil, day)},
	{'e', true, 2, 31, offsetof(struct civil, day)},
	{'Y', false, 4, 9999, offsetof(struct civil, year)},
	{'y', false, 2, 99, offsetof(struct civil, year)},
	{'H', false, 2, 23, offsetof(struct civil, hour)},
	{'M', false, 2, 59, offsetof(struct civil, minute)},
	{'S', false, 2, 60, offsetof(struct civil, second)},
};

static bool read_number(struct reading *r, unsigned which)
{
	int value = 0, digits = numbers[which].digits;

	if (r->left < (size_t)digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (http_byte_is(r->s[i], BYTE_DIGIT))
			value = value * 10 + r->s[i] - '0';
		else if (!numbers[which].blank || i > 0 || r->s[i] != ' ')
			return false;
	}
	memcpy((char *)&r->c + numbers[which].field, &value, sizeof(value));
	r->s += digits;
	r->left -= (size_t)digits;
	return value <= numbers[which].most;
}

static bool read_literal(struct reading *r, const char *text, size_t n)
{
	if (r->left < n || memcmp(r->s, text, n) != 0)
		return false;
	r->s += n;
	r->left -= n;
	return true;
}

static bool read_month(struct reading *r)
{
	for (r->c.month = 1; r->c.month <= 12; r->c.month++) {
		if (read_literal(r, month_names + (r->c.month - 1) * 3, 3))
			return true;
	}
	return false;
}

/* Any day's name will do: that it is the wrong one helps nobody. */
static bool read_weekday(struct reading *r, bool whole)
{
	for (unsigned i = 0; i < 7; i++) {
		if (read_literal(r, day_names[i], whole ? strlen(day_names[i]) : 3))
			return true;
	}
	return false;
}

static bool read_part(struct reading *r, char name)
{
	if (name == 'm')
		return read_month(r);
	if (name == 'w' || name == 'W')
		return read_weekday(r, name == 'W');
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i].name == name)
			return read_number(r, i);
	}
	return false;
}

/* Whether the text is the pattern, in which %x stands for the part x and all else for itself. */
static bool read_pattern(struct reading *r, const char *pattern)
{
	for (; *pattern; pattern++) {
		bool ok = *pattern == '%' ? read_part(r, *++pattern) : read_literal(r, pattern, 1);

		if (!ok)
			return false;
	}
	return r->left == 0;
}

/* The latest year with these last two digits in which the date is not more than 50 years ahead (RFC 9110 5.6.7). */
static void choose_century(struct civil *c, int64_t now)
{
	struct civil limit = {0};

	to_civil(now, &limit);
	limit.year += 50;
	c->year = limit.year - (limit.year - c->year) % 100;
	if (to_seconds(c) > to_seconds(&limit))
		c->year -= 100;
}

int http_date_parse(const char *s, size_t n, int64_t now, int64_t *t)
{
	static const char *const patterns[] = {
		"%w, %d %m %Y %H:%M:%S GMT",
		"%W, %d-%m-%y %H:%M:%S GMT",
		"%w %m %e %H:%M:%S %Y",
	};

	for (unsigned i = 0; i < 3; i++) {
		struct reading r = {.s = s, .left = n};

		if (!read_pattern(&r, patterns[i]))
			continue;
		if (i == 1)
			choose_century(&r.c, now);
		if (r.c.year < 1 || r.c.year > 9999 || r.c.day < 1 || r.c.day > days_in(r.c.year, r.c.month))
			return -EINVAL;
		*t = to_seconds(&r.c);
		return 0;
	}
	return -EINVAL;
}
