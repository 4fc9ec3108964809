#include "mailctl/transfer/report.h"
#include "base/chars.h"
#include "base/clock.h"
#include <stdio.h>
#include <unistd.h>

enum {
	DRAW_EVERY_MS = 100,
	BAR_COLUMNS = 24,
	NAME_COLUMNS = 32,
	PROBLEMS_SHOWN = 100,
	WHERE_MAX = 300,
};

void report_init(struct report *r, const struct mailctl *m)
{
	*r = (struct report){
		.m = m, .rows = json_array(), .bar = isatty(STDERR_FILENO) == 1
	};
}

/* Bytes of a file's name, fit for a terminal. */
static void safe(struct view v, char *out, size_t cap)
{
	v = view_head(v, cap - 1);
	for (size_t i = 0; i < v.n; i++)
		out[i] = v.p[i];
	for (size_t i = 0; i < v.n; i++)
		if (char_is(out[i], CHAR_CTL))
			out[i] = '?';
	out[v.n] = '\0';
}

static void erase(struct report *r)
{
	if (r->bar && r->drawn_at_ms)
		fputs("\r\033[K", stderr);
	r->drawn_at_ms = 0;
}

void report_progress(
    struct report *r, struct view what, uint64_t done, uint64_t total)
{
	char name[NAME_COLUMNS + 1], bar[BAR_COLUMNS + 1];
	uint64_t now_ms = clock_mono_ms();
	if (!r->bar || now_ms - r->drawn_at_ms < DRAW_EVERY_MS)
		return;
	r->drawn_at_ms = now_ms;
	safe(what, name, sizeof name);
	if (total == 0) {
		fprintf(stderr, "\r\033[K%s: %llu messages", name,
		    (unsigned long long)done);
		return;
	}
	for (unsigned i = 0; i < BAR_COLUMNS; i++)
		bar[i] = done * BAR_COLUMNS / total > i ? '#' : '.';
	bar[BAR_COLUMNS] = '\0';
	fprintf(stderr, "\r\033[K[%s] %s: %llu of %llu messages", bar, name,
	    (unsigned long long)done, (unsigned long long)total);
}

void report_problem(struct report *r, struct view where, const char *text)
{
	char name[WHERE_MAX];
	r->problems++;
	if (r->problems > PROBLEMS_SHOWN)
		return;
	erase(r);
	safe(where, name, sizeof name);
	complain(0, "%s: %s", name, text);
}

void report_row(struct report *r, json_t *row)
{
	json_array_append_new(r->rows, row);
}

int report_end(struct report *r, const struct column *columns, size_t n)
{
	erase(r);
	if (r->problems > PROBLEMS_SHOWN)
		complain(
		    0, "and %llu more problems", r->problems - PROBLEMS_SHOWN);
	int code = print_rows(r->m, r->rows, columns, n);
	r->rows = NULL;
	return !code && r->problems ? EX_DATAERR : code;
}
