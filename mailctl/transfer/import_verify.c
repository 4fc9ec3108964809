#include "mailctl/transfer/import_verify.h"
#include "mailctl/transfer/stream.h"
#include "store/record/crc32c.h"
#include <stdio.h>
#include <stdlib.h>

enum {
	RECORDS_MAX = 100000000
};

int import_record(
    struct import_records *r, uint32_t uid, uint64_t size, uint32_t crc)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 1024;
		void *more = cap > RECORDS_MAX
				 ? NULL
				 : realloc(r->all, cap * sizeof *r->all);
		if (!more)
			return MC_E_TEMP;
		r->all = more;
		r->cap = cap;
	}
	r->all[r->n++] = (struct import_record){ size, uid, crc };
	return 0;
}

static int add_crc(void *ctx, struct view piece)
{
	uint32_t *crc = ctx;
	*crc = crc32c(*crc, piece);
	return 0;
}

static int get_row(
    struct store *s, uint32_t mailbox, uint32_t uid, struct message *out)
{
	struct store_txn t;
	int error = store_read(s, &t);
	if (error)
		return error;
	error = message_get(&t, mailbox, uid, out);
	store_end(&t);
	return error;
}

/* 0, MC_E_CORRUPT when it is not what was put in, or why it can't be read. */
static int compare(
    struct store *s, uint32_t mailbox, const struct import_record *r)
{
	struct message row;
	uint32_t crc = 0;
	int error = get_row(s, mailbox, r->uid, &row);
	if (!error && row.size_bytes != r->size)
		error = MC_E_CORRUPT;
	if (!error)
		error =
		    stream_message(s, row.msgid, row.size_bytes, add_crc, &crc);
	return !error && crc != r->crc ? MC_E_CORRUPT : error;
}

int import_verify(struct store *s, uint32_t mailbox,
    const struct import_records *records, struct report *report,
    struct view name, struct import_counts *counts)
{
	char where[1100];
	for (size_t i = 0; i < records->n; i++) {
		const struct import_record *r = &records->all[i];
		int error = compare(s, mailbox, r);
		report_progress(report, V("verifying"), i, records->n);
		if (!error) {
			counts->verified++;
			continue;
		}
		/* A client may have been there meanwhile. */
		if (error == MC_E_NOENT) {
			counts->gone++;
			continue;
		}
		snprintf(where, sizeof where, "%.*s, UID %u", (int)name.n,
		    name.p, r->uid);
		report_problem(report, view_of(where),
		    error == MC_E_CORRUPT ? "differs from its source"
					  : err_text(error));
	}
	return 0;
}

const struct column import_columns[IMPORT_COLUMNS] = {
	{ "mailbox", "MAILBOX", false },
	{ "uids", "UIDS", false },
	{ "messages", "MESSAGES", true },
	{ "bytes", "BYTES", true },
	{ "added", "ADDED", true },
	{ "known", "KNOWN", true },
	{ "failed", "FAILED", true },
	{ "verified", "VERIFIED", true },
};

static void set_int(json_t *row, const char *key, uint64_t n)
{
	json_object_set_new(row, key, json_integer((json_int_t)n));
}

json_t *import_row(const struct import_counts *c, struct view mailbox,
    bool kept_uids, bool dry)
{
	json_t *row = json_object();
	json_object_set_new(row, "mailbox", json_stringn(mailbox.p, mailbox.n));
	json_object_set_new(
	    row, "uids", json_string(kept_uids ? "kept" : "new"));
	set_int(row, "messages", c->messages);
	set_int(row, "bytes", c->bytes);
	set_int(row, "added", c->added);
	set_int(row, "known", c->known);
	set_int(row, "gone", c->gone);
	set_int(row, "failed", c->failed);
	if (!dry)
		set_int(row, "verified", c->verified);
	return row;
}

static const struct {
	struct view name;
	uint16_t use;
} special_uses[] = {
	{ V_INIT("Drafts"), SPECIAL_DRAFTS },
	{ V_INIT("Sent"), SPECIAL_SENT },
	{ V_INIT("Sent Items"), SPECIAL_SENT },
	{ V_INIT("Sent Messages"), SPECIAL_SENT },
	{ V_INIT("Trash"), SPECIAL_TRASH },
	{ V_INIT("Deleted Items"), SPECIAL_TRASH },
	{ V_INIT("Deleted Messages"), SPECIAL_TRASH },
	{ V_INIT("Junk"), SPECIAL_JUNK },
	{ V_INIT("Spam"), SPECIAL_JUNK },
	{ V_INIT("Archive"), SPECIAL_ARCHIVE },
	{ V_INIT("Archives"), SPECIAL_ARCHIVE },
};

static int collect_uses(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	uint16_t *uses = ctx;
	(void)name;
	(void)has_children;
	*uses |= m->special_use;
	return 0;
}

uint16_t import_special_use(struct store *s, struct view name)
{
	struct store_txn t;
	uint16_t taken = 0, use = 0;
	for (size_t i = 0; i < sizeof special_uses / sizeof *special_uses; i++)
		if (view_ieq(special_uses[i].name, name))
			use = special_uses[i].use;
	if (!use || store_read(s, &t) != 0)
		return 0;
	int error = mailbox_each(&t, collect_uses, &taken);
	store_end(&t);
	return error || (taken & use) ? 0 : use;
}
