#include "queued/policy/policy.h"
#include "base/clock.h"
#include "base/panic.h"
#include "queued/fetch/https.h"
#include "queued/policy/policy_db.h"
#include "queued/policy/tls_stats.h"
#include <stdlib.h>
#include <string.h>

enum {
	FETCHES_MAX = 30, /* the rest does without, until the next time */
	MISSES_MAX = 1000,
	MISS_S = 300,      /* what failed is not tried again for so long */
	REFRESH_S = 86400, /* an old one is looked at again, behind the mail */
	CLEAN_ROWS = 1000,
	DOMAIN_MAX = 255,
	DAY_S = 86400,
	FETCH_MS = HTTPS_TIMEOUT_S * 1000 + ANSWER_MARGIN_MS,
};

/* What its domain is not to blame for, or does on purpose. */
#define OURS(text) ((struct failure){ V(text), TLS_RESULT_OK })

/* A policy that is on its way, or one that could not be had. */
struct fetch {
	struct list link;
	struct hash_node node;
	uint64_t ask;      /* 0: it failed */
	uint64_t until_ms; /* RESOLVER, or FETCH, has answered */
	bool is_awaited;   /* mail waits for it */
	uint64_t again_s;  /* of one that failed */
	size_t id_n, domain_n;
	char id[STS_ID_MAX];
	char domain[];
};

struct policies {
	struct hash all; /* struct fetch, by domain */
	struct list asked, missed;
	struct idtab asks;
	unsigned n_asked, n_missed;
	struct sts_record found; /* what policy_find gave out */
	void (*known)(struct queue *q, struct view domain);
	struct buf cleaned;
};

struct policies *policies_new(
    void (*known)(struct queue *q, struct view domain))
{
	struct policies *p = MUST_NEW(struct policies);
	p->known = known;
	list_init(&p->asked);
	list_init(&p->missed);
	idtab_init(&p->asks, FETCHES_MAX);
	buf_init(&p->cleaned, DOMAIN_MAX);
	return p;
}

static struct view domain_of(const struct fetch *f)
{
	return (struct view){ f->domain, f->domain_n };
}

static struct fetch *find(const struct policies *p, struct view domain)
{
	struct hash_node *n = hash_find(&p->all, view_hash(domain));
	for (; n; n = hash_find_next(n)) {
		struct fetch *f = CONTAINER(n, struct fetch, node);
		if (view_eq(domain_of(f), domain))
			return f;
	}
	return NULL;
}

static void stop_asking(struct policies *p, struct fetch *f)
{
	if (!f->ask)
		return;
	idtab_remove(&p->asks, f->ask);
	f->ask = 0;
	p->n_asked--;
}

static void forget(struct policies *p, struct fetch *f)
{
	p->n_missed -= !f->ask;
	stop_asking(p, f);
	list_remove(&f->link);
	hash_remove(&p->all, &f->node);
	free(f);
}

static bool load(
    struct queue *q, struct view domain, struct sts_record *r, uint64_t now_s)
{
	struct queue_txn t;
	if (!q->db || queue_begin_read(q->db, &t))
		return false;
	int error = policy_db_get(&t, domain, r);
	queue_abort(&t);
	return !error && !sts_is_expired(r, now_s);
}

/* It costs a flush of its own; policies change rarely. */
static int save(struct queue *q, struct view domain, const struct sts_record *r)
{
	struct queue_txn t;
	int error = q->db ? queue_begin_write(q->db, &t) : MC_E_TEMP;
	if (!error) {
		policy_db_put(&t, domain, r);
		error = queue_commit(&t);
	}
	if (error)
		LOG(NULL, ERROR, "policy.not-kept", KV_VIEW("domain", domain),
		    KV_ERR("error", error));
	return error;
}

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

static void tell(struct queue *q, struct fetch *f)
{
	bool is_awaited = f->is_awaited;
	f->is_awaited = false;
	if (is_awaited)
		q->policies->known(q, domain_of(f));
}

/* Why there is no policy; result: what its domain is told of it in a report,
 * TLS_RESULT_OK: nothing. */
struct failure {
	struct view why;
	enum tls_result result;
};

/* RFC 8460 4.3.2.2. */
static void count(struct queue *q, const struct fetch *f, struct failure x)
{
	struct tls_row row = { .day = (uint32_t)(clock_wall_s() / DAY_S),
		.domain = domain_of(f),
		.policy = TLS_POLICY_STS,
		.result = (uint8_t)x.result,
		.text = view_head(x.why, TLS_ROW_TEXT_MAX) };
	if (x.result != TLS_RESULT_OK)
		tls_stats_note(q->tls_stats, &row);
}

