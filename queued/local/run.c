/* queued's role "run": commands and files of aliases.
 *   runs as  alias_user
 *   can see  what that user can
 *   accepts  from the queue, messages for commands and files that root's alias
 *            files name
 *   sends    one report for each
 *   dies     when the monitor goes, or its commands are over after STOP
 *
 * Each delivery is a process of its own (queued/local/command.h), which can
 * wait; it reports through a pipe. */
#include "base/panic.h"
#include "proc/isolation/drop.h"
#include "queued/list.h"
#include "queued/local/command.h"
#include "queued/local/mbox.h"
#include "queued/loop.h"
#include "queued/roles.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
	REPORT_FD = 3
};

struct run {
	struct proc *proc;
	struct list jobs;
	unsigned n_jobs;
	uint64_t total;
	struct signal_handle *on_child;
	bool is_stopping;
	char user[64], home[256];
};

/* A delivery that another process does. */
struct job {
	struct list link;
	struct run *run;
	struct peer *queue; /* NULL: gone */
	uint64_t id;
	pid_t pid;
	int fd;
	struct poll_handle *poll;
};

/* The fields that both messages share. */
struct order {
	uint64_t id;
	uint8_t kind;
	struct view target, envid;
	struct unix_mail mail;
};

static struct order order_of(const struct msg *m, int fd)
{
	const struct msg_run_mail *a = &m->run_mail;
	const struct msg_run_file *b = &m->run_file;
	if (m->type == MSG_RUN_MAIL)
		return (struct order){ a->id, a->kind, a->target, a->envid,
			{ .sender = a->sender,
			    .recipient = a->recipient,
			    .origin = a->origin,
			    .received_s = a->received_s,
			    .body = a->body,
			    .fd = -1,
			    .is_mbox = a->kind == LEAF_FILE } };
	return (struct order){ b->id, b->kind, b->target, b->envid,
		{ .sender = b->sender,
		    .recipient = b->recipient,
		    .origin = b->origin,
		    .received_s = b->received_s,
		    .fd = fd,
		    .size = b->size,
		    .is_mbox = b->kind == LEAF_FILE } };
}

static void report(
    struct run *run, struct peer *queue, uint64_t id, const struct outcome *o)
{
	struct msg m = { .type = MSG_RAN,
		.ran = { id, (uint8_t)o->status, view_of(o->text) } };
	run->total++;
	if (queue)
		peer_send(queue, &m, -1);
	proc_stats(run->proc, run->n_jobs, run->total);
}

/* Of what this role holds a delivery needs two descriptors; the rest, its
 * channels above all, would outlive it there. */
static void keep_only(int *report_to, int *mail)
{
	log_set_fd(STDERR_FILENO);
	int one = fcntl(*report_to, F_DUPFD_CLOEXEC, REPORT_FD + 2);
	int two = *mail < 0 ? -1 : fcntl(*mail, F_DUPFD_CLOEXEC, REPORT_FD + 2);
	if (one < 0 || (*mail >= 0 && two < 0))
		_exit(1);
	*report_to = dup2(one, REPORT_FD);
	if (two >= 0)
		*mail = dup2(two, REPORT_FD + 1);
	drop_descriptors(two < 0 ? REPORT_FD + 1 : REPORT_FD + 2);
}

/* In the process of one delivery. */
static _Noreturn void deliver(
    const struct run *run, struct order *o, int report_to)
{
	struct outcome out = { .status = DELIVER_STATUS_TEMP };
	const struct command c = { .text = o->target,
		.envid = o->envid,
		.mail = &o->mail,
		.user = run->user,
		.home = run->home,
		.timeout_s = (unsigned)proc_conf(run->proc)->command_timeout };
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	keep_only(&report_to, &o->mail.fd);
	if (loop_was_delivered(
		o->mail.body, o->mail.fd, o->mail.size, o->mail.recipient))
		outcome_set(&out, DELIVER_STATUS_PERM,
		    "5.4.6 the message was delivered to this address before");
	else if (o->kind == LEAF_FILE)
		mbox_append(o->target, &o->mail, &out);
	else
		command_run(&c, &out);
	ssize_t n = write(report_to, &out, sizeof out);
	_exit(n == (ssize_t)sizeof out ? 0 : 1);
}

