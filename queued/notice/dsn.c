#include "queued/notice/dsn.h"
#include "queued/notice/explain.h"
#include "text/codec.h"
#include "text/date.h"
#include "text/message/header.h"
#include "text/scan.h"
#include "text/xtext.h"
#include <inttypes.h>

static const struct words {
	struct view subject, sentence, action;
} words[DSN_ACTION_COUNT] = {
	[DSN_FAILED] = { V_INIT("Your message could not be delivered"),
	    V_INIT("Your message could not be delivered to "),
	    V_INIT("failed") },
	[DSN_DELAYED] = { V_INIT("Delivery of your message is delayed"),
	    V_INIT("Your message could not be delivered yet to "),
	    V_INIT("delayed") },
	[DSN_DELIVERED] = { V_INIT("Your message was delivered"),
	    V_INIT("Your message was delivered to "), V_INIT("delivered") },
	[DSN_RELAYED] = { V_INIT("Your message was passed on"),
	    V_INIT("Your message was passed on to the mail system of "),
	    V_INIT("relayed") },
};

static void put_date(struct buf *out, const char *name, uint64_t time_s)
{
	buf_printf(out, "%s: ", name);
	date_put(out, (struct date){ .unix_s = (int64_t)time_s });
	buf_put(out, V("\r\n"));
}

/* A piece of a field or a text: what has no place in one is written as '?'. */
static void put_clean(const struct dsn *d, struct buf *out, struct view v)
{
	bool is_utf8 = d->is_utf8 && utf8_is_valid(v);
	for (size_t i = 0; i < v.n; i++) {
		bool is_eightbit = (unsigned char)v.p[i] > 127;
		bool may_stand =
		    is_eightbit ? is_utf8 : v.p[i] >= ' ' && v.p[i] <= '~';
		buf_put_char(out, may_stand ? v.p[i] : '?');
	}
}

/* In ASCII where UTF-8 cannot be (RFC 6533 3). */
static void put_address(const struct dsn *d, struct buf *out, struct view v)
{
	if (!d->is_utf8 && scan_has_eightbit(v))
		utf8_address_encode(v, out);
	else
		put_clean(d, out, v);
}

static void put_line(
    const struct dsn *d, struct buf *out, const char *start, struct view v)
{
	buf_put_cstr(out, start);
	put_clean(d, out, v);
	buf_put(out, V("\r\n"));
}

static void put_boundary(const struct dsn *d, struct buf *out)
{
	buf_printf(
	    out, "=_%016" PRIx64 "%016" PRIx64, d->random[0], d->random[1]);
}

/* The header of the message, without the empty line behind it. */
static struct view header_of(struct view original)
{
	struct view rest = original;
	struct header_field f;
	while (header_next(&rest, &f) == PARSE_OK && f.name.n)
		continue;
	struct view all = view_head(original, original.n - rest.n);
	if (view_starts(
		view_skip(all, all.n < 4 ? 0 : all.n - 4), V("\r\n\r\n")))
		all.n -= 2;
	return all;
}

/* So that mail programs show both as one conversation. */
static void put_references(const struct dsn *d, struct buf *out)
{
	struct header_field f;
	if (!header_find(d->original, V("Message-ID"), &f))
		return;
	struct view id = view_trim(f.value);
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return;
	if (id.n < 3 || id.n > 250 || id.p[0] != '<')
		return;
	put_line(d, out, "In-Reply-To: ", id);
	put_line(d, out, "References: ", id);
}

static void put_header(const struct dsn *d, struct buf *out)
{
	buf_put(out, V("From: Mail Delivery System <MAILER-DAEMON@"));
	buf_put(out, d->hostname);
	buf_put(out, V(">\r\nTo: <"));
	put_address(d, out, d->to);
	buf_put(out, V(">\r\nSubject: "));
	buf_put(out, d->is_for_postmaster ? V("Undeliverable, and its sender "
					      "cannot be told")
					  : words[d->action].subject);
	buf_put(out, V("\r\n"));
	put_date(out, "Date", d->now_s);
	buf_printf(out, "Message-ID: <%016" PRIx64 ".%016" PRIx64 "@", d->id,
	    d->random[0]);
	buf_put(out, d->hostname);
	buf_put(out, V(">\r\n"));
	put_references(d, out);
	/* RFC 3834 5. */
	buf_put(out, V("Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
		       "Content-Type: multipart/report;\r\n"
		       "\treport-type=delivery-status;\r\n\tboundary=\""));
	put_boundary(d, out);
	buf_put(out, V("\"\r\n"));
}