/* The oldest of many misses is forgotten: its domain is asked again sooner. */
static void miss(struct queue *q, struct fetch *f, struct failure x)
{
	struct policies *p = q->policies;
	LOG(NULL, WARN, "policy.unavailable", KV_VIEW("domain", domain_of(f)),
	    KV_VIEW("reason", x.why));
	count(q, f, x);
	stop_asking(p, f);
	f->again_s = (uint64_t)clock_wall_s() + MISS_S;
	list_remove(&f->link);
	list_push(&p->missed, &f->link);
	p->n_missed++;
	tell(q, f);
	if (p->n_missed > MISSES_MAX)
		forget(p, CONTAINER(p->missed.next, struct fetch, link));
}

static void ask_hosts(struct queue *q, struct peer *resolver, struct fetch *f)
{
	char name[DOMAIN_MAX + 16];
	f->until_ms = now_ms(q) + queue_resolver_ms(q);
	struct wr w = wr_into(name, DOMAIN_MAX);
	wr_raw(&w, V("mta-sts."));
	wr_raw(&w, domain_of(f));
	struct msg m = { .type = MSG_ROUTE_ASK,
		.route_ask = { f->ask | POLICY_ASK_BIT, wr_view(&w), true,
		    (uint16_t)proc_conf(q->proc)->mta_sts_port } };
	if (w.failed)
		miss(q, f, OURS("the name is too long"));
	else
		peer_send(resolver, &m, -1);
}

static struct fetch *start(struct queue *q, struct view domain, struct view id)
{
	struct policies *p = q->policies;
	struct peer *resolver = proc_peer(q->proc, ROLE_RESOLVER);
	if (!resolver || !proc_peer(q->proc, ROLE_FETCH) ||
	    p->n_asked == FETCHES_MAX || domain.n > DOMAIN_MAX)
		return NULL;
	struct fetch *f = must_alloc(sizeof *f + domain.n);
	f->domain_n = domain.n;
	memcpy(f->domain, domain.p, domain.n);
	f->id_n = id.n < STS_ID_MAX ? id.n : STS_ID_MAX;
	memcpy(f->id, id.p, f->id_n);
	hash_add(&p->all, &f->node, view_hash(domain));
	list_push(&p->asked, &f->link);
	f->ask = idtab_add(&p->asks, f);
	p->n_asked++;
	ask_hosts(q, resolver, f);
	return f;
}

/* Fetches it, unless that failed a moment ago. NULL: not now. */
static struct fetch *refresh(
    struct queue *q, struct view domain, struct view id, uint64_t now_s)
{
	struct fetch *f = find(q->policies, domain);
	if (f && (f->ask || now_s < f->again_s))
		return f;
	if (f)
		forget(q->policies, f);
	return start(q, domain, id);
}

static enum policy_found found(
    const struct sts_record *r, enum sts_mode *mode, struct view *names)
{
	*mode = r->policy.mode;
	*names = (struct view){ r->policy.names, r->policy.n_names };
	return *mode == STS_NONE ? POLICY_FOUND_NONE : POLICY_FOUND;
}

enum policy_found policy_find(struct queue *q, struct view domain,
    struct view sts_id, enum sts_mode *mode, struct view *names)
{
	struct sts_record *r = &q->policies->found;
	uint64_t now_s = (uint64_t)clock_wall_s();
	bool is_known = load(q, domain, r, now_s);
	bool is_same =
	    is_known &&
	    (!sts_id.n || view_eq(sts_id, (struct view){ r->id, r->id_n }));
	if (sts_id.n && is_same && now_s > r->fetched_s + REFRESH_S)
		(void)refresh(q, domain, sts_id, now_s);
	if (is_same || !sts_id.n)
		return is_known ? found(r, mode, names) : POLICY_FOUND_NONE;
	struct fetch *f = refresh(q, domain, sts_id, now_s);
	if (f && f->ask) {
		f->is_awaited = true;
		return POLICY_PENDING;
	}
	return is_known ? found(r, mode, names) : POLICY_FOUND_NONE;
}

