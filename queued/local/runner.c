#include "queued/local/runner.h"
#include "base/buf.h"
#include "base/panic.h"
#include "proc/isolation/drop.h"
#include "queued/local/command.h"
#include "queued/local/forward_file.h"
#include "queued/local/mbox.h"
#include "queued/loop.h"
#include "wire/rd.h"
#include "wire/wr.h"
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
	REPORT_FD = 3,
	REPORT_MAX = 256 * 1024, /* what is read of a forward file, at most */
	READ_S = 60,
	PIECE = 4096,
	TARGET_MAX = 1000,
	/* Somebody may work on this host, besides. */
	PROCESSES_OF_USER = 2048,
	PROCESSES_OF_ALIASES = 256,
	/* More than the queue wants. */
	JOBS_OF_USER = 64,
	JOBS_OF_ALIASES = 1000,
};

/* What another process does. */
struct job {
	struct list link;
	struct runner *runner;
	struct peer *queue; /* NULL: gone */
	uint64_t id;
	pid_t pid;
	int fd;
	struct poll_handle *poll;
	struct buf report;
	void (*on_end)(struct job *j, struct view report);
};

/* The fields that both messages share. */
struct order {
	uint64_t id;
	enum leaf_kind kind;
	struct view target, envid;
	struct unix_mail mail;
};

static struct order order_of(const struct msg *m, int fd)
{
	const struct msg_run_mail *a = &m->run_mail;
	const struct msg_run_file *b = &m->run_file;
	if (m->type == MSG_RUN_MAIL)
		return (struct order){
			a->id, (enum leaf_kind)a->kind, a->target, a->envid,
			{ .sender = a->sender,
			    .recipient = a->recipient,
			    .origin = a->origin,
			    .received_s = a->received_s,
			    .body = a->body,
			    .fd = -1,
			    .is_mbox = leaf_is_file((enum leaf_kind)a->kind) }
		};
	return (struct order){ b->id, (enum leaf_kind)b->kind, b->target,
		b->envid,
		{ .sender = b->sender,
		    .recipient = b->recipient,
		    .origin = b->origin,
		    .received_s = b->received_s,
		    .fd = fd,
		    .size = b->size,
		    .is_mbox = leaf_is_file((enum leaf_kind)b->kind) } };
}

/* In the process of a job. */

/* Of what this role holds a job needs two descriptors; the rest, its channels
 * above all, would outlive it there. */
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
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
}

static _Noreturn void end_with(int report_to, struct view report)
{
	fcntl(report_to, F_SETFL, 0);
	while (report.n) {
		ssize_t n = write(report_to, report.p, report.n);
		if (n < 0 && errno != EINTR)
			_exit(1);
		report = view_skip(report, n > 0 ? (size_t)n : 0);
	}
	_exit(0);
}

/* Who ordered it may have been captured: the file has the last word. */
static bool is_named(
    const struct runner *r, const struct order *o, struct outcome *out)
{
	struct forward_reader reader = { .home = r->home,
		.file = proc_conf(r->proc)->forward_file };
	enum leaf_kind kind = leaf_is_file(o->kind) ? LEAF_FILE : LEAF_COMMAND;
	alarm(READ_S);
	enum forward_status status =
	    forward_file_names(&reader, kind, o->target);
	alarm(0);
	if (status == FORWARD_OK)
		return true;
	outcome_set(out,
	    status == FORWARD_TEMP ? DELIVER_STATUS_TEMP
				   : DELIVER_STATUS_UNNAMED,
	    reader.why);
	return false;
}

