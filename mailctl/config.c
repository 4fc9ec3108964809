/* mailctl config, mailctl version. */
#include "base/features.h"
#include "conf/schema.h"
#include "mailctl/command.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int check_readable(const char *option, const char *path)
{
	if (!*path || access(path, R_OK) == 0)
		return 0;
	return complain(EX_CONFIG, "%s: cannot read %s", option, path);
}

/* The file itself was read before we came here. */
int cmd_config_check(struct mailctl *m)
{
	int code = check_readable("tls.certificate", m->conf->tls_certificate);
	if (!code)
		code = check_readable("tls.key", m->conf->tls_key);
	if (code)
		return code;
	puts(m->json ? "{\"ok\": true}" : "the configuration is right");
	return 0;
}

static json_t *json_of_value(const struct conf_option *o, const void *base)
{
	const void *at = (const char *)base + o->offset;
	if (conf_kind_is_text(o->kind))
		return json_of_text(*(const char *const *)at);
	if (o->kind == CONF_BOOL && !*o->words)
		return json_boolean(conf_member_get(o, base));
	if (!*o->words)
		return json_integer((json_int_t)conf_member_get(o, base));
	struct buf b;
	buf_init(&b, 256);
	conf_value_format(o, base, &b);
	json_t *word = json_stringn(buf_view(&b).p, buf_len(&b));
	buf_deinit(&b);
	return word;
}

static json_t *json_of_table(
    enum conf_table table, const char *name, const void *base)
{
	const struct conf_option_table *t = &conf_tables[table];
	json_t *out = json_object();
	if (name)
		json_object_set_new(out, "name", json_of_text(name));
	for (size_t i = 0; i < t->n; i++)
		json_object_set_new(
		    out, t->rows[i].name, json_of_value(&t->rows[i], base));
	return out;
}

static int dump_json(const struct conf *c)
{
	json_t *all = json_of_table(CONF_TABLE_TOP, NULL, c);
	json_t *listen = json_array(), *domains = json_array();
	json_t *routes = json_array();
	for (size_t i = 0; i < c->n_listeners; i++)
		json_array_append_new(
		    listen, json_of_table(CONF_TABLE_LISTEN,
				c->listeners[i].name, &c->listeners[i]));
	for (size_t i = 0; i < c->n_domains; i++)
		json_array_append_new(
		    domains, json_of_table(CONF_TABLE_DOMAIN,
				 c->domains[i].name, &c->domains[i]));
	for (size_t i = 0; i < c->n_routes; i++)
		json_array_append_new(
		    routes, json_of_table(CONF_TABLE_ROUTE, c->routes[i].name,
				&c->routes[i]));
	json_object_set_new(all, "listen", listen);
	json_object_set_new(all, "domain", domains);
	json_object_set_new(all, "route", routes);
	int error = json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
	return error ? complain(EX_SOFTWARE, "cannot write JSON") : 0;
}

int cmd_config_dump(struct mailctl *m)
{
	struct buf out;
	if (m->json)
		return dump_json(m->conf);
	buf_init(&out, 64 << 20);
	conf_dump(m->conf, &out);
	struct view text = buf_view(&out);
	fwrite(text.p, 1, text.n, stdout);
	buf_deinit(&out);
	return 0;
}

/* Lines of at most 78 columns, as mandoc likes them. */
static void print_wrapped(struct view text)
{
	size_t column = 0;
	struct view word;
	while (text.n) {
		view_cut(&text, ' ', &word);
		if (column && column + 1 + word.n > 78) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf(
		    "%s%.*s", column ? " " : "", (int)word.n, word.p);
	}
	puts(".");
}

/* The option list of mailcore.conf(5). The same for every build: directories
 * that a build chooses are not in it. */
static void print_mdoc(const struct conf_option *o)
{
	struct view section = conf_option_section(o);
	struct view name = conf_option_name(o);
	struct buf range;
	buf_init(&range, 1024);
	conf_option_describe(o, &range);
	printf(".It Ic %.*s%s%.*s\n", (int)section.n, section.p,
	    section.n ? "." : "", (int)name.n, name.p);
	print_wrapped(view_of(o->help));
	printf("Takes %.*s.\n", (int)buf_len(&range), buf_view(&range).p);
	if (o->kind == CONF_PATH && *o->fallback)
		puts("The default is set at build.");
	else if (*o->fallback)
		printf("The default is\n.Ql %s .\n", o->fallback);
	buf_deinit(&range);
}

static json_t *json_of_option(const struct conf_option *o)
{
	struct view section = conf_option_section(o);
	struct view name = conf_option_name(o);
	struct buf range;
	buf_init(&range, 1024);
	conf_option_describe(o, &range);
	json_t *row = json_pack("{s:s%, s:s%, s:s%, s:s, s:s}", "section",
	    section.n ? section.p : "", section.n, "name", name.p, name.n,
	    "takes", buf_view(&range).p, buf_len(&range), "default",
	    o->fallback, "help", o->help);
	buf_deinit(&range);
	return row;
}

int cmd_config_options(struct mailctl *m)
{
	static const struct column columns[] = {
		{ "section", "SECTION", false },
		{ "name", "OPTION", false },
		{ "default", "DEFAULT", false },
		{ "help", "MEANING", false },
	};
	json_t *rows = json_array();
	bool mdoc = m->n_args && strcmp(m->args[0], "--mdoc") == 0;
	if (m->n_args && !mdoc) {
		json_decref(rows);
		return complain(EX_USAGE, "usage: mailctl config options "
					  "[--mdoc]");
	}
	for (size_t t = 0; t < CONF_TABLE_COUNT; t++)
		for (size_t i = 0; i < conf_tables[t].n; i++)
			if (mdoc)
				print_mdoc(&conf_tables[t].rows[i]);
			else
				json_array_append_new(rows,
				    json_of_option(&conf_tables[t].rows[i]));
	if (!mdoc)
		return print_rows(m, rows, columns, 4);
	json_decref(rows);
	return 0;
}

int cmd_version(struct mailctl *m)
{
	json_t *in = json_object();
	for (size_t i = 0; i < n_features; i++)
		json_object_set_new(
		    in, features[i].name, json_boolean(features[i].is_in));
	if (m->json) {
		json_t *all = json_pack(
		    "{s:s, s:o}", "version", MAILCORE_VERSION, "features", in);
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
		return 0;
	}
	json_decref(in);
	puts("mailcore " MAILCORE_VERSION);
	for (size_t i = 0; i < n_features; i++)
		printf("%c%s%s%s\n", features[i].is_in ? '+' : '-',
		    features[i].name, features[i].is_in ? "" : ": ",
		    features[i].is_in ? "" : features[i].loss);
	return 0;
}
