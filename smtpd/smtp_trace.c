/* The fields that we put into a message: the trace (RFC 5321 4.4), and what a
 * submission may lack (RFC 6409 8). */
#include "smtpd/smtp_command.h"
#include "text/date.h"
#include "text/scan.h"
#include <inttypes.h>

/* "TCP-info = address-literal / ( Domain FWS address-literal )" */
static void put_client(const struct smtp_session *s, struct buf *out)
{
	struct view remote = s->env.remote;
	buf_put(out, V("Received: from "));
	buf_put(out, smtp_helo(s));
	if (view_eq(remote, V("local"))) {
		buf_put(out, V("\r\n"));
		return;
	}
	buf_put(out, view_has_byte(remote, ':') ? V(" ([IPv6:") : V(" (["));
	buf_put(out, remote);
	buf_put(out, V("])\r\n"));
}

/* RFC 3848: ESMTP, with S behind it for TLS, A for AUTH; RFC 6531 4.3. */
static void put_protocol(const struct smtp_session *s, struct buf *out)
{
	bool is_utf8 = s->esmtp && s->flags & SUBMIT_FLAG_SMTPUTF8;
	buf_put(out, is_utf8    ? V(" with UTF8SMTP")
		     : s->esmtp ? V(" with ESMTP")
				: V(" with SMTP"));
	if (s->has_tls && s->esmtp)
		buf_put_char(out, 'S');
	if (s->is_authed && s->esmtp)
		buf_put_char(out, 'A');
	if (s->has_tls) {
		buf_put(out, V("\r\n\t("));
		buf_put(out, s->tls.version);
		buf_put_char(out, ' ');
		buf_put(out, s->tls.cipher);
		buf_put_char(out, ')');
	}
}

static void put_id(const struct smtp_session *s, struct buf *out)
{
	buf_printf(out, "%016" PRIx64 ".%" PRIu64, s->env.id, s->n_messages);
}

void smtp_trace_put(const struct smtp_session *s, struct buf *out)
{
	put_client(s, out);
	buf_put(out, V("\tby "));
	buf_put(out, s->env.hostname);
	put_protocol(s, out);
	buf_put(out, V(" id "));
	put_id(s, out);
	/* RFC 5321 7.2: with several recipients, "for" would tell each about
	 * the others. An address that is not ASCII would bind a message that
	 * is to SMTPUTF8 where an alias sends it on. */
	if (s->n_rcpts == 1 && !scan_has_eightbit(s->rcpts->address)) {
		buf_put(out, V("\r\n\tfor <"));
		buf_put(out, s->rcpts->address);
		buf_put_char(out, '>');
	}
	buf_put(out, V(";\r\n\t"));
	date_put(out, (struct date){ .unix_s = s->now_s });
	buf_put(out, V("\r\n"));
}

void smtp_missing_put(const struct smtp_session *s, struct buf *out)
{
	const struct header_watch *h = &s->data.header;
	if (!h->has_date) {
		buf_put(out, V("Date: "));
		date_put(out, (struct date){ .unix_s = s->now_s });
		buf_put(out, V("\r\n"));
	}
	if (!h->has_message_id) {
		buf_put(out, V("Message-ID: <"));
		put_id(s, out);
		buf_printf(out, ".%" PRId64 "@", s->now_s);
		buf_put(out, s->env.hostname);
		buf_put(out, V(">\r\n"));
	}
	if (h->is_cut && buf_len(out))
		buf_put(out, V("\r\n"));
}
