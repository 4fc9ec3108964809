/* FETCH: RFC 3501 6.4.5, 7.4.2. A generator: each step fills the output to its
 * mark from one short read transaction after the other. */
#include "imapd/imap_body.h"
#include "imapd/imap_command.h"
#include "imapd/imap_resp.h"
#include "imapd/imap_section.h"
#include <string.h>

enum fetch_item {
	FETCH_ENVELOPE = 1 << 0,
	FETCH_BODY = 1 << 1,
	FETCH_BODYSTRUCTURE = 1 << 2
};

enum {
	SECTIONS_MAX = 200,
	PIECE_OCTETS = 64 * 1024
};

struct fetch_job {
	struct imap_session *s;
	unsigned rows;  /* enum imap_row_item */
	unsigned items; /* enum fetch_item */
	struct imap_section *sections;
	size_t n_sections;
	bool sets_seen;
	bool is_incomplete; /* a message could not be read */
	bool needs_info;    /* more than a row tells */

	struct imap_scan scan;
	struct imap_keywords keywords;
	size_t batch_start;
	struct mime_part *parts;

	/* The message whose response is being written. */
	struct {
		bool active, becomes_seen, has_items;
		uint32_t uid;
		uint64_t msgid;
		size_t section;
		uint64_t offset, left;    /* of the section's literal */
		struct message_info info; /* without its views */
	} now;
};

static const struct {
	struct view name;
	unsigned rows, items;
} plain_items[] = {
	{ V_INIT("FLAGS"), IMAP_ROW_FLAGS, 0 },
	{ V_INIT("UID"), IMAP_ROW_UID, 0 },
	{ V_INIT("RFC822.SIZE"), IMAP_ROW_SIZE, 0 },
	{ V_INIT("INTERNALDATE"), IMAP_ROW_DATE, 0 },
	{ V_INIT("ENVELOPE"), 0, FETCH_ENVELOPE },
	{ V_INIT("BODYSTRUCTURE"), 0, FETCH_BODYSTRUCTURE },
	{ V_INIT("BODY"), 0, FETCH_BODY },
};

static const struct {
	struct view name;
	enum imap_section_kind kind;
	bool sets_seen;
} rfc822_items[] = {
	{ V_INIT("RFC822"), IMAP_SECTION_WHOLE, true },
	{ V_INIT("RFC822.HEADER"), IMAP_SECTION_HEADER, false },
	{ V_INIT("RFC822.TEXT"), IMAP_SECTION_TEXT, true },
};

#define FAST (IMAP_ROW_FLAGS | IMAP_ROW_DATE | IMAP_ROW_SIZE)

static const struct {
	struct view name;
	unsigned rows, items;
} macros[] = {
	{ V_INIT("FAST"), FAST, 0 },
	{ V_INIT("ALL"), FAST, FETCH_ENVELOPE },
	{ V_INIT("FULL"), FAST, FETCH_ENVELOPE | FETCH_BODY },
};

static bool add_section(struct imap_args *a, struct fetch_job *job,
    const struct imap_section *section)
{
	if (!job->sections)
		job->sections =
		    arena_alloc(a->arena, SECTIONS_MAX * sizeof *job->sections);
	if (!job->sections || job->n_sections == SECTIONS_MAX)
		return imap_bad(a, "Too many sections");
	job->sections[job->n_sections++] = *section;
	return true;
}

static bool rfc822_item(
    struct imap_args *a, struct fetch_job *job, struct view name)
{
	for (size_t i = 0; i < sizeof rfc822_items / sizeof *rfc822_items;
	     i++) {
		if (!view_ieq(name, rfc822_items[i].name))
			continue;
		struct imap_section section = {
			.label = rfc822_items[i].name,
			.kind = rfc822_items[i].kind,
		};
		job->sets_seen |= rfc822_items[i].sets_seen;
		return add_section(a, job, &section);
	}
	return imap_bad(a, "Unknown FETCH item");
}

