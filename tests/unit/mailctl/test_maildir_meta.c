#include "mailctl/transfer/maildir/maildir_meta.h"
#include "mailctl/transfer/maildir/mbsync_state.h"
#include "suite.h"

static const struct {
	const char *file, *base;
	uint16_t flags;
	uint32_t letters, uid;
	bool forwarded;
} names[] = {
	{ "123.M1P2.host", "123.M1P2.host", 0, 0, 0, false },
	{ "123.M1P2.host,S=1,W=2:2,", "123.M1P2.host,S=1,W=2", 0, 0, 0, false },
	{ "1.a:2,DFPRST", "1.a",
	    MESSAGE_DRAFT | MESSAGE_FLAGGED | MESSAGE_ANSWERED | MESSAGE_SEEN |
		MESSAGE_DELETED,
	    0, 0, true },
	{ "1.a:2,Sacz", "1.a", MESSAGE_SEEN, 1u | 1u << 2 | 1u << 25, 0,
	    false },
	{ "1.a:1,S", "1.a", 0, 0, 0, false },
	{ "1.a,U=77:2,S", "1.a,U=77", MESSAGE_SEEN, 0, 77, false },
	{ "1.a,U=77,S=5", "1.a,U=77,S=5", 0, 0, 77, false },
	{ "1.a,U=x", "1.a,U=x", 0, 0, 0, false },
	{ "", "", 0, 0, 0, false },
};

START_TEST(file_names)
{
	struct maildir_name n;
	struct buf flags;
	struct view in = exact_copy(view_of(names[_i].file));
	maildir_name_parse(in, &n);
	ck_assert_view_eq(n.base, view_of(names[_i].base));
	ck_assert_uint_eq(n.flags, names[_i].flags);
	ck_assert_uint_eq(n.letters, names[_i].letters);
	ck_assert_uint_eq(n.mbsync_uid, names[_i].uid);
	ck_assert_int_eq(n.forwarded, names[_i].forwarded);
	buf_init(&flags, 64);
	maildir_flags_put(&flags, n.flags, n.forwarded, n.letters);
	if (view_find(in, V(":2,")) < in.n)
		ck_assert_view_eq(
		    buf_view(&flags), view_skip(in, view_find_byte(in, ':')));
	buf_deinit(&flags);
	exact_free(in);
}

END_TEST

START_TEST(uidlist_version_3)
{
	struct uidlist l;
	struct view in = exact_copy(
	    V("3 V1275660208 N25022 G3085f01b7f11094c\n"
	      "24 W2481 P0000abc S12 :1276528487.M364837P9451.h,S=1355:2,S\n"
	      "25 :b.with space\n"
	      "25 :c.twice\n"
	      "x :d.bad\n"
	      "26 :\n"
	      "30000 :a.last"));
	ck_assert_int_eq(uidlist_parse(in, &l), 0);
	ck_assert_uint_eq(l.uidvalidity, 1275660208);
	ck_assert_uint_eq(l.uidnext, 30001); /* not below its own UIDs */
	ck_assert_uint_eq(l.n, 3);
	ck_assert_uint_eq(l.n_bad, 3);
	const struct uidlist_entry *e =
	    uidlist_find(&l, V("1276528487.M364837P9451.h,S=1355"));
	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->uid, 24);
	ck_assert_view_eq(e->uidl, V("0000abc"));
	ck_assert_uint_eq(uidlist_find(&l, V("b.with space"))->uid, 25);
	ck_assert_uint_eq(uidlist_find(&l, V("a.last"))->uid, 30000);
	ck_assert_ptr_null(uidlist_find(&l, V("c.twice")));
	uidlist_deinit(&l);
	exact_free(in);
}

END_TEST

START_TEST(uidlist_version_1)
{
	struct uidlist l;
	ck_assert_int_eq(
	    uidlist_parse(V("1 1300000000 9\n8 one:2,S\n"), &l), 0);
	ck_assert_uint_eq(l.uidvalidity, 1300000000);
	ck_assert_uint_eq(l.uidnext, 9);
	ck_assert_uint_eq(uidlist_find(&l, V("one"))->uid, 8);
	uidlist_deinit(&l);
	ck_assert_int_eq(uidlist_parse(V(""), &l), MC_E_BAD);
	ck_assert_int_eq(uidlist_parse(V("2 1 1\n"), &l), MC_E_VERSION);
	ck_assert_int_eq(uidlist_parse(V("3 N5\n"), &l), MC_E_BAD);
	ck_assert_int_eq(uidlist_parse(V("1 x 5\n"), &l), MC_E_BAD);
}

END_TEST

START_TEST(keywords)
{
	struct view k[MAILDIR_KEYWORDS];
	maildir_keywords_parse(
	    V("0 $Label1\n25 Last\n26 Behind\nx y\n1 NonJunk"), k);
	ck_assert_view_eq(k[0], V("$Label1"));
	ck_assert_view_eq(k[1], V("NonJunk"));
	ck_assert_view_eq(k[25], V("Last"));
	ck_assert_uint_eq(k[2].n, 0);
}

