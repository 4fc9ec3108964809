#ifndef MAILCTL_WHEN_H
#define MAILCTL_WHEN_H
/* Times and durations as they are typed: 90s, 10m, 2h, 30d; and dates. */
#include <stdbool.h>
#include <stdint.h>

bool duration_parse(const char *text, uint32_t *seconds);
/* A duration (so long ago), 2026-11-24, or 2026-11-24T17:00:00Z (UTC). */
bool when_parse(const char *text, int64_t now_s, int64_t *time_s);
#endif