static bool section_item(
    struct imap_args *a, struct fetch_job *job, struct view name)
{
	struct imap_section section;
	if (view_ieq(name, V("BODY")))
		job->sets_seen = true;
	else if (!view_ieq(name, V("BODY.PEEK")))
		return imap_bad(a, "Unknown FETCH item");
	return imap_section(a, &section) && add_section(a, job, &section);
}

static struct view item_name(struct imap_args *a)
{
	size_t n = 0;
	while (n < a->in.n && a->in.p[n] != ' ' && a->in.p[n] != ')' &&
	       a->in.p[n] != '[')
		n++;
	struct view name = view_head(a->in, n);
	a->in = view_skip(a->in, n);
	return name;
}

static bool item(struct imap_args *a, struct fetch_job *job)
{
	struct view name = item_name(a);
	if (imap_peek(a, '['))
		return section_item(a, job, name);
	for (size_t i = 0; i < sizeof plain_items / sizeof *plain_items; i++)
		if (view_ieq(name, plain_items[i].name)) {
			job->rows |= plain_items[i].rows;
			job->items |= plain_items[i].items;
			return true;
		}
	return rfc822_item(a, job, name);
}

static bool items(struct imap_args *a, struct fetch_job *job)
{
	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++)
		if (imap_word(a, macros[i].name)) {
			job->rows |= macros[i].rows;
			job->items |= macros[i].items;
			return true;
		}
	if (!imap_skip(a, '('))
		return item(a, job);
	do {
		if (!item(a, job))
			return false;
	} while (imap_skip(a, ' '));
	return imap_char(a, ')');
}

static bool fetch_args(struct imap_session *s, struct fetch_job *job)
{
	struct imap_args *a = &s->args;
	struct imap_set set;
	bool numbered = false;
	if (!imap_space(a) || !imap_set(a, &set) || !imap_space(a) ||
	    !items(a, job) || !imap_end(a))
		return false;
	job->needs_info = job->items != 0;
	for (size_t i = 0; i < job->n_sections; i++) {
		numbered |= job->sections[i].n_numbers != 0;
		job->needs_info |=
		    numbered || job->sections[i].kind != IMAP_SECTION_WHOLE;
	}
	if (numbered)
		job->parts =
		    arena_alloc(a->arena, MIME_PARTS_MAX * sizeof *job->parts);
	if (numbered && !job->parts)
		return imap_bad(a, "Command too large");
	if (s->is_uid)
		job->rows |= IMAP_ROW_UID;
	job->sets_seen &= !s->view.readonly;
	return imap_view_resolve(s, &set, s->is_uid);
}

static void put_item(struct fetch_job *job, struct view name, struct view value)
{
	struct buf *out = job->s->o.out;
	if (job->now.has_items)
		buf_put_char(out, ' ');
	job->now.has_items = true;
	buf_put(out, name);
	buf_put(out, value);
}

static void put_structure(
    struct fetch_job *job, const struct message_info *info)
{
	struct buf *out = job->s->o.out;
	if (job->items & FETCH_ENVELOPE)
		put_item(job, V("ENVELOPE "), info->envelope);
	if (job->items & FETCH_BODYSTRUCTURE)
		put_item(job, V("BODYSTRUCTURE "), info->bodystructure);
	if (job->items & FETCH_BODY) {
		put_item(job, V("BODY "), V(""));
		size_t before = buf_len(out);
		if (!imap_body_put(info->bodystructure, out)) {
			buf_truncate(out, before);
			buf_put(out,
			    V("(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0)"));
		}
	}
}

/* As much of the open literal as fits below the mark. */
static int put_bytes(struct fetch_job *job, struct store_txn *t)
{
	struct buf *out = job->s->o.out;
	while (job->now.left && !imap_out_full(job->s)) {
		size_t n =
		    job->now.left < PIECE_OCTETS ? job->now.left : PIECE_OCTETS;
		char *to = buf_reserve(out, n);
		if (!to)
			return 0;
		int error =
		    message_read(t, job->now.msgid, job->now.offset, to, n);
		if (error)
			return error;
		buf_commit(out, n);
		job->now.offset += n;
		job->now.left -= n;
	}
	return 0;
}

