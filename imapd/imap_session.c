#include "imapd/imap_session.h"
#include "base/panic.h"
#include "imapd/imap_command.h"
#include <stdlib.h>
#include <string.h>

enum {
	BAD_MAX = 50,       /* in a row: that is no IMAP client */
	CODE_MAX = 1 << 20, /* "[COPYUID ...]" */
	SPILL_MAX = 8 << 20 /* LIST of very many mailboxes */
};

struct imap_session *imap_session_new(const struct imap_options *options)
{
	struct imap_session *s = MUST_NEW(struct imap_session);
	struct imap_limits limits = { options->command_max, IMAP_LITERAL_MAX };
	s->o = *options;
	s->state = IMAP_STATE_AUTH;
	imap_reader_init(&s->reader, &limits);
	arena_init(&s->arena, IMAP_ARENA_MAX);
	imap_view_init(&s->view);
	uidset_init(&s->set);
	uidset_init(&s->found);
	for (int i = 0; i < IMAP_SCRATCHES; i++)
		buf_init(&s->scratch[i], IMAP_SCRATCH_MAX);
	buf_init(&s->spill, SPILL_MAX);
	buf_init(&s->code, CODE_MAX);
	options->ops->set_timeout(options->ctx, options->timeout_s);
	return s;
}

void imap_session_free(struct imap_session **sp)
{
	struct imap_session *s = *sp;
	if (!s)
		return;
	imap_append_free(s);
	imap_view_close(s);
	imap_reader_deinit(&s->reader);
	arena_deinit(&s->arena);
	uidset_deinit(&s->set);
	uidset_deinit(&s->found);
	for (int i = 0; i < IMAP_SCRATCHES; i++)
		buf_deinit(&s->scratch[i]);
	buf_deinit(&s->spill);
	buf_deinit(&s->code);
	free(s);
	*sp = NULL;
}

static void close_session(struct imap_session *s)
{
	if (s->closing)
		return;
	s->closing = true;
	s->step = NULL;
	s->o.ops->finish(s->o.ctx);
}

void imap_session_bye(struct imap_session *s, const char *why)
{
	if (s->closing)
		return;
	buf_printf(s->o.out, "* BYE %s\r\n", why);
	close_session(s);
}

static void put_tagged(struct imap_session *s)
{
	static const struct view words[] = {
		[IMAP_OK] = V_INIT(" OK "),
		[IMAP_NO] = V_INIT(" NO "),
		[IMAP_BAD] = V_INIT(" BAD "),
	};
	buf_put(s->o.out, s->tag);
	buf_put(s->o.out, words[s->status]);
	buf_put(s->o.out, buf_view(&s->code));
	buf_put(s->o.out, view_of(s->text));
	buf_put(s->o.out, V("\r\n"));
}

/* The command's memory is given back: an idle session has none. */
static void end_command(struct imap_session *s)
{
	imap_append_free(s);
	s->step = NULL;
	s->job = NULL;
	s->command = NULL;
	uidset_deinit(&s->set);
	uidset_deinit(&s->found);
	for (int i = 0; i < IMAP_SCRATCHES; i++)
		buf_deinit(&s->scratch[i]);
	buf_reset(&s->spill);
	buf_trim(&s->spill);
	buf_reset(&s->code);
	buf_trim(&s->code);
	arena_deinit(&s->arena);
	imap_reader_reset(&s->reader);
}

static bool too_many_bad(struct imap_session *s)
{
	s->n_bad = s->status == IMAP_BAD ? s->n_bad + 1 : 0;
	return s->n_bad > BAD_MAX;
}

static void put_result(struct imap_session *s)
{
	put_tagged(s);
	end_command(s);
	if (s->state == IMAP_STATE_LOGOUT)
		close_session(s);
	else if (too_many_bad(s))
		imap_session_bye(s, "Too many bad commands");
}

static bool may_tell_expunges(const struct imap_session *s)
{
	return s->command &&
	       (s->is_uid || !(s->command->flags & IMAP_NO_EXPUNGES));
}