static _Noreturn void deliver(
    const struct runner *r, struct order *o, int report_to)
{
	struct outcome out = { .status = DELIVER_STATUS_TEMP };
	const struct command c = { .text = o->target,
		.envid = o->envid,
		.mail = &o->mail,
		.user = r->user,
		.home = r->home,
		.timeout_s = (unsigned)proc_conf(r->proc)->command_timeout,
		.processes_max =
		    r->by_forward ? PROCESSES_OF_USER : PROCESSES_OF_ALIASES };
	keep_only(&report_to, &o->mail.fd);
	if (!r->by_forward || is_named(r, o, &out)) {
		if (loop_was_delivered(o->mail.body, o->mail.fd, o->mail.size,
			o->mail.recipient))
			outcome_set(&out, DELIVER_STATUS_PERM,
			    "5.4.6 the message was delivered to this address "
			    "before");
		else if (leaf_is_file(o->kind))
			mbox_append(o->target, &o->mail, &out);
		else
			command_run(&c, &out);
	}
	end_with(report_to, (struct view){ (const char *)&out, sizeof out });
}

static void put_target(
    void *ctx, enum leaf_kind kind, bool is_final, struct view text)
{
	struct wr *w = ctx;
	wr_u8(w, true);
	wr_u8(w, (uint8_t)kind);
	wr_u8(w, is_final);
	wr_bytes(w, text, TARGET_MAX);
}

/* The report: true and a target, for each; then false, status and why. Half of
 * it is none. */
static _Noreturn void read_forward(const struct runner *r, int report_to)
{
	int no_mail = -1;
	struct wr w = wr_into(must_alloc(REPORT_MAX), REPORT_MAX);
	struct forward_reader reader = { .home = r->home,
		.file = proc_conf(r->proc)->forward_file,
		.on_target = put_target,
		.ctx = &w };
	keep_only(&report_to, &no_mail);
	signal(SIGTERM, SIG_DFL);
	alarm(READ_S);
	enum forward_status status = forward_file_read(&reader);
	wr_u8(&w, false);
	wr_u8(&w, (uint8_t)status);
	wr_bytes(&w, view_of(reader.why), FORWARD_WHY_MAX);
	if (w.failed)
		_exit(1);
	end_with(report_to, wr_view(&w));
}

/* In the role's. */

static void tell_outcome(
    struct runner *r, struct peer *queue, uint64_t id, const struct outcome *o)
{
	struct msg m = { .type = MSG_RAN,
		.ran = { id, (uint8_t)o->status, view_of(o->text) } };
	if (queue)
		peer_send(queue, &m, -1);
	r->total++;
}

static void tell_read(
    struct peer *queue, uint64_t id, uint8_t status, struct view why)
{
	struct msg m = { .type = MSG_FORWARD_READ,
		.forward_read = { id, status, why } };
	if (queue)
		peer_send(queue, &m, -1);
}

static void on_delivered(struct job *j, struct view report)
{
	struct outcome o;
	if (report.n == sizeof o) {
		memcpy(&o, report.p, sizeof o);
		o.text[OUTCOME_TEXT_MAX] = '\0';
	} else {
		outcome_set(&o, DELIVER_STATUS_TEMP,
		    "4.3.0 the delivery's process died");
	}
	tell_outcome(j->runner, j->queue, j->id, &o);
}

static void on_read(struct job *j, struct view report)
{
	struct rd r = rd_of(report);
	while (j->queue && rd_u8(&r)) {
		struct msg m = { .type = MSG_FORWARD_TARGET,
			.forward_target = { .id = j->id } };
		m.forward_target.kind = rd_u8(&r);
		m.forward_target.is_final = rd_u8(&r);
		m.forward_target.text = rd_bytes(&r, TARGET_MAX);
		r.failed = r.failed || view_has_byte(m.forward_target.text, 0);
		if (!r.failed)
			peer_send(j->queue, &m, -1);
	}
	uint8_t status = rd_u8(&r);
	struct view why = rd_bytes(&r, FORWARD_WHY_MAX);
	if (!rd_end(&r))
		tell_read(j->queue, j->id, FORWARD_TEMP,
		    V("4.2.0 the forward file could not be read in time"));
	else
		tell_read(j->queue, j->id, status, why);
}

