#include "base/err.h"
#include <string.h>

const char *err_text(int code)
{
	switch (code) {
#define X(name, value, text)                                                   \
	case value:                                                            \
		return text;
		ERR_MAP(X)
#undef X
	default:
		return code < 0 && code > -4096 ? strerror(-code)
						: "unknown error";
	}
}
