#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H
/* Mail as people have it: 14 KB in the mean, threads with quotations, mailing
 * lists, trace fields and signatures, encoded names, text and HTML, and in
 * every tenth message attachments, which are half of all bytes. The body of
 * each 1,000th message has the word "xylophonist", the subject of each 1,000th
 * "needlesubject". Lines end in CRLF, none starts with a dot. */
#include "base/view.h"

struct corpus *corpus_new(uint64_t seed);
void corpus_free(struct corpus **c);
/* The next message; valid until the next call. */
struct view corpus_next(struct corpus *c);
#endif
