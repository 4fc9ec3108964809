/* compact, in the child. */
#include "mailctl/store/store.h"
#include "store/compact.h"
#include <stdio.h>
#include <unistd.h>

static void on_progress(void *ctx, uint64_t bytes, uint64_t total)
{
	(void)ctx;
	fprintf(stderr, "\r%3u %% of %llu MB ",
	    total ? (unsigned)(bytes * 100 / total) : 100,
	    (unsigned long long)(total / 1000000));
}

static int compact(struct store *s, struct store_compaction *r)
{
	bool shows = isatty(STDERR_FILENO) == 1;
	int error = store_compact(s, shows ? on_progress : NULL, NULL, r);
	if (shows)
		fputs("\r\033[K", stderr);
	return error;
}

static const char *meaning(int error)
{
	switch (error) {
	case MC_E_BUSY:
		return "it is being compacted by another process";
	case MC_E_FULL:
		return "there is no room for a second file";
	case MC_E_AGAIN:
		return "too much is being changed in it";
	default:
		return "";
	}
}

int store_child_compact(int argc, char **argv)
{
	const struct store_options options = { .create = false };
	struct store *s;
	struct store_compaction r;
	(void)argc;
	(void)argv;
	int error = store_open(".", &options, &s);
	if (error)
		return store_child_fail(error, "");
	error = compact(s, &r);
	store_close(&s);
	if (error)
		return store_child_fail(error, meaning(error));
	store_child_report(
	    "result", json_pack("{s:I, s:I, s:I}", "before_bytes",
			  (json_int_t)r.before_bytes, "after_bytes",
			  (json_int_t)r.after_bytes, "ms", (json_int_t)r.ms));
	return 0;
}
