/* What G.711's kernels share with its octets. */
#ifndef TRUNKSHELF_G711_TABLES_INTERNAL_H
#define TRUNKSHELF_G711_TABLES_INTERNAL_H

#include <stdint.h>

enum { G711_POSITIVE = 0x80 }; /* both laws set it, as it is on the line, for positive values */

/* Quantized magnitudes in 16-bit units, by an octet's other seven bits as they are on the line: their low octets and
 * their high octets. */
typedef struct {
    uint8_t low[128], high[128];
} g711_magnitudes;

extern const g711_magnitudes G711_MAGNITUDES[2]; /* by law */

/*
 * Encoding, for either law: magnitude = min(one's complement of negative samples, magnitude_max) + bias; its high
 * octet's bit length is the segment; magnitude >> shift are the step's four bits and, but for A-law's segment 0, a one
 * above them: so (shift << 4) + (magnitude >> shift) - 64 is segment and step. `inverted`: the bits of it that the line
 * inverts.
 */
typedef struct {
    uint16_t magnitude_max, bias;
    uint8_t shift_least; /* of segment 0; segment s has s + 3 */
    uint8_t inverted;
} g711_encoding;

extern const g711_encoding G711_ENCODINGS[2];

#endif
