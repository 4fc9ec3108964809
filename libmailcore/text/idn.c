#include "text/idn.h"
#include <idn2.h>

int idn_to_ascii(struct view domain, char out[IDN_MAX + 1])
{
	char text[4 * IDN_MAX];
	uint8_t *found = NULL;
	if (view_to_cstr(domain, text, sizeof text) != 0)
		return MC_E_BAD;
	int error = idn2_lookup_u8((const uint8_t *)text, &found,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (error == IDN2_OK)
		error = view_to_cstr(
		    view_of((const char *)found), out, IDN_MAX + 1);
	idn2_free(found);
	return error ? MC_E_BAD : 0;
}
