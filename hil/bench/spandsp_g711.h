/* libspandsp's G.711, found at run time: the peer of voice_g711 and conference. */
#ifndef TRUNKSHELF_BENCH_SPANDSP_G711_H
#define TRUNKSHELF_BENCH_SPANDSP_G711_H

#include <stdint.h>

/* Declared after the peer's public header (spandsp/g711.h). */
typedef struct {
    void *state;
    int (*decode)(void *state, int16_t *samples, const uint8_t *octets, int count);
    int (*encode)(void *state, uint8_t *octets, const int16_t *samples, int count);
} spandsp_g711;

/* Its A-law; `state` is NULL if it is not installed. */
spandsp_g711 spandsp_g711_find(void);

#endif
