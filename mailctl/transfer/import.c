#include "mailctl/transfer/import.h"
#include "base/arena.h"
#include "base/chars.h"
#include "base/panic.h"
#include "mailctl/transfer/import_verify.h"
#include "sasl/hash.h"
#include "wire/wr.h"
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_MESSAGES = 64,
	BATCH_BYTES = 4 << 20,
	BATCH_MEMORY = 8 << 20,
	BODY_KEPT_BYTES = 1 << 16,
};

/* No room would be left for what comes. */
static const uint32_t uidnext_max = 0xFFFFFF00;

enum {
	NAME_MAX_OCTETS = 1000,
};

struct import_name {
	size_t n;
	char p[NAME_MAX_OCTETS];
};

static struct view name_view(const struct import_name *name)
{
	return (struct view){ name->p, name->n };
}

struct pending {
	struct body body;
	struct import_item item; /* its views are in the batch's memory */
	struct view keywords[KEYWORDS_MAX];
	unsigned char id[HASH_SHA256_BYTES];
};

struct importer {
	struct store *store;
	struct report *report;
	struct import_name root;
	bool dry;
	struct pending batch[BATCH_MESSAGES];
	size_t n;
	uint64_t batch_bytes;
	struct arena memory;
	/* The mailbox. */
	struct import_name name;
	struct mailbox mailbox; /* id 0: a dry run, and there is none */
	struct import_box box;
	bool keep; /* UIDs */
	bool keywords_told;
	uint32_t recent_uid;
	struct import_counts counts;
	struct import_records records;
	/* All of the run. */
	struct import_name *names;
	size_t n_names;
};

struct importer *importer_new(
    struct store *s, struct report *report, struct view root, bool dry)
{
	struct importer *i = MUST_NEW(struct importer);
	i->store = s;
	i->report = report;
	i->dry = dry;
	i->root.n = root.n < sizeof i->root.p ? root.n : 0;
	if (i->root.n)
		memcpy(i->root.p, root.p, i->root.n);
	arena_init(&i->memory, BATCH_MEMORY);
	for (size_t k = 0; k < BATCH_MESSAGES; k++)
		body_init(&i->batch[k].body);
	return i;
}

void importer_free(struct importer **handle)
{
	struct importer *i = *handle;
	*handle = NULL;
	if (!i)
		return;
	for (size_t k = 0; k < BATCH_MESSAGES; k++)
		body_deinit(&i->batch[k].body);
	arena_deinit(&i->memory);
	free(i->records.all);
	free(i->names);
	free(i);
}

/* The mailbox. */

static int target_name(
    const struct importer *i, struct view name, struct import_name *out)
{
	bool inbox = view_ieq(name, V("INBOX"));
	struct wr w = wr_into(out->p, sizeof out->p);
	wr_raw(&w, name_view(&i->root));
	if (i->root.n && !inbox)
		wr_u8(&w, '/');
	if (!i->root.n || !inbox)
		wr_raw(&w, name);
	out->n = w.n;
	return w.failed ? MC_E_BAD : mailbox_name_check(name_view(out));
}

static int look_up(struct importer *i)
{
	struct store_txn t;
	if (!i->store)
		return MC_E_NOENT;
	int error = store_read(i->store, &t);
	if (error)
		return error;
	error = mailbox_find(&t, name_view(&i->name), &i->mailbox);
	if (!error && (i->mailbox.flags & MAILBOX_NOSELECT))
		error = MC_E_NOENT;
	store_end(&t);
	return error;
}

static int find_or_make(struct importer *i)
{
	i->mailbox = (struct mailbox){ .id = 0 };
	int error = look_up(i);
	if (error != MC_E_NOENT)
		return error;
	i->mailbox = (struct mailbox){ .id = 0 };
	if (i->dry)
		return 0;
	struct view name = name_view(&i->name);
	return mailbox_create(
	    i->store, name, import_special_use(i->store, name), &i->mailbox);
}

/* Whether UIDs can be kept. */
static int adopt(struct importer *i)
{
	const struct mailbox_origin origin = { .uidvalidity =
						   i->box.uidvalidity };
	i->keep = false;
	if (!i->box.uidvalidity)
		return 0;
	if (i->dry) {
		i->keep = i->mailbox.messages == 0 ||
			  i->mailbox.uidvalidity == i->box.uidvalidity;
		return 0;
	}
	int error = mailbox_adopt(i->store, i->mailbox.id, &origin);
	i->keep = !error;
	if (error == MC_E_EXISTS || error == MC_E_LIMIT)
		return 0;
	return error ? error : look_up(i);
}

static int remember_name(struct importer *i)
{
	void *more = realloc(i->names, (i->n_names + 1) * sizeof *i->names);
	if (!more)
		return MC_E_TEMP;
	i->names = more;
	i->names[i->n_names++] = i->name;
	return 0;
}

