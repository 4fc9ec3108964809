#include "corpus.h"
#include "base/panic.h"
#include "text/codec.h"
#include "words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	THREADS = 400, /* that may still be answered */
	KEPT = 100,    /* attachments that may come again */
	QUOTE_MAX = 4000,
	QUOTE_LINES = 60,
	REFERENCES_MAX = 12,
	SUBJECT_MAX = 160,
	ID_MAX = 96,
	ROOM = 8 << 20,
};

struct thread {
	char id[ID_MAX], subject[SUBJECT_MAX];
	struct buf references, body; /* ids, and what an answer quotes */
	unsigned n_references;
};

struct corpus {
	struct words *w;
	unsigned number;
	time_t now_s;
	struct thread threads[THREADS];
	unsigned n_threads;
	struct buf kept[KEPT];
	unsigned n_kept;
	struct buf text, html, alternative, part, bytes; /* of a message */
	struct buf lines, out;

	/* The message that is being made. */
	const struct person *from, *to;
	const struct thread *parent;
	struct thread *thread;
	char date[64];
};

#define N_OF(a) ((unsigned)(sizeof(a) / sizeof(a)[0]))
#define ANY(c, a) ((a)[random_below((c)->w, N_OF(a))])

struct corpus *corpus_new(uint64_t seed)
{
	struct corpus *c = MUST_NEW(struct corpus);
	struct buf *const all[] = { &c->text, &c->html, &c->alternative,
		&c->part, &c->bytes, &c->lines, &c->out };
	c->w = words_new(seed);
	c->now_s = 1672531200;
	for (unsigned i = 0; i < N_OF(all); i++)
		buf_init(all[i], ROOM);
	for (unsigned i = 0; i < KEPT; i++)
		buf_init(&c->kept[i], ROOM);
	for (unsigned i = 0; i < THREADS; i++) {
		buf_init(&c->threads[i].references, ROOM);
		buf_init(&c->threads[i].body, ROOM);
	}
	return c;
}

void corpus_free(struct corpus **handle)
{
	struct corpus *c = *handle;
	struct buf *const all[] = { &c->text, &c->html, &c->alternative,
		&c->part, &c->bytes, &c->lines, &c->out };
	*handle = NULL;
	for (unsigned i = 0; i < N_OF(all); i++)
		buf_deinit(all[i]);
	for (unsigned i = 0; i < KEPT; i++)
		buf_deinit(&c->kept[i]);
	for (unsigned i = 0; i < THREADS; i++) {
		buf_deinit(&c->threads[i].references);
		buf_deinit(&c->threads[i].body);
	}
	words_free(&c->w);
	free(c);
}

static void put_base64_lines(struct view in, struct buf *out)
{
	for (; in.n; in = view_skip(in, 57)) {
		base64_encode(view_head(in, 57), out);
		buf_put_char(out, '\n');
	}
}

static void put_quoted_printable(struct view in, struct buf *out)
{
	unsigned column = 0;
	for (size_t i = 0; i < in.n; i++) {
		unsigned char byte = (unsigned char)in.p[i];
		bool plain = byte >= ' ' && byte < 127 && byte != '=';
		if (byte == '\n') {
			buf_put_char(out, '\n');
			column = 0;
			continue;
		}
		if (column > 72) {
			buf_put_cstr(out, "=\n");
			column = 0;
		}
		if (plain)
			buf_put_char(out, (char)byte);
		else
			buf_printf(out, "=%02X", (unsigned)byte);
		column += plain ? 1 : 3;
	}
}

static bool is_ascii(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] & 0x80)
			return false;
	return true;
}

/* RFC 2047. */
static void put_encoded(struct view v, struct buf *out)
{
	if (is_ascii(v)) {
		buf_put(out, v);
		return;
	}
	buf_put_cstr(out, "=?UTF-8?B?");
	base64_encode(v, out);
	buf_put_cstr(out, "?=");
}

static void put_mailbox(const struct person *p, struct buf *out)
{
	put_encoded(view_of(p->name), out);
	buf_printf(out, " <%s>", p->address);
}

static void put_base64_random(struct corpus *c, size_t n, struct buf *out)
{
	buf_reset(&c->bytes);
	random_put(c->w, n, &c->bytes);
	base64_encode(buf_view(&c->bytes), out);
}

