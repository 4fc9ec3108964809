#include "mailctl/queue/queue.h"
#include "base/clock.h"
#include "base/panic.h"
#include "mailctl/command.h"
#include "queued/spool/queue_spool.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Read in one transaction, which ends before anything is printed: a
	 * terminal may take for ever. */
	ROUND_MESSAGES = 100,
	TEXT_MAX = 64 << 20,
	HEADER_MAX = 1 << 20,
};

/* What a stranger sent must not reach a terminal as control characters. */
static void put_safe(struct buf *out, struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		buf_put_char(out, c < 32 || c == 127 ? '?' : v.p[i]);
	}
}

static void put_time(struct buf *out, uint64_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm;
	char text[32];
	if (!gmtime_r(&t, &tm) ||
	    !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		text[0] = '\0';
	buf_put_cstr(out, text);
}

static void put_size(struct buf *out, uint64_t bytes)
{
	if (bytes < 10000)
		buf_printf(out, "%8llu", (unsigned long long)bytes);
	else if (bytes < 10000 * UINT64_C(1024))
		buf_printf(out, "%7lluK", (unsigned long long)bytes / 1024);
	else
		buf_printf(out, "%7lluM", (unsigned long long)bytes / 1048576);
}

static json_t *json_rcpt(const struct queue_rcpt *r)
{
	json_t *o = json_object();
	json_object_set_new(o, "address", json_of_view(r->address));
	json_object_set_new(o, "kind", json_string(leaf_kind_name(r->kind)));
	json_object_set_new(o, "state", json_string(rcpt_state_name(r->state)));
	json_object_set_new(o, "attempts", json_integer(r->attempts));
	json_object_set_new(o, "next_attempt",
	    json_of_time(r->state == RCPT_WAITING ? r->next_s : 0));
	json_object_set_new(o, "forgotten_at",
	    json_of_time(r->state == RCPT_FAILED ? r->next_s : 0));
	json_object_set_new(o, "last_attempt", json_of_time(r->last_s));
	json_object_set_new(o, "reply", json_of_view(r->reply));
	if (leaf_is_command(r->kind) || leaf_is_file(r->kind))
		json_object_set_new(o, "target", json_of_view(r->text));
	if (r->kind == LEAF_REMOTE && r->text.n)
		json_object_set_new(o, "forwarded_by", json_of_view(r->text));
	if (r->from.n)
		json_object_set_new(o, "from", json_of_view(r->from));
	json_object_set_new(o, "host", json_of_view(r->host));
	json_object_set_new(o, "parked_at", json_of_view(r->site));
	return o;
}

static json_t *json_message(const struct queue_envelope *e)
{
	char id[QUEUE_ID_DIGITS + 1], session[QUEUE_ID_DIGITS + 1];
	json_t *o = json_object();
	queue_id_format(e->id, id);
	queue_id_format(e->session, session);
	json_object_set_new(o, "id", json_string(id));
	json_object_set_new(o, "damaged", json_boolean(e->is_damaged));
	json_object_set_new(o, "arrived", json_of_time(e->received_s));
	json_object_set_new(o, "size", json_integer((json_int_t)e->size_bytes));
	json_object_set_new(o, "sender", json_of_view(e->sender));
	json_object_set_new(o, "account", json_of_view(e->account));
	json_object_set_new(o, "remote", json_of_view(e->remote));
	json_object_set_new(o, "helo", json_of_view(e->helo));
	json_object_set_new(o, "session", json_string(session));
	return o;
}

/* "  waiting  tried 2 times, next 2026-...  <to@b.example>  (reply)" */
static void put_rcpt(struct buf *out, const struct queue_rcpt *r)
{
	buf_printf(out, "    %-8s <", rcpt_state_name(r->state));
	put_safe(out, r->address);
	buf_put_char(out, '>');
	if (leaf_is_command(r->kind) || leaf_is_file(r->kind)) {
		buf_put_cstr(out, leaf_is_command(r->kind) ? " |" : " ");
		put_safe(out, r->text);
	}
	buf_printf(out, " attempts %u", (unsigned)r->attempts);
	if (r->next_s) {
		buf_put_cstr(
		    out, r->state == RCPT_FAILED ? ", kept until " : ", next ");
		put_time(out, r->next_s);
	}
	if (r->reply.n) {
		buf_put_cstr(out, " (");
		put_safe(out, r->host);
		buf_put_cstr(out, r->host.n ? ": " : "");
		put_safe(out, r->reply);
		buf_put_char(out, ')');
	}
	buf_put_char(out, '\n');
}

static void put_message(struct buf *out, const struct queue_envelope *e)
{
	char id[QUEUE_ID_DIGITS + 1];
	queue_id_format(e->id, id);
	buf_printf(out, "%s ", id);
	put_size(out, e->size_bytes);
	buf_put_char(out, ' ');
	put_time(out, e->received_s);
	buf_put_cstr(out, " <");
	put_safe(out, e->sender);
	buf_put_cstr(out, e->is_damaged ? "> (damaged record)\n" : ">\n");
}

/* One message on its way to the output, in either form. */
struct printer {
	const struct queue_filter *filter;
	uint64_t now_s;
	struct queue_db *db;
	struct queue_txn t;
	bool json;
	struct buf out;
	json_t *rcpts;
	uint64_t first; /* goes on here */
	unsigned n_round;
	unsigned long long n_messages, n_rcpts;
};

static int print_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct printer *p = ctx;
	if (p->filter && !queue_filter_takes_rcpt(p->filter, r))
		return 0;
	p->n_rcpts++;
	if (p->json)
		json_array_append_new(p->rcpts, json_rcpt(r));
	else
		put_rcpt(&p->out, r);
	return 0;
}

