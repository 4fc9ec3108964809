/* Backups as they are: list and verify; and the way to them. */
#include "mailctl/backup/backup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int split(const char *address, char *domain, char *user, size_t cap)
{
	char canonical[ACCOUNT_ADDRESS_MAX + 1], directory[1024];
	if (account_canonical(view_of(address), canonical) != 0 ||
	    account_directory(
		view_of(canonical), directory, sizeof directory) != 0)
		return MC_E_BAD;
	struct view rest = view_of(directory), head;
	if (!view_cut(&rest, '/', &head) ||
	    view_to_cstr(head, domain, cap) != 0 ||
	    view_to_cstr(rest, user, cap) != 0)
		return MC_E_BAD;
	return 0;
}

int backup_account_enter(
    struct area *a, const char *address, bool create, int *fd)
{
	char domain[512], user[512];
	int error = split(address, domain, user, sizeof domain);
	return error ? error : area_enter(a, "mail", domain, user, create, fd);
}

/* The name is in the manifest. */
static int visit(int dir, int (*fn)(void *ctx, const char *address, int dir),
    void *ctx, const char *name)
{
	struct manifest m;
	int error = manifest_load(dir, "", &m);
	if (error)
		return complain(
		    STORE_DAMAGED, "%s: its manifest is damaged", name);
	int code = 0;
	if (*text_of(m.json, "account"))
		code = fn(ctx, text_of(m.json, "account"), dir);
	manifest_free(&m);
	return code;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t names_in(int dir, char ***out)
{
	struct dirent *e;
	size_t n = 0;
	char **names = NULL;
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	while (d && (e = readdir(d))) {
		char **more = e->d_name[0] == '.'
				  ? NULL
				  : realloc(names, (n + 1) * sizeof *names);
		if (!more)
			continue;
		names = more;
		names[n] = strdup(e->d_name);
		n += names[n] != NULL;
	}
	if (d)
		closedir(d);
	if (n)
		qsort(names, n, sizeof *names, by_name);
	*out = names;
	return n;
}

static void names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int each_user(struct area *a, const char *domain,
    int (*fn)(void *ctx, const char *address, int dir), void *ctx)
{
	char **names;
	int dir, worst = 0;
	if (area_enter(a, "mail", domain, NULL, false, &dir) != 0)
		return 0;
	size_t n = names_in(dir, &names);
	close(dir);
	for (size_t i = 0; i < n; i++) {
		if (area_enter(a, "mail", domain, names[i], false, &dir) != 0)
			continue;
		int code = visit(dir, fn, ctx, names[i]);
		worst = code > worst ? code : worst;
		close(dir);
	}
	names_free(names, n);
	return worst;
}

static int each_domain(struct area *a,
    int (*fn)(void *ctx, const char *address, int dir), void *ctx)
{
	char **names;
	int dir, worst = 0;
	if (area_enter(a, "mail", NULL, NULL, false, &dir) != 0)
		return 0;
	size_t n = names_in(dir, &names);
	close(dir);
	for (size_t i = 0; i < n; i++) {
		int code = each_user(a, names[i], fn, ctx);
		worst = code > worst ? code : worst;
	}
	names_free(names, n);
	return worst;
}

int backup_each(struct area *a, const struct backup_arguments *args,
    int (*fn)(void *ctx, const char *address, int dir), void *ctx)
{
	int worst = 0;
	if (!args->n_addresses)
		return each_domain(a, fn, ctx);
	for (int i = 0; i < args->n_addresses; i++) {
		const char *address = args->addresses[i];
		int dir, code;
		int error = backup_account_enter(a, address, false, &dir);
		if (error) {
			code =
			    complain(error == MC_E_BAD ? EX_DATAERR : EX_NOUSER,
				"%s: there is no backup of it", address);
		} else {
			code = visit(dir, fn, ctx, address);
			close(dir);
		}
		worst = code > worst ? code : worst;
	}
	return worst;
}

/* verify */

struct verify {
	json_t *rows;
};

static int verify_files(
    const char *address, int dir, const struct manifest *m, json_int_t *bytes)
{
	const char *name;
	json_t *file;
	int code = 0;
	json_object_foreach(json_object_get(m->json, "files"), name, file)
	{
		int fd;
		int error = manifest_open_file(dir, m, name, &fd);
		*bytes += number_of(file, "bytes");
		if (!error)
			close(fd);
		else
			code = complain(STORE_DAMAGED, "%s: %s: %s", address,
			    name, err_text(error));
	}
	return code;
}

static int verify_dir(void *ctx, const char *address, int dir)
{
	struct verify *v = ctx;
	struct manifest m;
	json_int_t bytes = 0;
	if (manifest_load(dir, address, &m) != 0)
		return complain(
		    STORE_DAMAGED, "%s: its manifest is damaged", address);
	int code = verify_files(address, dir, &m, &bytes);
	json_array_append_new(v->rows,
	    json_pack("{s:o, s:s, s:I, s:I, s:I}", "account",
		json_of_text(address), "state", code ? "damaged" : "clean",
		"generations",
		(json_int_t)json_array_size(manifest_generations(&m)), "files",
		(json_int_t)json_object_size(json_object_get(m.json, "files")),
		"file_bytes", bytes));
	manifest_free(&m);
	return code;
}

static const struct column verify_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "state", "STATE", false },
	{ "generations", "GENERATIONS", true },
	{ "files", "FILES", true },
	{ "file_bytes", "BYTES", true },
};

