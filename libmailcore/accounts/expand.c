#include "accounts/expand.h"
#include "accounts/alias_files.h"
#include "accounts/backend.h"
#include "base/panic.h"
#include "log/log.h"
#include "text/path.h"
#include <stdlib.h>
#include <string.h>

enum {
	MEMORY_MAX = 32 << 20
};

/* The way from the first address to where the walk is. */
struct frame {
	const struct frame *up;
	struct view name; /* of an alias or include, empty: the start */
	struct view alias;
	struct view owner;
	unsigned depth;
};

struct walk {
	struct accounts *a;
	const struct expand_options *options;
	struct expansion *out;
	struct view seen[EXPAND_ALIASES_MAX];
	size_t n_seen, cap;
	struct view sender; /* what a foreign one becomes, empty: it stays */
	bool is_temp;
};

static void tell(struct walk *w, const struct frame *f, const char *what,
    struct view subject, struct view detail)
{
	const struct expand_step step = { f->depth, what, subject, detail };
	if (w->options->on_step)
		w->options->on_step(w->options->ctx, &step);
}

static struct view keep(struct walk *w, struct view v)
{
	bool ok = true;
	v = arena_copy(&w->out->memory, v, &ok);
	w->is_temp = w->is_temp || !ok;
	return v;
}

static void exceed(struct walk *w, const struct frame *f, const char *what)
{
	if (!w->is_temp)
		LOG(NULL, ERROR, "alias.limit", KV_VIEW("alias", f->alias),
		    KV_STR("reason", what));
	w->is_temp = true;
	tell(w, f, "limit", f->alias, view_of(what));
}

static bool is_over(const struct walk *w)
{
	return w->is_temp || w->out->is_cut;
}

static bool make_room(struct walk *w, const struct frame *f)
{
	if (w->out->n < w->cap)
		return true;
	if (w->cap == EXPAND_LEAVES_MAX) {
		exceed(w, f, "too many recipients");
		return false;
	}
	size_t cap = w->cap ? 2 * w->cap : 16;
	w->cap = cap < EXPAND_LEAVES_MAX ? cap : EXPAND_LEAVES_MAX;
	w->out->leaves =
	    realloc(w->out->leaves, w->cap * sizeof w->out->leaves[0]);
	if (!w->out->leaves)
		fatal("out of memory");
	return true;
}

static void add(struct walk *w, const struct frame *f, enum leaf_kind kind,
    struct view address, struct view text)
{
	if (!make_room(w, f))
		return;
	w->out->leaves[w->out->n] = (struct leaf){ .kind = kind,
		.address = keep(w, address),
		.text = keep(w, text),
		.owner = f->owner,
		.sender =
		    kind == LEAF_REMOTE && !f->owner.n ? w->sender : V(""),
		.number = w->out->n };
	w->out->n++;
	w->out->n_good += kind != LEAF_FAILED;
	w->out->is_cut =
	    w->options->enough && w->out->n_good >= w->options->enough;
}

static void fail(struct walk *w, const struct frame *f, const char *what,
    struct view address, struct view why)
{
	tell(w, f, what, address, why);
	add(w, f, LEAF_FAILED, address, why);
}

/* Of an alias or include on the way here. */
static bool is_on_the_way(const struct frame *f, struct view name)
{
	for (; f; f = f->up)
		if (view_eq(f->name, name))
			return true;
	return false;
}

/* false: it was expanded already. */
static bool is_new(struct walk *w, const struct frame *f, struct view name)
{
	for (size_t i = 0; i < w->n_seen; i++)
		if (view_eq(w->seen[i], name))
			return false;
	if (w->n_seen == EXPAND_ALIASES_MAX) {
		exceed(w, f, "too many aliases");
		return false;
	}
	w->seen[w->n_seen++] = keep(w, name);
	return true;
}

/* The frame of an alias or include behind f; false: it must not be entered. */
static bool enter(
    struct walk *w, const struct frame *f, struct view name, struct frame *out)
{
	if (is_on_the_way(f, name)) {
		fail(w, f, "circle", name,
		    V("5.4.6 the aliases lead in a circle"));
		return false;
	}
	if (f->depth == EXPAND_DEPTH_MAX) {
		fail(w, f, "depth", name,
		    V("5.4.6 the aliases are nested too deep"));
		return false;
	}
	if (!is_new(w, f, name)) {
		tell(w, f, "duplicate", name, V("was expanded already"));
		return false;
	}
	*out = *f;
	out->up = f;
	out->name = w->seen[w->n_seen - 1];
	out->depth++;
	return !w->is_temp;
}

