/* SEARCH on a store of the corpus: making the extracts, then texts that are
 * nowhere, rare and common, and too short for the filters. */
#include "search.h"
#include "base/panic.h"
#include "store/search/extract.h"
#include <stdio.h>
#include <sys/stat.h>

enum {
	STRETCH_MS = 10, /* as idle agents do */
	MB = 1000000
};

static const struct {
	const char *name, *key;
} searches[] = {
	{ "search-rows", "SEEN" },
	{ "search-none", "BODY \"zzqqxj vwk\"" },
	{ "search-rare", "BODY xylophonist" },
	{ "search-rare-text", "TEXT xylophonist" },
	{ "search-subject", "SUBJECT needlesubject" },
	{ "search-common", "BODY schedule" },
	{ "search-short", "BODY qx" },
	{ "search-accents", "CHARSET UTF-8 TEXT {8+}\r\nm\xc3\xbcll\xc3\xa9r" },
	{ "search-not", "NOT BODY xylophonist" },
};

/* Of all users of the machine: their agents do this when they are idle. */
static void build(const struct bench *b, struct store *s)
{
	struct row total = { .name = "search-build", .unit = "ms" };
	struct row longest = { .name = "search-stretch", .unit = "ms" };
	double max = 0;
	bool more = extract_lag(s) != 0;
	row_start(&total);
	while (more) {
		struct row one = { .n = 0 };
		row_start(&one);
		extract_build(s, STRETCH_MS, &more);
		row_stop(&one);
		max = one.cpu[0] > max ? one.cpu[0] : max;
	}
	row_stop(&total);
	total.values[0] *= 100000.0 / b->messages;
	total.cpu[0] *= 100000.0 / b->messages;
	row_add(&longest, max);
	row_print(&total);
	row_print(&longest);
}

double size_of(const struct bench *b, const char *name)
{
	char path[4096];
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", b->dir, name);
	bench_try(stat(path, &st) ? MC_E_NOENT : 0, path);
	return (double)st.st_size;
}

static void print_size(const struct bench *b)
{
	struct row cache = { .name = "search-cache", .unit = "MB" };
	struct row share = { .name = "search-share", .unit = "ratio" };
	double bytes = size_of(b, "search.mdb");
	row_add(&cache, bytes / MB);
	row_add(&share, bytes / size_of(b, "data.mdb"));
	row_print(&cache);
	row_print(&share);
}

void run_search(const struct bench *b)
{
	struct store *s = bench_open(b);
	build(b, s);
	print_size(b);
	struct client *c = client_new(s);
	client_run(c, "SELECT INBOX");
	for (unsigned i = 0; i < sizeof searches / sizeof *searches; i++) {
		struct row r = { .name = searches[i].name, .unit = "ms" };
		char command[256];
		snprintf(command, sizeof command, "SEARCH %s", searches[i].key);
		client_run(c, command);
		for (unsigned j = 0; j < b->runs; j++) {
			row_start(&r);
			client_run(c, command);
			row_stop(&r);
		}
		row_print(&r);
	}
	client_free(&c);
	run_fuzzy(b, s);
	store_close(&s);
}