/* What happened in the mailbox comes before the tagged reply. */
static enum imap_step finish_step(struct imap_session *s)
{
	if (buf_room(s->o.out) < buf_len(&s->code) + 1024)
		return IMAP_STEP_FULL;
	if (s->status != IMAP_BAD && s->state == IMAP_STATE_SELECTED &&
	    !imap_view_tell(s, may_tell_expunges(s)))
		return IMAP_STEP_FULL;
	if (!s->closing)
		put_result(s);
	return IMAP_STEP_NEXT;
}

static void look(struct imap_session *s)
{
	int error = imap_view_collect(s);
	if (error == MC_E_NOENT)
		imap_session_bye(s, "The selected mailbox was deleted");
	else if (error)
		LOG(s->o.log, WARN, "imap.changes", KV_ERR("error", error));
}

void imap_finish(
    struct imap_session *s, enum imap_status status, const char *text)
{
	s->status = status;
	s->text = text;
	s->step = finish_step;
	if (status != IMAP_BAD && s->state == IMAP_STATE_SELECTED)
		look(s);
	if (s->closing)
		s->step = NULL;
}

static const struct {
	int error;
	const char *text;
} error_texts[] = {
	{ MC_E_NOENT, "[NONEXISTENT] No such mailbox" },
	{ MC_E_EXISTS, "[ALREADYEXISTS] Mailbox exists already" },
	{ MC_E_BAD, "[CANNOT] No mailbox can have this name" },
	{ MC_E_LIMIT, "[LIMIT] Limit exceeded" },
	{ MC_E_FULL, "[UNAVAILABLE] No space left on the server" },
	{ MC_E_OVERQUOTA, "[OVERQUOTA] Quota exceeded" },
	{ MC_E_DENIED, "[CANNOT] Not permitted" },
	{ MC_E_BUSY, "[CANNOT] Mailbox has children" },
	{ MC_E_CORRUPT, "[CORRUPTION] Stored data is damaged" },
	{ MC_E_TEMP, "[UNAVAILABLE] Temporary failure" },
};

void imap_finish_error(struct imap_session *s, int error)
{
	const char *text = "[SERVERBUG] Internal error";
	for (size_t i = 0; i < sizeof error_texts / sizeof *error_texts; i++)
		if (error_texts[i].error == error)
			text = error_texts[i].text;
	if (error != MC_E_NOENT && error != MC_E_EXISTS && error != MC_E_BAD)
		LOG(s->o.log, WARN, "imap.error",
		    KV_VIEW("command", s->command ? s->command->name : V("")),
		    KV_ERR("error", error));
	buf_reset(&s->code);
	imap_finish(s, IMAP_NO, text);
}

void imap_finish_bad(struct imap_session *s)
{
	imap_finish(s, IMAP_BAD, s->args.why ? s->args.why : "Bad command");
}

static enum imap_step spill_step(struct imap_session *s)
{
	struct view v = buf_view(&s->spill);
	size_t room = buf_room(s->o.out);
	size_t n = view_head(v, room < s->o.out_mark ? room : s->o.out_mark).n;
	if (v.n && (imap_out_full(s) || n == 0))
		return IMAP_STEP_FULL;
	buf_put(s->o.out, view_head(v, n));
	buf_consume(&s->spill, n);
	if (buf_len(&s->spill))
		return IMAP_STEP_FULL;
	imap_finish(s, IMAP_OK, s->text);
	return IMAP_STEP_NEXT;
}

void imap_finish_spill(struct imap_session *s, const char *text)
{
	if (buf_error(&s->spill)) {
		imap_finish_error(s, MC_E_LIMIT);
		return;
	}
	s->text = text;
	s->step = spill_step;
}

/* True when no command runs any more. */
static bool run(struct imap_session *s)
{
	while (s->step && !s->closing) {
		enum imap_step got = s->step(s);
		if (got == IMAP_STEP_TURN && !s->closing)
			s->o.ops->again(s->o.ctx);
		if (got != IMAP_STEP_NEXT)
			return false;
		/* Something is lost: what follows would not be IMAP. */
		if (buf_error(s->o.out)) {
			LOG(s->o.log, ERROR, "imap.output",
			    KV_ERR("error", buf_error(s->o.out)));
			close_session(s);
		}
	}
	return true;
}

