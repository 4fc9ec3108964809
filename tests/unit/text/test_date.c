/* Dates: RFC 5322 3.3 and 4.3, RFC 3501 9. */
#include "suite.h"
#include "text/date.h"

struct date_case {
	struct view in;
	bool ok;
	int64_t unix_s;
	int zone_min;
};

static const struct date_case date_cases[] = {
	{ V_INIT(" Fri, 21 Nov 1997 09:55:06 -0600"), true, 880127706, -360 },
	{ V_INIT("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600"), true,
	    880127706, -360 },
	{ V_INIT("21 Nov 97 09:55:06 GMT"), true, 880106106, 0 },
	{ V_INIT("Thu,\r\n 13\r\n\tFeb\r\n 1969 23:32 -0330 (Newfoundland)"),
	    true, -27723480, -210 },
	{ V_INIT("1 Jan 1970 00:00:00 +0000"), true, 0, 0 },
	{ V_INIT("Tue, 3 Nov 2026 10:00:00 +0100"), true, 1793696400, 60 },
	{ V_INIT("29 Feb 2000 00:00:00 +0000"), true, 951782400, 0 },
	{ V_INIT("31 Dec 2016 23:59:60 +0000"), true, 1483228800, 0 },
	{ V_INIT("1 Jan 49 0:0 EST"), true, 2493090000, -300 },
	{ V_INIT("1 Jan 99 0:0 Z"), true, 915148800, 0 },
	{ V_INIT("1 Jan 100 00:00:00 +0000"), true, 946684800, 0 },
	{ V_INIT("1-Jan-2000 00:00:00 XYZ"), true, 946684800, 0 },
	{ V_INIT("1 January 2000 00:00:00 GMT+0100"), true, 946681200, 60 },
	{ V_INIT("1 Jan 2000"), true, 946684800, 0 },
	{ V_INIT("1 Jan 2000 00:00:00"), true, 946684800, 0 },
	{ V_INIT("Sat 1 Jan 2000 00:00:00.25 +0000"), true, 946684800, 0 },
	{ V_INIT("1 Jan 2000 00:00:00 +0099"), true, 946684800, 0 },
	{ V_INIT(""), false, 0, 0 },
	{ V_INIT("yesterday"), false, 0, 0 },
	{ V_INIT("30 Feb 2000 00:00:00 +0000"), false, 0, 0 },
	{ V_INIT("29 Feb 1900 00:00:00 +0000"), false, 0, 0 },
	{ V_INIT("0 Jan 2000 00:00:00 +0000"), false, 0, 0 },
	{ V_INIT("1 Foo 2000 00:00:00 +0000"), false, 0, 0 },
	{ V_INIT("1 Jan 20000 00:00:00 +0000"), false, 0, 0 },
	{ V_INIT("1 Jan 2000 24:00:00 +0000"), false, 0, 0 },
	{ V_INIT("1 Jan 2000 00:60:00 +0000"), false, 0, 0 },
	{ V_INIT("1 Jan 2000 0000"), false, 0, 0 },
	{ V_INIT("99999999999999999999 Jan 2000"), false, 0, 0 },
	{ V_INIT("((((((("), false, 0, 0 },
	{ V_INIT("1\0Jan 2000"), false, 0, 0 },
};

START_TEST(parses_date_fields)
{
	const struct date_case *c = &date_cases[_i];
	struct date d = { -1, -1 };
	struct view in = exact_copy(c->in);
	ck_assert_int_eq(date_parse(in, &d), c->ok ? 0 : MC_E_BAD);
	if (c->ok) {
		ck_assert_int_eq(d.unix_s, c->unix_s);
		ck_assert_int_eq(d.zone_min, c->zone_min);
	}
	exact_free(in);
	for (size_t n = 0; n < c->in.n; n++) {
		in = exact_copy(view_head(c->in, n));
		int r = date_parse(in, &d);
		ck_assert(r == 0 || r == MC_E_BAD);
		exact_free(in);
	}
}

END_TEST

static const struct date_case imap_cases[] = {
	{ V_INIT(" 3-Nov-2026 10:00:00 +0100"), true, 1793696400, 60 },
	{ V_INIT("03-Nov-2026 10:00:00 +0100"), true, 1793696400, 60 },
	{ V_INIT("17-jul-1996 02:44:25 -0700"), true, 837596665, -420 },
	{ V_INIT("3-Nov-2026 10:00:00 +0100"), true, 1793696400, 60 },
	{ V_INIT("03-Nov-26 10:00:00 +0100"), false, 0, 0 },
	{ V_INIT("31-Nov-2026 10:00:00 +0100"), false, 0, 0 },
	{ V_INIT("03-Nov-2026 10:00:00"), false, 0, 0 },
	{ V_INIT("03-Nov-2026 10:00:00 0100"), false, 0, 0 },
	{ V_INIT("03-Nov-2026 10:00:00 +0100x"), false, 0, 0 },
	{ V_INIT("03-Nov-2026 1:00:00 +0100"), false, 0, 0 },
	{ V_INIT(""), false, 0, 0 },
};