static void put_trace(struct corpus *c, struct buf *out)
{
	unsigned hops = 1 + random_below(c->w, 4);
	buf_printf(out, "Return-Path: <%s>\n", c->from->address);
	for (unsigned i = 0; i < hops; i++) {
		const char *domain = random_person(c->w)->domain;
		buf_printf(out,
		    "Received: from mx%u.%s (mx%u.%s [192.0.2.%u])\n"
		    "\tby mail%u.example.com (Postfix) with ESMTPS id %011llX\n"
		    "\tfor <%s>; %s\n",
		    i, domain, i, domain, random_below(c->w, 254) + 1, i,
		    (unsigned long long)(random_next(c->w) >> 20),
		    c->to->address, c->date);
	}
	if (!random_chance(c->w, 0.7))
		return;
	buf_printf(out,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s;\n"
	    "\ts=mail; t=%lld; h=from:to:subject:date:message-id;\n\tbh=",
	    c->from->domain, (long long)c->now_s);
	put_base64_random(c, 32, out);
	buf_put_cstr(out, ";\n\tb=");
	for (unsigned i = 0; i < 5; i++) {
		put_base64_random(c, i < 4 ? 57 : 28, out);
		buf_put_cstr(out, i < 4 ? "\n\t " : "\n");
	}
	buf_printf(out,
	    "Authentication-Results: mail0.example.com; dkim=pass "
	    "header.d=%s;\n\tspf=pass smtp.mailfrom=%s\n",
	    c->from->domain, c->from->address);
}

static void put_copies(struct corpus *c, struct buf *out)
{
	unsigned n = 1 + random_below(c->w, 6);
	buf_put_cstr(out, "Cc: ");
	for (unsigned i = 0; i < n; i++) {
		buf_put_cstr(out, i ? ",\n\t" : "");
		put_mailbox(random_person(c->w), out);
	}
	buf_put_char(out, '\n');
}

static void put_header(struct corpus *c, struct buf *out)
{
	static const char *const agents[] = { "Mozilla Thunderbird",
		"Apple Mail (2.3731.700.6)", "Mutt/2.2.9",
		"Microsoft Outlook 16.0", "Roundcube Webmail/1.6.1" };
	bool listed = random_chance(c->w, 0.25);
	unsigned list = random_below(c->w, 4);
	put_trace(c, out);
	buf_put_cstr(out, "From: ");
	put_mailbox(c->from, out);
	buf_put_cstr(out, "\nTo: ");
	if (listed)
		buf_printf(out, "list%u@lists.example.org", list);
	else
		put_mailbox(c->to, out);
	buf_put_char(out, '\n');
	if (random_chance(c->w, 0.25))
		put_copies(c, out);
	buf_put_cstr(out, "Subject: ");
	put_encoded(view_of(c->thread->subject), out);
	buf_printf(out, "\nDate: %s\nMessage-ID: %s\n", c->date, c->thread->id);
	if (c->thread->n_references) {
		buf_printf(out, "In-Reply-To: %s\nReferences: ", c->parent->id);
		buf_put(out, buf_view(&c->thread->references));
		buf_put_char(out, '\n');
	}
	if (listed)
		buf_printf(out,
		    "List-Id: <list%u.lists.example.org>\n"
		    "List-Post: <mailto:list%u@lists.example.org>\n"
		    "Precedence: list\n",
		    list, list);
	buf_printf(out, "MIME-Version: 1.0\nUser-Agent: %s\n", ANY(c, agents));
}

static void put_quotation(struct corpus *c, struct buf *out)
{
	struct view rest = buf_view(&c->parent->body);
	buf_printf(out, "On %s, %s wrote:\n", c->date, c->to->name);
	for (unsigned i = 0; i < QUOTE_LINES && rest.n; i++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) + 1 : rest.n;
		buf_put_cstr(out, "> ");
		buf_put(out, view_head(rest, n));
		rest = view_skip(rest, n);
	}
	buf_put_cstr(out, "\n\n");
}

static void make_text(struct corpus *c)
{
	double words = random_lognormal(c->w, 4.9, 0.9) + 8;
	buf_reset(&c->text);
	if (c->parent && buf_len(&c->parent->body))
		put_quotation(c, &c->text);
	random_text(c->w, words < 6000 ? (unsigned)words : 6000, &c->text);
	if (c->number % 1000 == 11)
		buf_put_cstr(&c->text, "\nThe xylophonist plays.\n");
	buf_printf(
	    &c->text, "\n-- \n%s\n%s\n", c->from->name, c->from->address);
}

static void make_html(struct corpus *c)
{
	struct view text = buf_view(&c->text);
	struct buf *out = &c->html;
	buf_reset(out);
	buf_put_cstr(out,
	    "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html;"
	    " charset=utf-8\"><style>p {margin: 0 0 1em; font-family: Arial,"
	    " sans-serif; font-size: 14px; color: #333333}</style></head>"
	    "<body>\n<p style=\"margin:0\">");
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '>')
			buf_put_cstr(out, "&gt;");
		else if (text.p[i] != '\n')
			buf_put_char(out, text.p[i]);
		else if (i && text.p[i - 1] == '\n')
			buf_put_cstr(out, "</p>\n<p style=\"margin:0\">");
		else
			buf_put_cstr(out, "<br>\n");
	buf_put_cstr(out, "</p>\n</body></html>\n");
}