END_TEST

static const struct {
	const char *disk, *mailbox;
	char separator;
	bool back;
} folders[] = {
	{ "Work.Old", "Work/Old", '.', true },
	{ "&AMQ-pfel.B", "\xc3\x84pfel/B", '.', true },
	{ "\xc3\x84pfel", "\xc3\x84pfel", '.', false },
	{ "A&B", "A&B", '.', false },
	{ "A&-B", "A&B", '.', true },
	{ "\xff", "\xef\xbf\xbd", '.', false },
	{ "example&AC4-org", "example.org", '.', true },
	{ "&AC4-&AMQ-&AC4-", ".\xc3\x84.", '.', true },
	{ "&-AC4-", "&AC4-", '.', true },
	{ "example.org/x", "example.org/x", '/', true },
	{ "a/&AC4-b.c", "a/.b.c", '/', true },
	{ "a\tb&AC4-c", "a/b.c", '\t', false },
};

START_TEST(folder_names)
{
	struct buf out;
	buf_init(&out, 1000);
	struct view in = exact_copy(view_of(folders[_i].disk));
	folder_decode(in, folders[_i].separator, &out);
	ck_assert_view_eq(buf_view(&out), view_of(folders[_i].mailbox));
	buf_reset(&out);
	folder_encode(
	    view_of(folders[_i].mailbox), folders[_i].separator, &out);
	ck_assert_int_eq(view_eq(buf_view(&out), in), folders[_i].back);
	buf_deinit(&out);
	exact_free(in);
}

END_TEST

static int join(void *ctx, struct view name)
{
	buf_put(ctx, name);
	buf_put_char(ctx, ';');
	return 0;
}

static const struct {
	const char *text;
	char separator;
	const char *names;
} subscriptions[] = {
	{ "INBOX\nWork.Old\n&AMQ-pfel\n", '.', "INBOX;Work/Old;\xc3\x84pfel;" },
	{ "V\t2\n\nINBOX\nWork\tOld\nexample.org\n", '.',
	    "INBOX;Work/Old;example.org;" },
	{ "INBOX\nINBOX.Sent\nINBOX.Work.Old\n", '.', "INBOX;Sent;Work/Old;" },
	{ "INBOX\nexample.org/x", '/', "INBOX;example.org/x;" },
	{ "", '.', "" },
};

START_TEST(subscribed)
{
	struct buf out;
	buf_init(&out, 1000);
	ck_assert_int_eq(subscriptions_parse(view_of(subscriptions[_i].text),
			     subscriptions[_i].separator, join, &out),
	    0);
	ck_assert_view_eq(buf_view(&out), view_of(subscriptions[_i].names));
	buf_deinit(&out);
}

END_TEST

START_TEST(mbsync_knows_the_servers_uids)
{
	struct mbsync_state s;
	mbsync_state_parse(V("1668\n4\n"),
	    V("FarUidValidity 99\nNearUidValidity 1668\nMaxPulledUid 70\n\n"
	      "60 3 S\n0 5 \n50 1 FS\n70 0 S\n"),
	    &s);
	ck_assert_uint_eq(s.uidvalidity, 99);
	ck_assert_uint_eq(mbsync_state_uid(&s, 1), 50);
	ck_assert_uint_eq(mbsync_state_uid(&s, 3), 60);
	ck_assert_uint_eq(mbsync_state_uid(&s, 5), 0);
	ck_assert_uint_eq(mbsync_state_uid(&s, 0), 0);
	mbsync_state_deinit(&s);
	/* Of another life of the Maildir, or none. */
	mbsync_state_parse(V("1668\n4\n"),
	    V("FarUidValidity 99\nNearUidValidity 1\n\n60 3 S\n"), &s);
	ck_assert_uint_eq(s.uidvalidity, 1668);
	ck_assert_uint_eq(mbsync_state_uid(&s, 3), 3);
	mbsync_state_deinit(&s);
	mbsync_state_parse(V("none"), V_NONE, &s);
	ck_assert_uint_eq(s.uidvalidity, 0);
	ck_assert_uint_eq(mbsync_state_uid(&s, 3), 0);
}

END_TEST

#define N(table) (int)(sizeof table / sizeof *table)

static Suite *build(void)
{
	Suite *s = suite_create("maildir_meta");
	TCase *c = tcase_create("maildir_meta");
	tcase_add_loop_test(c, file_names, 0, N(names));
	tcase_add_test(c, uidlist_version_3);
	tcase_add_test(c, uidlist_version_1);
	tcase_add_test(c, keywords);
	tcase_add_loop_test(c, folder_names, 0, N(folders));
	tcase_add_loop_test(c, subscribed, 0, N(subscriptions));
	tcase_add_test(c, mbsync_knows_the_servers_uids);
	suite_add_tcase(s, c);
	return s;
}

SUITE_MAIN(build)
