#include "queued/policy/reports.h"
#include "base/clock.h"
#include "base/panic.h"
#include "base/rand.h"
#include "queued/policy/policy_db.h"
#include "queued/policy/report.h"
#include "queued/policy/tls_stats.h"
#include <stdlib.h>
#include <string.h>

enum {
	DAY_S = 86400,
	AFTER_MIDNIGHT_S = 1800, /* the first one, and up to SPREAD_S more */
	SPREAD_S = 3 * 3600,
	AGAIN_S = 3600,
	KEPT_DAYS = 2,
	ANSWER_S = 120, /* of another role; then it is not waited for */
	TXT_MAX = 4000,
	CONTACT_MAX = 300,
};

enum step {
	STEP_IDLE,
	STEP_TXT,
	STEP_HOSTS,
	STEP_POST,
};

struct reports {
	enum step step;
	uint64_t ask; /* that is waited for; an older one is dropped */
	uint64_t deadline_s, next_s;
	uint64_t offset_s; /* of the day, when it begins */
	struct tls_domain domain;
	char text[TXT_MAX]; /* what uris borrow from */
	struct view uris[REPORT_URIS_MAX];
	size_t n_uris, uri;
	bool is_taken; /* by one of them */
	struct buf gzip, mail;
	char contact[CONTACT_MAX];
	struct report report; /* without rows: they die with their read */
};

struct reports *reports_new(void)
{
	struct reports *r = MUST_NEW(struct reports);
	r->offset_s = AFTER_MIDNIGHT_S + rand_u64() % SPREAD_S;
	buf_init(&r->gzip, REPORT_GZIP_MAX);
	buf_init(&r->mail, QUEUE_BODY_MAX);
	return r;
}

static uint64_t now_s(void)
{
	return (uint64_t)clock_wall_s();
}

static void wait_for(struct reports *r, enum step step)
{
	r->step = step;
	r->ask++;
	r->deadline_s = now_s() + ANSWER_S;
}

static bool is_awaited(const struct reports *r, enum step step, uint64_t id)
{
	return r->step == step && id == (r->ask | REPORTS_ASK_BIT);
}

static int sending_role(struct queue *q, enum role_id id, const struct msg *m)
{
	struct peer *to = proc_peer(q->proc, id);
	if (!to)
		return MC_E_TEMP;
	peer_send(to, m, -1);
	return 0;
}

static void log_fate(struct reports *r, enum log_level level, const char *event,
    struct view to, struct view why)
{
	log_emit(NULL, level, event,
	    KV_VIEW("domain", tls_domain_view(&r->domain)),
	    KV_INT("day", r->domain.day), KV_VIEW("to", to),
	    KV_VIEW("status", why), KV_LAST);
}

/* From the rows to what is sent. */

static void describe(struct queue *q, struct reports *r, struct report *out)
{
	snprintf(r->contact, sizeof r->contact, "postmaster@%s",
	    proc_conf(q->proc)->hostname);
	*out = (struct report){ .organization =
				    view_of(proc_conf(q->proc)->hostname),
		.contact = view_of(r->contact),
		.domain = tls_domain_view(&r->domain),
		.day = r->domain.day,
		.random = rand_u64(),
		.now_s = clock_wall_s() };
}

static int pack(const struct report *report, struct buf *out)
{
	struct buf json;
	buf_init(&json, REPORT_JSON_MAX);
	int error = report_put_json(report, &json);
	if (!error)
		error = report_gzip(buf_view(&json), out);
	buf_deinit(&json);
	return error;
}

static int pack_rows(
    struct queue_txn *t, struct reports *r, struct tls_row *rows)
{
	struct sts_record *sts = MUST_NEW(struct sts_record);
	struct report *out = &r->report;
	int error = tls_stats_rows(
	    t, r->domain.day, out->domain, rows, REPORT_ROWS_MAX, &out->n_rows);
	if (!error && policy_db_get(t, out->domain, sts) == 0) {
		out->policy_mode = view_of(sts_mode_name(sts->policy.mode));
		out->policy_names =
		    (struct view){ sts->policy.names, sts->policy.n_names };
	}
	out->rows = rows;
	if (!error)
		error = pack(out, &r->gzip);
	out->policy_mode = out->policy_names = V_NONE;
	out->rows = NULL;
	free(sts);
	return error;
}

