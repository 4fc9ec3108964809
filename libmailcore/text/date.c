#include "text/date.h"
#include "base/chars.h"
#include <string.h>

enum {
	DAY_S = 86400,
	YEAR_MAX = 9999
};

static const struct view months[12] = { V_INIT("Jan"), V_INIT("Feb"),
	V_INIT("Mar"), V_INIT("Apr"), V_INIT("May"), V_INIT("Jun"),
	V_INIT("Jul"), V_INIT("Aug"), V_INIT("Sep"), V_INIT("Oct"),
	V_INIT("Nov"), V_INIT("Dec") };

struct civil {
	uint32_t year, month, day, hour, minute, second; /* month, day from 1 */
};

/* Days since 1970-01-01 of the proleptic Gregorian calendar. The year is
 * taken to begin in March: then the leap day is its last. */
static int64_t day_of_civil(const struct civil *c)
{
	int64_t y = (int64_t)c->year - (c->month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t month = ((int64_t)c->month + 9) % 12;
	int64_t of_year = (153 * month + 2) / 5 + (int64_t)c->day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static void civil_of_day(int64_t day, struct civil *c)
{
	day += 719468;
	int64_t era = (day >= 0 ? day : day - 146096) / 146097;
	int64_t d = day - era * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t of_year = d - (365 * y + y / 4 - y / 100);
	int64_t month = (5 * of_year + 2) / 153;
	c->day = (uint32_t)(of_year - (153 * month + 2) / 5 + 1);
	c->month = (uint32_t)(month < 10 ? month + 3 : month - 9);
	c->year = (uint32_t)(y + era * 400 + (c->month <= 2));
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
		31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Second 60 is a leap second (RFC 5322 3.3). */
static bool is_valid(const struct civil *c)
{
	return c->year <= YEAR_MAX && c->month >= 1 && c->month <= 12 &&
	       c->day >= 1 && c->day <= days_in_month(c->year, c->month) &&
	       c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static struct date date_of(const struct civil *c, int zone_min)
{
	int64_t s = day_of_civil(c) * DAY_S + c->hour * 3600 + c->minute * 60 +
		    c->second;
	return (struct date){ s - zone_min * 60, (int16_t)zone_min };
}

static bool take_char(struct view *v, char c)
{
	if (v->n == 0 || v->p[0] != c)
		return false;
	*v = view_skip(*v, 1);
	return true;
}

/* RFC 5322 3.2.2 CFWS: blanks, line ends and nested comments. */
static void skip_cfws(struct view *v)
{
	size_t i = 0, depth = 0;
	for (; i < v->n; i++) {
		char c = v->p[i];
		if (c == '\\' && depth)
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (!depth && c != ' ' && c != '\t' && c != '\r' &&
			 c != '\n')
			break;
	}
	*v = view_skip(*v, i);
}

/* A run of a class, blanks and comments before it skipped. */
static struct view take_run(struct view *v, unsigned class)
{
	size_t n = 0;
	skip_cfws(v);
	while (n < v->n && char_is(v->p[n], class))
		n++;
	struct view run = view_head(*v, n);
	*v = view_skip(*v, n);
	return run;
}

static bool month_of(struct view name, uint32_t *month)
{
	for (uint32_t i = 0; i < 12; i++)
		if (name.n >= 3 && view_istarts(name, months[i])) {
			*month = i + 1;
			return true;
		}
	return false;
}

/* RFC 5322 4.3: two digits are 2000 to 2049 or 1950 to 1999, three are years
 * since 1900. */
static bool year_of(struct view digits, uint32_t *year)
{
	if (digits.n < 2 || digits.n > 4 || !view_u32(digits, year))
		return false;
	if (digits.n == 2 && *year < 50)
		*year += 2000;
	else if (digits.n < 4)
		*year += 1900;
	return true;
}

static bool take_day(struct view *v, struct civil *c)
{
	take_run(v, CHAR_ALPHA);
	skip_cfws(v);
	take_char(v, '.');
	take_char(v, ',');
	struct view day = take_run(v, CHAR_DIGIT);
	skip_cfws(v);
	take_char(v, '-');
	if (day.n > 2 || !view_u32(day, &c->day) ||
	    !month_of(take_run(v, CHAR_ALPHA), &c->month))
		return false;
	take_char(v, '.');
	take_char(v, '-');
	return year_of(take_run(v, CHAR_DIGIT), &c->year);
}

static bool take_two(struct view *v, uint32_t *out)
{
	struct view digits = take_run(v, CHAR_DIGIT);
	return digits.n >= 1 && digits.n <= 2 && view_u32(digits, out);
}

/* A date without a time is midnight; seconds are optional. */
static bool take_time(struct view *v, struct civil *c)
{
	skip_cfws(v);
	take_char(v, ',');
	skip_cfws(v);
	if (v->n == 0)
		return true;
	if (!take_two(v, &c->hour))
		return false;
	skip_cfws(v);
	if ((!take_char(v, ':') && !take_char(v, '.')) ||
	    !take_two(v, &c->minute))
		return false;
	skip_cfws(v);
	if ((take_char(v, ':') || take_char(v, '.')) &&
	    !take_two(v, &c->second))
		return false;
	if (take_char(v, '.')) /* fractions, in the wild */
		take_run(v, CHAR_DIGIT);
	return true;
}

static bool numeric_zone(struct view digits, bool west, int *zone_min)
{
	uint32_t n;
	if (digits.n != 4 || !view_u32(digits, &n) || n % 100 > 59)
		return false;
	int min = (int)(n / 100 * 60 + n % 100);
	*zone_min = west ? -min : min;
	return true;
}

/* RFC 5322 4.3: names that are not in this list count as "-0000". */
static int named_zone(struct view name)
{
	static const struct {
		struct view name;
		int hours;
	} zones[] = { { V_INIT("EST"), -5 }, { V_INIT("EDT"), -4 },
		{ V_INIT("CST"), -6 }, { V_INIT("CDT"), -5 },
		{ V_INIT("MST"), -7 }, { V_INIT("MDT"), -6 },
		{ V_INIT("PST"), -8 }, { V_INIT("PDT"), -7 } };

	for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
		if (view_ieq(name, zones[i].name))
			return zones[i].hours * 60;
	return 0;
}

static int take_zone(struct view *v)
{
	int zone_min = 0;
	struct view name = take_run(v, CHAR_ALPHA);
	bool west = v->n && v->p[0] == '-';
	if (!west && (v->n == 0 || v->p[0] != '+'))
		return named_zone(name);
	*v = view_skip(*v, 1);
	if (!numeric_zone(take_run(v, CHAR_DIGIT), west, &zone_min))
		return 0;
	return zone_min;
}

int date_parse(struct view v, struct date *out)
{
	struct civil c = { 0 };
	if (!take_day(&v, &c) || !take_time(&v, &c))
		return MC_E_BAD;
	int zone_min = take_zone(&v);
	if (!is_valid(&c))
		return MC_E_BAD;
	*out = date_of(&c, zone_min);
	return 0;
}

static int64_t floor_day(int64_t s)
{
	return s / DAY_S - (s % DAY_S < 0);
}

/* Years 0 to 9999 can be written; what lies outside is moved to the edge. */
static int64_t local_seconds(struct date d)
{
	const struct civil end = { YEAR_MAX, 12, 31, 0, 0, 0 };
	const struct civil start = { 0, 1, 1, 0, 0, 0 };
	int64_t min = day_of_civil(&start) * DAY_S;
	int64_t max = day_of_civil(&end) * DAY_S + DAY_S - 1;
	int64_t zone_s = d.zone_min * 60;
	if (d.unix_s < min - zone_s)
		return min;
	if (d.unix_s > max - zone_s)
		return max;
	return d.unix_s + zone_s;
}

static struct civil civil_of(struct date d)
{
	struct civil c;
	int64_t s = local_seconds(d), day = floor_day(s);
	civil_of_day(day, &c);
	uint32_t of_day = (uint32_t)(s - day * DAY_S);
	c.hour = of_day / 3600;
	c.minute = of_day / 60 % 60;
	c.second = of_day % 60;
	return c;
}

static void put_time(struct buf *out, const struct civil *c, int zone_min)
{
	int min = zone_min < 0 ? -zone_min : zone_min;
	buf_printf(out, "%04u %02u:%02u:%02u %c%02d%02d", c->year, c->hour,
	    c->minute, c->second, zone_min < 0 ? '-' : '+', min / 60 % 100,
	    min % 60);
}

void date_put(struct buf *out, struct date d)
{
	static const char *const days[7] = { "Thu", "Fri", "Sat", "Sun", "Mon",
		"Tue", "Wed" };
	struct civil c = civil_of(d);
	int64_t weekday = floor_day(local_seconds(d)) % 7;
	buf_printf(out, "%s, %u %s ", days[weekday < 0 ? weekday + 7 : weekday],
	    c.day, months[c.month - 1].p);
	put_time(out, &c, d.zone_min);
}

static void write_two(char *p, uint32_t n)
{
	p[0] = (char)('0' + n / 10 % 10);
	p[1] = (char)('0' + n % 10);
}

void date_write_imap(struct date d, char out[DATE_IMAP_OCTETS])
{
	struct civil c = civil_of(d);
	uint32_t min = (uint32_t)(d.zone_min < 0 ? -d.zone_min : d.zone_min);
	memcpy(out, "  -Mmm-yyyy hh:mm:ss +zzzz", DATE_IMAP_OCTETS);
	write_two(out, c.day);
	if (c.day < 10)
		out[0] = ' ';
	memcpy(out + 3, months[c.month - 1].p, 3);
	write_two(out + 7, c.year / 100);
	write_two(out + 9, c.year);
	write_two(out + 12, c.hour);
	write_two(out + 15, c.minute);
	write_two(out + 18, c.second);
	out[21] = d.zone_min < 0 ? '-' : '+';
	write_two(out + 22, min / 60);
	write_two(out + 24, min % 60);
}

void date_put_imap(struct buf *out, struct date d)
{
	char text[DATE_IMAP_OCTETS];
	date_write_imap(d, text);
	buf_put(out, (struct view){ text, sizeof text });
}

static bool exact(struct view *v, size_t n, uint32_t *out)
{
	struct view digits = view_head(*v, n);
	*v = view_skip(*v, n);
	return digits.n == n && view_u32(digits, out);
}

/* "d-Mmm-yyyy" */
static bool take_imap_day(struct view *v, struct civil *c)
{
	struct view day;
	if (!view_cut(v, '-', &day) || day.n > 2 || !view_u32(day, &c->day) ||
	    !month_of(view_head(*v, 3), &c->month))
		return false;
	*v = view_skip(*v, 3);
	return take_char(v, '-') && exact(v, 4, &c->year);
}

int date_parse_imap_day(struct view v, int32_t *day)
{
	struct civil c = { 0 };
	if (!take_imap_day(&v, &c) || v.n || !is_valid(&c))
		return MC_E_BAD;
	*day = (int32_t)day_of_civil(&c);
	return 0;
}

int date_parse_imap(struct view v, struct date *out)
{
	struct civil c = { 0 };
	int zone_min = 0;
	take_char(&v, ' ');
	if (!take_imap_day(&v, &c) || !take_char(&v, ' ') ||
	    !exact(&v, 2, &c.hour) || !take_char(&v, ':') ||
	    !exact(&v, 2, &c.minute) || !take_char(&v, ':') ||
	    !exact(&v, 2, &c.second) || !take_char(&v, ' '))
		return MC_E_BAD;
	bool west = v.n && v.p[0] == '-';
	if ((!take_char(&v, '-') && !take_char(&v, '+')) ||
	    !numeric_zone(v, west, &zone_min) || !is_valid(&c))
		return MC_E_BAD;
	*out = date_of(&c, zone_min);
	return 0;
}

int32_t date_day(struct date d)
{
	return (int32_t)floor_day(local_seconds(d));
}
