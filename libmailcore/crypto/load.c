#include "base/panic.h"
#include "crypto/crypto.h"
#include <dlfcn.h>

#ifdef MAILCORE_ONE_LIBRARY

void crypto_load(void)
{
}

#else

static const struct crypto_calls *loaded;

void crypto_load(void)
{
	if (loaded)
		return;
	void *library = dlopen(CRYPTO_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library)
		loaded = dlsym(library, "crypto_calls");
	if (!loaded)
		fatal("cannot load %s: %s", CRYPTO_LIBRARY, dlerror());
}

static const struct crypto_calls *calls(void)
{
	if (!loaded)
		crypto_load();
	return loaded;
}

#define GIVES(type, name, parameters, arguments)                               \
	type name parameters                                                   \
	{                                                                      \
		return calls()->name arguments;                                \
	}
/* These take what the others made, or nothing at all. */
#define DOES(name, parameters, arguments)                                      \
	void name parameters                                                   \
	{                                                                      \
		if (loaded)                                                    \
			loaded->name arguments;                                \
	}
#include "crypto/calls.def"

#endif
