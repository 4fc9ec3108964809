/* Commands and files of aliases: role run delivers to them, some at a time.
 * They and those of forward files (users.c) know no delivery ids: after a crash
 * a message may come to them again. */
#include "base/panic.h"
#include "queued/queue_role.h"
#include <stdlib.h>

enum {
	/* Commands have their own time-out; two kinds of locks have, too. */
	RUN_MARGIN_MS = 60 * 1000
};

void programs_deliver(struct queue *q, struct rcpt *r)
{
	if (!*proc_conf(q->proc)->aliases) {
		fate_failed(q, r, V("5.3.5 commands and files are off"));
		return;
	}
	list_remove(&r->work);
	list_push(&q->programs.waiting, &r->work);
}

static void begin(struct queue *q, struct rcpt *r)
{
	r->ask = idtab_add(&q->asks, r);
	r->asked_ms = loop_now_ms(proc_loop(q->proc));
	r->is_running = true;
	list_remove(&r->work);
	list_push(&q->programs.running, &r->work);
	q->programs.n_running++;
}

static void end(struct queue *q, struct rcpt *r)
{
	idtab_remove(&q->asks, r->ask);
	r->ask = 0;
	r->is_running = false;
	list_remove(&r->work);
	q->programs.n_running--;
}

static int send_file(struct queue *q, struct peer *run, const struct rcpt *r)
{
	const struct queue_envelope *e = &r->mail->e;
	int fd = -1;
	int error = mail_body_open(q, r->mail, &fd);
	struct msg m = { .type = MSG_RUN_FILE,
		.run_file = { r->ask, (uint8_t)r->r.kind, r->r.text,
		    rcpt_sender(r), r->r.address, r->r.origin, e->envid,
		    e->received_s, e->size_bytes } };
	if (!error)
		peer_send(run, &m, fd);
	return error;
}

static int send_memory(struct queue *q, struct peer *run, const struct rcpt *r)
{
	const struct queue_envelope *e = &r->mail->e;
	char *buffer = r->mail->body ? NULL : must_alloc(QUEUE_BODY_MAX);
	struct view body;
	int error = mail_body_read(q, r->mail, buffer, &body);
	if (!error) {
		struct msg m = { .type = MSG_RUN_MAIL,
			.run_mail = { r->ask, (uint8_t)r->r.kind, r->r.text,
			    rcpt_sender(r), r->r.address, r->r.origin, e->envid,
			    e->received_s, body } };
		peer_send(run, &m, -1);
	}
	free(buffer);
	return error;
}

int programs_send(struct queue *q, struct peer *to, const struct rcpt *r)
{
	return r->mail->e.is_spooled ? send_file(q, to, r)
				     : send_memory(q, to, r);
}

static void start(struct queue *q, struct peer *run, struct rcpt *r)
{
	begin(q, r);
	int error = programs_send(q, run, r);
	if (!error)
		return;
	end(q, r);
	fate_unreadable(q, r, error);
}

void programs_pump(struct queue *q)
{
	struct peer *run = proc_peer(q->proc, ROLE_RUN);
	struct list *waiting = &q->programs.waiting;
	unsigned most = (unsigned)proc_conf(q->proc)->commands_max;
	while (run && !list_empty(waiting) && q->programs.n_running < most)
		start(q, run, CONTAINER(waiting->next, struct rcpt, work));
}

void programs_ended(struct queue *q, struct rcpt *r, const struct msg_ran *m)
{
	if (m->status == DELIVER_STATUS_OK)
		fate_delivered(q, r, m->text);
	else if (m->status == DELIVER_STATUS_PERM)
		fate_failed(q, r, m->text);
	else
		fate_temporary(q, r, m->text);
}

void programs_on_ran(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct queue *q = proc_state(p);
	struct rcpt *r = idtab_get(&q->asks, m->ran.id);
	(void)from;
	(void)fd;
	if (!r || !r->is_running)
		return;
	end(q, r);
	programs_ended(q, r, &m->ran);
	queue_schedule_round(q);
}

void programs_run_down(struct queue *q)
{
	while (!list_empty(&q->programs.running)) {
		struct rcpt *r =
		    CONTAINER(q->programs.running.next, struct rcpt, work);
		end(q, r);
		fate_temporary(
		    q, r, V("4.3.0 the process that runs commands ended"));
	}
}

uint64_t programs_most_ms(const struct queue *q)
{
	return (uint64_t)proc_conf(q->proc)->command_timeout * 1000 +
	       RUN_MARGIN_MS;
}

/* What it does after all is done twice, as after a crash. */
unsigned programs_end_waits(struct queue *q)
{
	uint64_t most_ms = programs_most_ms(q);
	unsigned n = 0;
	for (; !list_empty(&q->programs.running); n++) {
		struct rcpt *r =
		    CONTAINER(q->programs.running.next, struct rcpt, work);
		if (!queue_is_overdue(q, r->asked_ms, most_ms))
			break;
		end(q, r);
		fate_temporary(q, r,
		    V("4.3.0 the process that runs commands does not answer"));
	}
	return n;
}
