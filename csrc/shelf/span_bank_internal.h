/* What the two halves of a span's millisecond share. */
#ifndef TRUNKSHELF_SPAN_BANK_INTERNAL_H
#define TRUNKSHELF_SPAN_BANK_INTERNAL_H

#include "shelf/span_internal.h"

enum {
    ABREAST = 16, /* spans: as many as a line code's kernel takes, few enough to stay in the near caches meanwhile */
};

/* Lines of a group of spans, to be coded together. */
typedef struct {
    unsigned count;
    span *span[ABREAST];
    uint8_t *bits[ABREAST]; /* received, where the framer wants them */
} batch;

/* The line carries marks. */
bool span_coded(const span *span);

/* How many spans the group has that begins with number `first`. */
unsigned span_group_size(const shelf *shelf, unsigned first);

#endif
