#ifndef SASL_SCRAM_H
#define SASL_SCRAM_H
/* What both sides of SCRAM share. */
#include "base/view.h"

/* "x=value" up to the next comma, which is cut off; false: it is not there, or
 * empty. */
bool scram_attribute(struct view *in, char letter, struct view *value);
#endif
