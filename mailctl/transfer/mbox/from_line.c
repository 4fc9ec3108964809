#include "mailctl/transfer/mbox/from_line.h"
#include "base/chars.h"

enum {
	WORDS_MAX = 64
};

static bool is_one_of(struct view v, struct view names)
{
	if (v.n != 3)
		return false;
	for (; names.n; names = view_skip(names, 3))
		if (view_ieq(v, view_head(names, 3)))
			return true;
	return false;
}

static bool is_weekday(struct view v)
{
	return is_one_of(v, V("MonTueWedThuFriSatSun"));
}

static bool is_month(struct view v)
{
	return is_one_of(v, V("JanFebMarAprMayJunJulAugSepOctNovDec"));
}

static bool is_zone(struct view v)
{
	return v.n == 5 && (v.p[0] == '+' || v.p[0] == '-') &&
	       char_is(v.p[1], CHAR_DIGIT);
}

static bool is_year(struct view v)
{
	return v.n == 4 && char_is(v.p[0], CHAR_DIGIT);
}

static bool next_word(struct view *line, struct view *word)
{
	do {
		if (!line->n)
			return false;
		view_cut(line, ' ', word);
	} while (!word->n);
	return true;
}

/* Behind the weekday: month, day, time, then zone and year in any order. */
static bool take_date(struct view line, struct date *out)
{
	struct view month, day, time, word, zone = V("+0000"), year = V_NONE;
	char text[64];
	struct buf b;
	if (!next_word(&line, &month) || !is_month(month) ||
	    !next_word(&line, &day) || day.n > 2 || !next_word(&line, &time) ||
	    time.n > 8 || !view_has_byte(time, ':'))
		return false;
	while (next_word(&line, &word)) {
		if (is_zone(word))
			zone = word;
		else if (is_year(word))
			year = word;
	}
	if (!year.n)
		return false;
	buf_init(&b, sizeof text);
	buf_printf(&b, "%.*s %.*s %.*s %.*s %.*s", (int)day.n, day.p,
	    (int)month.n, month.p, (int)year.n, year.p, (int)time.n, time.p,
	    (int)zone.n, zone.p);
	int error = buf_error(&b) ? MC_E_BAD : date_parse(buf_view(&b), out);
	buf_deinit(&b);
	return !error;
}

bool from_line_parse(struct view line, struct date *out)
{
	struct view word;
	if (!view_starts(line, V("From ")))
		return false;
	while (line.n &&
	       (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	line = view_skip(line, 5);
	for (int i = 0; i < WORDS_MAX && next_word(&line, &word); i++)
		if (is_weekday(word) && take_date(line, out))
			return true;
	return false;
}

void from_line_put(struct buf *out, struct date d)
{
	/* "Thu, 19 Nov 2026 10:00:00 +0000" has all that is needed. */
	struct buf b;
	struct view rest, weekday, day, month, year, time;
	d.zone_min = 0;
	buf_init(&b, 64);
	date_put(&b, d);
	rest = buf_view(&b);
	view_cut(&rest, ',', &weekday);
	rest = view_trim(rest);
	view_cut(&rest, ' ', &day);
	view_cut(&rest, ' ', &month);
	view_cut(&rest, ' ', &year);
	view_cut(&rest, ' ', &time);
	buf_printf(out, "From MAILER-DAEMON %.*s %.*s %2.*s %.*s %.*s\n",
	    (int)weekday.n, weekday.p, (int)month.n, month.p, (int)day.n, day.p,
	    (int)time.n, time.p, (int)year.n, year.p);
	buf_deinit(&b);
}

bool from_line_is_quoted(struct view line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] == '>')
		n++;
	return n > 0 && view_starts(view_skip(line, n), V("From "));
}
