/* mailctl store dump and load: the commands, and the verbs in the child. */
#include "mailctl/store/open_store.h"
#include "mailctl/store/store.h"
#include "mailctl/store/store_stream.h"
#include "store/dump/dump.h"
#include "store/dump/load.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* The stream is standard output: what is told goes to standard error. */
int cmd_store_dump(struct mailctl *m)
{
	struct store_target t;
	json_t *row;
	if (isatty(STDOUT_FILENO))
		return complain(
		    EX_USAGE, "a dump is no text: send it to a file");
	int code = store_target_open(m, m->args[0], false, &t);
	if (code)
		return code;
	code = store_child_run(&t, "dump", NULL, &row);
	close(t.dir);
	if (m->json && !code)
		json_dumpf(row, stderr, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(row);
	return code;
}

static const struct column load_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "mailboxes", "MAILBOXES", true },
	{ "rows", "ROWS", true },
	{ "messages", "MESSAGES", true },
	{ "message_bytes", "BYTES", true },
	{ "gone", "GONE", true },
};

int cmd_store_load(struct mailctl *m)
{
	struct mail_dir d;
	struct store_target t = { .dir = -1 };
	json_t *row;
	if (isatty(STDIN_FILENO))
		return complain(EX_USAGE, "a dump is wanted on standard input");
	int code = mail_dir_open(m, m->args[0], true, &d);
	if (code)
		return code;
	snprintf(t.address, sizeof t.address, "%s", d.address);
	t.dir = d.fd;
	code = store_child_run(&t, "load", NULL, &row);
	mail_dir_close(&d);
	if (code) {
		json_decref(row);
		return code;
	}
	json_t *rows = json_array();
	json_array_append_new(rows, row);
	return print_rows(m, rows, load_columns, 6);
}

/* The child. */

static int put_stdout(void *ctx, enum dump_part part, struct view v)
{
	(void)ctx;
	(void)part;
	while (v.n) {
		ssize_t n = write(STDOUT_FILENO, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		v = view_skip(v, (size_t)n);
	}
	return 0;
}

int store_child_dump(int argc, char **argv)
{
	struct store *s;
	struct dump_result r = { .rows = 0 };
	const struct store_options readonly = { .readonly = true };
	const struct dump_options options = { .write = put_stdout,
		.on_progress = store_child_progress };
	(void)argc;
	(void)argv;
	int error = store_open(".", &readonly, &s);
	if (error)
		return store_child_fail(error, "");
	error = store_dump(s, &options, &r);
	store_close(&s);
	if (error)
		return stream_dump_fail(error, &r);
	store_child_report("result", stream_dump_json(&r));
	return 0;
}

int store_child_load(int argc, char **argv)
{
	const struct load_options options = { .on_progress =
						  store_child_progress };
	(void)argc;
	(void)argv;
	return stream_load(&options);
}