static void finish(struct job *j, const struct outcome *o)
{
	struct run *run = j->run;
	poll_free(&j->poll);
	close(j->fd);
	list_remove(&j->link);
	run->n_jobs--;
	report(run, j->queue, j->id, o);
	free(j);
	if (run->is_stopping && !run->n_jobs)
		proc_exit(run->proc);
}

/* Less than that in a pipe is written at once, or not at all. */
static void on_report(void *ctx, bool readable, bool writable)
{
	struct job *j = ctx;
	struct outcome o;
	(void)readable;
	(void)writable;
	ssize_t n = read(j->fd, &o, sizeof o);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	o.text[OUTCOME_TEXT_MAX] = '\0';
	if (n != (ssize_t)sizeof o)
		outcome_set(&o, DELIVER_STATUS_TEMP,
		    "4.3.0 the delivery's process died");
	finish(j, &o);
}

static void on_child(void *ctx, int signum)
{
	(void)ctx;
	(void)signum;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static int start_job(struct run *run, struct peer *queue, struct order *o)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0)
		deliver(run, o, fds[1]);
	int error = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (error) {
		close(fds[0]);
		return error;
	}
	struct job *j = MUST_NEW(struct job);
	*j = (struct job){ .run = run,
		.queue = queue,
		.id = o->id,
		.pid = pid,
		.fd = fds[0] };
	list_push(&run->jobs, &j->link);
	run->n_jobs++;
	j->poll = poll_new(proc_loop(run->proc), j->fd, on_report, j);
	poll_want(j->poll, true, false);
	return 0;
}

static void on_order(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct run *run = proc_state(p);
	struct order o = order_of(m, fd);
	struct outcome out;
	int error = run->is_stopping ? MC_E_BUSY : start_job(run, from, &o);
	if (fd >= 0)
		close(fd);
	if (!error)
		return;
	outcome_set(&out, DELIVER_STATUS_TEMP,
	    "4.3.0 no process could be made for the delivery");
	report(run, from, o.id, &out);
}

static void end_jobs(struct run *run)
{
	struct list *all = &run->jobs;
	for (struct list *i = all->next; i != all; i = i->next)
		kill(CONTAINER(i, struct job, link)->pid, SIGTERM);
}

/* Another queue process will send the same messages again. */
static void on_peer_down(struct proc *p, struct peer *peer)
{
	struct run *run = proc_state(p);
	struct list *all = &run->jobs;
	for (struct list *i = all->next; i != all; i = i->next) {
		struct job *j = CONTAINER(i, struct job, link);
		if (j->queue == peer)
			j->queue = NULL;
	}
	end_jobs(run);
}

static void find_user(struct run *run)
{
	const struct passwd *pw = getpwuid(geteuid());
	snprintf(run->user, sizeof run->user, "%s",
	    pw ? pw->pw_name : proc_conf(run->proc)->alias_user);
	snprintf(run->home, sizeof run->home, "%s", pw ? pw->pw_dir : "/");
}

static int run_start(struct proc *p)
{
	struct run *run = MUST_NEW(struct run);
	run->proc = p;
	list_init(&run->jobs);
	find_user(run);
	run->on_child = signal_new(proc_loop(p), SIGCHLD, on_child, run);
	proc_set_state(p, run);
	return 0;
}

static void run_stop(struct proc *p, uint32_t grace_s)
{
	struct run *run = proc_state(p);
	(void)grace_s;
	run->is_stopping = true;
	end_jobs(run);
	if (!run->n_jobs)
		proc_exit(p);
}

const struct role_ops run_ops = {
	.start = run_start,
	.peer_down = on_peer_down,
	.stop = run_stop,
	.on = { [MSG_RUN_MAIL] = on_order, [MSG_RUN_FILE] = on_order },
};