static void put_literal_head(struct buf *out, uint64_t size)
{
	buf_put(out, V(" {"));
	buf_put_u64(out, size);
	buf_put(out, V("}\r\n"));
}

/* HEADER.FIELDS: read, selected, put at once. */
static int put_fields(struct fetch_job *job, struct store_txn *t,
    const struct imap_section *section, const struct imap_place *place)
{
	struct imap_session *s = job->s;
	struct buf *header = &s->scratch[0], *fields = &s->scratch[1];
	uint64_t offset, n = place->size;
	if (n > IMAP_SECTION_HEADER_MAX)
		n = IMAP_SECTION_HEADER_MAX;
	buf_reset(header);
	buf_reset(fields);
	char *to = buf_reserve(header, n);
	if (!to)
		return MC_E_LIMIT;
	int error = message_read(t, job->now.msgid, place->offset, to, n);
	if (error)
		return error;
	buf_commit(header, n);
	imap_section_fields(section, buf_view(header), fields);
	n = imap_section_cut(section, buf_len(fields), &offset);
	if (n > IMAP_OUT_ROOM / 2)
		return MC_E_LIMIT;
	put_literal_head(s->o.out, n);
	buf_put(s->o.out, view_slice(buf_view(fields), offset, offset + n));
	return 0;
}

static int open_section(struct fetch_job *job, struct store_txn *t)
{
	const struct imap_section *section = &job->sections[job->now.section++];
	struct buf *out = job->s->o.out;
	struct imap_place place =
	    imap_section_find(section, &job->now.info, job->parts);
	uint64_t offset;
	put_item(job, section->label, V(""));
	if (place.is_nil) {
		buf_put(out, V(" NIL"));
		return 0;
	}
	if (section->kind == IMAP_SECTION_FIELDS ||
	    section->kind == IMAP_SECTION_FIELDS_NOT)
		return put_fields(job, t, section, &place);
	job->now.left = imap_section_cut(section, place.size, &offset);
	job->now.offset = place.offset + offset;
	put_literal_head(out, job->now.left);
	return put_bytes(job, t);
}

static int end_message(struct fetch_job *job)
{
	buf_put(job->s->o.out, V(")\r\n"));
	job->now.active = false;
	if (!job->now.becomes_seen)
		return 0;
	return uidset_add(&job->s->found, job->now.uid, job->now.uid);
}

/* The literal that is open, then the sections that are left. */
static int go_on(struct fetch_job *job, struct store_txn *t)
{
	int error = put_bytes(job, t);
	while (!error && !job->now.left && job->now.section < job->n_sections &&
	       !imap_out_full(job->s))
		error = open_section(job, t);
	if (error || job->now.left || job->now.section < job->n_sections)
		return error;
	return end_message(job);
}

static int begin(struct fetch_job *job, struct store_txn *t, uint32_t seq,
    const struct message *m)
{
	struct imap_session *s = job->s;
	struct message row = *m;
	struct message_info info = { .size_bytes = m->size_bytes };
	unsigned rows = job->rows;
	int error = 0;
	if (job->needs_info)
		error = message_info(t, m->msgid, &info);
	if (!error && info.n_parts > MIME_PARTS_MAX)
		error = MC_E_CORRUPT;
	if (!error && job->parts)
		error = message_parts(&info, job->parts);
	if (error)
		return error;
	memset(&job->now, 0, sizeof job->now);
	job->now.uid = m->uid;
	job->now.msgid = m->msgid;
	job->now.info = info;
	job->now.becomes_seen = job->sets_seen && !(m->flags & MESSAGE_SEEN);
	if (job->now.becomes_seen) {
		row.flags |= MESSAGE_SEEN;
		rows |= IMAP_ROW_FLAGS;
	}
	job->keywords.t = t;
	if (!imap_put_row(s->o.out, seq, &row, rows,
		uidset_has(&s->view.recent, m->uid), &job->keywords))
		return MC_E_LIMIT;
	job->now.active = true;
	job->now.has_items = rows != 0;
	put_structure(job, &info);
	return 0;
}

