/* usage: crash_faults store|queue DIR SEED [all]
 *
 * Lets every system call of every operation fail, one at a time: the operation
 * must report a temporary failure and leave everything as it was, or succeed in
 * full; it must succeed when it is asked again, in the same process. all: with
 * each errno that fits the call, otherwise with one of them. */
#include "base/panic.h"
#include "tests/crash/inject.h"
#include "tests/crash/subject.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATH_OCTETS = 4096,
	HISTORY = 80, /* operations before */
	CALLS_MAX = 2000,
};

struct trial {
	const struct subject *subject;
	const struct op *op;
	char base[PATH_OCTETS - 64], box[PATH_OCTETS - 64];
	uint64_t seed, before, after;
	unsigned objects;
	int64_t now_s;
	unsigned n_trials, n_told, n_failed;
};

static bool run_tool(const char *const argv[])
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		union {
			const char *const *in;
			char *const *out;
		} a = { argv };

		execvp(argv[0], a.out);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void must_open(struct trial *t, const char *dir, bool create)
{
	int error = t->subject->open(dir, create);
	if (error)
		fatal("cannot open %s: %s", dir, err_text(error));
}

static unsigned long data_bytes(const struct trial *t)
{
	static const char *const files[] = { "data.mdb", "queue.mdb" };
	struct stat st = { .st_size = 0 };
	char path[PATH_OCTETS];
	for (size_t i = 0; i < 2 && st.st_size == 0; i++) {
		snprintf(path, sizeof path, "%s/%s", t->base, files[i]);
		if (stat(path, &st) != 0)
			st.st_size = 0;
	}
	return (unsigned long)st.st_size;
}

/* The box is again what it was at the start. */
static void reset(struct trial *t)
{
	const char *const remove[] = { "rm", "-rf", "--", t->box, NULL };
	const char *const copy[] = { "cp", "-r", "--", t->base, t->box, NULL };
	if (!run_tool(remove) || !run_tool(copy))
		fatal("cannot copy %s", t->base);
	must_open(t, t->box, false);
}

/* Exactly the same operation each time. */
static int run_op(struct trial *t)
{
	chance_seed(t->seed);
	subject_objects = t->objects;
	subject_now_s = t->now_s;
	int error = t->op->run();
	return subject_is_refusal(error) ? 0 : error;
}

/* Errors that a client hears as "try again later". */
static bool is_temporary(int error)
{
	return error == MC_E_TEMP || error == MC_E_FULL ||
	       error == MC_E_AGAIN || (error < 0 && error > -4096);
}

static int state_is(struct trial *t, uint64_t want)
{
	uint64_t got;
	int error = t->subject->check();
	if (!error)
		error = t->subject->digest(&got);
	return error ? error : got == want ? 0 : MC_E_BAD;
}

/* Whether it did all that it shall. */
static bool is_done(struct trial *t)
{
	return (t->op->varies ? t->subject->check() : state_is(t, t->after)) ==
	       0;
}

/* What is wrong, or NULL. */
static const char *judge(struct trial *t, int error)
{
	if (!error)
		return is_done(t) ? NULL : "did not do all though it succeeded";
	if (!is_temporary(error))
		return "not a temporary failure";
	if (state_is(t, t->before))
		return "changed something though it failed";
	if (run_op(t))
		return "failed again without a fault";
	return is_done(t) ? NULL : "did not do all the second time";
}

/* False when the operation makes fewer calls. */
static bool try(struct trial *t, unsigned nth, unsigned choice)
{
	const char *what;
	reset(t);
	inject_arm(nth, choice);
	int error = run_op(t);
	bool fired = inject_disarm(&what);
	const char *wrong = judge(t, error);
	t->subject->close();
	t->n_trials += fired;
	t->n_told += error != 0;
	if (!wrong)
		return fired;
	t->n_failed++;
	printf("%s, call %u (%s): %s: %s\n", t->op->name, nth,
	    fired ? what : "none failed", err_text(error), wrong);
	return fired;
}

static void clean_run(struct trial *t)
{
	reset(t);
	int error = t->subject->digest(&t->before);
	if (!error)
		error = run_op(t);
	if (!error)
		error = t->subject->digest(&t->after);
	if (error)
		fatal("%s: %s", t->op->name, err_text(error));
	t->subject->close();
}

