#include "crypto/crypto.h"

__attribute__((visibility("default")))
const struct crypto_calls crypto_calls = {
#define GIVES(type, name, parameters, arguments) .name = name,
#define DOES(name, parameters, arguments) .name = name,
#include "crypto/calls.def"
};
