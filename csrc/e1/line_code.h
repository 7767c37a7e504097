/* Line codes of a 2 048 kbit/s line (G.703 annex A): HDB3 and AMI between bits and two planes of marks. */
#ifndef TRUNKSHELF_LINE_CODE_H
#define TRUNKSHELF_LINE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"

typedef enum {
    LINE_CODE_NONE = 0, /* the line carries bits, not marks */
    LINE_CODE_AMI = 1,
    LINE_CODE_HDB3 = 2,
} line_code;

/*
 * Counters since the decoder was made; they never wrap. A violation is a mark of the polarity of the mark before. What
 * came before the first mark, and before the first violation, is unknown: neither of them is held against the line,
 * and the spaces before the first mark are no excess (that is loss of signal).
 */
typedef struct {
    uint64_t bipolar_violations; /* violations that are no HDB3 substitution */
    uint64_t code_violations;    /* violations of the polarity of the violation before, substitutions among them
                                    (O.162; HDB3 only) */
    uint64_t excess_zeros;       /* runs of more than 3 spaces (HDB3) or 15 (AMI), counted once, at space 4 or 16 */
} line_code_counters;

/* The receiving end of one line. */
typedef struct {
    uint32_t code;          /* a line_code */
    bool mark_seen;         /* a mark has come since the decoder was made */
    bool violation_seen;    /* a violation has */
    line_code_counters counters;
    uint64_t carried;       /* what the next block needs of this one; the codec's own */
} line_decoder;

/* The sending end of one line. */
typedef struct {
    uint32_t code;
    uint64_t carried; /* what the next block needs of this one; the codec's own */
} line_encoder;

void line_decoder_init(line_decoder *decoder, line_code code);
void line_encoder_init(line_encoder *encoder, line_code code);

/*
 * Decodes one block on each of `count` lines abreast: marks[k] -> bits[k] (most significant bit first;
 * marks[k]->bit_count bits, which may differ from line to line).
 * HDB3: a violation after two spaces ends a substitution, whose four bits are read as 0000; so the bits leave four bit
 * times after their marks (the first four of all are 0). AMI: no delay. LINE_CODE_NONE: bits are the positive plane. A
 * place with marks in both planes counts as a bipolar violation (of the positive polarity), ends no substitution and
 * reads as 1.
 */
void line_decode(line_decoder *const decoders[], const line_block *const marks[], uint8_t *const bits[],
                 unsigned count);

/*
 * Encodes BLOCK_BITS bits on each of `count` lines abreast. HDB3: each 0000 becomes 000V or B00V so that the number
 * of marks between two V is odd; V polarity alternates. The first mark of all is positive; the first V of all is
 * made as if a V had come before the first bit. The marks leave four bit times after their bits (HDB3; a
 * substitution is known at its fourth zero; the first four places are spaces); AMI and LINE_CODE_NONE: no delay.
 * bit_count is set to BLOCK_BITS.
 */
void line_encode(line_encoder *const encoders[], const uint8_t *const bits[], line_block *const marks[],
                 unsigned count);

#endif