static void try_op(struct trial *t, const struct op *op, bool all)
{
	t->op = op;
	clean_run(t);
	for (unsigned nth = 1; nth < CALLS_MAX; nth++) {
		bool more = false;
		for (unsigned i = 0; i < (all ? INJECT_CHOICES : 1); i++)
			more |= try(t, nth, all ? i : nth);
		if (!more)
			return;
	}
	fatal("%s makes too many calls", op->name);
}

/* The map has room for some pages more than there are, then the only slot for
 * a reader is taken. */
static void try_limit(struct trial *t, unsigned pages, unsigned readers)
{
	inject_limits(pages ? data_bytes(t) + pages * 4096UL : 0, readers);
	reset(t);
	if (readers && t->subject->hold())
		fatal("there should be one slot");
	int error = run_op(t);
	if (readers)
		t->subject->release();
	inject_limits(0, 0);
	t->subject->close();
	must_open(t, t->box, false);
	const char *wrong = judge(t, error);
	t->subject->close();
	t->n_trials++;
	t->n_told += error != 0;
	if (!wrong)
		return;
	t->n_failed++;
	printf("%s, %u pages, %u readers: %s: %s\n", t->op->name, pages,
	    readers, err_text(error), wrong);
}

static void try_limits(struct trial *t, const struct op *op)
{
	static const unsigned pages[] = { 1, 2, 4, 8, 12, 16, 24, 32, 64 };
	t->op = op;
	clean_run(t);
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		try_limit(t, pages[i], 0);
	try_limit(t, 0, 1);
}

/* Opening: what is there, then what has to be made. */
static bool try_open(struct trial *t, unsigned nth, bool create)
{
	const char *const remove[] = { "rm", "-rf", "--", t->box, NULL };
	const char *what;
	if (create && !run_tool(remove))
		fatal("cannot remove %s", t->box);
	inject_arm(nth, nth);
	int error = t->subject->open(t->box, create);
	bool fired = inject_disarm(&what);
	if (error && !is_temporary(error)) {
		printf("open, call %u (%s): %s\n", nth, what, err_text(error));
		t->n_failed++;
	}
	t->subject->close();
	t->n_trials += fired;
	t->n_told += error != 0;
	must_open(t, t->box, create);
	if (t->subject->check() || (!create && state_is(t, t->before))) {
		printf("open, call %u (%s): is not what it was\n", nth, what);
		t->n_failed++;
	}
	t->subject->close();
	return fired;
}

/* The queue looks into 256 directories, all in the same way. */
static unsigned next_call(unsigned nth, bool all)
{
	return nth < 40 || all ? nth + 1 : nth + 29;
}

static void try_opening(struct trial *t, bool all)
{
	reset(t);
	t->subject->close();
	for (unsigned nth = 1; try_open(t, nth, false);)
		nth = next_call(nth, all);
	for (unsigned nth = 1; try_open(t, nth, true);)
		nth = next_call(nth, all);
}

static void prepare(struct trial *t)
{
	chance_seed(t->seed);
	must_open(t, t->base, true);
	for (unsigned i = 0; i < HISTORY; i++) {
		const struct op *op = subject_pick(t->subject);
		int error = op->run();
		if (error && !subject_is_refusal(error))
			fatal("%s: %s", op->name, err_text(error));
	}
	t->subject->close();
	t->objects = subject_objects;
	t->now_s = subject_now_s;
}

int main(int argc, char **argv)
{
	struct trial t = { .subject = NULL };
	if (argc >= 4)
		t.subject = subject_find(argv[1]);
	if (!t.subject || !view_u64(view_of(argv[3]), &t.seed)) {
		fprintf(
		    stderr, "usage: crash_faults store|queue DIR SEED [all]\n");
		return 2;
	}
	snprintf(t.base, sizeof t.base, "%s/base", argv[2]);
	snprintf(t.box, sizeof t.box, "%s/box", argv[2]);
	prepare(&t);
	for (size_t i = 0; i < t.subject->n_ops; i++)
		try_op(&t, &t.subject->ops[i], argc == 5);
	for (size_t i = 0; i < t.subject->n_ops; i++)
		try_limits(&t, &t.subject->ops[i]);
	try_opening(&t, argc == 5);
	printf("%u faults, %u of them told, %u failed\n", t.n_trials, t.n_told,
	    t.n_failed);
	return t.n_failed ? 1 : 0;
}
