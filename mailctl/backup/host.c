/* What a host has besides mail: accounts, domains, the configuration. It is a
 * JSON document, which no version of LMDB matters to; it holds credentials. */
#include "base/buf.h"
#include "base/clock.h"
#include "mailctl/backup/backup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TEXT_MAX = 16 << 20,
	DOCUMENT_MAX = 1 << 30,
};

static int read_all(int fd, struct buf *out)
{
	for (;;) {
		char piece[8192];
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : buf_error(out);
		buf_put(out, (struct view){ piece, (size_t)n });
	}
}

static int on_account(void *ctx, const struct account *a)
{
	json_t *o = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "address", a->address, "credential", a->credential, "flags",
	    (json_int_t)a->flags, "services_off", (json_int_t)a->services_off,
	    "quota_bytes", (json_int_t)a->quota_bytes, "quota_messages",
	    (json_int_t)a->quota_messages, "quota_mailboxes",
	    (json_int_t)a->quota_mailboxes, "created", (json_int_t)a->created_s,
	    "changed", (json_int_t)a->changed_s);
	return o && json_array_append_new(ctx, o) == 0 ? 0 : MC_E_INTERNAL;
}

static int on_domain(void *ctx, const struct account_domain *d)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:I}", "name", d->name,
	    "alias_of", d->alias_of, "catch_all", d->catch_all, "created",
	    (json_int_t)d->created_s);
	return o && json_array_append_new(ctx, o) == 0 ? 0 : MC_E_INTERNAL;
}

static int put_database(struct mailctl *m, json_t *document)
{
	struct account_db *db = NULL;
	json_t *accounts = json_array(), *domains = json_array();
	json_object_set_new(document, "accounts", accounts);
	json_object_set_new(document, "domains", domains);
	int code = open_accounts(m, false, &db);
	if (code)
		return code == EX_NOUSER ? 0 : code; /* none yet */
	int error = account_db_each(db, V_NONE, on_account, accounts);
	if (!error)
		error = account_domain_each(db, on_domain, domains);
	account_db_close(&db);
	return error ? complain(
			   exit_code_of(error), "accounts: %s", err_text(error))
		     : 0;
}

static int put_configuration(struct mailctl *m, json_t *document)
{
	char path[4096];
	struct buf text;
	int error = 0, fd = -1;
	buf_init(&text, TEXT_MAX);
	if (m->file)
		snprintf(path, sizeof path, "%s", m->file);
	else
		error = conf_default_file(m->prefix, path, sizeof path);
	if (!error)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!error && fd < 0)
		error = -errno;
	if (!error)
		error = read_all(fd, &text);
	if (fd >= 0)
		close(fd);
	if (!error && buf_len(&text))
		json_object_set_new(document, "configuration",
		    json_stringn(buf_view(&text).p, buf_len(&text)));
	buf_deinit(&text);
	return error ? complain(
			   exit_code_of(error), "%s: %s", path, err_text(error))
		     : 0;
}

static int save(struct area *a, uint32_t keep, const char *text, json_t *row)
{
	char name[AREA_NAME_MAX], hash[AREA_HASH_MAX];
	struct manifest m;
	int dir, fd = -1;
	int error = area_enter(a, "host", NULL, NULL, true, &dir);
	if (error)
		return error;
	error = manifest_load(dir, "(host)", &m);
	if (!error)
		error = area_file_new(dir, &fd);
	if (!error)
		error = area_write(fd, view_of(text));
	if (!error)
		error = area_hash(fd, 0, hash);
	json_t *last = error ? NULL : manifest_last(&m);
	json_t *old = last ? manifest_file(&m, text_of(last, "file")) : NULL;
	bool same = old && strcmp(text_of(old, "sha256"), hash) == 0;
	if (error || same) {
		if (fd >= 0)
			close(fd);
		area_file_drop(dir);
	} else {
		int64_t now_s = clock_wall_s();
		if (now_s <= number_of(last, "time"))
			now_s = number_of(last, "time") + 1;
		backup_file_name(now_s, ".host.json", name);
		error = area_file_keep(dir, fd, name);
		if (!error)
			error = backup_commit(dir, &m,
			    json_pack("{s:s, s:I}", "sha256", hash, "bytes",
				(json_int_t)strlen(text)),
			    json_pack("{s:I, s:s, s:[]}", "time",
				(json_int_t)now_s, "file", name, "needs"),
			    keep);
	}
	json_object_set_new(
	    row, "state", json_string(same ? "unchanged" : "saved"));
	manifest_free(&m);
	close(dir);
	return error;
}

int backup_host(struct mailctl *m, struct area *a, uint32_t keep, json_t *rows)
{
	json_t *document = json_pack("{s:i}", "version", 1);
	int code = put_database(m, document);
	if (!code)
		code = put_configuration(m, document);
	char *text =
	    code ? NULL : json_dumps(document, JSON_INDENT(1) | JSON_SORT_KEYS);
	json_decref(document);
	if (!text)
		return code ? code : complain(EX_DATAERR, "(host): no text");
	json_t *row = json_pack("{s:s}", "account", "(host)");
	int error = save(a, keep, text, row);
	free(text);
	if (error) {
		json_decref(row);
		return complain(
		    error == MC_E_CORRUPT ? STORE_DAMAGED : exit_code_of(error),
		    "(host): %s", err_text(error));
	}
	json_array_append_new(rows, row);
	return 0;
}

