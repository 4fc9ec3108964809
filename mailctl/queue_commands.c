/* mailctl queue: arguments and exit codes; the work is in queue.c. */
#include "mailctl/command.h"
#include "mailctl/queue.h"
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

int cmd_queue_list(struct mailctl *m)
{
	return finish(mailctl_queue_list(m->conf, m->json), "queue");
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