static int put_json(const char *text, size_t n, void *ctx)
{
	buf_put(ctx, (struct view){ text, n });
	return 0;
}

static int has_taken(void *ctx, const struct queue_rcpt *r)
{
	const struct printer *p = ctx;
	return queue_filter_takes_rcpt(p->filter, r);
}

/* 1: some of its recipients are wanted; 0; or an error. */
static int is_wanted(struct printer *p, const struct queue_envelope *e)
{
	if (!queue_filter_takes_mail(p->filter, e, p->now_s))
		return 0;
	if (queue_filter_is_empty(p->filter))
		return 1;
	return queue_each_rcpt(&p->t, e->id, has_taken, p);
}

static int print_json_message(struct printer *p, const struct queue_envelope *e)
{
	json_t *o = json_message(e);
	p->rcpts = json_array();
	int error = queue_each_rcpt(&p->t, e->id, print_rcpt, p);
	json_object_set_new(o, "recipients", p->rcpts);
	buf_put_cstr(&p->out, p->n_messages ? ",\n " : "\n ");
	json_dump_callback(o, put_json, &p->out, JSON_COMPACT);
	json_decref(o);
	return error;
}

static int print_message(void *ctx, const struct queue_envelope *e)
{
	struct printer *p = ctx;
	if (p->n_round == ROUND_MESSAGES)
		return 1;
	p->first = e->id + 1;
	p->n_round++;
	int error = is_wanted(p, e);
	if (error <= 0)
		return error;
	if (p->json) {
		error = print_json_message(p, e);
	} else {
		put_message(&p->out, e);
		error = queue_each_rcpt(&p->t, e->id, print_rcpt, p);
	}
	p->n_messages++;
	return error ? error : buf_error(&p->out);
}

static int write_out(struct buf *out)
{
	struct view v = buf_view(out);
	size_t n = fwrite(v.p ? v.p : "", 1, v.n, stdout);
	int error = n == v.n ? 0 : -EIO;
	buf_reset(out);
	return error;
}

static int list_round(struct printer *p)
{
	p->n_round = 0;
	int error = queue_begin_read(p->db, &p->t);
	if (error)
		return error;
	error = queue_each(&p->t, p->first, print_message, p);
	queue_abort(&p->t);
	int written = write_out(&p->out);
	return error < 0 ? error : written;
}

static int list_all(struct printer *p)
{
	int error;
	do
		error = list_round(p);
	while (!error && p->n_round == ROUND_MESSAGES);
	return error;
}

int mailctl_queue_list(
    const struct conf *c, const struct queue_filter *f, bool json)
{
	struct printer p = {
		.json = json, .filter = f, .now_s = (uint64_t)clock_wall_s()
	};
	buf_init(&p.out, TEXT_MAX);
	int error = queue_db_open(c->spool_dir, true, &p.db);
	if (json)
		fputs("[", stdout);
	if (!error)
		error = list_all(&p);
	else if (error == MC_E_NOENT)
		error = 0;
	if (json)
		puts(p.n_messages ? "\n]" : "]");
	else if (!error && !p.n_messages)
		puts(queue_filter_is_empty(f) ? "The queue is empty."
					      : "Nothing like that is queued.");
	else if (!error)
		printf("%llu messages, %llu recipients.\n", p.n_messages,
		    p.n_rcpts);
	buf_deinit(&p.out);
	queue_db_close(&p.db);
	return error;
}