/* The document of a time; NULL: complained, *code says. */
static json_t *document_at(struct area *a, int64_t at_s, int *code)
{
	struct manifest m;
	struct buf text;
	json_t *document = NULL;
	int dir, fd;
	int error = area_enter(a, "host", NULL, NULL, false, &dir);
	if (error) {
		*code = complain(EX_NOINPUT, "there is none in this backup");
		return NULL;
	}
	buf_init(&text, DOCUMENT_MAX);
	error = manifest_load(dir, "(host)", &m);
	json_t *g = error ? NULL : manifest_at(&m, at_s);
	if (!error && g)
		error = manifest_open_file(dir, &m, text_of(g, "file"), &fd);
	if (!error && g) {
		error = read_all(fd, &text);
		close(fd);
	}
	if (!error && g)
		document =
		    json_loadb(buf_view(&text).p, buf_len(&text), 0, NULL);
	if (!error && !g)
		*code = complain(EX_NOINPUT, "there is no backup of that time");
	else if (!document)
		*code = complain(STORE_DAMAGED, "a file of it is damaged");
	buf_deinit(&text);
	manifest_free(&m);
	close(dir);
	return document;
}

int restore_configuration(struct area *a, const struct backup_arguments *args)
{
	int code = 0;
	json_t *document = document_at(a, args->at_s, &code);
	if (!document)
		return code;
	fputs(text_of(document, "configuration"), stdout);
	json_decref(document);
	return 0;
}

/* New when it is missing, else as it was. */

static int put_account(struct account_db *db, json_t *o)
{
	struct account a = {
		.flags = (uint32_t)number_of(o, "flags"),
		.services_off = (uint32_t)number_of(o, "services_off"),
		.quota_bytes = (uint64_t)number_of(o, "quota_bytes"),
		.quota_messages = (uint64_t)number_of(o, "quota_messages"),
		.quota_mailboxes = (uint64_t)number_of(o, "quota_mailboxes"),
		.created_s = (uint64_t)number_of(o, "created"),
		.changed_s = (uint64_t)number_of(o, "changed"),
	};
	struct account old;
	if (account_canonical(view_of(text_of(o, "address")), a.address) != 0)
		return MC_E_BAD;
	int error = view_to_cstr(view_of(text_of(o, "credential")),
	    a.credential, sizeof a.credential);
	if (error)
		return error;
	error = account_db_get(db, view_of(a.address), &old);
	if (error && error != MC_E_NOENT)
		return error;
	return account_db_put(db, &a, error == MC_E_NOENT);
}

static int put_domain(struct account_db *db, json_t *o)
{
	struct account_domain d = {
		.created_s = (uint64_t)number_of(o, "created"),
	};
	struct account_domain old;
	if (view_to_cstr(view_of(text_of(o, "name")), d.name, sizeof d.name) ||
	    view_to_cstr(view_of(text_of(o, "alias_of")), d.alias_of,
		sizeof d.alias_of) ||
	    view_to_cstr(view_of(text_of(o, "catch_all")), d.catch_all,
		sizeof d.catch_all))
		return MC_E_BAD;
	int error = account_domain_get(db, view_of(d.name), &old);
	if (error && error != MC_E_NOENT)
		return error;
	return account_domain_put(db, &d, error == MC_E_NOENT);
}

static int put_all(struct account_db *db, json_t *list,
    int (*put)(struct account_db *db, json_t *o), const char *key, json_t *rows)
{
	size_t i;
	json_t *o;
	int error = 0;
	json_array_foreach(list, i, o)
	{
		if (!error && db)
			error = put(db, o);
		if (!error)
			json_array_append_new(rows,
			    json_pack("{s:s, s:O}", "kind", key, "name",
				json_object_get(o, strcmp(key, "domain") == 0
						       ? "name"
						       : "address")));
	}
	return error;
}

int restore_accounts(struct mailctl *m, struct area *a,
    const struct backup_arguments *args, json_t *rows)
{
	struct account_db *db = NULL;
	int code = 0;
	json_t *document = document_at(a, args->at_s, &code);
	if (document && !args->dry_run)
		code = open_accounts(m, true, &db);
	if (!document || code) {
		json_decref(document);
		return code;
	}
	int error = put_all(db, json_object_get(document, "domains"),
	    put_domain, "domain", rows);
	if (!error)
		error = put_all(db, json_object_get(document, "accounts"),
		    put_account, "account", rows);
	account_db_close(&db);
	json_decref(document);
	return error ? complain(
			   exit_code_of(error), "accounts: %s", err_text(error))
		     : 0;
}
