#include "base/arena.h"
#include "conf/draft.h"
#include <string.h>

static bool same_value(
    const struct conf_option *o, const void *a, const void *b)
{
	struct buf x, y;
	buf_init(&x, 65536);
	buf_init(&y, 65536);
	conf_value_format(o, a, &x);
	conf_value_format(o, b, &y);
	bool same = view_eq(buf_view(&x), buf_view(&y));
	buf_deinit(&x);
	buf_deinit(&y);
	return same;
}

/* A default path stands below the prefix. */
static void place_default(
    const struct conf_option *o, struct conf *defaults, const char *prefix)
{
	const char **path = conf_member_str(o, defaults);
	struct buf b;
	buf_init(&b, 65536);
	buf_put_cstr(&b, prefix);
	buf_put_cstr(&b, *path);
	const char *placed =
	    **path ? arena_cstr(&defaults->memory->arena, buf_view(&b)) : NULL;
	if (placed)
		*path = placed;
	buf_deinit(&b);
}

static void dump_row(const struct conf_option *o, const char *indent,
    const void *base, const void *defaults, struct buf *out)
{
	struct view name = conf_option_name(o);
	buf_put_cstr(out, indent);
	buf_put(out, name);
	for (size_t n = name.n + strlen(indent); n < 28; n++)
		buf_put_char(out, ' ');
	buf_put_cstr(out, " = ");
	conf_value_format(o, base, out);
	if (!same_value(o, base, defaults))
		buf_put_cstr(out, "  # set");
	buf_put_char(out, '\n');
}

static void dump_top(const struct conf *c, const struct conf *defaults,
    struct view section, struct buf *out)
{
	const struct conf_option_table *t = &conf_tables[CONF_TABLE_TOP];
	for (size_t i = 0; i < t->n; i++)
		if (view_eq(conf_option_section(&t->rows[i]), section))
			dump_row(&t->rows[i], section.n ? "\t" : "", c,
			    defaults, out);
}

static void dump_section(enum conf_table table, const char *title,
    const void *base, const void *defaults, struct buf *out)
{
	const struct conf_option_table *t = &conf_tables[table];
	buf_printf(out, "\n%s ", t->rows[0].section);
	conf_put_quoted(out, view_of(title));
	buf_put_cstr(out, " {\n");
	for (size_t i = 0; i < t->n; i++)
		dump_row(&t->rows[i], "\t", base, defaults, out);
	buf_put_cstr(out, "}\n");
}

void conf_dump(const struct conf *c, struct buf *out)
{
	const struct conf_option_table *t = &conf_tables[CONF_TABLE_TOP];
	struct conf_listen l;
	struct conf_domain d;
	struct conf_route r;
	struct conf *defaults;
	if (conf_new("", &defaults) != 0)
		return;
	struct arena *a = &defaults->memory->arena;
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].kind == CONF_PATH)
			place_default(&t->rows[i], defaults, c->memory->prefix);
	dump_top(c, defaults, V(""), out);
	buf_put_cstr(out, "\ntls {\n");
	dump_top(c, defaults, V("tls"), out);
	buf_put_cstr(out, "}\n");
	if (conf_defaults(&conf_tables[CONF_TABLE_LISTEN], &l, a) == 0)
		for (size_t i = 0; i < c->n_listeners; i++)
			dump_section(CONF_TABLE_LISTEN, c->listeners[i].name,
			    &c->listeners[i], &l, out);
	if (conf_defaults(&conf_tables[CONF_TABLE_DOMAIN], &d, a) == 0)
		for (size_t i = 0; i < c->n_domains; i++)
			dump_section(CONF_TABLE_DOMAIN, c->domains[i].name,
			    &c->domains[i], &d, out);
	if (conf_defaults(&conf_tables[CONF_TABLE_ROUTE], &r, a) == 0)
		for (size_t i = 0; i < c->n_routes; i++)
			dump_section(CONF_TABLE_ROUTE, c->routes[i].name,
			    &c->routes[i], &r, out);
	conf_free(&defaults);
}