static int make(struct queue *q, struct reports *r)
{
	struct queue_txn t;
	buf_reset(&r->gzip);
	describe(q, r, &r->report);
	int error = q->db ? queue_begin_read(q->db, &t) : MC_E_TEMP;
	if (error)
		return error;
	struct tls_row *rows = must_alloc(REPORT_ROWS_MAX * sizeof *rows);
	error = pack_rows(&t, r, rows);
	queue_abort(&t);
	free(rows);
	return error;
}

/* One domain after the other. */

static void begin_next(struct queue *q);

/* The rows go, and a message (may be NULL) comes, in one transaction. */
static int forget_rows(struct queue *q, struct reports *r, struct mail *m)
{
	struct queue_txn t;
	int error = q->db ? queue_begin_write(q->db, &t) : MC_E_TEMP;
	if (error)
		return error;
	if (m)
		commit_put_mail(&t, m, now_s());
	tls_stats_remove(&t, r->domain.day, tls_domain_view(&r->domain));
	return queue_commit(&t);
}

static bool is_old(const struct reports *r)
{
	return r->domain.day + KEPT_DAYS < now_s() / DAY_S;
}

/* All of its places were tried, or there is none. */
static void end_domain(struct queue *q, bool is_over)
{
	struct reports *r = q->reports;
	if ((is_over || is_old(r)) && forget_rows(q, r, NULL))
		log_fate(
		    r, LOG_LEVEL_WARN, "tls-report.not-removed", V(""), V(""));
	begin_next(q);
}

static void next_uri(struct queue *q);

static struct mail *mail_of(struct queue *q, struct reports *r, struct view to)
{
	const struct queue_envelope e = {
		.submit_flags = SUBMIT_FLAG_NOTICE | SUBMIT_FLAG_LAST_NOTICE,
		.received_s = now_s(),
		.id = queue_db_new_id(q->db, now_s()),
	};
	buf_reset(&r->mail);
	report_put_mail(&r->report, to, buf_view(&r->gzip), &r->mail);
	return mail_new_of_ours(&e, to, buf_view(&r->mail));
}

static int send_mail(struct queue *q, struct reports *r, struct view uri)
{
	struct buf to;
	if (!q->db || commit_outlook(q) != SUBMIT_STATUS_OK)
		return MC_E_TEMP;
	buf_init(&to, 320);
	int error = report_mailto(uri, &to);
	struct mail *m = error ? NULL : mail_of(q, r, buf_view(&to));
	if (m)
		error = forget_rows(q, r, m);
	if (m && !error)
		window_add(q, m);
	else
		mail_free(m);
	buf_deinit(&to);
	return error;
}

static void by_mail(struct queue *q, struct reports *r, struct view uri)
{
	if (strcmp(proc_conf(q->proc)->tls_reports, "all") != 0) {
		log_fate(r, LOG_LEVEL_DEBUG, "tls-report.skipped", uri,
		    V("tls_reports is not \"all\""));
		r->is_taken = true; /* there is nothing to try again */
	} else if (send_mail(q, r, uri) == 0) {
		log_fate(r, LOG_LEVEL_INFO, "tls-report.queued", uri, V(""));
		r->is_taken = true;
	}
	next_uri(q);
}

/* "https://host:port/path": what stands between. */
static struct view host_of(struct view uri, uint32_t *port)
{
	struct view host, number = V(""), rest = view_skip(uri, 8);
	view_cut(&rest, '/', &number);
	view_cut(&number, ':', &host);
	if (!view_u32(number, port) || *port > 65535)
		*port = 443;
	return host;
}

static void by_https(struct queue *q, struct reports *r, struct view uri)
{
	uint32_t port;
	struct view host = host_of(uri, &port);
	wait_for(r, STEP_HOSTS);
	struct msg m = { .type = MSG_ROUTE_ASK,
		.route_ask = { r->ask | REPORTS_ASK_BIT, view_head(host, 255),
		    true, (uint16_t)port } };
	if (sending_role(q, ROLE_RESOLVER, &m))
		next_uri(q);
}

