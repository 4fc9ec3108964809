#include "conf/conf.h"
#include "base/chars.h"
#include "base/panic.h"
#include "conf/draft.h"
#include "wire/rd.h"
#include "wire/wr.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(
    CONF_LISTENERS_MAX >= (int)SERVICE_COUNT, "default listeners fit");

void conf_complain(
    struct conf_draft *d, unsigned line, struct view option, struct view reason)
{
	d->failed = true;
	buf_printf(d->errors, "%s:%u: ", d->file, line);
	buf_put(d->errors, option);
	buf_put(d->errors, V(": "));
	buf_put(d->errors, reason);
	buf_put_char(d->errors, '\n');
}

void conf_complainf(struct conf_draft *d, unsigned line, const char *option,
    const char *format, ...)
{
	char text[1600];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	conf_complain(d, line, view_of(option), view_of(text));
}

int conf_new(const char *prefix, struct conf **out)
{
	struct conf *c = MUST_NEW(struct conf);
	c->memory = MUST_NEW(struct conf_memory);
	arena_init(&c->memory->arena, CONF_MEMORY_MAX);
	c->memory->prefix = arena_cstr(&c->memory->arena, view_of(prefix));
	int error = c->memory->prefix ? 0 : MC_E_LIMIT;
	if (!error)
		error = conf_defaults(
		    &conf_tables[CONF_TABLE_TOP], c, &c->memory->arena);
	if (error)
		conf_free(&c);
	else
		*out = c;
	return error;
}

void conf_free(struct conf **c)
{
	if (!*c)
		return;
	arena_deinit(&(*c)->memory->arena);
	free((*c)->memory);
	free(*c);
	*c = NULL;
}

static int slurp_fd(int fd, struct buf *out)
{
	for (;;) {
		char *to = buf_reserve(out, 16384);
		if (!to)
			return MC_E_LIMIT;
		ssize_t n = read(fd, to, 16384);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
	}
}

/* The file with a NUL behind. */
static int slurp(const char *file, struct buf *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = slurp_fd(fd, out);
	close(fd);
	if (!error && view_has_byte(buf_view(out), '\0'))
		error = MC_E_BAD;
	buf_put_char(out, '\0');
	return error ? error : buf_error(out);
}

static int unreadable(const char *file, int error, struct buf *errors)
{
	buf_printf(errors, "%s:0: file: %s\n", file,
	    error == MC_E_BAD ? "holds a NUL byte" : err_text(error));
	return error;
}

int conf_read(
    const char *file, const char *prefix, struct conf **out, struct buf *errors)
{
	struct conf_draft d = { .file = file, .errors = errors };
	struct buf text;
	buf_init(&text, CONF_BYTES_MAX);
	int error = slurp(file, &text);
	if (error) {
		buf_deinit(&text);
		return unreadable(file, error, errors);
	}
	error = conf_new(prefix ? prefix : "", &d.c);
	if (!error && conf_parse(&d, buf_view(&text).p))
		conf_check(&d);
	buf_deinit(&text);
	if (!error && d.failed)
		error = MC_E_BAD;
	if (error)
		conf_free(&d.c);
	else
		*out = d.c;
	return error;
}

int conf_default_file(const char *prefix, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s%s/mailcore.conf", prefix ? prefix : "",
	    MAILCORE_SYSCONFDIR);
	return n > 0 && (size_t)n < cap ? 0 : MC_E_LIMIT;
}

static void put_u64(struct buf *out, uint64_t n)
{
	char bytes[8];
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_u64(&w, n);
	buf_put(out, wr_view(&w));
}

static void put_str(struct buf *out, const char *s)
{
	put_u64(out, strlen(s));
	buf_put(out, view_of(s));
}

static void encode_rows(
    const struct conf_option_table *t, const void *base, struct buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct conf_option *o = &t->rows[i];
		const void *at = (const char *)base + o->offset;
		if (conf_kind_is_text(o->kind))
			put_str(out, *(const char *const *)at);
		else
			put_u64(out, conf_member_get(o, base));
	}
}

int conf_encode(const struct conf *c, struct buf *out)
{
	put_str(out, c->memory->prefix);
	encode_rows(&conf_tables[CONF_TABLE_TOP], c, out);
	put_u64(out, c->n_listeners);
	for (size_t i = 0; i < c->n_listeners; i++) {
		put_str(out, c->listeners[i].name);
		encode_rows(
		    &conf_tables[CONF_TABLE_LISTEN], &c->listeners[i], out);
	}
	put_u64(out, c->n_domains);
	for (size_t i = 0; i < c->n_domains; i++) {
		put_str(out, c->domains[i].name);
		encode_rows(
		    &conf_tables[CONF_TABLE_DOMAIN], &c->domains[i], out);
	}
	put_u64(out, c->n_routes);
	for (size_t i = 0; i < c->n_routes; i++) {
		put_str(out, c->routes[i].name);
		encode_rows(&conf_tables[CONF_TABLE_ROUTE], &c->routes[i], out);
	}
	return buf_error(out);
}