/* A field and a body of multipart/alternative: Content-Type first. */
static void make_alternative(struct corpus *c)
{
	struct buf *out = &c->alternative;
	uint64_t id = random_next(c->w);
	bool quoted = random_chance(c->w, 0.6);
	buf_reset(out);
	make_html(c);
	buf_printf(out,
	    "Content-Type: multipart/alternative; boundary=\"=_%032llx\"\n\n"
	    "--=_%032llx\nContent-Type: text/plain; charset=utf-8\n"
	    "Content-Transfer-Encoding: 8bit\n\n",
	    (unsigned long long)id, (unsigned long long)id);
	buf_put(out, buf_view(&c->text));
	buf_printf(out,
	    "\n--=_%032llx\nContent-Type: text/html; charset=utf-8\n"
	    "Content-Transfer-Encoding: %s\n\n",
	    (unsigned long long)id, quoted ? "quoted-printable" : "8bit");
	if (quoted)
		put_quoted_printable(buf_view(&c->html), out);
	else
		buf_put(out, buf_view(&c->html));
	buf_printf(out, "\n--=_%032llx--\n", (unsigned long long)id);
}

static const struct {
	const char *type, *suffix;
} kinds[] = { { "application/pdf", "pdf" }, { "image/jpeg", "jpg" },
	{ "image/png", "png" }, { "application/zip", "zip" },
	{ "application/octet-stream", "bin" }, { "text/csv", "csv" } };

static void put_table(struct corpus *c, size_t rows, struct buf *out)
{
	for (size_t i = 0; i < rows; i++)
		buf_printf(out, "%zu,%s,%u.%02u\n", i, random_word(c->w),
		    random_below(c->w, 9999) + 1, random_below(c->w, 100));
}

static void make_attachment(struct corpus *c, struct buf *out)
{
	unsigned kind = random_below(c->w, N_OF(kinds));
	double size = random_lognormal(c->w, 9.9, 1.0);
	size_t n = size < 600000 ? (size_t)size : 600000;
	const char *word = random_word(c->w);
	unsigned number = random_below(c->w, 1000);
	buf_reset(out);
	buf_printf(out,
	    "Content-Type: %s; name=\"%s-%u.%s\"\n"
	    "Content-Disposition: attachment; filename=\"%s-%u.%s\"\n"
	    "Content-Transfer-Encoding: base64\n\n",
	    kinds[kind].type, word, number, kinds[kind].suffix, word, number,
	    kinds[kind].suffix);
	buf_reset(&c->bytes);
	if (kind == N_OF(kinds) - 1)
		put_table(c, n / 20, &c->bytes);
	else
		random_put(c->w, n, &c->bytes);
	put_base64_lines(buf_view(&c->bytes), out);
}

/* One in five was sent before. */
static struct view attachment(struct corpus *c)
{
	bool again = c->n_kept && random_chance(c->w, 0.2);
	unsigned slot = random_below(c->w, c->n_kept ? c->n_kept : 1);
	if (!again) {
		slot =
		    c->n_kept < KEPT ? c->n_kept++ : random_below(c->w, KEPT);
		make_attachment(c, &c->kept[slot]);
	}
	return buf_view(&c->kept[slot]);
}

static void put_mixed(struct corpus *c, struct buf *out)
{
	static const unsigned counts[] = { 1, 1, 1, 2, 3 };
	unsigned n = ANY(c, counts);
	buf_printf(out,
	    "Content-Type: multipart/mixed;\n\tboundary=\"----=_Part_%u\"\n\n"
	    "This is a multi-part message in MIME format.\n"
	    "------=_Part_%u\n",
	    c->number, c->number);
	buf_put(out, buf_view(&c->alternative));
	for (unsigned i = 0; i < n; i++) {
		buf_printf(out, "\n------=_Part_%u\n", c->number);
		buf_put(out, attachment(c));
	}
	buf_printf(out, "\n------=_Part_%u--\n", c->number);
}

static void put_forwarded(struct corpus *c, struct buf *out)
{
	buf_printf(out,
	    "Content-Type: multipart/mixed; boundary=\"fwd_%u\"\n\n"
	    "--fwd_%u\nContent-Type: text/plain\n\nSee below.\n\n"
	    "--fwd_%u\nContent-Type: message/rfc822\n\nFrom: ",
	    c->number, c->number, c->number);
	put_mailbox(random_person(c->w), out);
	buf_put_cstr(out, "\nSubject: ");
	put_encoded(view_of(c->thread->subject), out);
	buf_printf(out, "\nDate: %s\nMIME-Version: 1.0\n", c->date);
	buf_put(out, buf_view(&c->alternative));
	buf_printf(out, "\n--fwd_%u--\n", c->number);
}

