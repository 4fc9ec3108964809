/* usage: crash_images store|queue TRACE DIR CUTS SEED [unsynced]
 *
 * Reads what crash_workload recorded, and for CUTS moments by chance makes the
 * files below DIR as a power cut at that moment could have left them. Then it
 * must open, have all invariants, be exactly in the state of the last
 * operation that was acknowledged, or of the one under way, and work on.
 * unsynced: as if no file had ever been flushed, which must show. */
#include "base/panic.h"
#include "tests/crash/image.h"
#include "tests/crash/subject.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATH_OCTETS = 4096,
	MORE_STEPS = 3, /* after the cut */
};

struct step {
	struct trace_event e;
	const char *name, *data;
	size_t acks; /* before it */
};

struct ack {
	uint64_t digest, objects;
	struct view op;
};

struct run {
	const struct subject *subject;
	char dir[PATH_OCTETS - 64];
	struct step *steps;
	size_t n;
	struct ack *acks;
	size_t n_acks;
};

static struct view read_trace(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size == 0)
		fatal("cannot read %s", path);
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		fatal("cannot map %s", path);
	close(fd);
	return (struct view){ p, (size_t)st.st_size };
}

static struct step next_step(struct view *rest)
{
	struct step s = { .acks = 0 };
	if (rest->n < sizeof s.e)
		fatal("trace ends within an event");
	memcpy(&s.e, rest->p, sizeof s.e);
	*rest = view_skip(*rest, sizeof s.e);
	if (s.e.kind >= TRACE_KINDS || s.e.n_name > rest->n ||
	    s.e.n > rest->n - s.e.n_name)
		fatal("trace is damaged");
	s.name = rest->p;
	s.data = rest->p + s.e.n_name;
	*rest = view_skip(*rest, s.e.n_name + (size_t)s.e.n);
	return s;
}

static void load(struct run *r, const char *path)
{
	struct view rest = read_trace(path);
	/* No event is smaller. */
	size_t most = rest.n / sizeof(struct trace_event);
	r->steps = must_alloc(most * sizeof *r->steps);
	r->acks = must_alloc(most * sizeof *r->acks);
	while (rest.n) {
		struct step s = next_step(&rest);
		s.acks = r->n_acks;
		r->steps[r->n++] = s;
		if (s.e.kind == TRACE_ACK)
			r->acks[r->n_acks++] = (struct ack){ s.e.b, s.e.c,
				{ s.name, s.e.n_name } };
	}
}

static int tell(const char *what, int error)
{
	printf("%s: %s\n", what, err_text(error));
	fflush(stdout);
	return 1;
}

static int remove_tree(const char *path)
{
	pid_t pid = fork();
	int status;
	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int open_left(const struct run *r, const char *box, size_t acks)
{
	if (acks)
		return r->subject->open(box, false);
	/* Nothing was promised yet, but it must come into being now. */
	return r->subject->open(box, true);
}

static bool is_known(const struct run *r, size_t acks, uint64_t digest)
{
	if (acks == 0)
		return true;
	return digest == r->acks[acks - 1].digest ||
	       (acks < r->n_acks && digest == r->acks[acks].digest);
}

static int work_on(const struct run *r, size_t acks)
{
	uint64_t digest;
	/* Above what the operation under way may have made. */
	subject_objects = acks ? (unsigned)r->acks[acks - 1].objects + 8 : 0;
	for (unsigned i = 0; i < MORE_STEPS; i++) {
		const struct op *op = subject_pick(r->subject);
		int error = op->run();
		if (error && !subject_is_refusal(error))
			return tell(op->name, error);
	}
	int error = r->subject->check();
	if (!error)
		error = r->subject->digest(&digest);
	return error ? tell("after more operations", error) : 0;
}

static int verify(const struct run *r, size_t acks)
{
	char box[PATH_OCTETS];
	uint64_t digest;
	snprintf(box, sizeof box, "%s/box", r->dir);
	int error = open_left(r, box, acks);
	if (error)
		return tell("open", error);
	error = r->subject->check();
	if (error)
		return tell("check", error);
	error = r->subject->digest(&digest);
	if (error)
		return tell("read", error);
	if (!is_known(r, acks, digest))
		return tell("not the state that was acknowledged", 0);
	int failed = work_on(r, acks);
	r->subject->close();
	return failed;
}

/* In a process of its own: a signal is a finding, too. */
static bool survives(const struct run *r, size_t acks)
{
	int status;
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		fatal("fork");
	if (pid == 0) {
		chance_seed(acks + 1);
		exit(verify(r, acks));
	}
	if (waitpid(pid, &status, 0) != pid)
		fatal("waitpid");
	if (WIFSIGNALED(status))
		printf("killed by signal %d\n", WTERMSIG(status));
	return status == 0;
}

static bool cut(const struct run *r, struct image *image, size_t at)
{
	const struct step *s = &r->steps[at];
	if (!remove_tree(r->dir) || mkdir(r->dir, 0700) != 0)
		fatal("cannot empty %s", r->dir);
	image_write(image, &s->e, s->name, s->data, r->dir);
	if (survives(r, s->acks))
		return true;
	struct view op = s->acks < r->n_acks ? r->acks[s->acks].op : V("end");
	printf("... at event %zu of %zu, during operation %zu, %.*s\n", at,
	    r->n, s->acks, (int)op.n, op.p);
	return false;
}

static int compare_size(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return (x > y) - (x < y);
}

static size_t *choose(const struct run *r, size_t n)
{
	size_t *at = must_alloc(n * sizeof *at);
	for (size_t i = 0; i < n; i++)
		at[i] = 1 + chance((uint32_t)r->n - 1);
	qsort(at, n, sizeof *at, compare_size);
	return at;
}

static size_t cut_all(const struct run *r, size_t n, bool trust_syncs)
{
	struct image *image = image_new(trust_syncs);
	size_t *at = choose(r, n), next = 0, failed = 0;
	for (size_t i = 0; i < r->n; i++) {
		for (; next < n && at[next] == i; next++)
			failed += !cut(r, image, i);
		image_apply(
		    image, &r->steps[i].e, r->steps[i].name, r->steps[i].data);
	}
	image_free(image);
	free(at);
	return failed;
}

int main(int argc, char **argv)
{
	struct run r = { .subject = NULL };
	uint64_t cuts, seed;
	if (argc >= 6)
		r.subject = subject_find(argv[1]);
	if (!r.subject || !view_u64(view_of(argv[4]), &cuts) ||
	    !view_u64(view_of(argv[5]), &seed)) {
		fprintf(stderr, "usage: crash_images store|queue TRACE DIR "
				"CUTS SEED [unsynced]\n");
		return 2;
	}
	snprintf(r.dir, sizeof r.dir, "%s", argv[3]);
	load(&r, argv[2]);
	chance_seed(seed);
	size_t failed = cut_all(&r, (size_t)cuts, argc == 6);
	printf("%zu events, %zu acknowledged: %" PRIu64 " cuts, %zu failed\n",
	    r.n, r.n_acks, cuts, failed);
	return failed ? 1 : 0;
}
