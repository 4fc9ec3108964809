/* mailctl import and export: arguments, processes, exit codes. */
#include "mailctl/store/open_store.h"
#include "mailctl/transfer/export.h"
#include "mailctl/transfer/export_damaged.h"
#include "mailctl/transfer/formats.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
	const char *account, *format, *path;
	const char *mailbox; /* NULL: all */
	bool dry_run;
	bool is_mbox;
	bool compress;
	bool is_file; /* an mbox to import */
	int fd;       /* what path is; in tree unless is_file */
	struct tree tree;
};

/* ACCOUNT maildir|mbox PATH [--mailbox NAME] [--dry-run] */
static int take_arguments(struct mailctl *m, struct job *j)
{
	const char *plain[3];
	int n = 0;
	*j = (struct job){ .fd = -1, .tree = { -1, -1, 0 } };
	for (int i = 0; i < m->n_args; i++) {
		const char *a = m->args[i];
		if (strcmp(a, "--dry-run") == 0)
			j->dry_run = true;
		else if (strcmp(a, "--mailbox") == 0 && i + 1 < m->n_args)
			j->mailbox = m->args[++i];
		else if (a[0] != '-' && n < 3)
			plain[n++] = a;
		else
			return complain(EX_USAGE, "\"%s\": not expected", a);
	}
	if (n < 3)
		return complain(
		    EX_USAGE, "ACCOUNT, maildir or mbox, and PATH are needed");
	j->account = plain[0];
	j->compress = strcmp(m->conf->compress, "zstd") == 0;
	j->format = plain[1];
	j->path = plain[2];
	j->is_mbox = strcmp(j->format, "mbox") == 0;
	if (!j->is_mbox && strcmp(j->format, "maildir") != 0)
		return complain(EX_USAGE, "\"%s\": maildir or mbox", j->format);
	if (j->mailbox && mailbox_name_check(view_of(j->mailbox)) != 0)
		return complain(EX_DATAERR,
		    "\"%s\" is not a name that a mailbox can have", j->mailbox);
	return 0;
}

static int complain_of_path(const struct job *j, int error)
{
	if (error == -ELOOP)
		return complain(EX_NOPERM,
		    "%s: another user's symbolic link is in the way", j->path);
	return complain(error == -ENOENT ? EX_NOINPUT : exit_code_of(error),
	    "%s: %s", j->path, err_text(error));
}

static int open_source(struct job *j)
{
	struct stat st;
	int error = tree_open_path(j->path, &j->fd);
	if (!error && fstat(j->fd, &st) != 0)
		error = -errno;
	if (error)
		return complain_of_path(j, error);
	j->is_file = S_ISREG(st.st_mode);
	if (S_ISDIR(st.st_mode) || (j->is_file && j->is_mbox))
		return 0;
	return complain(EX_NOINPUT, "%s: not a %s", j->path,
	    j->is_mbox ? "file or directory" : "directory");
}

/* In the child. */

static int open_user_store(
    const struct mailctl *m, const struct job *j, bool write, struct store **s)
{
	const struct store_options o = {
		.create = write,
		.readonly = !write,
		.compress = j->compress,
		.retention_s = (uint32_t)m->conf->expunged_retention,
	};
	*s = NULL;
	int error = store_open(".", &o, s);
	if (error == MC_E_NOENT && j->dry_run)
		return 0;
	if (error == MC_E_NOENT)
		return complain(EX_NOUSER, "%s: has no mail", j->account);
	if (error)
		return complain(exit_code_of(error), "the store of %s: %s",
		    j->account, err_text(error));
	return 0;
}

static int import_any(
    struct job *j, struct importer *importer, struct report *report)
{
	if (j->is_file)
		return mbox_import_file(importer, j->fd, report);
	if (j->is_mbox)
		return mbox_import(importer, &j->tree, report);
	return maildir_import(importer, &j->tree, report);
}

static int import_child(struct mailctl *m, void *ctx)
{
	struct job *j = ctx;
	struct store *s;
	struct report report;
	int code = open_user_store(m, j, !j->dry_run, &s);
	if (code)
		return code;
	report_init(&report, m);
	struct importer *importer =
	    importer_new(s, &report, view_of(j->mailbox), j->dry_run);
	int error = import_any(j, importer, &report);
	code = importer_report(importer);
	importer_free(&importer);
	store_close(&s);
	if (error == MC_E_NOENT || error == MC_E_BAD)
		return complain(
		    EX_NOINPUT, "%s: no %s is there", j->path, j->format);
	if (error)
		return complain(exit_code_of(error),
		    "stopped: %s; what was imported so far is kept, and a "
		    "later run goes on",
		    err_text(error));
	return code;
}

static int open_copy(
    const struct job *j, struct report *report, struct store **s)
{
	int error = export_copy_open(report, s);
	if (!error)
		return 0;
	export_copy_remove();
	return complain(exit_code_of(error), "the store of %s: %s", j->account,
	    err_text(error));
}

static int export_child(struct mailctl *m, void *ctx)
{
	struct job *j = ctx;
	struct store *s;
	struct report report;
	bool is_damaged = !export_can_read();
	report_init(&report, m);
	int code = is_damaged ? open_copy(j, &report, &s)
			      : open_user_store(m, j, false, &s);
	if (code)
		return code;
	int error = export_store(s, &j->tree,
	    j->is_mbox ? &mbox_export : &maildir_export, view_of(j->mailbox),
	    &report);
	code = export_report(&report);
	store_close(&s);
	if (is_damaged)
		export_copy_remove();
	if (error == MC_E_NOENT)
		return complain(EX_NOUSER, "%s: no such mailbox", j->mailbox);
	if (error)
		return complain(
		    exit_code_of(error), "stopped: %s", err_text(error));
	return code;
}

/* The helper for PATH first, so that it never has anything of the store. */
static int run(struct mailctl *m, struct job *j, const struct mail_dir *d,
    int (*child)(struct mailctl *m, void *ctx))
{
	int error = 0;
	if (!j->is_file) {
		error = tree_start(&j->tree, j->fd);
		j->fd = -1;
	}
	int code = error ? complain(EX_OSERR, "%s", err_text(error))
			 : mail_dir_run(m, d, child, j);
	tree_stop(&j->tree);
	return code;
}

static int finish(struct job *j, struct mail_dir *d, int code)
{
	mail_dir_close(d);
	if (j->fd >= 0)
		close(j->fd);
	return code;
}

int cmd_import(struct mailctl *m)
{
	struct job j;
	struct mail_dir d = { .fd = -1 };
	int code = take_arguments(m, &j);
	if (!code)
		code = open_source(&j);
	if (!code)
		code = mail_dir_open(m, j.account, true, &d);
	if (!code)
		code = run(m, &j, &d, import_child);
	return finish(&j, &d, code);
}

static int make_target(struct job *j)
{
	int error = tree_make_path(j->path, &j->fd);
	if (error == MC_E_EXISTS)
		return complain(
		    EX_CANTCREAT, "%s: is there and is not empty", j->path);
	return error ? complain_of_path(j, error) : 0;
}

int cmd_export(struct mailctl *m)
{
	struct job j;
	struct mail_dir d = { .fd = -1 };
	int code = take_arguments(m, &j);
	if (!code && j.dry_run)
		code = complain(EX_USAGE, "--dry-run is for import");
	if (!code)
		code = mail_dir_open(m, j.account, false, &d);
	if (!code)
		code = make_target(&j);
	if (!code)
		code = run(m, &j, &d, export_child);
	return finish(&j, &d, code);
}