int importer_open(struct importer *i, const struct import_box *box)
{
	int error = target_name(i, box->name, &i->name);
	if (error) {
		report_problem(i->report, box->name,
		    "not a name that a mailbox can have: left out");
		return error;
	}
	i->box = *box;
	i->box.name = name_view(&i->name);
	if (i->box.uidnext > uidnext_max)
		i->box.uidnext = 0;
	i->counts = (struct import_counts){ .messages = 0 };
	i->records.n = 0;
	i->recent_uid = 0;
	i->keywords_told = false;
	error = find_or_make(i);
	if (!error)
		error = adopt(i);
	return error ? error : remember_name(i);
}

/* Messages. */

static int store_batch(struct importer *i);

static void batch_clear(struct importer *i)
{
	for (size_t k = 0; k < i->n; k++) {
		struct body *b = &i->batch[k].body;
		body_clear(b);
		if (b->mem.cap > BODY_KEPT_BYTES)
			buf_trim(&b->mem);
	}
	i->n = 0;
	i->batch_bytes = 0;
	arena_reset(&i->memory);
}

struct body *importer_body(struct importer *i)
{
	struct body *b = &i->batch[i->n].body;
	body_clear(b);
	return b;
}

struct body *importer_body_now(struct importer *i)
{
	return &i->batch[i->n].body;
}

void importer_fail(struct importer *i, struct view where, int error)
{
	i->counts.messages++;
	i->counts.failed++;
	report_problem(i->report, where, err_text(error));
}

/* The same in every run, and of nothing else: mailbox and key. */
static int make_id(
    const struct importer *i, struct view key, unsigned char *out)
{
	unsigned char inner[HASH_SHA256_BYTES];
	const struct view guid = { (const char *)i->mailbox.guid,
		sizeof i->mailbox.guid };
	int error = hash_sha2(HASH_SHA256_BYTES, V("import\n"), key, inner);
	return error
		   ? error
		   : hash_sha2(HASH_SHA256_BYTES, guid, hash_view(inner), out);
}

static struct view id_view(const struct pending *p)
{
	return (struct view){ (const char *)p->id, DELIVERY_ID_OCTETS };
}

/* 0: *uid has it (0: it has gone since); MC_E_NOENT: not imported yet. Ids are
 * forgotten after a time; then the UID, size and date tell. */
static int find_known(
    struct importer *i, struct store_txn *t, struct pending *p, uint32_t *uid)
{
	struct message row;
	uint32_t mailbox;
	int error = message_find_delivery(t, id_view(p), &mailbox, uid);
	bool by_id = !error;
	if (error == MC_E_NOENT && i->keep && p->item.uid) {
		*uid = p->item.uid;
		error = 0;
	}
	if (!error)
		error = message_get(t, i->mailbox.id, *uid, &row);
	if (!error && !by_id &&
	    (row.size_bytes != p->body.size ||
		row.internaldate.unix_s != p->item.date.unix_s))
		return MC_E_NOENT;
	if (error != MC_E_NOENT || !by_id)
		return error;
	*uid = 0;
	return 0;
}

static int is_known(struct importer *i, struct pending *p, uint32_t *uid)
{
	struct store_txn t;
	if (!i->mailbox.id)
		return MC_E_NOENT;
	int error = store_read(i->store, &t);
	if (error)
		return error;
	error = find_known(i, &t, p, uid);
	store_end(&t);
	return error;
}

static bool keyword_ok(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_IMAP_ATOM) && v.p[i] != ']')
			return false;
	return v.n > 0 && v.n <= KEYWORD_OCTETS_MAX;
}

static bool uidl_ok(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_PRINT) || v.p[i] == ' ')
			return false;
	return v.n <= UIDL_OCTETS_MAX;
}

static void lose_keywords(struct importer *i, struct view where)
{
	if (!i->keywords_told)
		report_problem(i->report, where,
		    "some keywords cannot be kept, here and maybe in others "
		    "of this mailbox");
	i->keywords_told = true;
}

/* What stays until the batch is stored. */
static int keep_item(struct importer *i, struct pending *p)
{
	const struct import_item *from = &p->item;
	bool ok = true;
	size_t n = 0;
	for (size_t k = 0; k < from->n_keywords; k++) {
		if (n < KEYWORDS_MAX && keyword_ok(from->keywords[k]))
			p->keywords[n++] =
			    arena_copy(&i->memory, from->keywords[k], &ok);
		else
			lose_keywords(i, from->where);
	}
	p->item.keywords = p->keywords;
	p->item.n_keywords = n;
	p->item.where = arena_copy(&i->memory, from->where, &ok);
	p->item.uidl = uidl_ok(from->uidl)
			   ? arena_copy(&i->memory, from->uidl, &ok)
			   : V_NONE;
	p->item.key = V_NONE;
	/* Behind all that had one. */
	if (!i->keep)
		p->item.uid = 0;
	else if (!p->item.uid)
		p->item.uid = i->box.uidnext;
	return ok ? 0 : MC_E_TEMP;
}

static int add_known(struct importer *i, struct pending *p, uint32_t uid)
{
	if (!uid) {
		i->counts.gone++;
		return 0;
	}
	i->counts.known++;
	return import_record(&i->records, uid, p->body.size, p->body.crc);
}