static void next_uri(struct queue *q)
{
	struct reports *r = q->reports;
	if (r->uri == r->n_uris) {
		end_domain(q, r->is_taken);
		return;
	}
	struct view uri = r->uris[r->uri++];
	if (view_istarts(uri, V("mailto:")))
		by_mail(q, r, uri);
	else
		by_https(q, r, uri);
}

void reports_on_route(struct queue *q, const struct msg_route_is *m)
{
	struct reports *r = q->reports;
	if (!is_awaited(r, STEP_HOSTS, m->id))
		return;
	wait_for(r, STEP_POST);
	struct msg out = { .type = MSG_FETCH_ASK,
		.fetch_ask = { r->ask | REPORTS_ASK_BIT, r->uris[r->uri - 1],
		    m->hosts, V("application/tlsrpt+gzip"),
		    buf_view(&r->gzip) } };
	if (m->status != ROUTE_OK || sending_role(q, ROLE_FETCH, &out)) {
		log_fate(r, LOG_LEVEL_WARN, "tls-report.failed",
		    r->uris[r->uri - 1], m->text);
		next_uri(q);
	}
}

void reports_on_fetched(struct queue *q, const struct msg_fetch_is *m)
{
	struct reports *r = q->reports;
	if (!is_awaited(r, STEP_POST, m->id))
		return;
	bool ok = m->status == FETCH_OK && m->code >= 200 && m->code < 300;
	log_fate(r, ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
	    ok ? "tls-report.sent" : "tls-report.failed", r->uris[r->uri - 1],
	    m->text);
	r->is_taken |= ok;
	next_uri(q);
}

void reports_on_txt(struct queue *q, const struct msg_txt_is *m)
{
	struct reports *r = q->reports;
	if (!is_awaited(r, STEP_TXT, m->id))
		return;
	if (m->status == ROUTE_TEMP) {
		end_domain(q, false);
		return;
	}
	memcpy(r->text, m->text.p, m->text.n);
	r->uri = 0;
	r->is_taken = false;
	r->n_uris = report_uris((struct view){ r->text, m->text.n }, r->uris);
	if (!r->n_uris)
		end_domain(q, true);
	else if (make(q, r))
		end_domain(q, false);
	else
		next_uri(q);
}

static void ask_where(struct queue *q, struct reports *r)
{
	char name[TLS_ROW_DOMAIN_MAX + 16];
	struct view domain = tls_domain_view(&r->domain);
	int n = snprintf(
	    name, sizeof name, "_smtp._tls.%.*s", (int)domain.n, domain.p);
	wait_for(r, STEP_TXT);
	struct msg m = { .type = MSG_TXT_ASK,
		.txt_ask = { r->ask | REPORTS_ASK_BIT,
		    view_head((struct view){ name, (size_t)n }, 255) } };
	if (sending_role(q, ROLE_RESOLVER, &m))
		r->step = STEP_IDLE;
}

static void begin_next(struct queue *q)
{
	struct reports *r = q->reports;
	struct queue_txn t;
	r->step = STEP_IDLE;
	int error = q->db ? queue_begin_read(q->db, &t) : MC_E_TEMP;
	if (error)
		return;
	error = tls_stats_next(&t, (uint32_t)(now_s() / DAY_S), &r->domain);
	queue_abort(&t);
	if (!error) {
		ask_where(q, r);
		return;
	}
	r->domain = (struct tls_domain){ 0 };
	r->next_s = now_s() + AGAIN_S;
}

void reports_tick(struct queue *q)
{
	struct reports *r = q->reports;
	if (strcmp(proc_conf(q->proc)->tls_reports, "none") == 0)
		return;
	if (r->step != STEP_IDLE && now_s() >= r->deadline_s)
		end_domain(q, false);
	else if (r->step == STEP_IDLE && now_s() >= r->next_s &&
		 now_s() % DAY_S >= r->offset_s)
		begin_next(q);
}
