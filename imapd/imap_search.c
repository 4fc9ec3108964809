/* SEARCH: RFC 3501 6.4.4. The keys become a tree in the command's arena; the
 * rows are scanned in short transactions; the answer is one line. */
#include "imapd/imap_command.h"
#include "imapd/imap_match.h"
#include "text/codec.h"
#include <string.h>

enum {
	DEPTH_MAX = 50,
	NEEDLE_MAX = 64 * 1024,
	TURN_BATCHES = 8, /* then the user's other sessions have a turn */
	BUILD_MS = 20,    /* of a turn: extracts of texts that have none */
	BUILD_SHARE = 4   /* when not more than so many times as many messages
			     as are searched want one: others are read */
};

enum search_arg {
	ARG_NONE,
	ARG_TEXT,
	ARG_FIELD_TEXT,
	ARG_DATE,
	ARG_SIZE,
	ARG_KEYWORD,
	ARG_UIDS,
	ARG_KEY,
	ARG_TWO_KEYS
};

struct search_word {
	struct view name;
	enum search_kind kind;
	enum search_arg arg;
	uint16_t mask, want;
	struct view field;
	bool negated;
};

#define FLAG_ROW(name, flag)                                                   \
	{ V_INIT(name), SEARCH_FLAGS, ARG_NONE, flag, flag, V_INIT(""),        \
		false },                                                       \
	{                                                                      \
		V_INIT("UN" name), SEARCH_FLAGS, ARG_NONE, flag, 0,            \
		    V_INIT(""), false                                          \
	}
/* clang-format off */
#define ROW(name, kind, arg) { V_INIT(name), kind, arg, 0, 0, V_INIT(""), false }
#define NOT_ROW(name, kind, arg) { V_INIT(name), kind, arg, 0, 0, V_INIT(""), true }
#define FIELD_ROW(name) { V_INIT(name), SEARCH_HEADER, ARG_TEXT, 0, 0, V_INIT(name), false }

static const struct search_word words[] = {
	ROW("ALL", SEARCH_ALL, ARG_NONE),
	FLAG_ROW("ANSWERED", MESSAGE_ANSWERED),
	FLAG_ROW("DELETED", MESSAGE_DELETED),
	FLAG_ROW("DRAFT", MESSAGE_DRAFT),
	FLAG_ROW("FLAGGED", MESSAGE_FLAGGED),
	FLAG_ROW("SEEN", MESSAGE_SEEN),
	ROW("RECENT", SEARCH_RECENT, ARG_NONE),
	NOT_ROW("OLD", SEARCH_RECENT, ARG_NONE),
	ROW("KEYWORD", SEARCH_KEYWORD, ARG_KEYWORD),
	NOT_ROW("UNKEYWORD", SEARCH_KEYWORD, ARG_KEYWORD),
	FIELD_ROW("BCC"),
	FIELD_ROW("CC"),
	FIELD_ROW("FROM"),
	FIELD_ROW("SUBJECT"),
	FIELD_ROW("TO"),
	ROW("HEADER", SEARCH_HEADER, ARG_FIELD_TEXT),
	ROW("BODY", SEARCH_BODY, ARG_TEXT),
	ROW("TEXT", SEARCH_TEXT, ARG_TEXT),
	ROW("BEFORE", SEARCH_BEFORE, ARG_DATE),
	ROW("ON", SEARCH_ON, ARG_DATE),
	ROW("SINCE", SEARCH_SINCE, ARG_DATE),
	ROW("SENTBEFORE", SEARCH_SENTBEFORE, ARG_DATE),
	ROW("SENTON", SEARCH_SENTON, ARG_DATE),
	ROW("SENTSINCE", SEARCH_SENTSINCE, ARG_DATE),
	ROW("LARGER", SEARCH_LARGER, ARG_SIZE),
	ROW("SMALLER", SEARCH_SMALLER, ARG_SIZE),
	ROW("UID", SEARCH_SET, ARG_UIDS),
	ROW("NOT", SEARCH_NOT, ARG_KEY),
	ROW("OR", SEARCH_OR, ARG_TWO_KEYS),
};

/* clang-format on */

