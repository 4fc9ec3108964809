#include "accounts/alias_files.h"
#include "accounts/backend.h"
#include "base/panic.h"
#include "log/log.h"
#include <stdlib.h>

static void on_bad(void *ctx, unsigned line, const char *why)
{
	const struct alias_file *f = ctx;
	LOG(NULL, ERROR, "alias.bad-line", KV_STR("file", f->name),
	    KV_INT("line", line), KV_STR("reason", why));
}

static void tell_refused(const struct alias_file *f, const struct alias *a)
{
	for (size_t i = 0; i < a->n_targets; i++)
		if (a->targets[i].kind != ALIAS_ADDRESS)
			LOG(NULL, ERROR, "alias.refused",
			    KV_STR("file", f->name),
			    KV_VIEW("target", a->targets[i].text),
			    KV_STR("reason",
				"the file is not root's: addresses only"));
}

static void read_file(struct alias_file *f, struct view text,
    enum aliases_form form, bool is_trusted)
{
	const struct aliases_bad bad = { on_bad, f };
	aliases_free(&f->aliases);
	f->is_trusted = is_trusted;
	int error = aliases_read(text, form, bad, &f->aliases);
	if (error)
		LOG(NULL, ERROR, "alias.unreadable", KV_STR("file", f->name),
		    KV_ERR("error", error));
	for (size_t i = 0;
	     !error && !is_trusted && i < aliases_count(f->aliases); i++)
		tell_refused(f, aliases_at(f->aliases, i));
}

static void free_file(struct alias_file *f)
{
	free(f->name);
	f->name = NULL;
	aliases_free(&f->aliases);
}

static void set(struct alias_file *f, struct view name, struct view text,
    enum aliases_form form, bool is_trusted)
{
	free_file(f);
	f->name = must_alloc(name.n + 1);
	if (name.n)
		memcpy(f->name, name.p, name.n);
	read_file(f, text, form, is_trusted);
}

void accounts_set_aliases(struct accounts *a, size_t index, struct view name,
    struct view text, bool is_trusted)
{
	if (index < ALIAS_FILES_MAX)
		set(&a->alias_files[index], name, text, ALIASES_NAMED,
		    is_trusted);
}

void accounts_set_include(struct accounts *a, size_t index, struct view path,
    struct view text, bool is_trusted)
{
	if (index >= ALIAS_INCLUDES_MAX)
		return;
	struct alias_file *f = &a->includes[index];
	set(f, path, text, ALIASES_LIST, is_trusted);
	if (f->aliases && !aliases_at(f->aliases, 0)->n_targets)
		LOG(NULL, WARN, "alias.empty", KV_STR("file", f->name));
}

void accounts_drop_include(struct accounts *a, size_t index)
{
	if (index < ALIAS_INCLUDES_MAX)
		free_file(&a->includes[index]);
}

void accounts_free_alias_files(struct accounts *a)
{
	for (size_t i = 0; i < ALIAS_FILES_MAX; i++)
		free_file(&a->alias_files[i]);
	for (size_t i = 0; i < ALIAS_INCLUDES_MAX; i++)
		free_file(&a->includes[i]);
}

static void ignore_bad(void *ctx, unsigned line, const char *why)
{
	(void)ctx;
	(void)line;
	(void)why;
}

static void find_in(struct view text, enum aliases_form form,
    void (*found)(void *ctx, struct view path), void *ctx)
{
	const struct aliases_bad bad = { ignore_bad, NULL };
	struct aliases *a = NULL;
	if (aliases_read(text, form, bad, &a) != 0)
		return;
	for (size_t i = 0; i < aliases_count(a); i++) {
		const struct alias *one = aliases_at(a, i);
		for (size_t k = 0; k < one->n_targets; k++)
			if (one->targets[k].kind == ALIAS_INCLUDE)
				found(ctx, one->targets[k].text);
	}
	aliases_free(&a);
}

/* What is right in one form has no include in the other. */
void alias_files_find_includes(
    struct view text, void (*found)(void *ctx, struct view path), void *ctx)
{
	find_in(text, ALIASES_NAMED, found, ctx);
	find_in(text, ALIASES_LIST, found, ctx);
}

static struct alias_list list_of(const struct alias_file *f)
{
	return (
	    struct alias_list){ f->aliases, view_of(f->name), f->is_trusted };
}

const struct alias *accounts_find_named_alias(
    const struct accounts *a, struct view name, struct alias_list *list)
{
	for (size_t i = 0; i < ALIAS_FILES_MAX; i++) {
		const struct alias_file *f = &a->alias_files[i];
		const struct alias *found =
		    f->aliases ? aliases_find(f->aliases, name) : NULL;
		if (!found)
			continue;
		if (list)
			*list = list_of(f);
		return found;
	}
	return NULL;
}

int accounts_find_include(
    const struct accounts *a, struct view path, struct alias_list *out)
{
	for (size_t i = 0; i < ALIAS_INCLUDES_MAX; i++) {
		const struct alias_file *f = &a->includes[i];
		if (!f->aliases || !view_eq(view_of(f->name), path))
			continue;
		*out = list_of(f);
		return 0;
	}
	return MC_E_NOENT;
}
