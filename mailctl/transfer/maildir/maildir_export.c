/* Maildir++, with the files that Dovecot keeps beside the messages. */
#include "base/panic.h"
#include "mailctl/transfer/export.h"
#include "mailctl/transfer/file_out.h"
#include "mailctl/transfer/listing.h"
#include "mailctl/transfer/maildir/maildir_meta.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOLDER_MAX = 1024,
	NAME_MAX_BYTES = 256,
	SUBSCRIPTIONS_MAX = 16 << 20,
};

struct maildir {
	struct tree *tree;
	struct report *report;
	char *folder; /* "": the root */
	struct mailbox m;
	struct view keywords[MAILDIR_KEYWORDS];
	size_t n_keywords;
	struct file_out uidlist, message;
	struct message row;
	char base[NAME_MAX_BYTES]; /* without sizes and flags */
	struct buf flags;          /* ":2,S" */
	struct buf uidl;
	char *tmp;
};

static int make_dirs(struct maildir *d)
{
	static const char *const parts[] = { "cur", "new", "tmp" };
	int error = *d->folder ? tree_make_dir(d->tree, d->folder) : 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts && !error; i++) {
		char *path = path_join(d->folder, parts[i]);
		error = path ? tree_make_dir(d->tree, path) : MC_E_TEMP;
		free(path);
	}
	return error;
}

static int create(struct maildir *d, const char *name, struct file_out *out)
{
	int fd;
	char *path = path_join(d->folder, name);
	int error = path ? tree_create(d->tree, path, &fd) : MC_E_TEMP;
	free(path);
	if (!error)
		file_out_init(out, fd);
	return error;
}

static int write_file(
    struct maildir *d, const char *name, const struct buf *text)
{
	struct file_out f;
	int error = create(d, name, &f);
	if (error)
		return error;
	file_out_put(&f, buf_view(text));
	return file_out_close(&f);
}

static int write_keywords(struct maildir *d)
{
	struct buf text;
	if (d->n_keywords == 0)
		return 0;
	buf_init(&text, 1 << 16);
	for (size_t i = 0; i < d->n_keywords; i++) {
		buf_printf(&text, "%zu ", i);
		buf_put(&text, d->keywords[i]);
		buf_put_char(&text, '\n');
	}
	int error = write_file(d, "dovecot-keywords", &text);
	buf_deinit(&text);
	return error;
}

/* Dovecot knows a folder of Maildir++ by this. */
static int write_folder_mark(struct maildir *d)
{
	struct buf nothing;
	buf_init(&nothing, 1);
	return *d->folder ? write_file(d, "maildirfolder", &nothing) : 0;
}

static int start_uidlist(struct maildir *d)
{
	char line[64];
	int error = create(d, "dovecot-uidlist", &d->uidlist);
	if (error)
		return error;
	snprintf(
	    line, sizeof line, "3 V%u N%u\n", d->m.uidvalidity, d->m.uidnext);
	file_out_put(&d->uidlist, view_of(line));
	return 0;
}

static char *folder_of(struct view name)
{
	struct buf path;
	char *out = NULL;
	if (view_eq(name, V("INBOX")))
		return strdup("");
	buf_init(&path, FOLDER_MAX);
	buf_put_char(&path, '.');
	folder_encode(name, '.', &path);
	if (!buf_error(&path))
		out = strndup(buf_view(&path).p, buf_len(&path));
	buf_deinit(&path);
	return out;
}

static int free_maildir(struct maildir *d)
{
	int error = file_out_close(&d->uidlist);
	int message = file_out_close(&d->message);
	buf_deinit(&d->flags);
	buf_deinit(&d->uidl);
	free(d->tmp);
	free(d->folder);
	free(d);
	return error ? error : message;
}

static int open_box(void **ctx, struct tree *t, struct report *report,
    struct view name, const struct mailbox *m, const struct view *keywords,
    size_t n_keywords)
{
	struct maildir *d = MUST_NEW(struct maildir);
	*d = (struct maildir){ .tree = t, .report = report, .m = *m };
	file_out_init(&d->uidlist, -1);
	file_out_init(&d->message, -1);
	buf_init(&d->flags, NAME_MAX_BYTES);
	buf_init(&d->uidl, UIDL_OCTETS_MAX);
	d->folder = folder_of(name);
	for (size_t i = 0; i < n_keywords && i < MAILDIR_KEYWORDS; i++)
		d->keywords[d->n_keywords++] = keywords[i];
	if (n_keywords > MAILDIR_KEYWORDS)
		report_problem(report, name,
		    "a Maildir has 26 keywords at most: the others are lost");
	int error = d->folder ? make_dirs(d) : MC_E_LIMIT;
	if (!error)
		error = write_folder_mark(d);
	if (!error)
		error = write_keywords(d);
	if (!error)
		error = start_uidlist(d);
	if (error)
		(void)free_maildir(d);
	else
		*ctx = d;
	return error;
}