struct search_job {
	struct imap_session *s;
	struct search_key *keys;
	enum search_level level;
	struct imap_scan scan;
	struct imap_scan_job rows;
	struct search_message message;
	struct extract_candidates candidates;
	bool bad_charset;
	unsigned n_read;  /* messages in this transaction */
	uint32_t put_uid; /* results up to here are put */
	bool head_put;
};

static bool one_key(struct search_job *job, int depth, struct search_key **out);

static struct search_key *new_key(struct search_job *job, enum search_kind kind)
{
	struct search_key *key = ARENA_NEW(&job->s->arena, struct search_key);
	if (!key)
		imap_bad(&job->s->args, "Command too large");
	else
		key->kind = kind;
	return key;
}

static bool set_arg(struct search_job *job, struct search_key *key, bool is_uid)
{
	struct imap_session *s = job->s;
	struct imap_set set;
	if (!imap_set(&s->args, &set) || !imap_view_resolve(s, &set, is_uid))
		return false;
	size_t bytes = s->set.n_ranges * sizeof *s->set.ranges;
	key->set = s->set;
	key->set.ranges = arena_alloc(&s->arena, bytes ? bytes : 1);
	if (!key->set.ranges)
		return imap_bad(&s->args, "Command too large");
	if (bytes)
		memcpy(key->set.ranges, s->set.ranges, bytes);
	return true;
}

static bool text_arg(struct search_job *job, struct search_key *key)
{
	struct imap_args *a = &job->s->args;
	struct buf folded;
	struct view text;
	bool ok = true;
	if (!imap_astring(a, &text))
		return false;
	if (!utf8_is_valid(text)) {
		job->bad_charset = true;
		return true;
	}
	buf_init(&folded, 4 * NEEDLE_MAX);
	utf8_fold(text, &folded);
	key->needle = arena_copy(a->arena, buf_view(&folded), &ok);
	buf_deinit(&folded);
	return ok || imap_bad(a, "Command too large");
}

static int keyword_slot(struct imap_session *s, struct view name)
{
	struct store_txn t;
	if (store_read(s->o.store, &t) != 0)
		return -1;
	int slot = keyword_find(&t, name);
	store_end(&t);
	return slot;
}

static bool argument(struct search_job *job, enum search_arg arg,
    struct search_key *key, int depth)
{
	struct imap_args *a = &job->s->args;
	struct view name;
	if (arg != ARG_NONE && !imap_space(a))
		return false;
	switch (arg) {
	case ARG_NONE:
		return true;
	case ARG_TEXT:
		return text_arg(job, key);
	case ARG_FIELD_TEXT:
		return imap_astring(a, &key->field) && imap_space(a) &&
		       text_arg(job, key);
	case ARG_DATE:
		return imap_day(a, &key->day);
	case ARG_SIZE:
		return imap_number64(a, &key->size);
	case ARG_KEYWORD:
		if (!imap_atom(a, &name))
			return false;
		key->slot = keyword_slot(job->s, name);
		return true;
	case ARG_UIDS:
		return set_arg(job, key, true);
	case ARG_KEY:
		return one_key(job, depth + 1, &key->child);
	case ARG_TWO_KEYS:
		return one_key(job, depth + 1, &key->child) && imap_space(a) &&
		       one_key(job, depth + 1, &key->other);
	}
	return false;
}

static bool negate(struct search_job *job, struct search_key **key)
{
	struct search_key *not = new_key(job, SEARCH_NOT);
	if (!not )
		return false;
	not ->child = *key;
	*key = not ;
	return true;
}

/* NEW is (RECENT UNSEEN). */
static bool new_messages(struct search_job *job, struct search_key **out)
{
	struct search_key *and = new_key(job, SEARCH_AND);
	struct search_key *recent = new_key(job, SEARCH_RECENT);
	struct search_key *unseen = new_key(job, SEARCH_FLAGS);
	if (!and || !recent || !unseen)
		return false;
	unseen->mask = MESSAGE_SEEN;
	recent->next = unseen;
	and->child = recent;
	*out = and;
	return true;
}

