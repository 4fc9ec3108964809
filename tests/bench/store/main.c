/* Measures one store. usage: storebench COMMAND DIR N RUNS
 *
 * fill      makes a store with N messages of the corpus in INBOX
 * fill-zstd the same, compressed
 * rows      commands on that mailbox, by the IMAP engine or the store itself
 * bodies    all of them are read; bodies-zstd: the same, named so
 * delivery  single messages of 4 KiB on top of it: flushes, octets written
 * search    SEARCH with extracts, which it makes first
 * churn     a mailbox of N MB, each message replaced six times
 *
 * Prints one line of JSON for each row; tests/bench/store/run makes the table.
 */
#include "base/panic.h"
#include "bench.h"
#include "search.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const struct {
	const char *name;
	void (*run)(const struct bench *b);
	bool compress;
} commands[] = { { "fill", run_fill, false }, { "fill-zstd", run_fill, true },
	{ "rows", run_rows, false }, { "bodies", run_bodies, false },
	{ "bodies-zstd", run_bodies, true },
	{ "delivery", run_delivery, false }, { "search", run_search, false },
	{ "churn", run_churn, false } };

static double wall_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void row_start(struct row *r)
{
	r->wall_ms = wall_ms();
	r->cpu_ms = cpu_ms();
}

void row_stop(struct row *r)
{
	double wall = wall_ms() - r->wall_ms;
	mc_assert(r->n < RUNS_MAX);
	r->cpu[r->n] = cpu_ms() - r->cpu_ms;
	r->values[r->n++] = wall;
}

void row_add(struct row *r, double value)
{
	mc_assert(r->n < RUNS_MAX);
	r->values[r->n++] = value;
}

void row_print(const struct row *r)
{
	printf("{\"name\": \"%s\", \"unit\": \"%s\", \"values\": [", r->name,
	    r->unit);
	for (unsigned i = 0; i < r->n; i++)
		printf("%s%.4f", i ? ", " : "", r->values[i]);
	printf("], \"cpu\": [");
	for (unsigned i = 0; i < r->n; i++)
		printf("%s%.4f", i ? ", " : "", r->cpu[i]);
	printf("]}\n");
	fflush(stdout);
}

void bench_try(int error, const char *what)
{
	if (error)
		fatal("%s: %s", what, err_text(error));
}

struct store *bench_open(const struct bench *b)
{
	const struct store_options o = { .create = true,
		.compress = b->compress };
	struct store *s;
	bench_try(store_open(b->dir, &o, &s), b->dir);
	return s;
}

int main(int argc, char **argv)
{
	uint32_t n, runs;
	if (argc != 5 || !view_u32(view_of(argv[3]), &n) ||
	    !view_u32(view_of(argv[4]), &runs) || runs > RUNS_MAX / 2)
		fatal("usage: storebench COMMAND DIR N RUNS");
	struct bench b = { argv[2], n, runs, false };
	for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(commands[i].name, argv[1]) == 0) {
			b.compress = commands[i].compress;
			commands[i].run(&b);
			return 0;
		}
	fatal("%s: no such measurement", argv[1]);
}
