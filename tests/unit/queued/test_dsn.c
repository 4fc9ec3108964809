/* Notifications as text: RFC 3464, 6522. */
#include "queued/notice/dsn.h"
#include "suite.h"
#include "text/path.h"

static const struct dsn_rcpt full = { V_INIT("anna@example.org"),
	V_INIT("rfc822;a+2Bb@example.net"), V_INIT("4.2.2 the mailbox is full"),
	1795000000, V_INIT("") };

static struct dsn sample(void)
{
	return (struct dsn){ .action = DSN_FAILED,
		.hostname = V("mx.example.org"),
		.to = V("bert@example.org"),
		.sender = V("bert@example.org"),
		.envid = V("QQ+2B1"),
		.id = 0x1954fc4000000000,
		.arrived_s = 1794500000,
		.now_s = 1795000000,
		.retry_until_s = 1794932000,
		.rcpts = &full,
		.n_rcpts = 1,
		.original = V("Message-ID: <1@example.org>\r\nSubject: x\r\n"
			      "\r\nbody\r\n"),
		.is_whole = true,
		.random = { 1, 2 } };
}

static const char in_full[] =
    "From: Mail Delivery System <MAILER-DAEMON@mx.example.org>\r\n"
    "To: <bert@example.org>\r\n"
    "Subject: Your message could not be delivered\r\n"
    "Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
    "Message-ID: <1954fc4000000000.0000000000000001@mx.example.org>\r\n"
    "In-Reply-To: <1@example.org>\r\n"
    "References: <1@example.org>\r\n"
    "Auto-Submitted: auto-replied\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/report;\r\n"
    "\treport-type=delivery-status;\r\n"
    "\tboundary=\"=_00000000000000010000000000000002\"\r\n"
    "\r\n"
    "--=_00000000000000010000000000000002\r\n"
    "Content-Type: text/plain; charset=us-ascii\r\n"
    "\r\n"
    "Your message could not be delivered to anna@example.org: the mailbox is "
    "full.\r\n"
    "\r\n"
    "Ask the recipient in another way, or try again later.\r\n"
    "\r\n"
    "  anna@example.org\r\n"
    "      4.2.2 the mailbox is full\r\n"
    "\r\n"
    "Its number in the queue of this host was 1954fc4000000000.\r\n"
    "\r\n"
    "--=_00000000000000010000000000000002\r\n"
    "Content-Type: message/delivery-status\r\n"
    "\r\n"
    "Original-Envelope-Id: QQ+1\r\n"
    "Reporting-MTA: dns;mx.example.org\r\n"
    "Arrival-Date: Thu, 12 Nov 2026 16:13:20 +0000\r\n"
    "\r\n"
    "Original-Recipient: rfc822;a+b@example.net\r\n"
    "Final-Recipient: rfc822;anna@example.org\r\n"
    "Action: failed\r\n"
    "Status: 5.2.2\r\n"
    "Diagnostic-Code: x-mailcore; 4.2.2 the mailbox is full\r\n"
    "Last-Attempt-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n"
    "\r\n"
    "--=_00000000000000010000000000000002\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Message-ID: <1@example.org>\r\nSubject: x\r\n\r\nbody\r\n"
    "\r\n"
    "--=_00000000000000010000000000000002--\r\n";

static struct view put(const struct dsn *d, struct buf *out)
{
	buf_init(out, 65536);
	dsn_put(d, out);
	ck_assert_int_eq(buf_error(out), 0);
	return buf_view(out);
}

START_TEST(a_failure_is_said_in_full)
{
	struct buf out;
	struct dsn d = sample();
	ck_assert_view_eq(put(&d, &out), view_of(in_full));
	buf_deinit(&out);
}

END_TEST

static void expect(const struct dsn *d, const char *what, bool is_there)
{
	struct buf out;
	struct view text = put(d, &out);
	ck_assert_msg((view_find(text, view_of(what)) < text.n) == is_there,
	    "%s \"%s\" in:\n%.*s", is_there ? "no" : "a", what, (int)text.n,
	    text.p);
	buf_deinit(&out);
}

START_TEST(says_what_a_delay_means)
{
	struct dsn d = sample();
	d.action = DSN_DELAYED;
	d.is_whole = false;
	expect(&d, "Action: delayed\r\nStatus: 4.2.2\r\n", true);
	expect(
	    &d, "Will-Retry-Until: Tue, 17 Nov 2026 16:13:20 +0000\r\n", true);
	expect(&d, "You need not do anything", true);
	expect(&d,
	    "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: "
	    "<1@example.org>\r\nSubject: x\r\n\r\n--",
	    true);
	expect(&d, "body", false);
}

END_TEST

START_TEST(a_success_has_no_diagnosis)
{
	static const struct dsn_rcpt r = { V_INIT("anna@example.org"),
		V_INIT(""), V_INIT("2.0.0"), 0, V_INIT("") };
	struct dsn d = sample();
	d.action = DSN_DELIVERED;
	d.rcpts = &r;
	expect(&d, "Action: delivered\r\nStatus: 2.0.0\r\n\r\n--", true);
	expect(&d, "was delivered to anna@example.org.\r\n", true);
}

END_TEST