START_TEST(parses_imap_dates)
{
	const struct date_case *c = &imap_cases[_i];
	struct date d = { -1, -1 };
	struct view in = exact_copy(c->in);
	ck_assert_int_eq(date_parse_imap(in, &d), c->ok ? 0 : MC_E_BAD);
	if (c->ok) {
		ck_assert_int_eq(d.unix_s, c->unix_s);
		ck_assert_int_eq(d.zone_min, c->zone_min);
	}
	exact_free(in);
}

END_TEST

struct put_case {
	struct date d;
	struct view mail, imap;
};

static const struct put_case put_cases[] = {
	{ { 1793696400, 60 }, V_INIT("Tue, 3 Nov 2026 10:00:00 +0100"),
	    V_INIT(" 3-Nov-2026 10:00:00 +0100") },
	{ { 0, 0 }, V_INIT("Thu, 1 Jan 1970 00:00:00 +0000"),
	    V_INIT(" 1-Jan-1970 00:00:00 +0000") },
	{ { -1, -90 }, V_INIT("Wed, 31 Dec 1969 22:29:59 -0130"),
	    V_INIT("31-Dec-1969 22:29:59 -0130") },
	{ { INT64_MAX, 600 }, V_INIT("Fri, 31 Dec 9999 23:59:59 +1000"),
	    V_INIT("31-Dec-9999 23:59:59 +1000") },
	{ { INT64_MIN, -600 }, V_INIT("Sat, 1 Jan 0000 00:00:00 -1000"),
	    V_INIT(" 1-Jan-0000 00:00:00 -1000") },
};

START_TEST(writes_dates)
{
	struct buf out;
	buf_init(&out, 100);
	date_put(&out, put_cases[_i].d);
	ck_assert_view_eq(buf_view(&out), put_cases[_i].mail);
	buf_reset(&out);
	date_put_imap(&out, put_cases[_i].d);
	ck_assert_view_eq(buf_view(&out), put_cases[_i].imap);
	buf_deinit(&out);
}

END_TEST

/* Every day of 800 years goes to text and back. */
START_TEST(counts_every_day)
{
	struct buf out;
	buf_init(&out, 100);
	for (int64_t day = -150000; day < 150000; day += 7) {
		struct date d = { day * 86400 + 43200, 0 }, back;
		buf_reset(&out);
		date_put_imap(&out, d);
		ck_assert_int_eq(date_parse_imap(buf_view(&out), &back), 0);
		ck_assert_int_eq(back.unix_s, d.unix_s);
		ck_assert_int_eq(date_day(d), day);
		int32_t parsed;
		struct view text = view_head(buf_view(&out), 11);
		if (text.p[0] == ' ')
			text = view_skip(text, 1);
		ck_assert_int_eq(date_parse_imap_day(text, &parsed), 0);
		ck_assert_int_eq(parsed, day);
	}
	buf_deinit(&out);
}

END_TEST

START_TEST(day_is_that_of_the_dates_own_zone)
{
	ck_assert_int_eq(date_day((struct date){ 82800, 0 }), 0);
	ck_assert_int_eq(date_day((struct date){ 82800, 60 }), 1);
	ck_assert_int_eq(date_day((struct date){ 3599, -60 }), -1);
	int32_t day;
	ck_assert_int_eq(date_parse_imap_day(V("1-Feb-1994"), &day), 0);
	ck_assert_int_eq(day, 8797);
	ck_assert_int_eq(date_parse_imap_day(V("31-Feb-1994"), &day), MC_E_BAD);
	ck_assert_int_eq(date_parse_imap_day(V("1-Feb-94"), &day), MC_E_BAD);
	ck_assert_int_eq(date_parse_imap_day(V(""), &day), MC_E_BAD);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/date");
	TCase *t = tcase_create("date");
	tcase_add_loop_test(t, parses_date_fields, 0, N(date_cases));
	tcase_add_loop_test(t, parses_imap_dates, 0, N(imap_cases));
	tcase_add_loop_test(t, writes_dates, 0, N(put_cases));
	tcase_add_test(t, counts_every_day);
	tcase_add_test(t, day_is_that_of_the_dates_own_zone);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
