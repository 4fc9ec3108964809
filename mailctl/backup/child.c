/* The verbs of backup and restore, in the child of mailctl store. */
#include "base/err.h"
#include "mailctl/store/store_stream.h"
#include "store/dump/restore.h"
#include "store/mailbox/message.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LEVEL = 3, /* measured: faster than a disk, a fifth smaller than 1 */
	OUT_BYTES = 128 * 1024,
};

/* backup */

struct out {
	ZSTD_CStream *zstd;
	char *p; /* OUT_BYTES */
	enum dump_part part;
	uint64_t bytes, index_bytes;
};

static int write_all(struct out *o, size_t n)
{
	struct view v = { o->p, n };
	o->bytes += n;
	while (v.n) {
		ssize_t w = write(STDOUT_FILENO, v.p, v.n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return errno == ENOSPC ? MC_E_FULL : -errno;
		v = view_skip(v, (size_t)w);
	}
	return 0;
}

static int compress(struct out *o, struct view v, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { v.p, v.n, 0 };
	for (;;) {
		ZSTD_outBuffer out = { o->p, OUT_BYTES, 0 };
		size_t left = ZSTD_compressStream2(o->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return MC_E_INTERNAL;
		int error = write_all(o, out.pos);
		if (error)
			return error;
		if (how == ZSTD_e_end ? left == 0 : in.pos == in.size)
			return 0;
	}
}

/* A frame of its own for each part. */
static int on_octets(void *ctx, enum dump_part part, struct view v)
{
	struct out *o = ctx;
	if (part != o->part) {
		int error = compress(o, V_NONE, ZSTD_e_end);
		if (error)
			return error;
		o->index_bytes = o->bytes;
		o->part = part;
	}
	return compress(o, v, ZSTD_e_continue);
}

static void put_guid(json_t *o, const uint8_t guid[16])
{
	char text[33];
	for (unsigned i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", guid[i]);
	json_object_set_new(o, "guid", json_string(text));
}

static int dump(struct out *o, uint64_t first_msgid, struct dump_result *r)
{
	struct store *s;
	const struct store_options readonly = { .readonly = true };
	const struct dump_options options = { .split = true,
		.first_msgid = first_msgid,
		.write = on_octets,
		.on_progress = store_child_progress,
		.ctx = o };
	int error = store_open(".", &readonly, &s);
	if (error)
		return error;
	error = store_dump(s, &options, r);
	store_close(&s);
	return error ? error : compress(o, V_NONE, ZSTD_e_end);
}

int store_child_backup(int argc, char **argv)
{
	struct dump_result r = { .rows = 0 };
	struct out o = { .zstd = ZSTD_createCStream(),
		.p = malloc(OUT_BYTES),
		.part = DUMP_HAS_INDEX };
	uint64_t first;
	if (argc < 1 || !view_u64(view_of(argv[0]), &first))
		return EX_USAGE;
	int error = o.zstd && o.p ? 0 : MC_E_TEMP;
	if (!error && (ZSTD_isError(ZSTD_CCtx_setParameter(
			   o.zstd, ZSTD_c_compressionLevel, LEVEL)) ||
			  ZSTD_isError(ZSTD_CCtx_setParameter(
			      o.zstd, ZSTD_c_checksumFlag, 1))))
		error = MC_E_INTERNAL;
	if (!error)
		error = dump(&o, first, &r);
	ZSTD_freeCStream(o.zstd);
	free(o.p);
	if (error)
		return stream_dump_fail(error, &r);
	json_t *result = stream_dump_json(&r);
	json_object_set_new(
	    result, "index_bytes", json_integer((json_int_t)o.index_bytes));
	json_object_set_new(
	    result, "next_msgid", json_integer((json_int_t)r.next_msgid));
	put_guid(result, r.guid);
	store_child_report("result", result);
	return 0;
}

/* uidvalidity: what a store that is to be replaced has used. */

static int on_mailbox(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	uint32_t *highest = ctx;
	(void)name;
	(void)has_children;
	if (m->uidvalidity > *highest)
		*highest = m->uidvalidity;
	return 0;
}

int store_child_uidvalidity(int argc, char **argv)
{
	struct store *s;
	struct store_txn t;
	uint32_t highest = 0;
	const struct store_options readonly = { .readonly = true };
	(void)argc;
	(void)argv;
	int error = store_open(".", &readonly, &s);
	if (!error) {
		error = store_read(s, &t);
		if (!error)
			error = mailbox_each(&t, on_mailbox, &highest);
		if (!error)
			store_end(&t);
		store_close(&s);
	}
	if (!error)
		store_child_report("result",
		    json_pack("{s:I}", "uidvalidity", (json_int_t)highest));
	return error ? EX_DATAERR : 0;
}

/* restore-all: [replace] UIDVALIDITY */
int store_child_restore_all(int argc, char **argv)
{
	struct load_options options = { .renew = true,
		.on_progress = store_child_progress };
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], "replace") == 0)
			options.replace = true;
		else if (!view_u32(view_of(argv[i]), &options.uidvalidity))
			return EX_USAGE;
	return stream_load(&options);
}

