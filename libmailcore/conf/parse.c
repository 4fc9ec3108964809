/* The only file that knows libConfuse. All values reach it as strings; their
 * types are ours, so that every error has one form and all of them are found.
 *
 * libConfuse stops at the first thing that it does not like. An option that it
 * does not know is added to a list of such names, which are known in the next
 * attempt, where a callback complains about each use. */
#include "base/panic.h"
#include "conf/draft.h"
#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	STRANGERS_MAX = 64,
	ATTEMPTS_MAX = STRANGERS_MAX + 8,
	ROWS_MAX = CONF_TOP_MAX + STRANGERS_MAX,
};

static const char *const section_names[] = { "root", "tls", "listen", "domain",
	"route" };

enum {
	N_SECTIONS = 5
};

struct stranger {
	unsigned section; /* index in section_names */
	char name[64];
};

struct reading {
	struct conf_draft *d;
	struct buf reported; /* errors of this attempt */
	struct buf why;
	struct arena scratch;
	struct stranger strangers[STRANGERS_MAX];
	size_t n_strangers;
	bool again;           /* the next attempt will see more */
	bool has_twins;       /* a title is there twice: reported, go on */
	struct buf kept;      /* errors that only one attempt sees */
	const cfg_t *section; /* whose values come in now */
	unsigned section_line;
	struct buf lines; /* first line of each section, as they come */
	struct conf_listen listen; /* values of sections are checked here */
	struct conf_domain domain;
	struct conf_route route;
	unsigned seen[CONF_TOP_MAX]; /* in this section */
};

/* libConfuse's callbacks have no argument of the caller's. Set only while
 * conf_parse runs. */
static _Thread_local struct reading *running;

static void report(struct reading *p, struct buf *out, unsigned line,
    struct view option, struct view reason)
{
	buf_printf(out, "%s:%u: ", p->d->file, line);
	if (option.n) {
		buf_put(out, option);
		buf_put_cstr(out, ": ");
	}
	buf_put(out, reason);
	buf_put_char(out, '\n');
}

static unsigned section_index(const cfg_t *cfg)
{
	for (unsigned i = 0; i < N_SECTIONS; i++)
		if (strcmp(section_names[i], cfg->name) == 0)
			return i;
	return 0;
}

static const struct conf_option_table *table_of(unsigned section)
{
	return &conf_tables[section < 2 ? CONF_TABLE_TOP : section - 1];
}

/* How an option is called in errors: tls.key, domain "a.example" catch_all. */
static struct view shown_name(
    const cfg_t *cfg, const char *option, char *out, size_t cap)
{
	unsigned s = section_index(cfg);
	if (s == 0)
		snprintf(out, cap, "%s", option);
	else if (cfg->title)
		snprintf(out, cap, "%s \"%.200s\" %s", cfg->name, cfg->title,
		    option);
	else
		snprintf(out, cap, "%s.%s", cfg->name, option);
	return view_of(out);
}

static void complain(
    struct reading *p, cfg_t *cfg, const char *option, struct view reason)
{
	char name[400];
	report(p, &p->reported, (unsigned)cfg->line,
	    shown_name(cfg, option, name, sizeof name), reason);
}

static void enter_section(struct reading *p, const cfg_t *cfg)
{
	if (p->section == cfg)
		return;
	p->section = cfg;
	p->section_line = (unsigned)cfg->line;
	if (section_index(cfg) < 2)
		return;
	memset(p->seen, 0, sizeof p->seen);
	buf_put(&p->lines,
	    (struct view){ (const char *)&p->section, sizeof p->section });
	buf_put(&p->lines, (struct view){ (const char *)&p->section_line,
			       sizeof p->section_line });
}

static void *base_of(struct reading *p, unsigned section)
{
	if (section == 2)
		return &p->listen;
	if (section == 3)
		return &p->domain;
	if (section == 4)
		return &p->route;
	return p->d->c;
}

