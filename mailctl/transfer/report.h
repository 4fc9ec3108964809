#ifndef MAILCTL_TRANSFER_REPORT_H
#define MAILCTL_TRANSFER_REPORT_H
/* What an import or export tells: a bar while it runs (on a terminal only),
 * one line for each problem, and a table or JSON at the end. */
#include "mailctl/command.h"

struct report {
	const struct mailctl *m;
	json_t *rows;
	bool bar;
	uint64_t drawn_at_ms;
	unsigned long long problems;
};

void report_init(struct report *r, const struct mailctl *m);
void report_progress(struct report *r, struct view what, uint64_t done,
    uint64_t total); /* total 0: not known */
/* where may hold any bytes. */
void report_problem(struct report *r, struct view where, const char *text);
void report_row(struct report *r, json_t *row); /* taken */
/* Prints the rows; 0, or EX_DATAERR when there were problems. */
int report_end(struct report *r, const struct column *columns, size_t n);
#endif