int importer_add(struct importer *i, const struct import_item *item)
{
	uint32_t uid;
	struct source source;
	struct pending *p = &i->batch[i->n];
	p->item = *item;
	int error = make_id(i, item->key, p->id);
	if (!error)
		error = body_end(&p->body, &source);
	if (error)
		return error;
	i->counts.messages++;
	i->counts.bytes += p->body.size;
	report_progress(
	    i->report, i->box.name, i->counts.messages, i->box.n_messages);
	error = is_known(i, p, &uid);
	if (error != MC_E_NOENT)
		return error ? error : add_known(i, p, uid);
	if (i->dry) {
		i->counts.added++;
		return 0;
	}
	error = keep_item(i, p);
	i->n++;
	i->batch_bytes += p->body.size;
	if (!error && (i->n == BATCH_MESSAGES || i->batch_bytes >= BATCH_BYTES))
		error = store_batch(i);
	return error;
}

/* Into the store. */

static struct append append_of(
    const struct importer *i, const struct pending *p, bool with_keywords)
{
	return (struct append){
		.mailbox = i->mailbox.id,
		.flags = p->item.flags,
		.keywords = p->keywords,
		.n_keywords = with_keywords ? p->item.n_keywords : 0,
		.internaldate = p->item.date,
		.delivery_id = id_view(p),
		.uid = p->item.uid,
		.uidl = p->item.uidl,
	};
}

static int note_stored(
    struct importer *i, const struct pending *p, const struct append_result *r)
{
	if (r->duplicate)
		i->counts.known++;
	else
		i->counts.added++;
	if (p->item.seen_by_client && r->uid >= i->recent_uid)
		i->recent_uid = r->uid + 1;
	return import_record(&i->records, r->uid, p->body.size, p->body.crc);
}

/* One that was refused: perhaps for its keywords. What is wrong with the
 * store or the disk ends the import instead. */
static int store_again(struct importer *i, struct pending *p, int error)
{
	struct append_result r;
	struct append a = append_of(i, p, false);
	if (error != MC_E_LIMIT && error != MC_E_BAD)
		return error;
	if (p->item.n_keywords) {
		lose_keywords(i, p->item.where);
		error = body_end(&p->body, &a.source);
		if (!error)
			error = message_append(i->store, &a, 1, &r);
		if (!error)
			error = r.error;
		if (!error)
			return note_stored(i, p, &r);
	}
	i->counts.failed++;
	report_problem(i->report, p->item.where, err_text(error));
	return error == MC_E_LIMIT || error == MC_E_BAD ? 0 : error;
}

static int store_batch(struct importer *i)
{
	struct append items[BATCH_MESSAGES];
	struct append_result results[BATCH_MESSAGES];
	int error = 0;
	for (size_t k = 0; k < i->n && !error; k++) {
		items[k] = append_of(i, &i->batch[k], true);
		error = body_end(&i->batch[k].body, &items[k].source);
	}
	/* What it returns is in the results, too. */
	if (!error && message_append(i->store, items, i->n, results) != 0)
		error = 0;
	for (size_t k = 0; k < i->n && !error; k++) {
		struct pending *p = &i->batch[k];
		if (results[k].error)
			error = store_again(i, p, results[k].error);
		else
			error = note_stored(i, p, &results[k]);
	}
	batch_clear(i);
	return error;
}

/* The end of a mailbox. */

static int raise_ends(struct importer *i)
{
	struct mailbox_origin origin = {
		.uidnext = i->keep ? i->box.uidnext : 0,
		.recent_uid = i->recent_uid,
	};
	int error = mailbox_adopt(i->store, i->mailbox.id, &origin);
	if (error != MC_E_LIMIT)
		return error;
	report_problem(i->report, i->box.name,
	    "its UIDNEXT leaves no room for new mail: not kept");
	origin.uidnext = 0;
	return mailbox_adopt(i->store, i->mailbox.id, &origin);
}

int importer_close(struct importer *i)
{
	int error = 0;
	if (!i->dry) {
		error = store_batch(i);
		if (!error)
			error = raise_ends(i);
		if (!error)
			error = look_up(i);
	}
	if (!error && i->mailbox.id)
		error = import_verify(i->store, i->mailbox.id, &i->records,
		    i->report, i->box.name, &i->counts);
	if (!error)
		report_row(i->report,
		    import_row(&i->counts, i->box.name, i->keep, i->dry));
	return error;
}

int importer_subscribe(struct importer *i, struct view name)
{
	struct import_name target;
	if (target_name(i, name, &target) != 0) {
		report_problem(i->report, name,
		    "not a name that a mailbox can have: not subscribed");
		return 0;
	}
	if (i->dry)
		return 0;
	return mailbox_subscribe(i->store, name_view(&target), true);
}

int importer_subscribe_all(struct importer *i)
{
	int error = 0;
	for (size_t k = 0; k < i->n_names && !error && !i->dry; k++)
		error =
		    mailbox_subscribe(i->store, name_view(&i->names[k]), true);
	return error;
}

int importer_report(struct importer *i)
{
	return report_end(i->report, import_columns,
	    i->dry ? IMPORT_COLUMNS - 1 : IMPORT_COLUMNS);
}