static void put_plain(struct corpus *c, bool base64, struct buf *out)
{
	struct view text = buf_view(&c->text);
	bool ascii = is_ascii(text);
	buf_printf(out,
	    "Content-Type: text/plain; charset=%s\n"
	    "Content-Transfer-Encoding: %s\n\n",
	    ascii ? "us-ascii" : "utf-8",
	    base64  ? "base64"
	    : ascii ? "7bit"
		    : "8bit");
	if (base64)
		put_base64_lines(text, out);
	else
		buf_put(out, text);
}

static void put_body(struct corpus *c, struct buf *out)
{
	double kind = random_unit(c->w);
	bool base64 = c->number % 2000 == 11;
	make_text(c);
	if (base64 || kind < 0.38) {
		put_plain(c, base64, out);
		return;
	}
	make_alternative(c);
	if (kind < 0.88)
		buf_put(out, buf_view(&c->alternative));
	else if (kind < 0.985)
		put_mixed(c, out);
	else
		put_forwarded(c, out);
}

static void make_subject(struct corpus *c, char *out)
{
	static const char *const foreign[] = { "für Müller", "réunion", "año",
		"会議" };
	unsigned words = 2 + random_below(c->w, 8);
	size_t n = 0;
	if (c->number % 1000 == 3)
		n = (size_t)snprintf(out, SUBJECT_MAX, "needlesubject ");
	for (unsigned i = 0; i < words && n < SUBJECT_MAX - 48; i++)
		n += (size_t)snprintf(out + n, SUBJECT_MAX - n, "%s%s",
		    i ? " " : "", random_word(c->w));
	if (random_chance(c->w, 0.08))
		snprintf(out + n, SUBJECT_MAX - n, " %s", ANY(c, foreign));
}

/* The thread's last message becomes this one; or another thread starts. */
static void answer(struct corpus *c, struct thread *t)
{
	const struct thread *parent = c->parent;
	bool is_answer = strncmp(parent->subject, "Re: ", 4) == 0;
	snprintf(t->subject, SUBJECT_MAX, "%s%.150s",
	    is_answer ? "" : "Re: ", parent->subject);
	if (parent->n_references < REFERENCES_MAX) {
		buf_put(&t->references, buf_view(&parent->references));
		t->n_references = parent->n_references;
	}
	buf_put_cstr(&t->references, t->n_references++ ? "\n\t" : "");
	buf_put_cstr(&t->references, parent->id);
}

static void begin_message(struct corpus *c, struct thread *t)
{
	struct tm tm;
	c->now_s += 20 + random_below(c->w, 1180);
	strftime(c->date, sizeof c->date, "%a, %d %b %Y %H:%M:%S +0100",
	    gmtime_r(&c->now_s, &tm));
	c->from = random_person(c->w);
	c->to = random_person(c->w);
	c->parent = c->n_threads && random_chance(c->w, 0.45)
			? &c->threads[random_below(c->w, c->n_threads)]
			: NULL;
	c->thread = t;
	snprintf(t->id, ID_MAX, "<%016llx.%lld@%s>",
	    (unsigned long long)random_next(c->w), (long long)c->now_s,
	    c->from->domain);
	if (c->parent)
		answer(c, t);
	else
		make_subject(c, t->subject);
}

static void remember(struct corpus *c, struct thread *t)
{
	unsigned slot = c->n_threads < THREADS ? c->n_threads++
					       : random_below(c->w, THREADS);
	struct thread *old = &c->threads[slot];
	buf_put(&t->body, view_head(buf_view(&c->text), QUOTE_MAX));
	buf_deinit(&old->references);
	buf_deinit(&old->body);
	*old = *t;
}

static void end_lines(struct view in, struct buf *out)
{
	buf_reset(out);
	while (in.n) {
		const char *end = memchr(in.p, '\n', in.n);
		size_t n = end ? (size_t)(end - in.p) : in.n;
		if (in.p[0] == '.')
			buf_put_char(out, ' ');
		buf_put(out, view_head(in, n));
		buf_put_cstr(out, "\r\n");
		in = view_skip(in, n + 1);
	}
}

struct view corpus_next(struct corpus *c)
{
	struct thread t = { .n_references = 0 };
	buf_init(&t.references, ROOM);
	buf_init(&t.body, ROOM);
	buf_reset(&c->lines);
	begin_message(c, &t);
	put_header(c, &c->lines);
	put_body(c, &c->lines);
	remember(c, &t);
	end_lines(buf_view(&c->lines), &c->out);
	mc_assert(!buf_error(&c->lines) && !buf_error(&c->out));
	c->number++;
	return buf_view(&c->out);
}