static void walk_address(
    struct walk *w, const struct frame *f, struct view address, bool is_final);
static void walk_targets(struct walk *w, const struct frame *f,
    const struct alias *targets, bool is_trusted);

static void walk_include(
    struct walk *w, const struct frame *f, struct view path)
{
	struct alias_list list;
	struct frame below;
	if (accounts_find_include(w->a, path, &list) != 0) {
		LOG(NULL, ERROR, "alias.no-include", KV_VIEW("file", path),
		    KV_VIEW("alias", f->alias));
		tell(w, f, "temporary", path, V("cannot be read"));
		w->is_temp = true;
		return;
	}
	const struct alias *members = aliases_at(list.aliases, 0);
	tell(w, f, "include", path, members->n_targets ? V("") : V("is empty"));
	if (enter(w, f, path, &below))
		walk_targets(w, &below, members, list.is_trusted);
}

static void walk_target(struct walk *w, const struct frame *f,
    const struct alias_target *t, bool is_trusted)
{
	if (t->kind != ALIAS_ADDRESS && !is_trusted) {
		fail(w, f, "refused", t->text,
		    V("5.3.5 only root's alias files may have that"));
		return;
	}
	switch (t->kind) {
	case ALIAS_ADDRESS:
		walk_address(w, f, t->text, t->is_final);
		return;
	case ALIAS_INCLUDE:
		walk_include(w, f, t->text);
		return;
	case ALIAS_COMMAND:
		tell(w, f, "command", t->text, V(""));
		add(w, f, LEAF_COMMAND, f->alias, t->text);
		return;
	case ALIAS_FILE:
		tell(w, f, "file", t->text, V(""));
		add(w, f, LEAF_FILE, f->alias, t->text);
		return;
	}
}

static void walk_targets(struct walk *w, const struct frame *f,
    const struct alias *targets, bool is_trusted)
{
	for (size_t i = 0; i < targets->n_targets && !is_over(w); i++)
		walk_target(w, f, &targets->targets[i], is_trusted);
}

/* The targets of an alias in the database: addresses, with their domains. */
static void walk_stored(
    struct walk *w, const struct frame *f, struct view alias)
{
	struct buf lines;
	struct account_db *db;
	struct view rest, line;
	buf_init(&lines, ACCOUNT_ALIAS_TEXT_MAX);
	int error = accounts_db(w->a, &db);
	if (!error)
		error = account_alias_get(db, alias, &lines);
	w->is_temp = w->is_temp || error;
	rest = buf_view(&lines);
	while (rest.n && !is_over(w)) {
		view_cut(&rest, '\n', &line);
		walk_address(w, f, line, false);
	}
	buf_deinit(&lines);
}

static struct view local_of(struct view address)
{
	return view_head(address, view_rfind_byte(address, '@'));
}

static void walk_srs(struct walk *w, const struct frame *f, struct view alias)
{
	char text[ACCOUNT_ADDRESS_MAX];
	size_t n;
	if (resolve_srs_reverse(w->a, alias, text, &n) == 0)
		walk_address(w, f, (struct view){ text, n }, false);
}

static void walk_named(
    struct walk *w, const struct frame *f, const struct resolved *r)
{
	struct alias_list list;
	struct view alias = view_of(r->alias);
	const struct alias *found = accounts_find_named_alias(w->a,
	    r->source == RESOLVE_BY_HOST_NAME ? local_of(alias) : alias, &list);
	if (found)
		walk_targets(w, f, found, list.is_trusted);
}

/* RFC 5321 3.9: mail of a list has the list's owner as its sender. */
static void find_owner(struct walk *w, struct frame *f)
{
	struct resolved *r = MUST_NEW(struct resolved);
	char name[ACCOUNT_ADDRESS_MAX + 8];
	int n = snprintf(
	    name, sizeof name, "owner-%.*s", (int)f->alias.n, f->alias.p);
	struct view owner = { name, (size_t)n };
	resolve_address(w->a, owner, r);
	if (r->kind == ADDRESS_ALIAS && view_eq(view_of(r->alias), owner)) {
		f->owner = keep(w, owner);
		tell(w, f, "owner", f->owner, V("is the sender from here on"));
	}
	free(r);
}