static void finish(struct job *j)
{
	struct runner *r = j->runner;
	poll_free(&j->poll);
	close(j->fd);
	list_remove(&j->link);
	r->n_jobs--;
	j->on_end(j, buf_view(&j->report));
	buf_deinit(&j->report);
	free(j);
	if (r->is_stopping && !r->n_jobs)
		proc_exit(r->proc);
}

static void on_report(void *ctx, bool readable, bool writable)
{
	struct job *j = ctx;
	char bytes[PIECE];
	(void)readable;
	(void)writable;
	ssize_t n = read(j->fd, bytes, sizeof bytes);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		buf_put(&j->report, (struct view){ bytes, (size_t)n });
	if (n > 0 && !buf_error(&j->report))
		return;
	finish(j);
}

static void on_child(void *ctx, int signum)
{
	(void)ctx;
	(void)signum;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/* o: NULL to read the forward file. */
static int start_job(
    struct runner *r, struct peer *queue, uint64_t id, struct order *o)
{
	int fds[2];
	unsigned most = r->by_forward ? JOBS_OF_USER : JOBS_OF_ALIASES;
	if (r->is_stopping || r->n_jobs >= most)
		return MC_E_BUSY;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0 && o)
		deliver(r, o, fds[1]);
	if (pid == 0)
		read_forward(r, fds[1]);
	int error = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (error) {
		close(fds[0]);
		return error;
	}
	struct job *j = MUST_NEW(struct job);
	*j = (struct job){ .runner = r,
		.queue = queue,
		.id = id,
		.pid = pid,
		.fd = fds[0],
		.on_end = o ? on_delivered : on_read };
	buf_init(&j->report, 2 * REPORT_MAX);
	list_push(&r->jobs, &j->link);
	r->n_jobs++;
	j->poll = poll_new(proc_loop(r->proc), j->fd, on_report, j);
	poll_want(j->poll, true, false);
	return 0;
}

void runner_deliver(
    struct runner *r, struct peer *from, const struct msg *m, int fd)
{
	struct order o = order_of(m, fd);
	struct outcome out;
	int error = start_job(r, from, o.id, &o);
	if (fd >= 0)
		close(fd);
	if (!error)
		return;
	outcome_set(&out, DELIVER_STATUS_TEMP,
	    "4.3.0 no process could be made for the delivery");
	tell_outcome(r, from, o.id, &out);
}

void runner_read(struct runner *r, struct peer *from, uint64_t id)
{
	if (start_job(r, from, id, NULL))
		tell_read(from, id, FORWARD_TEMP,
		    V("4.3.0 no process could be made to read the forward "
		      "file"));
}

void runner_peer_gone(struct runner *r, const struct peer *peer)
{
	struct list *all = &r->jobs;
	for (struct list *i = all->next; i != all; i = i->next) {
		struct job *j = CONTAINER(i, struct job, link);
		if (j->queue != peer)
			continue;
		j->queue = NULL;
		kill(j->pid, SIGTERM);
	}
}

void runner_stop(struct runner *r)
{
	struct list *all = &r->jobs;
	r->is_stopping = true;
	for (struct list *i = all->next; i != all; i = i->next)
		kill(CONTAINER(i, struct job, link)->pid, SIGTERM);
	if (!r->n_jobs)
		proc_exit(r->proc);
}

void runner_init(struct runner *r, struct proc *p, const char *name)
{
	const struct passwd *pw = name ? getpwnam(name) : getpwuid(geteuid());
	*r = (struct runner){ .proc = p };
	list_init(&r->jobs);
	snprintf(r->user, sizeof r->user, "%s",
	    pw ? pw->pw_name : proc_conf(p)->alias_user);
	snprintf(r->home, sizeof r->home, "%s", pw ? pw->pw_dir : "/");
	r->on_child = signal_new(proc_loop(p), SIGCHLD, on_child, r);
}
