/* usage: crash_workload store|queue DIR TRACE STEPS SEED
 *
 * Operations by chance on a new store or queue below DIR, which exists. TRACE
 * gets every change of a file, and after each operation that it is done and
 * what the state then is. */
#include "tests/crash/subject.h"
#include "tests/crash/trace.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, err_text(error));
	return 1;
}

static int acknowledge(const struct subject *s, const char *op)
{
	uint64_t digest;
	int error = s->digest(&digest);
	if (!error)
		trace_ack(op, digest, subject_objects);
	return error;
}

static int work(const struct subject *s, const char *dir, uint64_t steps)
{
	int error = s->open(dir, true);
	if (error)
		return fail("open", error);
	error = acknowledge(s, "open");
	for (uint64_t i = 1; i <= steps && !error; i++) {
		const struct op *op = subject_pick(s);
		error = op->run();
		if (error && !subject_is_refusal(error))
			return fail(op->name, error);
		if (chance(60) == 0) {
			s->close();
			error = s->open(dir, false);
			if (error)
				return fail("open again", error);
		}
		error = acknowledge(s, op->name);
	}
	if (!error)
		error = s->check();
	s->close();
	return error ? fail("check", error) : 0;
}

int main(int argc, char **argv)
{
	char dir[4096];
	uint64_t steps, seed;
	const struct subject *s = argc == 6 ? subject_find(argv[1]) : NULL;
	if (!s || !view_u64(view_of(argv[4]), &steps) ||
	    !view_u64(view_of(argv[5]), &seed)) {
		fprintf(stderr, "usage: crash_workload store|queue DIR TRACE "
				"STEPS SEED\n");
		return 2;
	}
	chance_seed(seed);
	trace_start(argv[3], argv[2]);
	snprintf(dir, sizeof dir, "%s/box", argv[2]);
	return work(s, dir, steps);
}
