/* mailctl explain rcpt: asks the running queued where mail goes, and why. */
#include "mailctl/monitor_channel.h"
#include <stdlib.h>
#include <unistd.h>

struct explaining {
	struct chan chan;
	char *buffer;
	json_t *rows;
	enum address_kind kind;
};

static void take_step(struct explaining *x, const struct msg_ctl_step *s)
{
	json_array_append_new(x->rows,
	    json_pack("{s:i, s:o, s:o, s:o}", "depth", (int)s->depth, "step",
		json_of_view(s->what), "subject", json_of_view(s->subject),
		"detail", json_of_view(s->detail)));
}

/* MC_E_TEMP: nobody can answer now. */
static int take_answer(struct explaining *x)
{
	struct msg m;
	for (;;) {
		int fd = -1;
		int error = chan_recv(&x->chan, x->buffer, &m, &fd);
		if (fd >= 0)
			close(fd);
		if (error)
			return error;
		if (m.type == MSG_CTL_STEP) {
			take_step(x, &m.ctl_step);
			continue;
		}
		if (m.type == MSG_CTL_DONE)
			return MC_E_TEMP;
		if (m.type != MSG_CTL_EXPLAINED ||
		    m.ctl_explained.kind >= ADDRESS_KIND_COUNT)
			return MC_E_PROTO;
		x->kind = (enum address_kind)m.ctl_explained.kind;
		return 0;
	}
}

static int ask(const struct mailctl *m, struct explaining *x)
{
	struct msg out = { .type = MSG_CTL_EXPLAIN,
		.ctl_explain = { view_of(m->args[0]) } };
	int error = monitor_connect(m, "queued", &x->chan);
	if (!error)
		error = chan_send(&x->chan, &out, -1);
	if (!error)
		error = take_answer(x);
	chan_close(&x->chan);
	return error;
}

static int code_of(enum address_kind kind)
{
	if (kind == ADDRESS_UNKNOWN)
		return EX_NOUSER;
	return kind == ADDRESS_TEMP ? EX_TEMPFAIL : 0;
}

int cmd_explain_rcpt(struct mailctl *m)
{
	static const struct column columns[] = {
		{ "depth", "DEPTH", true },
		{ "step", "STEP", false },
		{ "subject", "WHAT", false },
		{ "detail", "", false },
	};
	struct explaining x = { .buffer = malloc(MSG_BYTES_MAX),
		.rows = json_array() };
	int error = x.buffer && x.rows ? ask(m, &x) : -ENOMEM;
	free(x.buffer);
	int printed = print_rows(m, x.rows, columns, 4);
	if (error == MC_E_TEMP)
		return complain(EX_TEMPFAIL, "queued cannot answer now");
	if (error)
		return monitor_complain("queued", error);
	return printed ? printed : code_of(x.kind);
}