/* Strings are bounded by CONF_STRING_MAX as written; a prefix or the folder of
 * the file may stand before them. */
static const char *get_str(struct rd *r, struct arena *a)
{
	uint64_t n = rd_u64(r);
	const char *s = NULL;
	if (n <= 16384)
		s = arena_cstr(a, rd_raw(r, (size_t)n));
	if (!s)
		r->failed = true;
	return s ? s : "";
}

static void decode_rows(const struct conf_option_table *t, void *base,
    struct rd *r, struct arena *a)
{
	for (size_t i = 0; i < t->n && !r->failed; i++) {
		const struct conf_option *o = &t->rows[i];
		if (conf_kind_is_text(o->kind))
			*conf_member_str(o, base) = get_str(r, a);
		else
			conf_member_set(o, base, rd_u64(r));
	}
}

static void *get_array(
    struct rd *r, struct arena *a, size_t max, size_t size, size_t *n)
{
	uint64_t count = rd_u64(r);
	void *items = NULL;
	if (!r->failed && count <= max)
		items = arena_alloc(a, ((size_t)count + 1) * size);
	if (!items)
		r->failed = true;
	*n = items ? (size_t)count : 0;
	return items;
}

static void decode_sections(struct conf *c, struct rd *r, struct arena *a)
{
	c->listeners = get_array(
	    r, a, CONF_LISTENERS_MAX, sizeof *c->listeners, &c->n_listeners);
	for (size_t i = 0; i < c->n_listeners; i++) {
		c->listeners[i].name = get_str(r, a);
		decode_rows(
		    &conf_tables[CONF_TABLE_LISTEN], &c->listeners[i], r, a);
	}
	c->domains = get_array(
	    r, a, CONF_DOMAINS_MAX, sizeof *c->domains, &c->n_domains);
	for (size_t i = 0; i < c->n_domains; i++) {
		c->domains[i].name = get_str(r, a);
		decode_rows(
		    &conf_tables[CONF_TABLE_DOMAIN], &c->domains[i], r, a);
	}
	c->routes =
	    get_array(r, a, CONF_ROUTES_MAX, sizeof *c->routes, &c->n_routes);
	for (size_t i = 0; i < c->n_routes; i++) {
		c->routes[i].name = get_str(r, a);
		decode_rows(
		    &conf_tables[CONF_TABLE_ROUTE], &c->routes[i], r, a);
	}
}

int conf_decode(struct view v, struct conf **out)
{
	struct rd r = rd_of(v);
	struct conf *c;
	int error = conf_new("", &c);
	if (error)
		return error;
	struct arena *a = &c->memory->arena;
	c->memory->prefix = get_str(&r, a);
	decode_rows(&conf_tables[CONF_TABLE_TOP], c, &r, a);
	decode_sections(c, &r, a);
	if (!rd_end(&r)) {
		conf_free(&c);
		return MC_E_PROTO;
	}
	*out = c;
	return 0;
}

_Static_assert(offsetof(struct conf_domain, name) == 0 &&
		   offsetof(struct conf_route, name) == 0,
    "sections begin with their names");

/* Among sections in order of their names. */
static const void *find_section(
    const void *sections, size_t n, size_t size, struct view name)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const void *at = (const char *)sections + mid * size;
		int order = view_cmp(view_of(*(const char *const *)at), name);
		if (order == 0)
			return at;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

enum {
	NAME_MAX_BYTES = 255
};

/* V_NONE: no name of a section is so long. */
static struct view folded(struct view name, char out[NAME_MAX_BYTES])
{
	if (name.n > NAME_MAX_BYTES)
		return V_NONE;
	for (size_t i = 0; i < name.n; i++)
		out[i] = char_lower(name.p[i]);
	return (struct view){ out, name.n };
}

const struct conf_domain *conf_domain_find(
    const struct conf *c, struct view name)
{
	char key[NAME_MAX_BYTES];
	return find_section(
	    c->domains, c->n_domains, sizeof *c->domains, folded(name, key));
}

static const struct conf_route *find_route(
    const struct conf *c, struct view name)
{
	return find_section(c->routes, c->n_routes, sizeof *c->routes, name);
}

const struct conf_route *conf_route_find(
    const struct conf *c, struct view domain)
{
	char key[NAME_MAX_BYTES];
	struct view name = folded(domain, key);
	const struct conf_route *found = find_route(c, name);
	for (size_t i = 1; i < name.n && !found; i++)
		if (name.p[i] == '.')
			found = find_route(c, view_skip(name, i));
	return found ? found : find_route(c, V("*"));
}