static bool word_key(struct search_job *job, int depth, struct search_key **out)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct search_word *w = &words[i];
		if (!imap_word(&job->s->args, w->name))
			continue;
		*out = new_key(job, w->kind);
		if (!*out)
			return false;
		(*out)->mask = w->mask;
		(*out)->want = w->want;
		(*out)->field = w->field;
		return argument(job, w->arg, *out, depth) &&
		       (!w->negated || negate(job, out));
	}
	if (imap_word(&job->s->args, V("NEW")))
		return new_messages(job, out);
	return imap_bad(&job->s->args, "Unknown search key");
}

/* search-key *(SP search-key) up to the end or the ")". */
static bool key_list(struct search_job *job, int depth, struct search_key **out)
{
	do {
		if (!one_key(job, depth, out))
			return false;
		out = &(*out)->next;
	} while (imap_skip(&job->s->args, ' '));
	return true;
}

static bool one_key(struct search_job *job, int depth, struct search_key **out)
{
	struct imap_args *a = &job->s->args;
	if (depth > DEPTH_MAX)
		return imap_bad(a, "Search too deep");
	if (imap_skip(a, '(')) {
		*out = new_key(job, SEARCH_AND);
		return *out && key_list(job, depth + 1, &(*out)->child) &&
		       imap_char(a, ')');
	}
	if (imap_peek(a, '*') ||
	    (a->in.n && a->in.p[0] >= '0' && a->in.p[0] <= '9')) {
		*out = new_key(job, SEARCH_SET);
		return *out && set_arg(job, *out, false);
	}
	return word_key(job, depth, out);
}

static bool charset(struct search_job *job)
{
	struct imap_args *a = &job->s->args;
	struct view name;
	if (!imap_word(a, V("CHARSET")))
		return true;
	if (!imap_space(a) || !imap_astring(a, &name) || !imap_space(a))
		return false;
	if (!view_ieq(name, V("UTF-8")) && !view_ieq(name, V("US-ASCII")))
		job->bad_charset = true;
	return true;
}

static bool search_args(struct search_job *job)
{
	struct imap_args *a = &job->s->args;
	if (!imap_space(a) || !charset(job))
		return false;
	if (job->bad_charset)
		return true;
	return key_list(job, 0, &job->keys) && imap_end(a);
}

static int search_row(
    void *ctx, struct store_txn *t, uint32_t seq, const struct message *m)
{
	struct search_job *job = ctx;
	struct imap_session *s = job->s;
	(void)seq;
	job->message.text.bufs = s->scratch;
	job->message.text.t = t;
	job->message.row = m;
	job->message.is_recent = uidset_has(&s->view.recent, m->uid);
	bool found = search_matches(&job->message, job->keys);
	job->n_read += job->message.was_read;
	if (job->message.text.error)
		LOG(s->o.log, WARN, "imap.unsearchable", KV_INT("uid", m->uid),
		    KV_ERR("error", job->message.text.error));
	job->message.text.error = 0;
	int error = found ? uidset_add(&s->found, m->uid, m->uid) : 0;
	if (error)
		return error;
	return job->n_read < IMAP_BATCH_MESSAGES ? IMAP_SCAN_NEXT
						 : IMAP_SCAN_STOP;
}

static bool put_results(struct search_job *job)
{
	struct imap_session *s = job->s;
	uint32_t uid = job->put_uid;
	if (!job->head_put)
		buf_put(s->o.out, V("* SEARCH"));
	job->head_put = true;
	while ((uid = uidset_next(&s->found, uid)) != 0) {
		if (imap_out_full(s))
			return false;
		buf_put_char(s->o.out, ' ');
		buf_put_u64(s->o.out,
		    s->is_uid ? uid : uidset_rank(&s->view.uids, uid));
		job->put_uid = uid;
	}
	buf_put(s->o.out, V("\r\n"));
	return true;
}

/* Candidates are rows that were there: the mailbox has to be asked. */
static bool has_missed(struct imap_session *s)
{
	const struct search_job *job = s->job;
	if (job->rows.set == &s->set)
		return imap_view_collect(s) == 0 && s->view.gone.count;
	return job->scan.n_rows < job->rows.set->count;
}