static uint32_t letters_of(
    const struct maildir *d, const struct export_message *m, bool *forwarded)
{
	uint32_t letters = 0;
	for (size_t k = 0; k < m->n_keywords; k++) {
		*forwarded |= view_ieq(m->keywords[k], V("$Forwarded"));
		for (size_t i = 0; i < d->n_keywords; i++)
			if (view_eq(m->keywords[k], d->keywords[i]))
				letters |= 1u << i;
	}
	return letters;
}

static int begin(void *ctx, const struct export_message *m)
{
	struct maildir *d = ctx;
	bool forwarded = false;
	uint32_t letters = letters_of(d, m, &forwarded);
	d->row = *m->row;
	buf_reset(&d->flags);
	buf_reset(&d->uidl);
	buf_put(&d->uidl, m->uidl);
	maildir_flags_put(&d->flags, m->row->flags, forwarded, letters);
	/* Unique by UID and UIDVALIDITY, and the same in each export. */
	snprintf(d->base, sizeof d->base, "%lld.U%uV%u.mailcore",
	    (long long)m->row->internaldate.unix_s, m->row->uid,
	    d->m.uidvalidity);
	char name[NAME_MAX_BYTES + 8];
	snprintf(name, sizeof name, "tmp/%s", d->base);
	free(d->tmp);
	d->tmp = path_join(d->folder, name);
	return d->tmp ? create(d, name, &d->message) : MC_E_TEMP;
}

static int put(void *ctx, struct view piece)
{
	struct maildir *d = ctx;
	file_out_put_text(&d->message, piece);
	return d->message.error;
}

static void add_to_uidlist(struct maildir *d, const char *name)
{
	char number[32];
	snprintf(number, sizeof number, "%u ", d->row.uid);
	file_out_put(&d->uidlist, view_of(number));
	if (buf_len(&d->uidl)) {
		file_out_put(&d->uidlist, V("P"));
		file_out_put(&d->uidlist, buf_view(&d->uidl));
		file_out_put(&d->uidlist, V(" "));
	}
	file_out_put(&d->uidlist, V(":"));
	file_out_put(&d->uidlist, view_of(name));
	file_out_put(&d->uidlist, V("\n"));
}

/* "cur/1600000000.U1V2.mailcore,S=123,W=130:2,S": Dovecot wants the sizes. */
static int end(void *ctx)
{
	struct maildir *d = ctx;
	char name[2 * NAME_MAX_BYTES], file[3 * NAME_MAX_BYTES];
	file_out_end_text(&d->message);
	uint64_t size = d->message.size;
	int error = file_out_close(&d->message);
	if (error)
		return error;
	snprintf(name, sizeof name, "%s,S=%llu,W=%llu", d->base,
	    (unsigned long long)size, (unsigned long long)d->row.size_bytes);
	struct view flags = buf_view(&d->flags);
	snprintf(file, sizeof file, "cur/%s%.*s", name, (int)flags.n, flags.p);
	char *path = path_join(d->folder, file);
	error = path ? tree_finish(
			   d->tree, d->tmp, path, d->row.internaldate.unix_s)
		     : MC_E_TEMP;
	free(path);
	if (!error)
		add_to_uidlist(d, name);
	return error;
}

static int abandon(void *ctx)
{
	struct maildir *d = ctx;
	int error = file_out_close(&d->message);
	return error ? error : tree_remove(d->tree, d->tmp);
}

static int close_box(void *ctx)
{
	return free_maildir(ctx);
}

/* Version 2: names are not torn at dots. */
static int subscriptions(struct tree *t, const struct view *names, size_t n)
{
	struct maildir d = { .tree = t, .folder = (char[1]){ "" } };
	struct buf text;
	buf_init(&text, SUBSCRIPTIONS_MAX);
	buf_put(&text, V("V\t2\n\n"));
	for (size_t i = 0; i < n; i++) {
		folder_encode(names[i], '\t', &text);
		buf_put_char(&text, '\n');
	}
	int error = buf_error(&text);
	if (!error)
		error = write_file(&d, "subscriptions", &text);
	buf_deinit(&text);
	return error;
}

const struct export_format maildir_export = { open_box, begin, put, end,
	abandon, close_box, subscriptions };