static void tell_alias(
    struct walk *w, const struct frame *f, const struct resolved *r)
{
	char where[400];
	struct alias_list list;
	struct view alias = view_of(r->alias);
	const struct alias *found = NULL;
	if (r->source != RESOLVE_BY_DATABASE && r->source != RESOLVE_BY_SRS)
		found = accounts_find_named_alias(w->a,
		    r->source == RESOLVE_BY_HOST_NAME ? local_of(alias) : alias,
		    &list);
	if (found)
		snprintf(where, sizeof where, "%.*s:%u",
		    (int)(list.file.n < 300 ? list.file.n : 300), list.file.p,
		    found->line);
	else
		snprintf(where, sizeof where, "%s",
		    r->source == RESOLVE_BY_SRS ? "a sender rewritten here"
						: "the database");
	tell(w, f, "alias", alias, view_of(where));
}

static void walk_alias(
    struct walk *w, const struct frame *f, const struct resolved *r)
{
	struct frame below;
	if (!enter(w, f, view_of(r->alias), &below))
		return;
	below.alias = below.name;
	tell_alias(w, &below, r);
	find_owner(w, &below);
	if (r->source == RESOLVE_BY_DATABASE)
		walk_stored(w, &below, below.alias);
	else if (r->source == RESOLVE_BY_SRS)
		walk_srs(w, &below, below.alias);
	else
		walk_named(w, &below, r);
}

static void walk_remote(
    struct walk *w, const struct frame *f, struct view address)
{
	char text[PATH_MAX_OCTETS];
	struct path p;
	const char *why;
	size_t n = 0;
	if (path_parse_address(address, &p, &why) != PARSE_OK ||
	    path_format(&p, text, sizeof text, &n) != 0) {
		fail(w, f, "unknown", address, V("5.1.3 not an address"));
		return;
	}
	tell(w, f, "remote", address, V(""));
	add(w, f, LEAF_REMOTE, (struct view){ text, n }, V(""));
}

static const char *const rule_names[] = {
	[RESOLVE_EXACT] = "",
	[RESOLVE_WITHOUT_TAG] = ", without the tag",
	[RESOLVE_POSTMASTER] = ", for postmaster",
	[RESOLVE_CATCH_ALL] = ", catch-all",
	[RESOLVE_NONE] = "",
};

static void tell_forward(
    struct walk *w, const struct frame *f, const struct account *a)
{
	char what[ACCOUNT_UNIX_USER_MAX + CONF_STRING_MAX + 60];
	int n = snprintf(what, sizeof what,
	    "~/%s of the Unix user %s is read at delivery",
	    w->a->conf->forward_file, a->unix_user);
	tell(w, f, "forward", view_of(a->address),
	    (struct view){ what, (size_t)n });
}

static void walk_account(struct walk *w, const struct frame *f,
    struct view address, const struct resolved *r, bool is_final)
{
	char how[ACCOUNT_ADDRESS_MAX + 80];
	bool forwards = !is_final && resolve_has_forward(w->a, &r->account);
	int n = snprintf(how, sizeof how, "%s%s%s", r->account.address,
	    rule_names[r->rule], r->is_alias ? ", in an alias domain" : "");
	tell(w, f, "account", address, (struct view){ how, (size_t)n });
	if (forwards)
		tell_forward(w, f, &r->account);
	add(w, f, forwards ? LEAF_FORWARD : LEAF_ACCOUNT,
	    view_of(r->account.address), V(""));
}

static void walk_resolved(struct walk *w, const struct frame *f,
    struct view address, const struct resolved *r, bool is_final)
{
	switch (r->kind) {
	case ADDRESS_LOCAL:
		walk_account(w, f, address, r, is_final);
		return;
	case ADDRESS_ALIAS:
		walk_alias(w, f, r);
		return;
	case ADDRESS_REMOTE:
		walk_remote(w, f, address);
		return;
	case ADDRESS_UNKNOWN:
		fail(w, f, "unknown", address, V("5.1.1 no such user here"));
		return;
	case ADDRESS_TEMP:
	case ADDRESS_KIND_COUNT:
		break;
	}
	tell(w, f, "temporary", address, V("cannot be looked up now"));
	w->is_temp = true;
}