static enum imap_step answer_step(struct imap_session *s)
{
	struct search_job *job = s->job;
	if (imap_out_full(s) || !put_results(job))
		return IMAP_STEP_FULL;
	imap_finish(s, IMAP_OK,
	    has_missed(s) ? "[EXPUNGEISSUED] Done, some messages are gone"
			  : "Done");
	return IMAP_STEP_NEXT;
}

static enum imap_step search_step(struct imap_session *s)
{
	struct search_job *job = s->job;
	int error = 0;
	for (int i = 0; !error && !job->scan.done && i < TURN_BATCHES; i++) {
		job->n_read = 0;
		error = imap_scan(s, &job->scan, &job->rows);
		extract_reader_end(&job->message.extracts);
	}
	if (error)
		imap_finish_error(s, error);
	else if (job->scan.done)
		s->step = answer_step;
	else
		return IMAP_STEP_TURN;
	return IMAP_STEP_NEXT;
}

/* The rows of messages that a rare text rules out are not read. */
static enum imap_step candidates_step(struct imap_session *s)
{
	struct search_job *job = s->job;
	struct extract_candidates *c = &job->candidates;
	struct store_txn t;
	bool useful = store_read(s->o.store, &t) == 0;
	if (useful) {
		useful = extract_candidates_next(
		    c, &job->message.extracts, &t, &s->set);
		extract_reader_end(&job->message.extracts);
		store_end(&t);
	}
	if (useful && !c->done)
		return IMAP_STEP_TURN;
	if (useful && uidset_intersect(&s->set, job->rows.set) == 0)
		job->rows.set = &s->set;
	s->step = search_step;
	return IMAP_STEP_NEXT;
}

/* Of the keys that all must match, the one that fewest messages will. */
static enum imap_step begin_search(struct imap_session *s)
{
	struct search_job *job = s->job;
	const struct search_key *key = search_rarest(job->keys);
	s->step = search_step;
	if (!key)
		return IMAP_STEP_NEXT;
	uidset_clear(&s->set);
	extract_candidates_init(&job->candidates, key->queries, key->n_queries,
	    s->view.mailbox, job->rows.set->count);
	s->step = candidates_step;
	return IMAP_STEP_NEXT;
}

/* A search begins with the extracts that it needs. */
static enum imap_step build_step(struct imap_session *s)
{
	struct search_job *job = s->job;
	uint64_t lag = extract_lag(s->o.store);
	bool more = lag && lag / BUILD_SHARE <= job->rows.set->count;
	if (more)
		extract_build(s->o.store, BUILD_MS, &more);
	return more ? IMAP_STEP_TURN : begin_search(s);
}

/* A set among the keys that all must match is all there is to scan. */
static const struct uidset *to_scan(const struct search_job *job)
{
	for (const struct search_key *key = job->keys; key; key = key->next)
		if (key->kind == SEARCH_SET)
			return &key->set;
	return &job->s->view.uids;
}

static bool prepare(struct search_job *job)
{
	struct imap_session *s = job->s;
	job->level = search_level(job->keys);
	job->rows = (struct imap_scan_job){ to_scan(job), IMAP_BATCH_ROWS,
		search_row, job };
	if (job->level < SEARCH_LEVEL_HEADER)
		return true;
	extract_reader_init(&job->message.extracts, s->o.store);
	job->message.parts =
	    arena_alloc(&s->arena, MIME_PARTS_MAX * sizeof *job->message.parts);
	return (job->message.parts && search_queries(job->keys, &s->arena)) ||
	       imap_bad(&s->args, "Command too large");
}

void imap_cmd_search(struct imap_session *s)
{
	struct search_job *job = ARENA_NEW(&s->arena, struct search_job);
	if (job)
		job->s = s;
	if (!job || !search_args(job) || !prepare(job)) {
		imap_finish_bad(s);
		return;
	}
	if (job->bad_charset) {
		imap_finish(s, IMAP_NO,
		    "[BADCHARSET (US-ASCII UTF-8)] Unknown charset");
		return;
	}
	s->job = job;
	s->step = job->level < SEARCH_LEVEL_HEADER ? search_step : build_step;
}