/* What others wrote cannot end a line, a part or a field. */
START_TEST(nothing_breaks_out)
{
	static const struct dsn_rcpt r = { V_INIT("a\r\nX: y@b"),
		V_INIT("rfc822;x+0D+0AX: y"), V_INIT("5.1.1 a\r\nX: y\xc3\xa4"),
		0, V_INIT("") };
	struct dsn d = sample();
	d.rcpts = &r;
	d.envid = V("a+0D+0AX:y");
	d.sender = V("a\r\nX: y@b");
	d.to = d.sender;
	d.is_for_postmaster = true;
	d.original = V("Message-ID: <a\r\n X: y>\r\nA: b\xe4\r\n\r\n");
	expect(&d, "\nX:", false);
	expect(&d, "In-Reply-To", false);
	expect(&d, "Content-Transfer-Encoding: 8bit\r\n\r\nMessage-ID", true);
}

END_TEST

/* RFC 6533 4: in UTF-8. */
START_TEST(addresses_in_any_script_are_said_as_they_are)
{
	static const struct dsn_rcpt r = { V_INIT("j\xc3\xb6rg@example.org"),
		V_INIT("utf-8;j\\x{F6}\\x{2B}x@example.org"),
		V_INIT("5.1.1 \xc3\xb6"), 0, V_INIT("mx.example") };
	struct dsn d = sample();
	d.rcpts = &r;
	d.is_utf8 = true;
	d.to = V("\xc3\xbc@example.org");
	expect(&d, "To: <\xc3\xbc@example.org>\r\n", true);
	expect(&d, "delivered to j\xc3\xb6rg@example.org: there", true);
	expect(&d,
	    "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
	    true);
	expect(&d,
	    "Content-Type: message/global-delivery-status\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    true);
	expect(&d,
	    "Original-Recipient: utf-8;j\xc3\xb6+x@example.org\r\n"
	    "Final-Recipient: utf-8;j\xc3\xb6rg@example.org\r\n",
	    true);
	expect(&d, "Diagnostic-Code: smtp; 5.1.1 \xc3\xb6\r\n", true);
	/* Its header is ASCII. */
	expect(&d, "Content-Type: message/rfc822\r\n\r\n", true);
	d.original = V("Subject: \xc3\xa4\r\n\r\nbody\r\n");
	expect(&d,
	    "Content-Type: message/global\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\nSubject: \xc3\xa4",
	    true);
	d.is_whole = false;
	expect(&d, "Content-Type: message/global-headers\r\n", true);
}

END_TEST

/* RFC 6533 3: where they cannot be. */
START_TEST(addresses_in_any_script_are_said_in_ascii)
{
	static const struct dsn_rcpt r = { V_INIT("j\xc3\xb6rg@example.org"),
		V_INIT("utf-8;j\\x{F6}\\x{2B}x@example.org"),
		V_INIT("5.1.1 \xc3\xb6"), 0, V_INIT("mx.example") };
	struct dsn d = sample();
	d.rcpts = &r;
	d.original = V("Subject: \xc3\xa4\r\n\r\nbody\r\n");
	expect(&d, "delivered to j\\x{F6}rg@example.org: there", true);
	expect(&d, "Content-Type: message/delivery-status\r\n\r\n", true);
	expect(&d,
	    "Original-Recipient: utf-8;j\\x{F6}\\x{2B}x@example.org\r\n"
	    "Final-Recipient: utf-8;j\\x{F6}rg@example.org\r\n",
	    true);
	expect(&d, "Diagnostic-Code: smtp; 5.1.1 ??\r\n", true);
	expect(&d, "Content-Type: message/rfc822\r\n", true);
}

END_TEST

/* The largest notification is a message of the queue's database. */
START_TEST(the_largest_fits)
{
	static struct dsn_rcpt r[DSN_RCPTS_MAX];
	static char orcpt[500], reply[200];
	char address[PATH_LOCAL_MAX + 256];
	static char original[DSN_RETURN_MAX];
	struct dsn d = sample();
	/* The local part is three times as long where UTF-8 cannot be. */
	memset(address, 'a', sizeof address);
	for (size_t i = 0; i < PATH_LOCAL_MAX; i += 2)
		memcpy(address + i, "\xc3\xb6", 2);
	address[PATH_LOCAL_MAX] = '@';
	memset(orcpt, 'o', sizeof orcpt);
	memset(reply, 'r', sizeof reply);
	memset(original, 'h', sizeof original);
	memcpy(orcpt, "x;", 2);
	for (size_t i = 0; i < DSN_RCPTS_MAX; i++)
		r[i] = (struct dsn_rcpt){ { address, sizeof address },
			{ orcpt, sizeof orcpt }, { reply, sizeof reply },
			1795000000, V_INIT("") };
	d.rcpts = r;
	d.n_rcpts = DSN_RCPTS_MAX;
	d.original = (struct view){ original, sizeof original };
	d.to = d.sender = (struct view){ address, sizeof address };
	struct buf out;
	ck_assert_uint_gt(put(&d, &out).n, 32768);
	buf_deinit(&out);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/dsn");
	TCase *t = tcase_create("dsn");
	tcase_add_test(t, a_failure_is_said_in_full);
	tcase_add_test(t, says_what_a_delay_means);
	tcase_add_test(t, a_success_has_no_diagnosis);
	tcase_add_test(t, nothing_breaks_out);
	tcase_add_test(t, addresses_in_any_script_are_said_as_they_are);
	tcase_add_test(t, addresses_in_any_script_are_said_in_ascii);
	tcase_add_test(t, the_largest_fits);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
