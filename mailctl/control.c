/* mailctl status, reload, stop: asks the monitors on run_dir/NAME.ctl. */
#include "mailctl/monitor_channel.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const daemons[] = { "queued", "smtpd", "imapd", "pop3d" };

enum {
	N_DAEMONS = 4,
	STOP_GRACE_S = 30,
};

/* One question to one daemon. */
struct asking {
	const char *daemon;
	struct chan chan;
	char *buffer;
	json_t *rows; /* of CTL_ROW */
	bool ok;
	char text[4001]; /* of CTL_DONE */
};

static void take_row(struct asking *a, const struct msg_ctl_row *r)
{
	char account[321], role[17];
	if (view_to_cstr(r->account, account, sizeof account) != 0 ||
	    view_to_cstr(r->role, role, sizeof role) != 0)
		return;
	json_array_append_new(a->rows,
	    json_pack("{s:s, s:s, s:o, s:i, s:o, s:i, s:i, s:I}", "daemon",
		a->daemon, "role", role, "account", json_of_text(account),
		"pid", (int)r->pid, "started", json_of_time(r->started_s),
		"restarts", (int)r->restarts, "sessions", (int)r->sessions,
		"total", (json_int_t)r->total));
}

/* Reads until CTL_DONE. */
static int take_answer(struct asking *a)
{
	struct msg m;
	for (;;) {
		int fd = -1;
		int error = chan_recv(&a->chan, a->buffer, &m, &fd);
		if (fd >= 0)
			close(fd);
		if (error)
			return error;
		if (m.type == MSG_CTL_ROW) {
			take_row(a, &m.ctl_row);
		} else if (m.type == MSG_CTL_DONE) {
			a->ok = m.ctl_done.ok != 0;
			return view_to_cstr(
			    m.ctl_done.text, a->text, sizeof a->text);
		} else {
			return MC_E_PROTO;
		}
	}
}

static int ask(
    const struct mailctl *m, struct asking *a, const struct msg *question)
{
	a->buffer = malloc(MSG_BYTES_MAX);
	if (!a->buffer)
		return -ENOMEM;
	int error = monitor_connect(m, a->daemon, &a->chan);
	if (!error)
		error = chan_send(&a->chan, question, -1);
	if (!error)
		error = take_answer(a);
	chan_close(&a->chan);
	free(a->buffer);
	return error;
}

static int report(const struct asking *a, int error, bool was_named)
{
	if (monitor_is_down(error) && !was_named)
		return 0;
	if (error)
		return monitor_complain(a->daemon, error);
	if (a->ok)
		return 0;
	return complain(EX_CONFIG, "%s refused: %s", a->daemon, a->text);
}

static bool is_daemon(const char *name)
{
	for (size_t i = 0; i < N_DAEMONS; i++)
		if (strcmp(daemons[i], name) == 0)
			return true;
	return false;
}

/* The one that is named, or all that run; the last error counts. */
static int ask_all(struct mailctl *m, const struct msg *question, json_t *rows)
{
	const char *only = m->n_args ? m->args[0] : NULL;
	int code = 0;
	unsigned n_running = 0;
	if (only && !is_daemon(only))
		return complain(EX_USAGE,
		    "\"%s\" is not one of queued, smtpd, imapd, pop3d", only);
	for (size_t i = 0; i < N_DAEMONS; i++) {
		struct asking a = { .daemon = daemons[i], .rows = rows };
		if (only && strcmp(only, daemons[i]) != 0)
			continue;
		int error = ask(m, &a, question);
		int failed = report(&a, error, only != NULL);
		n_running += !monitor_is_down(error);
		if (failed)
			code = failed;
	}
	if (!n_running && !code)
		return complain(EX_UNAVAILABLE, "nothing is running");
	return code;
}

int cmd_status(struct mailctl *m)
{
	static const struct column columns[] = {
		{ "daemon", "DAEMON", false },
		{ "role", "ROLE", false },
		{ "pid", "PID", true },
		{ "started", "STARTED", false },
		{ "restarts", "RESTARTS", true },
		{ "sessions", "SESSIONS", true },
		{ "total", "TOTAL", true },
		{ "account", "ACCOUNT", false },
	};
	struct msg question = { .type = MSG_CTL_STATUS };
	json_t *rows = json_array();
	int code = ask_all(m, &question, rows);
	int printed = print_rows(m, rows, columns, 8);
	return code ? code : printed;
}

int cmd_reload(struct mailctl *m)
{
	struct msg question = { .type = MSG_CTL_RELOAD };
	return ask_all(m, &question, NULL);
}

int cmd_stop(struct mailctl *m)
{
	struct msg question = { .type = MSG_CTL_STOP,
		.ctl_stop = { STOP_GRACE_S } };
	return ask_all(m, &question, NULL);
}
