#include "mailctl/transfer/maildir/maildir_meta.h"
#include "text/codec.h"
#include <stdlib.h>
#include <string.h>

enum {
	ENTRIES_MAX = 20000000,
	FOLDER_MAX = 4096,
};

static const struct {
	char letter;
	uint16_t flag;
} letters_of_flags[] = {
	{ 'D', MESSAGE_DRAFT },
	{ 'F', MESSAGE_FLAGGED },
	{ 'R', MESSAGE_ANSWERED },
	{ 'S', MESSAGE_SEEN },
	{ 'T', MESSAGE_DELETED },
};

enum {
	N_FLAGS = sizeof letters_of_flags / sizeof letters_of_flags[0]
};

static void take_letter(struct maildir_name *n, char c)
{
	if (c >= 'a' && c <= 'z')
		n->letters |= 1u << (c - 'a');
	if (c == 'P')
		n->forwarded = true;
	for (size_t i = 0; i < N_FLAGS; i++)
		if (letters_of_flags[i].letter == c)
			n->flags |= letters_of_flags[i].flag;
}

static uint32_t mbsync_uid(struct view base)
{
	uint32_t uid;
	size_t at = view_find(base, V(",U="));
	struct view rest = view_skip(base, at + 3), number;
	view_cut(&rest, ',', &number);
	return at < base.n && view_u32(number, &uid) ? uid : 0;
}

void maildir_name_parse(struct view file, struct maildir_name *out)
{
	struct view info = file;
	*out = (struct maildir_name){ .letters = 0 };
	view_cut(&info, ':', &out->base);
	out->mbsync_uid = mbsync_uid(out->base);
	if (!view_starts(info, V("2,")))
		return;
	for (size_t i = 2; i < info.n; i++)
		take_letter(out, info.p[i]);
}

void maildir_flags_put(
    struct buf *out, uint16_t flags, bool forwarded, uint32_t letters)
{
	buf_put(out, V(":2,"));
	/* In order of their letters: "The flags must be ... in ASCII order". */
	for (size_t i = 0; i < N_FLAGS; i++) {
		if (forwarded && letters_of_flags[i].letter == 'R')
			buf_put_char(out, 'P');
		if (flags & letters_of_flags[i].flag)
			buf_put_char(out, letters_of_flags[i].letter);
	}
	for (unsigned i = 0; i < MAILDIR_KEYWORDS; i++)
		if (letters & 1u << i)
			buf_put_char(out, (char)('a' + i));
}

static bool next_line(struct view *text, struct view *line)
{
	if (!text->n)
		return false;
	view_cut(text, '\n', line);
	return true;
}

/* "3 V1275660208 N25022 G3085f01b7f11" */
static int header_v3(struct view line, struct uidlist *out)
{
	struct view word;
	bool ok = true;
	while (line.n) {
		view_cut(&line, ' ', &word);
		if (view_starts(word, V("V")))
			ok &= view_u32(view_skip(word, 1), &out->uidvalidity);
		else if (view_starts(word, V("N")))
			ok &= view_u32(view_skip(word, 1), &out->uidnext);
	}
	return ok && out->uidvalidity && out->uidnext ? 0 : MC_E_BAD;
}

/* "1 1275660208 25022" */
static int header_v1(struct view line, struct uidlist *out)
{
	struct view word;
	view_cut(&line, ' ', &word);
	if (!view_u32(word, &out->uidvalidity))
		return MC_E_BAD;
	view_cut(&line, ' ', &word);
	return view_u32(word, &out->uidnext) ? 0 : MC_E_BAD;
}

/* Behind the UID: "W2481 Pabc :base" in version 3, "base" in version 1. */
static struct view take_fields(struct view line, bool v3, struct view *uidl)
{
	struct view word;
	while (v3 && line.n && line.p[0] != ':') {
		view_cut(&line, ' ', &word);
		if (view_starts(word, V("P")))
			*uidl = view_skip(word, 1);
	}
	return v3 ? view_skip(line, 1) : line;
}

static int add_entry(struct uidlist *list, struct uidlist_entry entry)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : 256;
		void *more =
		    cap > ENTRIES_MAX
			? NULL
			: realloc(list->entries, cap * sizeof *list->entries);
		if (!more)
			return MC_E_TEMP;
		list->entries = more;
		list->cap = cap;
	}
	list->entries[list->n++] = entry;
	return 0;
}

/* UIDs only ever grow: a line that breaks that is not believed. */
static int add_line(
    struct uidlist *list, struct view line, bool v3, uint32_t *last)
{
	struct view number, base;
	struct uidlist_entry entry = { .uid = 0 };
	view_cut(&line, ' ', &number);
	base = take_fields(line, v3, &entry.uidl);
	view_cut(&base, ':', &entry.base);
	if (!view_u32(number, &entry.uid) || entry.uid <= *last ||
	    entry.uid == UINT32_MAX || !entry.base.n) {
		list->n_bad++;
		return 0;
	}
	*last = entry.uid;
	return add_entry(list, entry);
}