void policy_on_route(struct queue *q, const struct msg_route_is *m)
{
	struct fetch *f =
	    idtab_get(&q->policies->asks, m->id & ~POLICY_ASK_BIT);
	struct peer *fetch = proc_peer(q->proc, ROLE_FETCH);
	char url[DOMAIN_MAX + 64];
	if (!f)
		return;
	if (m->status != ROUTE_OK || !fetch) {
		miss(q, f,
		    fetch ? (struct failure){ m->text,
				TLS_RESULT_STS_POLICY_FETCH_ERROR }
			  : OURS("no fetch process"));
		return;
	}
	f->until_ms = now_ms(q) + FETCH_MS;
	int n = snprintf(url, sizeof url,
	    "https://mta-sts.%.*s:%u/.well-known/mta-sts.txt", (int)f->domain_n,
	    f->domain, (unsigned)proc_conf(q->proc)->mta_sts_port);
	struct msg out = { .type = MSG_FETCH_ASK,
		.fetch_ask = { f->ask | POLICY_ASK_BIT, { url, (size_t)n },
		    m->hosts, V("text/plain"), V("") } };
	peer_send(fetch, &out, -1);
}

/* As it came from fetch; no words: it is there. */
static struct failure failure_of(const struct msg_fetch_is *m)
{
	static const enum tls_result results[FETCH_STATUS_COUNT] = {
		[FETCH_OK] = TLS_RESULT_STS_POLICY_FETCH_ERROR, /* not 200 */
		[FETCH_UNREACHABLE] = TLS_RESULT_STS_POLICY_FETCH_ERROR,
		[FETCH_BAD_CERTIFICATE] = TLS_RESULT_STS_WEBPKI_INVALID,
		[FETCH_TOO_LARGE] = TLS_RESULT_STS_POLICY_INVALID,
		[FETCH_BAD_TYPE] = TLS_RESULT_STS_POLICY_INVALID,
	};
	struct failure x = { V(""), TLS_RESULT_OK };
	if (m->status == FETCH_OK && m->code == 200)
		return x;
	x.result = m->status < FETCH_STATUS_COUNT
		       ? results[m->status]
		       : TLS_RESULT_STS_POLICY_FETCH_ERROR;
	x.why = m->status == FETCH_OK ? V("the web server has none")
		: m->text.n           ? m->text
				      : V("it cannot be fetched");
	return x;
}

static struct failure keep(
    struct queue *q, struct fetch *f, struct view text, struct sts_record *r)
{
	const char *bad = NULL;
	if (sts_parse(text, &r->policy, &bad))
		return (struct failure){ view_of(bad),
			TLS_RESULT_STS_POLICY_INVALID };
	r->fetched_s = (uint64_t)clock_wall_s();
	r->id_n = f->id_n;
	memcpy(r->id, f->id, f->id_n);
	if (sts_is_expired(r, r->fetched_s))
		return OURS("it has expired");
	return save(q, domain_of(f), r) ? OURS("it cannot be written")
					: OURS("");
}

void policy_on_fetched(struct queue *q, const struct msg_fetch_is *m)
{
	struct policies *p = q->policies;
	struct fetch *f = idtab_get(&p->asks, m->id & ~POLICY_ASK_BIT);
	if (!f)
		return;
	struct sts_record *r = MUST_NEW(struct sts_record);
	struct failure x = failure_of(m);
	if (!x.why.n)
		x = keep(q, f, m->body, r);
	if (x.why.n) {
		miss(q, f, x);
	} else {
		LOG(NULL, INFO, "policy.fetched",
		    KV_VIEW("domain", domain_of(f)),
		    KV_STR("mode", sts_mode_name(r->policy.mode)),
		    KV_INT("max_age", r->policy.max_age_s));
		tell(q, f);
		forget(p, f);
	}
	free(r);
}

void policy_role_down(struct queue *q, enum role_id role)
{
	struct list *l = &q->policies->asked;
	if (role != ROLE_RESOLVER && role != ROLE_FETCH)
		return;
	while (!list_empty(l))
		miss(q, CONTAINER(l->next, struct fetch, link),
		    OURS("the process that fetches it restarts"));
}

unsigned policy_end_waits(struct queue *q)
{
	struct list *asked = &q->policies->asked, *next;
	unsigned n = 0;
	for (struct list *i = asked->next; i != asked; i = next) {
		struct fetch *f = CONTAINER(i, struct fetch, link);
		next = i->next;
		if (now_ms(q) < f->until_ms)
			continue;
		miss(q, f, OURS("the process that fetches it does not answer"));
		n++;
	}
	return n;
}

void policy_clean(struct queue *q)
{
	struct queue_txn t;
	if (!q->db || queue_begin_write(q->db, &t))
		return;
	policy_db_clean(
	    &t, (uint64_t)clock_wall_s(), CLEAN_ROWS, &q->policies->cleaned);
	if (queue_commit(&t))
		LOG(NULL, WARN, "policy.not-cleaned");
}