/* restore: options with their values; list: the same, and nothing is done. */

static void on_item(void *ctx, const struct restore_item *item)
{
	char text[512];
	json_t *o = json_pack("{s:I, s:I, s:o, s:b}", "uid",
	    (json_int_t)item->uid, "size", (json_int_t)item->size_bytes, "date",
	    json_of_time((uint64_t)item->date_s), "present", item->present);

	const struct {
		const char *key;
		struct view v;
	} texts[] = {
		{ "mailbox", item->mailbox },
		{ "message_id", item->message_id },
		{ "subject", item->subject },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (view_to_cstr(view_head(texts[i].v, sizeof text - 1), text,
			sizeof text) == 0)
			json_object_set_new(
			    o, texts[i].key, json_of_text(text));
	if (item->new_uid)
		json_object_set_new(
		    o, "new_uid", json_integer((json_int_t)item->new_uid));
	store_child_report("message", o);
}

static bool take(struct restore_options *o, const char *key, const char *value)
{
	struct view v = view_of(value);
	if (strcmp(key, "mailbox") == 0)
		o->mailbox = v;
	else if (strcmp(key, "into") == 0)
		o->into = v;
	else if (strcmp(key, "message-id") == 0)
		o->message_id = v;
	else if (strcmp(key, "uid") == 0)
		return view_u32(v, &o->uid) && o->uid;
	else
		return false;
	return true;
}

static int restore_fail(int error, const struct restore_result *r)
{
	char text[400];
	const char *what = err_text(error);
	if (error == MC_E_NOENT)
		what = "no such mailbox in this backup";
	snprintf(
	    text, sizeof text, "%s%s%s", what, r->why[0] ? ": " : "", r->why);
	store_child_report("error", json_of_text(text));
	return error == MC_E_CORRUPT ? EX_DATAERR : exit_code_of(error);
}

static int restore(struct restore_options *options, bool list)
{
	struct stream_in in;
	struct dump_reader reader;
	struct restore_result r = { .found = 0 };
	struct store *s = NULL;
	const struct store_options open = { .create = !options->dry_run,
		.readonly = options->dry_run };
	int error = list ? 0 : store_open(".", &open, &s);
	if (error == MC_E_NOENT && options->dry_run)
		error = 0;
	if (error)
		return store_child_fail(error, "");
	stream_in_init(&in);
	dump_reader_init(&reader, stream_in_read, &in);
	error = store_restore(s, &reader, options, &r);
	dump_reader_deinit(&reader);
	stream_in_deinit(&in);
	store_close(&s);
	if (error)
		return restore_fail(error, &r);
	store_child_report(
	    "result", json_pack("{s:I, s:I, s:I, s:I}", "found",
			  (json_int_t)r.found, "present", (json_int_t)r.present,
			  "restored", (json_int_t)r.restored, "mailboxes_made",
			  (json_int_t)r.mailboxes));
	return 0;
}

int store_child_restore(int argc, char **argv)
{
	struct restore_options options = { .on_item = on_item };
	bool list = false;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "list") == 0)
			list = true;
		else if (strcmp(argv[i], "force-copy") == 0)
			options.force_copy = true;
		else if (strcmp(argv[i], "dry-run") == 0)
			options.dry_run = true;
		else if (i + 1 < argc && take(&options, argv[i], argv[i + 1]))
			i++;
		else
			return EX_USAGE;
	}
	return restore(&options, list);
}
