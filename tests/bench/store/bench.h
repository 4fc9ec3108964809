#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
/* What the measurements of one store share. */
#include "store/mailbox/message.h"

struct bench {
	const char *dir; /* the user's directory */
	unsigned messages, runs;
	bool compress;
};

/* One measurement of each run; printed as a line of JSON. */
enum {
	RUNS_MAX = 64
};

struct row {
	const char *name, *unit;
	double values[RUNS_MAX], cpu[RUNS_MAX]; /* cpu: user and system, ms */
	unsigned n;
	double wall_ms, cpu_ms; /* at row_start */
};

void row_start(struct row *r);
void row_stop(struct row *r); /* adds the milliseconds since row_start */
void row_add(struct row *r, double value);
void row_print(const struct row *r);

struct store *bench_open(const struct bench *b);
void bench_try(int error, const char *what); /* fatal unless 0 */

void run_fill(const struct bench *b);
void run_rows(const struct bench *b);
void run_bodies(const struct bench *b);
void run_delivery(const struct bench *b);
void run_churn(const struct bench *b); /* messages: MB in the mailbox */

/* The IMAP engine in this process: no socket, no agent between. */
struct client;

struct client *client_new(struct store *s);
void client_free(struct client **c);
/* Runs a command to its end; fatal unless OK. Returns octets of output. */
uint64_t client_run(struct client *c, const char *command);
#endif