int backup_verify(struct mailctl *m, const struct backup_arguments *args)
{
	struct area a;
	struct verify v;
	int dir;
	int code = area_open(args->dir, false, &a);
	if (code)
		return code;
	v.rows = json_array();
	code = backup_each(&a, args, verify_dir, &v);
	if (!args->n_addresses &&
	    area_enter(&a, "host", NULL, NULL, false, &dir) == 0) {
		int host = verify_dir(&v, "(host)", dir);
		code = host > code ? host : code;
		close(dir);
	}
	print_rows(m, v.rows, verify_columns, 5);
	area_close(&a);
	return code;
}

/* list */

static int list_generations(void *ctx, const char *address, int dir)
{
	json_t *rows = ctx, *g;
	size_t i;
	struct manifest m;
	if (manifest_load(dir, address, &m) != 0)
		return complain(
		    STORE_DAMAGED, "%s: its manifest is damaged", address);
	json_array_foreach(manifest_generations(&m), i, g)
	{
		json_t *file = manifest_file(&m, text_of(g, "file"));
		json_array_append_new(
		    rows, json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I}",
			      "account", json_of_text(address), "time",
			      json_of_time((uint64_t)number_of(g, "time")),
			      "mailboxes", number_of(g, "mailboxes"), "rows",
			      number_of(g, "rows"), "messages",
			      number_of(g, "messages"), "message_bytes",
			      number_of(g, "message_bytes"), "file_bytes",
			      number_of(file, "bytes")));
	}
	manifest_free(&m);
	return 0;
}

static const struct column list_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "time", "TIME", false },
	{ "mailboxes", "MAILBOXES", true },
	{ "rows", "ROWS", true },
	{ "messages", "MESSAGES", true },
	{ "message_bytes", "BYTES", true },
	{ "file_bytes", "WRITTEN", true },
};

static const struct column message_columns[] = {
	{ "mailbox", "MAILBOX", false },
	{ "uid", "UID", true },
	{ "date", "DATE", false },
	{ "size", "SIZE", true },
	{ "message_id", "MESSAGE-ID", false },
	{ "subject", "SUBJECT", false },
};

int cmd_backup_list(struct mailctl *m)
{
	struct backup_arguments args;
	struct area a;
	int code =
	    backup_arguments_take(m, OPTION_AT | OPTION_SELECT, 1, &args);
	if (code)
		return code;
	bool messages = args.mailbox || args.uid || args.message_id;
	if (messages && args.n_addresses != 1)
		code = complain(EX_USAGE, "an address is needed");
	if (!code)
		code = area_open(args.dir, false, &a);
	if (!code) {
		json_t *rows = json_array();
		code = messages
			   ? backup_list_messages(m, &a, &args, rows)
			   : backup_each(&a, &args, list_generations, rows);
		print_rows(m, rows, messages ? message_columns : list_columns,
		    messages ? 6 : 7);
		area_close(&a);
	}
	backup_arguments_free(&args);
	return code;
}