/* A message that cannot be read must not take the others with it. */
static int skip_message(struct fetch_job *job, uint32_t uid, int error)
{
	LOG(job->s->o.log, ERROR, "imap.unreadable", KV_INT("uid", uid),
	    KV_ERR("error", error));
	job->now.active = false;
	job->is_incomplete = true;
	return IMAP_SCAN_NEXT;
}

static int fetch_row(
    void *ctx, struct store_txn *t, uint32_t seq, const struct message *m)
{
	struct fetch_job *job = ctx;
	struct imap_session *s = job->s;
	if (imap_out_full(s))
		return IMAP_SCAN_AGAIN;
	size_t start = buf_len(s->o.out);
	int error = begin(job, t, seq, m);
	if (!error)
		error = go_on(job, t);
	if (error) {
		buf_truncate(s->o.out, start);
		return skip_message(job, m->uid, error);
	}
	return job->now.active ||
		       buf_len(s->o.out) - job->batch_start > IMAP_BATCH_OCTETS
		   ? IMAP_SCAN_STOP
		   : IMAP_SCAN_NEXT;
}

static int resume_message(struct fetch_job *job)
{
	struct store_txn t;
	int error = store_read(job->s->o.store, &t);
	if (error)
		return error;
	error = go_on(job, &t);
	store_end(&t);
	return error;
}

/* RFC 3501 6.4.5: fetching a body sets \Seen; the response has said so. */
static int set_seen(struct fetch_job *job)
{
	static const struct flag_change seen = { .op = FLAGS_ADD,
		.flags = MESSAGE_SEEN };
	struct imap_session *s = job->s;
	int error = 0;
	if (s->found.count)
		error = imap_view_store(s, &s->found, &seen, NULL, NULL);
	uidset_clear(&s->found);
	return error;
}

static int fetch_batch(struct fetch_job *job)
{
	struct imap_scan_job rows = { &job->s->set,
		job->items || job->n_sections ? IMAP_BATCH_MESSAGES
					      : IMAP_BATCH_ROWS,
		fetch_row, job };
	if (job->now.active)
		return resume_message(job);
	memset(job->keywords.names, 0, sizeof job->keywords.names);
	job->batch_start = buf_len(job->s->o.out);
	return imap_scan(job->s, &job->scan, &rows);
}

static void fetched(struct fetch_job *job)
{
	struct imap_session *s = job->s;
	if (job->is_incomplete)
		imap_finish(
		    s, IMAP_NO, "[CORRUPTION] Some messages cannot be read");
	else
		imap_finish(s, IMAP_OK,
		    job->scan.n_rows < s->set.count
			? "[EXPUNGEISSUED] Done, some messages are gone"
			: "Done");
}

static enum imap_step fetch_step(struct imap_session *s)
{
	struct fetch_job *job = s->job;
	int error = 0;
	while (
	    !error && !imap_out_full(s) && (job->now.active || !job->scan.done))
		error = fetch_batch(job);
	int seen_error = set_seen(job);
	if (error && job->now.active) {
		/* In the middle of a response: nothing else can be said. */
		imap_session_bye(s, "Message cannot be read");
		return IMAP_STEP_NEXT;
	}
	if (!error)
		error = seen_error;
	if (error)
		imap_finish_error(s, error);
	else if (!job->now.active && job->scan.done)
		fetched(job);
	else
		return IMAP_STEP_FULL;
	return IMAP_STEP_NEXT;
}

void imap_cmd_fetch(struct imap_session *s)
{
	struct fetch_job *job = ARENA_NEW(&s->arena, struct fetch_job);
	if (!job || !fetch_args(s, job)) {
		imap_finish_bad(s);
		return;
	}
	job->s = s;
	s->job = job;
	s->step = fetch_step;
}