static int read_file(int fd, uint64_t size, struct buf *out)
{
	for (uint64_t done = 0; done < size;) {
		char piece[16384 - 4096];
		ssize_t n = pread(fd, piece, sizeof piece, (off_t)done);
		if (n < 0)
			return -errno;
		if (n == 0)
			return MC_E_CORRUPT;
		buf_put(out, (struct view){ piece, (size_t)n });
		if (buf_error(out))
			return 0; /* as much as is shown */
		done += (uint64_t)n;
	}
	return 0;
}

static int read_text(
    struct printer *p, const struct queue_envelope *e, struct buf *out)
{
	int fd;
	size_t n = 0;
	if (e->is_spooled) {
		int error = queue_spool_open(queue_db_dir(p->db), e->id, &fd);
		if (error)
			return error;
		error = read_file(fd, e->size_bytes, out);
		close(fd);
		return error;
	}
	char *to = buf_reserve(out, QUEUE_BODY_MAX);
	if (!to)
		return -ENOMEM;
	int error = queue_get_body(&p->t, e->id, to, &n);
	if (!error)
		buf_commit(out, n);
	return error;
}

static struct view header_of(struct view text)
{
	size_t end = view_find(text, V("\r\n\r\n"));
	return view_head(text, end < text.n ? end + 2 : text.n);
}

/* The message itself is given byte for byte to a file or pipe, and without
 * control characters to a terminal. */
static void put_text(struct buf *out, struct view text)
{
	struct view line;
	if (!isatty(STDOUT_FILENO)) {
		buf_put(out, text);
		return;
	}
	while (text.n) {
		view_cut(&text, '\n', &line);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		put_safe(out, line);
		buf_put_char(out, '\n');
	}
}

static void put_field(struct buf *out, const char *name, struct view v)
{
	buf_printf(out, "%s: ", name);
	put_safe(out, v);
	buf_put_char(out, '\n');
}

static int show_plain(
    struct printer *p, const struct queue_envelope *e, struct view text)
{
	char session[QUEUE_ID_DIGITS + 1];
	queue_id_format(e->session, session);
	put_message(&p->out, e);
	put_field(&p->out, "    account", e->account);
	put_field(&p->out, "    remote", e->remote);
	put_field(&p->out, "    helo", e->helo);
	put_field(&p->out, "    session", view_of(session));
	int error = queue_each_rcpt(&p->t, e->id, print_rcpt, p);
	buf_put_char(&p->out, '\n');
	put_text(&p->out, text);
	return error;
}

static int show_json(struct printer *p, const struct queue_envelope *e,
    struct view header, struct view text)
{
	json_t *o = json_message(e);
	p->rcpts = json_array();
	int error = queue_each_rcpt(&p->t, e->id, print_rcpt, p);
	json_object_set_new(o, "recipients", p->rcpts);
	json_object_set_new(o, "header", json_of_view(header));
	if (text.n > header.n)
		json_object_set_new(
		    o, "body", json_of_view(view_skip(text, header.n + 2)));
	json_dump_callback(o, put_json, &p->out, JSON_INDENT(1));
	buf_put_char(&p->out, '\n');
	json_decref(o);
	return error;
}

static int show_found(
    struct printer *p, const struct queue_envelope *e, bool with_body)
{
	struct buf text;
	buf_init(&text, with_body ? TEXT_MAX : HEADER_MAX);
	int error = read_text(p, e, &text);
	if (error) {
		fprintf(stderr, "mailctl: the message cannot be read: %s\n",
		    err_text(error));
		buf_reset(&text);
	}
	struct view header = header_of(buf_view(&text));
	struct view all = with_body ? buf_view(&text) : header;
	error = p->json ? show_json(p, e, header, all) : show_plain(p, e, all);
	buf_deinit(&text);
	return error;
}

static int show_one(struct printer *p, uint64_t id, bool with_body)
{
	struct queue_envelope e;
	int error = queue_begin_read(p->db, &p->t);
	if (error)
		return error;
	error = queue_get(&p->t, id, &e);
	if (!error)
		error = show_found(p, &e, with_body);
	queue_abort(&p->t);
	return error ? error : write_out(&p->out);
}

int mailctl_queue_show(
    const struct conf *c, const char *id, bool with_body, bool json)
{
	struct printer p = { .json = json };
	uint64_t number;
	if (!queue_id_parse(view_of(id), &number))
		return MC_E_BAD;
	int error = queue_db_open(c->spool_dir, true, &p.db);
	if (error)
		return error;
	buf_init(&p.out, 2 * (size_t)TEXT_MAX);
	error = show_one(&p, number, with_body);
	buf_deinit(&p.out);
	queue_db_close(&p.db);
	return error;
}
