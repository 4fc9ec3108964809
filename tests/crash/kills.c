/* usage: crash_kills store|queue DIR ROUNDS SEED
 *
 * A child works and acknowledges each operation over a pipe until it is killed
 * (SIGKILL) at some moment. A twin does the same operations beside it: what is
 * left must be the twin's state after the last acknowledged one, or after the
 * next. Then both go on from there. */
#include "base/panic.h"
#include "tests/crash/subject.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PATH_OCTETS = 4096,
	STEPS_MAX = 60, /* of a child */
};

struct pair {
	const struct subject *subject;
	char box[PATH_OCTETS - 64], twin[PATH_OCTETS - 64];
	uint64_t seed; /* of the round */
	unsigned objects;
	int64_t now_s;
	unsigned n_acked;
};

static void run_tool(const char *const argv[])
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
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		fatal("%s failed", argv[0]);
}

static void must(const char *what, int error)
{
	if (error)
		fatal("%s: %s", what, err_text(error));
}

/* The same steps in the child and in the twin. */
static void begin_round(const struct pair *p)
{
	chance_seed(p->seed);
	subject_objects = p->objects;
	subject_now_s = p->now_s;
}

static void step(const struct subject *s)
{
	const struct op *op = subject_pick(s);
	int error = op->run();
	if (!subject_is_refusal(error))
		must(op->name, error);
}

static void work(const struct pair *p, int pipe_fd)
{
	must("open", p->subject->open(p->box, false));
	begin_round(p);
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		step(p->subject);
		if (write(pipe_fd, "", 1) != 1)
			_exit(1);
	}
	pause();
}

static unsigned count_acks(int fd)
{
	char bytes[STEPS_MAX];
	unsigned n = 0;
	ssize_t got;
	while ((got = read(fd, bytes, sizeof bytes)) > 0)
		n += (unsigned)got;
	return n;
}

/* Returns how many operations were acknowledged. */
static unsigned kill_worker(const struct pair *p)
{
	int fds[2], status;
	char byte;
	if (pipe(fds) != 0)
		fatal("pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		work(p, fds[1]);
		_exit(1);
	}
	close(fds[1]);
	/* Some operations, and a part of the next. */
	unsigned n = 0, wanted = chance(STEPS_MAX / 2);
	while (n < wanted && read(fds[0], &byte, 1) == 1)
		n++;
	struct timespec some = { 0, (long)chance(400000) };
	nanosleep(&some, NULL);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		fatal("the worker ended by itself");
	n += count_acks(fds[0]);
	close(fds[0]);
	return n;
}

static uint64_t digest_of(const struct subject *s)
{
	uint64_t digest = 0;
	must("check", s->check());
	must("read", s->digest(&digest));
	return digest;
}

/* Steps of the twin until it is where the box is. */
static bool catch_up(struct pair *p, unsigned acked, uint64_t left)
{
	uint64_t digest = 0;
	must("open the twin", p->subject->open(p->twin, false));
	begin_round(p);
	bool same = false;
	for (unsigned i = 0; i < acked; i++)
		step(p->subject);
	must("read the twin", p->subject->digest(&digest));
	same = digest == left;
	if (!same && acked < STEPS_MAX) {
		step(p->subject);
		must("read the twin", p->subject->digest(&digest));
		same = digest == left;
	}
	p->subject->close();
	return same;
}

static void copy_to_twin(const struct pair *p)
{
	const char *const remove[] = { "rm", "-rf", "--", p->twin, NULL };
	const char *const copy[] = { "cp", "-r", "--", p->box, p->twin, NULL };
	run_tool(remove);
	run_tool(copy);
}

static bool play(struct pair *p, uint64_t seed)
{
	p->seed = seed;
	copy_to_twin(p);
	chance_seed(seed + 1);
	unsigned acked = kill_worker(p);
	p->n_acked += acked;
	must("open what was left", p->subject->open(p->box, false));
	uint64_t left = digest_of(p->subject);
	p->subject->close();
	bool same = catch_up(p, acked, left);
	/* Above what the killed operation may have used. */
	p->objects = subject_objects + 8;
	p->now_s = subject_now_s;
	if (!same)
		printf("seed %llu: %u operations acknowledged, and another "
		       "state was left\n",
		    (unsigned long long)seed, acked);
	return same;
}

int main(int argc, char **argv)
{
	struct pair p = { .subject = NULL, .now_s = subject_now_s };
	uint64_t rounds, seed, failed = 0;
	if (argc == 5)
		p.subject = subject_find(argv[1]);
	if (!p.subject || !view_u64(view_of(argv[3]), &rounds) ||
	    !view_u64(view_of(argv[4]), &seed)) {
		fprintf(
		    stderr, "usage: crash_kills store|queue DIR ROUNDS SEED\n");
		return 2;
	}
	snprintf(p.box, sizeof p.box, "%s/box", argv[2]);
	snprintf(p.twin, sizeof p.twin, "%s/twin", argv[2]);
	must("make", p.subject->open(p.box, true));
	p.subject->close();
	for (uint64_t i = 0; i < rounds; i++)
		failed += !play(&p, seed + i);
	printf("%llu kills, %u operations acknowledged, %llu failed\n",
	    (unsigned long long)rounds, p.n_acked, (unsigned long long)failed);
	return failed ? 1 : 0;
}
