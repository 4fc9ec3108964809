#include "proc/body/module.h"
#include "base/panic.h"
#include <dlfcn.h>
#include <stdio.h>

void module_load(const struct role *role, struct role *out)
{
	char file[64], symbol[32];
	*out = *role;
	if (role->ops)
		return;
	snprintf(file, sizeof file, "libmailcore-%s.so.0", role_name(role->id));
	snprintf(symbol, sizeof symbol, "%s_ops", role_name(role->id));
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (library)
		out->ops = dlsym(library, symbol);
	if (!out->ops)
		fatal("cannot load %s: %s", file, dlerror());
}
