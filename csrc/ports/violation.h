/* Bipolar violations on purpose, one at a time, in marks that are otherwise left as they are. */
#ifndef TRUNKSHELF_VIOLATION_H
#define TRUNKSHELF_VIOLATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

typedef struct {
    bool inverted;     /* every mark from the last violation on has changed its polarity */
    bool mark_before;  /* the last bit seen was a mark */
    uint32_t due;      /* violations still to be made */
    uint64_t made;
} violation_injector;

/*
 * Makes the next mark that follows directly upon a mark a violation (after spaces it could pass for an HDB3
 * substitution), and all marks from there on alternate from it: each is exactly one bipolar violation to a receiver.
 */
void violation_injector_run(violation_injector *injector, line_block *marks);

#endif