static int by_base(const void *a, const void *b)
{
	const struct uidlist_entry *x = a, *y = b;
	return view_cmp(x->base, y->base);
}

static int add_lines(struct uidlist *list, struct view text, bool v3)
{
	struct view line;
	uint32_t last = 0;
	int error = 0;
	while (!error && next_line(&text, &line))
		error = add_line(list, line, v3, &last);
	if (list->uidnext <= last)
		list->uidnext = last + 1;
	if (list->n)
		qsort(list->entries, list->n, sizeof *list->entries, by_base);
	return error;
}

int uidlist_parse(struct view text, struct uidlist *out)
{
	struct view line, version;
	*out = (struct uidlist){ .n = 0 };
	if (!next_line(&text, &line))
		return MC_E_BAD;
	view_cut(&line, ' ', &version);
	bool v3 = view_eq(version, V("3"));
	if (!v3 && !view_eq(version, V("1")))
		return MC_E_VERSION;
	int error = v3 ? header_v3(line, out) : header_v1(line, out);
	if (!error)
		error = add_lines(out, text, v3);
	if (error)
		uidlist_deinit(out);
	return error;
}

void uidlist_deinit(struct uidlist *list)
{
	free(list->entries);
	*list = (struct uidlist){ .n = 0 };
}

const struct uidlist_entry *uidlist_find(
    const struct uidlist *list, struct view base)
{
	const struct uidlist_entry key = { .base = base };
	if (!list->n)
		return NULL;
	return bsearch(
	    &key, list->entries, list->n, sizeof *list->entries, by_base);
}

void maildir_keywords_parse(struct view text, struct view out[MAILDIR_KEYWORDS])
{
	struct view line, number;
	uint32_t index;
	memset(out, 0, MAILDIR_KEYWORDS * sizeof *out);
	while (next_line(&text, &line)) {
		view_cut(&line, ' ', &number);
		if (view_u32(number, &index) && index < MAILDIR_KEYWORDS)
			out[index] = line;
	}
}

/* One level, or a piece of it between escaped dots. */
static void decode_piece(struct view v, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, FOLDER_MAX);
	if (mutf7_decode(v, &plain) == 0)
		buf_put(out, buf_view(&plain));
	else if (utf8_is_valid(v))
		buf_put(out, v);
	else
		utf8_repair(v, out);
	buf_deinit(&plain);
}

static void decode_level(struct view v, struct buf *out)
{
	static const struct view dot = V_INIT("&AC4-");
	size_t at;
	while ((at = view_find(v, dot)) < v.n) {
		decode_piece(view_head(v, at), out);
		buf_put_char(out, '.');
		v = view_skip(v, at + dot.n);
	}
	decode_piece(v, out);
}

void folder_decode(struct view name, char separator, struct buf *out)
{
	struct view level;
	bool more = true;
	while (more) {
		more = view_cut(&name, separator, &level);
		decode_level(level, out);
		if (more)
			buf_put_char(out, '/');
	}
}

/* A leading dot hides a file, so it is escaped with '/', too. */
static void encode_level(struct view v, char separator, struct buf *out)
{
	bool first = true;
	size_t at;
	while ((at = view_find_byte(v, '.')) < v.n) {
		mutf7_encode(view_head(v, at), out);
		bool plain = separator != '.' && !(first && at == 0);
		buf_put(out, plain ? V(".") : V("&AC4-"));
		v = view_skip(v, at + 1);
		first = false;
	}
	mutf7_encode(v, out);
}

void folder_encode(struct view mailbox, char separator, struct buf *out)
{
	struct view level;
	bool more = true;
	while (more) {
		more = view_cut(&mailbox, '/', &level);
		encode_level(level, separator, out);
		if (more)
			buf_put_char(out, separator);
	}
}

/* Courier writes "INBOX.Sent" for the folder ".Sent". */
static struct view without_inbox(struct view name, char separator)
{
	bool below = view_istarts(name, V("INBOX")) && name.n > 6 &&
		     name.p[5] == separator;
	return below ? view_skip(name, 6) : name;
}

int subscriptions_parse(struct view text, char separator,
    int (*fn)(void *ctx, struct view mailbox), void *ctx)
{
	struct view line;
	struct buf name;
	bool v2 = view_starts(text, V("V\t2\n"));
	int error = 0;
	if (v2)
		view_cut(&text, '\n', &line);
	buf_init(&name, FOLDER_MAX);
	while (!error && next_line(&text, &line)) {
		if (!line.n)
			continue;
		char c = v2 ? '\t' : separator;
		buf_reset(&name);
		folder_decode(v2 ? line : without_inbox(line, c), c, &name);
		if (!buf_error(&name))
			error = fn(ctx, buf_view(&name));
	}
	buf_deinit(&name);
	return error;
}