static struct arena *arena_of(struct reading *p, unsigned section)
{
	return section < 2 ? &p->d->c->memory->arena : &p->scratch;
}

/* Called for each value; never fails, so that reading goes on. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reading *p = running;
	*(const char **)result = value;
	unsigned section = section_index(cfg);
	enter_section(p, cfg);
	const struct conf_option_table *t = table_of(section);
	size_t i = conf_option_find(t,
	    section ? view_of(section_names[section]) : V(""),
	    view_of(opt->name));
	if (i == t->n) {
		complain(p, cfg, opt->name, V("unknown option"));
		return 0;
	}
	unsigned *seen = section < 2 ? p->d->top_lines : p->seen;
	/* Sections of one title share what was seen. */
	if (seen[i] && (section < 2 || !p->has_twins)) {
		char text[64];
		snprintf(text, sizeof text, "given twice, first in line %u",
		    seen[i]);
		complain(p, cfg, opt->name, view_of(text));
	}
	seen[i] = (unsigned)cfg->line;
	buf_reset(&p->why);
	if (conf_value_parse(&t->rows[i], view_of(value), base_of(p, section),
		arena_of(p, section), &p->why) != 0)
		complain(p, cfg, opt->name, buf_view(&p->why));
	arena_reset(&p->scratch);
	return 0;
}

/* Remembers the name of "no such option 'NAME'". */
static bool is_stranger(struct reading *p, const cfg_t *cfg, struct view text)
{
	static const struct view start = V_INIT("no such option '");
	if (!view_starts(text, start) || p->n_strangers == STRANGERS_MAX)
		return false;
	struct view name = view_skip(text, start.n);
	name = view_head(name, name.n - 1);
	struct stranger *s = &p->strangers[p->n_strangers];
	if (view_to_cstr(name, s->name, sizeof s->name) != 0)
		return false;
	s->section = section_index(cfg);
	p->n_strangers++;
	return true;
}

static const struct view twin = V_INIT("found duplicate title '");

/* Which kind of section has that title already; rest is "TITLE'". */
static struct view twin_section(cfg_t *cfg, struct view rest)
{
	for (unsigned s = 2; s < N_SECTIONS; s++)
		for (unsigned i = 0; i < cfg_size(cfg, section_names[s]); i++) {
			cfg_t *at = cfg_getnsec(cfg, section_names[s], i);
			if (rest.n && view_eq(view_of(cfg_title(at)),
					  view_head(rest, rest.n - 1)))
				return view_of(section_names[s]);
		}
	return V("section");
}

static void PRINTF_LIKE(2, 0)
    on_error(cfg_t *cfg, const char *format, va_list args)
{
	struct reading *p = running;
	char text[512];
	vsnprintf(text, sizeof text, format, args);
	if (is_stranger(p, cfg, view_of(text))) {
		p->again = true;
	} else if (view_starts(view_of(text), twin)) {
		report(p, &p->kept, (unsigned)cfg->line,
		    twin_section(cfg, view_skip(view_of(text), twin.n)),
		    view_of(text));
		p->again = p->has_twins = true;
	} else {
		report(
		    p, &p->reported, (unsigned)cfg->line, V(""), view_of(text));
	}
}

static cfg_opt_t string_opt(const char *name)
{
	return (cfg_opt_t){ .name = name,
		.type = CFGT_STR,
		.flags = CFGF_NODEFAULT,
		.parsecb = on_value };
}

/* A parser's view of the options of one section. The names of those in tables
 * are static; libConfuse makes copies. */
struct rows {
	cfg_opt_t rows[ROWS_MAX];
	size_t n;
};

static void fill_rows(struct reading *p, unsigned section, struct rows *r)
{
	const struct conf_option_table *t = table_of(section);
	struct view name = section ? view_of(section_names[section]) : V("");
	for (size_t i = 0; i < t->n && r->n < ROWS_MAX - 4; i++)
		if (view_eq(conf_option_section(&t->rows[i]), name))
			r->rows[r->n++] =
			    string_opt(conf_option_name(&t->rows[i]).p);
	for (size_t i = 0; i < p->n_strangers && r->n < ROWS_MAX - 4; i++)
		if (p->strangers[i].section == section)
			r->rows[r->n++] = string_opt(p->strangers[i].name);
}