static void put_delimiter(const struct dsn *d, struct buf *out, bool is_last)
{
	buf_put(out, V("\r\n--"));
	put_boundary(d, out);
	buf_put(out, is_last ? V("--\r\n") : V("\r\n"));
}

static bool is_success(const struct dsn *d)
{
	return d->action == DSN_DELIVERED || d->action == DSN_RELAYED;
}

/* "Your message could not be delivered to x@example.org: the mailbox is full."
 */
static void put_sentence(const struct dsn *d, struct buf *out)
{
	const struct dsn_rcpt *first = &d->rcpts[0];
	if (d->is_for_postmaster)
		buf_put(out, V("A message could not be delivered to "));
	else
		buf_put(out, words[d->action].sentence);
	if (d->n_rcpts == 1)
		put_address(d, out, first->address);
	else
		buf_printf(out, "%zu of its recipients", d->n_rcpts);
	if (d->n_rcpts == 1 && !is_success(d)) {
		buf_put(out, V(": "));
		buf_put(out, explain_reply(first->reply).what);
	}
	buf_put(out, V(".\r\n\r\n"));
}

static void put_advice(const struct dsn *d, struct buf *out)
{
	struct view todo = explain_reply(d->rcpts[0].reply).todo;
	if (d->is_for_postmaster) {
		buf_put(out, V("Its sender is not told: it is a notification "
			       "itself, or the address of its\r\n"
			       "sender may be forged. It was from <"));
		put_address(d, out, d->sender);
		buf_put(out, V(">.\r\n"));
	} else if (d->action == DSN_DELAYED) {
		buf_put(out, V("You need not do anything: delivery is tried "
			       "until\r\n"));
		date_put(
		    out, (struct date){ .unix_s = (int64_t)d->retry_until_s });
		buf_put(out, V(".\r\n"));
	} else if (d->action == DSN_RELAYED) {
		buf_put(out, V("That system will not tell you when it is "
			       "delivered there.\r\n"));
	} else if (d->action == DSN_FAILED && d->n_rcpts == 1 && todo.n) {
		buf_put(out, todo);
		buf_put(out, V("\r\n"));
	}
	buf_put(out, V("\r\n"));
}

static void put_text(const struct dsn *d, struct buf *out)
{
	put_delimiter(d, out, false);
	buf_put(out, d->is_utf8
			 ? V("Content-Type: text/plain; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n\r\n")
			 : V("Content-Type: text/plain; charset=us-ascii\r\n"
			     "\r\n"));
	put_sentence(d, out);
	put_advice(d, out);
	for (size_t i = 0; i < d->n_rcpts; i++) {
		buf_put(out, V("  "));
		put_address(d, out, d->rcpts[i].address);
		buf_put(out, V("\r\n"));
		if (d->n_rcpts > 1 && !is_success(d))
			put_line(d, out, "      ",
			    explain_reply(d->rcpts[i].reply).what);
		put_line(d, out, "      ", d->rcpts[i].reply);
	}
	buf_printf(out,
	    "\r\nIts number in the queue of this host was "
	    "%016" PRIx64 ".\r\n",
	    d->id);
}

/* RFC 3464 2.3.4: a code of the class that fits the action. */
static void put_status(const struct dsn *d, struct view reply, struct buf *out)
{
	static const char classes[DSN_ACTION_COUNT] = { '5', '4', '2', '2' };
	struct view code = explain_code(reply);
	buf_put(out, V("Status: "));
	buf_put_char(out, classes[d->action]);
	buf_put(out, code.n ? view_skip(code, 1) : V(".0.0"));
	buf_put(out, V("\r\n"));
}