/* A name without a domain is one of this host. */
static struct view complete(struct walk *w, struct view address,
    char out[ALIASES_TARGET_MAX + ACCOUNT_DOMAIN_MAX + 2])
{
	struct view domain = resolve_default_domain(w->a);
	if (view_has_byte(address, '@'))
		return address;
	if (!domain.n)
		domain = view_of(w->a->conf->hostname);
	int n = snprintf(out, ALIASES_TARGET_MAX + ACCOUNT_DOMAIN_MAX + 2,
	    "%.*s@%.*s", (int)address.n, address.p, (int)domain.n, domain.p);
	return (struct view){ out, (size_t)n };
}

/* An alias that names itself means the account behind it, if there is one. */
static void walk_address(
    struct walk *w, const struct frame *f, struct view address, bool is_final)
{
	char whole[ALIASES_TARGET_MAX + ACCOUNT_DOMAIN_MAX + 2];
	struct resolved *r = MUST_NEW(struct resolved);
	address = complete(w, address, whole);
	if (is_final)
		resolve_account(w->a, address, r);
	else
		resolve_address(w->a, address, r);
	if (r->kind == ADDRESS_ALIAS && view_eq(view_of(r->alias), f->alias)) {
		resolve_account(w->a, address, r);
		if (r->kind != ADDRESS_LOCAL)
			resolve_address(w->a, address, r);
	}
	walk_resolved(w, f, address, r, is_final);
	free(r);
}

static int by_target(const struct leaf *a, const struct leaf *b)
{
	bool by_text = leaf_is_command(a->kind) || leaf_is_file(a->kind);
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return by_text ? view_cmp(a->text, b->text)
		       : view_cmp(a->address, b->address);
}

static int by_number(const void *one, const void *two)
{
	const struct leaf *a = one, *b = two;
	return (a->number > b->number) - (a->number < b->number);
}

static int by_target_and_number(const void *one, const void *two)
{
	int order = by_target(one, two);
	return order ? order : by_number(one, two);
}

/* The first of each is left. */
static void merge_duplicates(struct expansion *e)
{
	size_t n = 0;
	if (e->n < 2)
		return;
	qsort(e->leaves, e->n, sizeof e->leaves[0], by_target_and_number);
	for (size_t i = 0; i < e->n; i++)
		if (!n || by_target(&e->leaves[n - 1], &e->leaves[i]) != 0)
			e->leaves[n++] = e->leaves[i];
	e->n = n;
	qsort(e->leaves, e->n, sizeof e->leaves[0], by_number);
}

/* A sender that cannot be rewritten now can be later. */
static void find_sender(struct walk *w)
{
	char text[ACCOUNT_ADDRESS_MAX];
	size_t n;
	int error = resolve_srs_forward(w->a, w->options->sender, text, &n);
	if (!error)
		w->sender = keep(w, (struct view){ text, n });
	else if (error != MC_E_NOENT)
		w->is_temp = true;
}

static void walk_start(struct walk *w, struct view address)
{
	const struct frame start = { .depth = 0 };
	struct expansion *e = w->out;
	if (w->options->how != EXPAND_ALIAS) {
		e->kind = ADDRESS_ALIAS;
		walk_address(
		    w, &start, address, w->options->how == EXPAND_FINAL);
		return;
	}
	struct resolved *r = MUST_NEW(struct resolved);
	resolve_address(w->a, address, r);
	e->kind = r->kind;
	e->account = r->account;
	walk_resolved(w, &start, address, r, false);
	free(r);
}

void expand_address(struct accounts *a, struct view address,
    const struct expand_options *options, struct expansion *out)
{
	struct walk *w = MUST_NEW(struct walk);
	*out = (struct expansion){ .kind = ADDRESS_TEMP };
	arena_init(&out->memory, MEMORY_MAX);
	*w = (struct walk){ .a = a, .options = options, .out = out };
	find_sender(w);
	walk_start(w, address);
	merge_duplicates(out);
	if (w->is_temp && !out->is_cut)
		out->kind = ADDRESS_TEMP;
	free(w);
}

void expansion_deinit(struct expansion *e)
{
	free(e->leaves);
	arena_deinit(&e->memory);
}