static void add_section(
    struct reading *p, struct rows *all, unsigned section, int flags)
{
	all[0].rows[all[0].n++] = (cfg_opt_t){ .name = section_names[section],
		.type = CFGT_SEC,
		.flags = flags,
		.subopts = all[section].rows };
	fill_rows(p, section, &all[section]);
}

/* One attempt. The tree, or NULL. */
static cfg_t *attempt(struct reading *p, const char *text, int *status)
{
	int titled =
	    CFGF_MULTI | CFGF_TITLE | (p->has_twins ? 0 : CFGF_NO_TITLE_DUPES);
	struct rows *all = calloc(N_SECTIONS, sizeof *all);
	if (!all)
		return NULL;
	fill_rows(p, 0, &all[0]);
	add_section(p, all, 1, CFGF_NONE);
	for (unsigned s = 2; s < N_SECTIONS; s++)
		add_section(p, all, s, titled);
	cfg_t *cfg = cfg_init(all[0].rows, CFGF_NONE);
	free(all);
	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	p->again = false;
	p->section = NULL;
	buf_reset(&p->reported);
	buf_reset(&p->lines);
	memset(p->d->top_lines, 0, sizeof p->d->top_lines);
	*status = cfg_parse_buf(cfg, text);
	return cfg;
}

/* Where a section started, as far as known: its first value, or its end. */
static unsigned line_of(struct reading *p, const cfg_t *section)
{
	struct view rest = buf_view(&p->lines);
	const cfg_t *at;
	unsigned line;
	while (rest.n >= sizeof at + sizeof line) {
		memcpy(&at, rest.p, sizeof at);
		memcpy(&line, rest.p + sizeof at, sizeof line);
		rest = view_skip(rest, sizeof at + sizeof line);
		if (at != section)
			continue;
		/* Sections are asked for in the order they came in. */
		buf_consume(&p->lines, buf_len(&p->lines) - rest.n);
		return line;
	}
	return (unsigned)section->line;
}

static void take_values(struct reading *p, cfg_t *section,
    const struct conf_option_table *t, void *base)
{
	struct arena *a = &p->d->c->memory->arena;
	if (conf_defaults(t, base, a) != 0)
		p->d->failed = true;
	for (size_t i = 0; i < t->n; i++) {
		const char *value = cfg_getstr(section, t->rows[i].name);
		buf_reset(&p->why);
		/* What fails here was reported when it was read. */
		if (value && conf_value_parse(&t->rows[i], view_of(value), base,
				 a, &p->why) != 0)
			p->d->failed = true;
	}
}

static const char *title_of(struct reading *p, cfg_t *section)
{
	const char *s = cfg_title(section);
	char *copy = arena_cstr(&p->d->c->memory->arena, view_of(s ? s : ""));
	if (!copy)
		p->d->failed = true;
	return copy ? copy : "";
}

static size_t section_count(
    struct reading *p, cfg_t *cfg, const char *name, size_t max)
{
	size_t n = cfg_size(cfg, name);
	if (n <= max)
		return n;
	conf_complainf(
	    p->d, (unsigned)cfg->line, name, "more than %zu sections", max);
	return max;
}

static void *room(
    struct reading *p, size_t n, size_t size, struct conf_origin **origins)
{
	struct arena *a = &p->d->c->memory->arena;
	*origins = arena_alloc(a, (n + 1) * sizeof **origins);
	void *items = arena_alloc(a, (n + 1) * size);
	if (items && *origins)
		return items;
	conf_complainf(p->d, 1, "configuration", "too large");
	return NULL;
}

