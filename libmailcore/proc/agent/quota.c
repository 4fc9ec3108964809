#include "proc/agent/quota.h"
#include "base/clock.h"
#include "base/rand.h"
#include "proc/agent/agent.h"
#include "text/date.h"
#include <inttypes.h>

static void on_warning(void *ctx, const struct quota_warning *w)
{
	LOG(NULL, WARN, "quota.threshold",
	    KV_VIEW("account", proc_account(ctx)),
	    KV_INT("percent", w->percent), KV_STR("resource", w->resource),
	    KV_INT("used", w->used), KV_INT("limit", w->limit));
}

/* RFC 5322 3.6; RFC 3834 5: nothing shall answer it. */
static void put_header(
    struct proc *p, const struct quota_warning *w, struct buf *out)
{
	const char *host = proc_conf(p)->hostname;
	struct view account = proc_account(p);
	buf_printf(out, "From: Mail System <postmaster@%s>\r\nTo: <", host);
	buf_put(out, account);
	buf_printf(out,
	    ">\r\nSubject: Your mailbox is %u%% full\r\nDate: ", w->percent);
	date_put(out, (struct date){ clock_wall_s(), 0 });
	buf_printf(out,
	    "\r\nMessage-ID: <quota.%016" PRIx64 "@%s>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
	    rand_u64(), host);
}

static void put_usage(const struct quota_warning *w, struct buf *out)
{
	enum {
		MIB = 1 << 20
	};

	bool is_octets = w->resource[0] == 'S';
	if (is_octets && w->limit >= MIB)
		buf_printf(out, "%" PRIu64 " of %" PRIu64 " MiB", w->used / MIB,
		    w->limit / MIB);
	else
		buf_printf(out, "%" PRIu64 " of %" PRIu64 " %s", w->used,
		    w->limit, is_octets ? "bytes" : "messages");
}

static void put_warning(
    void *ctx, const struct quota_warning *w, struct buf *out)
{
	put_header(ctx, w, out);
	buf_put(out, V("The mailbox of "));
	buf_put(out, proc_account(ctx));
	buf_printf(out, " has reached %u%% of its limit:\r\n", w->percent);
	put_usage(w, out);
	buf_put(out, V(" are in use.\r\n\r\n"
		       "When it is full, new messages are not delivered. "
		       "To make room, delete\r\n"
		       "messages and expunge them (empty the trash).\r\n"));
}

struct store_limits quota_limits(
    struct proc *p, const struct msg_session *session)
{
	const struct conf *c = proc_conf(p);
	struct store_limits limits = {
		.bytes = session->quota_bytes,
		.messages = session->quota_messages,
		.mailboxes = session->quota_mailboxes,
		.grace_bytes = (uint64_t)c->quota_grace,
		.put_warning = c->quota_warn_message ? put_warning : NULL,
		.on_warning = on_warning,
		.ctx = p,
	};
	_Static_assert((int)QUOTA_WARN_MAX == (int)CONF_QUOTA_WARN_MAX, "all");
	/* The monitor has checked it. */
	if (conf_quota_warn(c->quota_warn, limits.warn) != 0)
		limits.warn[0] = 0;
	return limits;
}
