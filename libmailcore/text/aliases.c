#include "text/aliases.h"
#include "base/arena.h"
#include "base/chars.h"
#include "base/panic.h"
#include "text/codec.h"
#include "text/path.h"
#include <stdlib.h>
#include <string.h>

enum {
	NAMES_MAX = 4 * ALIASES_TEXT_MAX /* A-labels are longer */
};

struct aliases {
	char *text; /* a copy, in which quotes are taken off */
	struct arena names;
	struct alias *all;
	size_t n, cap;
	struct alias_target *targets;
	size_t n_targets, cap_targets;
	size_t *first; /* of each alias in targets, until they are all there */
	struct aliases_bad bad;
	enum aliases_form form;
};

/* A piece of the copy that may be changed. */
struct piece {
	char *p;
	size_t n;
};

static struct view piece_view(struct piece s)
{
	return (struct view){ s.p, s.n };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct piece trim(struct piece s)
{
	while (s.n && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* Where the first c outside of quotes is; s.n: nowhere. false: a quote is not
 * closed. */
static bool find_outside(struct piece s, char c, size_t *at)
{
	bool in_quotes = false;
	for (*at = 0; *at < s.n; (*at)++) {
		if (s.p[*at] == '"')
			in_quotes = !in_quotes;
		else if (in_quotes && s.p[*at] == '\\')
			(*at)++;
		else if (!in_quotes && s.p[*at] == c)
			return true;
	}
	*at = s.n;
	return !in_quotes;
}

/* When all of it is one quoted text: without the quotes, in place. */
static struct piece unquote(struct piece s)
{
	size_t end = 1, n = 0;
	if (s.n < 2 || *s.p != '"')
		return s;
	while (end < s.n && s.p[end] != '"')
		end += s.p[end] == '\\' ? 2 : 1;
	if (end != s.n - 1)
		return s;
	for (size_t i = 1; i < end; i++) {
		if (s.p[i] == '\\')
			i++;
		s.p[n++] = s.p[i];
	}
	return (struct piece){ s.p, n };
}

static void skip(struct piece *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* "Person <address>": the address. */
static struct piece in_brackets(struct piece s)
{
	struct view v = piece_view(s);
	size_t open = view_rfind_byte(v, '<');
	if (!s.n || s.p[s.n - 1] != '>' || open == s.n)
		return s;
	return trim((struct piece){ s.p + open + 1, s.n - open - 2 });
}

static const char *take_address(struct piece s, struct alias_target *t)
{
	size_t at;
	s = in_brackets(s);
	t->is_final = s.n && *s.p == '\\';
	if (t->is_final)
		skip(&s, 1);
	t->kind = ALIAS_ADDRESS;
	t->text = piece_view(s);
	if (!s.n)
		return "an empty address";
	return find_outside(s, ' ', &at) && at < s.n
		   ? "commas go between targets"
		   : NULL;
}

static const char *take_include(struct piece s, struct alias_target *t)
{
	s = unquote(trim(s));
	t->kind = ALIAS_INCLUDE;
	t->text = piece_view(s);
	return s.n && *s.p == '/' ? NULL
				  : ":include: wants a path from the root";
}

static const char *take_command(struct piece s, struct alias_target *t)
{
	s = trim(unquote(trim(s)));
	t->kind = ALIAS_COMMAND;
	t->text = piece_view(s);
	return s.n ? NULL : "an empty command";
}

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (char_is(v.p[i], CHAR_CTL) && v.p[i] != '\t')
			return true;
	return false;
}

/* NULL, or why not. */
static const char *take_target(struct piece s, struct alias_target *t)
{
	static const struct view include = V_INIT(":include:");
	*t = (struct alias_target){ .text = piece_view(s) };
	struct piece whole = s;
	s = trim(unquote(s));
	if (has_control(piece_view(s)))
		return "a control character in a target";
	if (s.n > ALIASES_TARGET_MAX)
		return "a target is too long";
	if (s.n && *s.p == '|') {
		skip(&s, 1);
		return take_command(s, t);
	}
	if (view_istarts(piece_view(s), include)) {
		skip(&s, include.n);
		return take_include(s, t);
	}
	if (s.n && *s.p == '/') {
		t->kind = ALIAS_FILE;
		t->text = piece_view(s);
		return NULL;
	}
	return take_address(s.n == whole.n ? whole : s, t);
}

static void *grow(void *p, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 64;
	void *more = realloc(p, *cap * size);
	if (!more)
		fatal("out of memory");
	return more;
}

static const char *take_targets(struct aliases *a, struct piece rest)
{
	const char *why = NULL;
	size_t at;
	while (rest.n && !why) {
		if (!find_outside(rest, ',', &at))
			return "a quote is not closed";
		struct piece s = trim((struct piece){ rest.p, at });
		skip(&rest, at < rest.n ? at + 1 : at);
		if (!s.n)
			continue; /* a comma too many is a habit */
		if (a->n_targets == a->cap_targets)
			a->targets = grow(
			    a->targets, &a->cap_targets, sizeof a->targets[0]);
		why = take_target(s, &a->targets[a->n_targets]);
		a->n_targets += !why;
	}
	return why;
}

/* local@domain and local as addresses of accounts are. */
static int put_canonical(struct view name, struct buf *out)
{
	char domain[PATH_DOMAIN_MAX + 1];
	size_t at = view_rfind_byte(name, '@');
	int error = utf8_name(view_head(name, at), out);
	if (error || at == name.n)
		return error;
	error = domain_canonical(view_skip(name, at + 1), domain);
	buf_put_char(out, '@');
	buf_put_cstr(out, error ? "" : domain);
	return error ? error : buf_error(out);
}

static const char *keep_name(
    struct aliases *a, struct view written, struct view *name)
{
	struct buf canonical;
	bool ok = true;
	buf_init(&canonical, ALIASES_NAME_MAX);
	int error = put_canonical(written, &canonical);
	*name = arena_copy(&a->names, buf_view(&canonical), &ok);
	buf_deinit(&canonical);
	if (!ok)
		return "too many names";
	return error ? "a name that no account can have" : NULL;
}

static const char *take_name(
    struct aliases *a, struct piece *line, struct view *name)
{
	size_t at;
	if (!find_outside(*line, ':', &at))
		return "a quote is not closed";
	if (at == line->n)
		return "no colon behind the name";
	struct piece s = unquote(trim((struct piece){ line->p, at }));
	skip(line, at + 1);
	for (size_t i = 0; i < s.n; i++)
		if (char_is(s.p[i], CHAR_CTL))
			return "a control character in the name";
	if (!s.n || s.n > ALIASES_NAME_MAX)
		return "no name, or a long one";
	return keep_name(a, piece_view(s), name);
}

static void add(
    struct aliases *a, struct view name, unsigned line, size_t first)
{
	if (a->n == a->cap) {
		size_t cap = a->cap;
		a->all = grow(a->all, &a->cap, sizeof a->all[0]);
		a->first = grow(a->first, &cap, sizeof a->first[0]);
	}
	a->first[a->n] = first;
	a->all[a->n++] = (struct alias){
		.name = name, .line = line, .n_targets = a->n_targets - first
	};
}

static void take_line(struct aliases *a, struct piece line, unsigned number)
{
	struct view name = V("");
	const char *why = NULL;
	size_t first = a->n_targets;
	if (a->form == ALIASES_NAMED)
		why = take_name(a, &line, &name);
	if (!why)
		why = take_targets(a, line);
	if (!why && a->form == ALIASES_NAMED && a->n_targets == first)
		why = "a name without targets";
	if (why) {
		a->n_targets = first;
		a->bad.fn(a->bad.ctx, number, why);
	} else if (a->form == ALIASES_NAMED) {
		add(a, name, number, first);
	}
}

/* One line of the file with its end made blanks. */
static struct piece cut_physical(struct piece *rest)
{
	struct view v = piece_view(*rest);
	size_t at = view_find_byte(v, '\n');
	size_t n = at < rest->n ? at + 1 : at;
	struct piece s = { rest->p, n };
	if (at < rest->n)
		s.p[at] = ' ';
	if (at && s.p[at - 1] == '\r')
		s.p[at - 1] = ' ';
	skip(rest, n);
	return s;
}

/* With those that it goes on in; comments in between become blanks. */
static struct piece cut_logical(struct piece *rest, unsigned *number)
{
	struct piece line = cut_physical(rest);
	++*number;
	while (rest->n && (is_blank(*rest->p) || *rest->p == '#')) {
		struct piece more = cut_physical(rest);
		++*number;
		if (*more.p == '#')
			memset(more.p, ' ', more.n);
		line.n += more.n;
	}
	return line;
}

static void take_all(struct aliases *a, struct piece rest)
{
	unsigned number = 0;
	while (rest.n) {
		unsigned first = number + 1;
		if (*rest.p == '#') {
			cut_physical(&rest);
			number++;
			continue;
		}
		struct piece line = trim(cut_logical(&rest, &number));
		if (line.n)
			take_line(a, line, first);
	}
}

static int by_name(const void *one, const void *two)
{
	const struct alias *a = one, *b = two;
	int order = view_cmp(a->name, b->name);
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* The first one counts. */
static void drop_doubles(struct aliases *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n; i++) {
		if (n && view_eq(a->all[n - 1].name, a->all[i].name))
			a->bad.fn(a->bad.ctx, a->all[i].line,
			    "the name was there before");
		else
			a->all[n++] = a->all[i];
	}
	a->n = n;
}

static void finish(struct aliases *a)
{
	if (a->form == ALIASES_LIST)
		add(a, V(""), 1, 0);
	for (size_t i = 0; i < a->n && a->targets; i++)
		a->all[i].targets = a->targets + a->first[i];
	free(a->first);
	a->first = NULL;
	if (!a->n)
		return;
	qsort(a->all, a->n, sizeof a->all[0], by_name);
	drop_doubles(a);
}

int aliases_read(struct view text, enum aliases_form form,
    struct aliases_bad bad, struct aliases **out)
{
	if (text.n > ALIASES_TEXT_MAX)
		return MC_E_LIMIT;
	struct aliases *a = MUST_NEW(struct aliases);
	a->form = form;
	a->bad = bad;
	arena_init(&a->names, NAMES_MAX);
	a->text = must_alloc(text.n + 1);
	if (text.n)
		memcpy(a->text, text.p, text.n);
	take_all(a, (struct piece){ a->text, text.n });
	finish(a);
	*out = a;
	return 0;
}

void aliases_free(struct aliases **a)
{
	if (!*a)
		return;
	free((*a)->text);
	arena_deinit(&(*a)->names);
	free((*a)->all);
	free((*a)->targets);
	free((*a)->first);
	free(*a);
	*a = NULL;
}

static int name_against(const void *name, const void *alias)
{
	return view_cmp(
	    *(const struct view *)name, ((const struct alias *)alias)->name);
}

const struct alias *aliases_find(const struct aliases *a, struct view name)
{
	return a->n ? bsearch(
			  &name, a->all, a->n, sizeof a->all[0], name_against)
		    : NULL;
}

size_t aliases_count(const struct aliases *a)
{
	return a->n;
}

const struct alias *aliases_at(const struct aliases *a, size_t i)
{
	return &a->all[i];
}