static void take_listeners(struct reading *p, cfg_t *cfg)
{
	struct conf *c = p->d->c;
	size_t n = section_count(p, cfg, "listen", CONF_LISTENERS_MAX);
	c->listeners = room(p, n, sizeof *c->listeners, &p->d->listen_origins);
	for (unsigned i = 0; c->listeners && i < n; i++) {
		cfg_t *s = cfg_getnsec(cfg, "listen", i);
		struct conf_listen *l = &c->listeners[i];
		take_values(p, s, &conf_tables[CONF_TABLE_LISTEN], l);
		l->name = title_of(p, s);
		p->d->listen_origins[i] = (struct conf_origin){ line_of(p, s),
			cfg_getstr(s, "service") != NULL,
			cfg_getstr(s, "tls") != NULL };
		c->n_listeners = i + 1;
	}
}

static void take_domains(struct reading *p, cfg_t *cfg)
{
	struct conf *c = p->d->c;
	size_t n = section_count(p, cfg, "domain", CONF_DOMAINS_MAX);
	c->domains = room(p, n, sizeof *c->domains, &p->d->domain_origins);
	for (unsigned i = 0; c->domains && i < n; i++) {
		cfg_t *s = cfg_getnsec(cfg, "domain", i);
		struct conf_domain *d = &c->domains[i];
		take_values(p, s, &conf_tables[CONF_TABLE_DOMAIN], d);
		d->name = title_of(p, s);
		p->d->domain_origins[i].line = line_of(p, s);
		c->n_domains = i + 1;
	}
}

static void take_routes(struct reading *p, cfg_t *cfg)
{
	struct conf *c = p->d->c;
	size_t n = section_count(p, cfg, "route", CONF_ROUTES_MAX);
	c->routes = room(p, n, sizeof *c->routes, &p->d->route_origins);
	for (unsigned i = 0; c->routes && i < n; i++) {
		cfg_t *s = cfg_getnsec(cfg, "route", i);
		struct conf_route *r = &c->routes[i];
		take_values(p, s, &conf_tables[CONF_TABLE_ROUTE], r);
		r->name = title_of(p, s);
		p->d->route_origins[i].line = line_of(p, s);
		c->n_routes = i + 1;
	}
}

static void take(struct reading *p, cfg_t *cfg, int status)
{
	if (buf_len(&p->kept) || buf_len(&p->reported) || status != CFG_SUCCESS)
		p->d->failed = true;
	buf_put(p->d->errors, buf_view(&p->kept));
	buf_put(p->d->errors, buf_view(&p->reported));
	if (status != CFG_SUCCESS)
		return; /* the tree is incomplete: checks would mislead */
	take_listeners(p, cfg);
	take_domains(p, cfg);
	take_routes(p, cfg);
}

static void parse_init(struct reading *p, struct conf_draft *d)
{
	p->d = d;
	buf_init(&p->reported, CONF_BYTES_MAX);
	buf_init(&p->kept, CONF_BYTES_MAX);
	buf_init(&p->lines, CONF_BYTES_MAX);
	buf_init(&p->why, 8192);
	arena_init(&p->scratch, 65536);
}

static void parse_deinit(struct reading *p)
{
	buf_deinit(&p->reported);
	buf_deinit(&p->kept);
	buf_deinit(&p->lines);
	buf_deinit(&p->why);
	arena_deinit(&p->scratch);
	free(p);
}

bool conf_parse(struct conf_draft *d, const char *text)
{
	struct reading *p = MUST_NEW(struct reading);
	cfg_t *cfg = NULL;
	int status = CFG_PARSE_ERROR;
	parse_init(p, d);
	running = p;
	for (unsigned i = 0; i < ATTEMPTS_MAX && (i == 0 || p->again); i++) {
		if (cfg)
			cfg_free(cfg);
		cfg = attempt(p, text, &status);
		if (!cfg)
			break;
	}
	if (cfg)
		take(p, cfg, status);
	else
		conf_complainf(d, 1, "configuration", "out of memory");
	if (cfg)
		cfg_free(cfg);
	running = NULL;
	parse_deinit(p);
	return status == CFG_SUCCESS;
}