static const char *illegal(const struct imap_session *s)
{
	const struct imap_command *c = s->command;
	if (!c)
		return "Unknown command";
	if (!(c->states & s->state))
		return "No mailbox is selected";
	return NULL;
}

static void dispatch(struct imap_session *s, struct view name)
{
	s->command = imap_command_find(name, s->is_uid);
	const char *why = illegal(s);
	if (why) {
		imap_finish(s, IMAP_BAD, why);
		return;
	}
	if ((s->command->flags & IMAP_NO_ARGS) && !imap_end(&s->args)) {
		imap_finish_bad(s);
		return;
	}
	if ((s->command->flags & IMAP_WRITES) && s->view.readonly) {
		imap_finish(s, IMAP_NO, "[READ-ONLY] Mailbox is read-only");
		return;
	}
	s->command->run(s);
}

static bool parse_name(struct imap_session *s, struct view *name)
{
	s->is_uid = false;
	if (!imap_tag(&s->args, &s->tag)) {
		s->tag = V("*");
		return false;
	}
	if (!imap_space(&s->args) || !imap_atom(&s->args, name))
		return false;
	if (!view_ieq(*name, V("UID")))
		return true;
	s->is_uid = true;
	return imap_space(&s->args) && imap_atom(&s->args, name);
}

static void begin_args(struct imap_session *s)
{
	s->args = (struct imap_args){ imap_reader_command(&s->reader),
		&s->arena, NULL };
}

static void on_command(struct imap_session *s)
{
	struct view name = V("");
	if (s->reader.raw_line) {
		imap_idle_line(s, imap_reader_command(&s->reader));
		return;
	}
	begin_args(s);
	if (parse_name(s, &name))
		dispatch(s, name);
	else
		imap_finish_bad(s);
}

/* A command that is refused at its literal is told at once; a synchronizing
 * literal does not come then, others are skipped by the reader. */
static void on_literal(struct imap_session *s)
{
	struct view name;
	enum imap_literal answer = IMAP_LITERAL_KEEP;
	begin_args(s);
	s->status = IMAP_BAD;
	s->text = "[TOOBIG] Literal too large";
	if (parse_name(s, &name) && !s->is_uid && view_ieq(name, V("APPEND"))) {
		s->command = imap_command_find(name, false);
		answer = imap_append_begin(s);
	}
	s->tag = imap_reader_tag(&s->reader);
	if (!imap_reader_literal(&s->reader, answer))
		imap_finish(s, s->status, s->text);
	else if (!s->reader.literal_plus)
		buf_put(s->o.out, V("+ OK\r\n"));
}

static void on_fault(struct imap_session *s)
{
	if (!s->reader.why) { /* the rest of what was refused already */
		imap_reader_reset(&s->reader);
		return;
	}
	if (!s->reader.raw_line) /* else it is IDLE's, which has ended */
		s->tag = imap_reader_tag(&s->reader);
	s->reader.raw_line = false;
	imap_finish(s, IMAP_BAD, s->reader.why);
}

static void on_read(struct imap_session *s, enum imap_read got)
{
	switch (got) {
	case IMAP_READ_MORE:
		return;
	case IMAP_READ_LITERAL:
		on_literal(s);
		return;
	case IMAP_READ_DATA:
		imap_append_data(s, s->reader.piece);
		return;
	case IMAP_READ_COMMAND:
		on_command(s);
		return;
	case IMAP_READ_FAULT:
		on_fault(s);
		return;
	}
}

size_t imap_session_input(struct imap_session *s, struct view in)
{
	struct view rest = in;
	while (run(s) && !s->closing && rest.n)
		on_read(s, imap_reader_next(&s->reader, &rest));
	return s->closing ? in.n : in.n - rest.n;
}

bool imap_session_more(struct imap_session *s)
{
	imap_session_wake(s); /* what did not fit when it happened */
	return run(s) && !s->closing;
}

void imap_session_wake(struct imap_session *s)
{
	if (!s->closing && s->reader.raw_line)
		imap_idle_wake(s);
}
