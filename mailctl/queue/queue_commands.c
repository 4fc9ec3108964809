/* mailctl queue: arguments and exit codes; the work is in queue.c. */
#include "mailctl/command.h"
#include "mailctl/queue/queue.h"
#include "mailctl/queue/queue_change.h"
#include "mailctl/queue/queue_why.h"
#include <string.h>

static int finish(int error, const char *what)
{
	if (!error)
		return 0;
	if (error == MC_E_NOENT)
		return complain(
		    EX_NOUSER, "%s: no such message in the queue", what);
	if (error == MC_E_BAD)
		return complain(EX_USAGE, "\"%s\" is not a queue id", what);
	return complain(exit_code_of(error), "%s: %s", what, err_text(error));
}

static int parse_filter(struct mailctl *m, struct queue_filter *f)
{
	const char *wrong = "";
	if (queue_filter_parse(f, m->args, m->n_args, &wrong))
		return 0;
	return complain(EX_USAGE, "\"%s\": not understood", wrong);
}

int cmd_queue_list(struct mailctl *m)
{
	struct queue_filter f;
	int code = parse_filter(m, &f);
	return code ? code
		    : finish(mailctl_queue_list(m->conf, &f, m->json), "queue");
}

static int parse_which(struct mailctl *m, struct queue_filter *f)
{
	int code = parse_filter(m, f);
	if (!code && queue_filter_is_empty(f))
		code = complain(EX_USAGE,
		    "say which: ids, --sender, --recipient, --domain and so "
		    "on, or --all");
	return code;
}

static int change(struct mailctl *m, enum queue_action action)
{
	struct queue_filter f;
	int code = parse_which(m, &f);
	return code ? code : queue_change(m, &f, action);
}

int cmd_queue_hold(struct mailctl *m)
{
	return change(m, QUEUE_ACTION_HOLD);
}

/* Whoever holds something back wants no other command to let it go. */
int cmd_queue_retry(struct mailctl *m)
{
	struct queue_filter f;
	int code = parse_which(m, &f);
	f.not_held = true;
	return code ? code : queue_change(m, &f, QUEUE_ACTION_RETRY);
}

int cmd_queue_release(struct mailctl *m)
{
	struct queue_filter f;
	int code = parse_which(m, &f);
	f.state = RCPT_HELD;
	return code ? code : queue_change(m, &f, QUEUE_ACTION_RETRY);
}

int cmd_queue_delete(struct mailctl *m)
{
	return change(m, QUEUE_ACTION_DELETE);
}

int cmd_queue_bounce(struct mailctl *m)
{
	return change(m, QUEUE_ACTION_BOUNCE);
}

int cmd_queue_show(struct mailctl *m)
{
	bool body = m->n_args == 2 && strcmp(m->args[1], "--body") == 0;
	if (m->n_args == 2 && !body)
		return complain(
		    EX_USAGE, "usage: mailctl queue show ID [--body]");
	return finish(
	    mailctl_queue_show(m->conf, m->args[0], body, m->json), m->args[0]);
}

int cmd_queue_why(struct mailctl *m)
{
	return queue_why(m, m->args[0]);
}