/* What orcpt stands for, where UTF-8 may be; what does not conform stays. */
static void put_utf8_original(
    const struct dsn *d, struct view orcpt, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, orcpt.n);
	if (d->is_utf8 && utf8_address_decode(orcpt, &plain) == 0)
		orcpt = buf_view(&plain);
	put_clean(d, out, orcpt);
	buf_deinit(&plain);
}

/* RFC 3461 6.3 (d): the type stays, the address is decoded; RFC 6533 3. */
static void put_original_recipient(
    const struct dsn *d, struct view orcpt, struct buf *out)
{
	struct view type;
	if (!orcpt.n || !view_cut(&orcpt, ';', &type))
		return;
	bool is_of_utf8 = view_ieq(type, V("utf-8"));
	if (!is_of_utf8 && !xtext_is_printable(orcpt))
		return;
	buf_put(out, V("Original-Recipient: "));
	put_clean(d, out, type);
	buf_put_char(out, ';');
	if (is_of_utf8)
		put_utf8_original(d, orcpt, out);
	else
		xtext_put_decoded(out, orcpt);
	buf_put(out, V("\r\n"));
}

/* RFC 3464 2.3.5, 2.3.6. */
static void put_diagnostic(
    const struct dsn *d, const struct dsn_rcpt *r, struct buf *out)
{
	if (r->host.n)
		put_line(d, out, "Remote-MTA: dns;", r->host);
	if (!is_success(d))
		put_line(d, out,
		    r->host.n ? "Diagnostic-Code: smtp; "
			      : "Diagnostic-Code: x-mailcore; ",
		    r->reply);
}

static void put_recipient(
    const struct dsn *d, const struct dsn_rcpt *r, struct buf *out)
{
	buf_put(out, V("\r\n"));
	put_original_recipient(d, r->orcpt, out);
	buf_put(out, scan_has_eightbit(r->address)
			 ? V("Final-Recipient: utf-8;")
			 : V("Final-Recipient: rfc822;"));
	put_address(d, out, r->address);
	buf_put(out, V("\r\n"));
	put_line(d, out, "Action: ", words[d->action].action);
	put_status(d, r->reply, out);
	put_diagnostic(d, r, out);
	if (r->last_s)
		put_date(out, "Last-Attempt-Date", r->last_s);
	if (d->action == DSN_DELAYED)
		put_date(out, "Will-Retry-Until", d->retry_until_s);
}

static void put_status_part(const struct dsn *d, struct buf *out)
{
	put_delimiter(d, out, false);
	buf_put(out, d->is_utf8
			 ? V("Content-Type: message/global-delivery-status\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n\r\n")
			 : V("Content-Type: message/delivery-status\r\n\r\n"));
	if (d->envid.n && xtext_is_printable(d->envid)) {
		buf_put(out, V("Original-Envelope-Id: "));
		xtext_put_decoded(out, d->envid);
		buf_put(out, V("\r\n"));
	}
	put_line(d, out, "Reporting-MTA: dns;", d->hostname);
	put_date(out, "Arrival-Date", d->arrived_s);
	for (size_t i = 0; i < d->n_rcpts; i++)
		put_recipient(d, &d->rcpts[i], out);
}

static struct view type_of_original(const struct dsn *d)
{
	bool is_global =
	    d->is_utf8 && scan_has_eightbit(header_of(d->original));
	if (d->is_whole)
		return is_global ? V("message/global") : V("message/rfc822");
	return is_global ? V("message/global-headers")
			 : V("text/rfc822-headers");
}

static void put_original(const struct dsn *d, struct buf *out)
{
	struct view v = d->is_whole ? d->original : header_of(d->original);
	put_delimiter(d, out, false);
	buf_put(out, V("Content-Type: "));
	buf_put(out, type_of_original(d));
	buf_put(out, V("\r\n"));
	if (scan_has_eightbit(v))
		buf_put(out, V("Content-Transfer-Encoding: 8bit\r\n"));
	buf_put(out, V("\r\n"));
	buf_put(out, v);
}

void dsn_put(const struct dsn *d, struct buf *out)
{
	put_header(d, out);
	put_text(d, out);
	put_status_part(d, out);
	put_original(d, out);
	put_delimiter(d, out, true);
}
