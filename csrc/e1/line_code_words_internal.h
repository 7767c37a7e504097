/*
 * HDB3 on one or more lines abreast, 64 bit times of each at once. line_code.c includes this once for each CPU level:
 *   WORDS          an integer type or a vector of uint64_t, one line a lane, bit 0 the earliest
 *   LINES          how many lines that is
 *   CHUNK          how many words of each are loaded and stored together
 *   NAMED(noun)    the name of a function or type at this level
 *   TARGET         how functions are compiled for it
 *   FOLLOW(now, before, k)   bits as they stood k bit times ago; `before` is the word before `now`
 * and the functions count_bits, prefix_parity, load_octets and store_octets (NAMED).
 */

typedef struct {
    WORDS marks;              /* the word before: places with a mark in either plane */
    WORDS ones;               /* ... marks that end no substitution */
    WORDS ends;               /* ... marks that end one */
    WORDS positive;           /* 1: the last mark was positive */
    WORDS violation_positive; /* 1: the last violation was */
    WORDS violations;         /* places of all violations in the block, words upon one another */
    WORDS bipolar_violations, code_violations, excess_zeros; /* counted in the block */
} NAMED(decoding);

typedef struct {
    WORDS ones;               /* the word before: bits that are 1 */
    WORDS fourths;            /* ... zeros that three zeros precede */
    WORDS positive, negative; /* ... marks but for those that begin a substitution */
    WORDS fill_positive, fill_negative; /* ... ends of substitutions that begin with a mark */
    WORDS phase_low, phase_high; /* of the run of fourths that goes on into this word: place of its first, modulo 4 */
    WORDS parity;             /* of all ones so far */
    WORDS parity_at_end;      /* the same at the last substitution's end */
    WORDS end_positive;       /* 1: the last substitution ended with a positive mark */
} NAMED(encoding);

/*
 * A flag that `set` bits set and `clear` bits (never the same) clear, as it stood before each bit; *flag, 0 or 1, is
 * how it stands before the word and then after it. A carry does it: an adder's carry is made where both summands are 1
 * (set), dies where both are 0 (clear) and travels on where one is.
 */
TARGET static inline WORDS NAMED(flag_before)(WORDS set, WORDS clear, WORDS *flag)
{
    WORDS before = (set + ~clear + *flag) ^ set ^ ~clear;
    *flag = (set | (before & ~clear)) >> 63;
    return before;
}

/* Marks of the polarity of the mark before; both planes at one place are one of the positive polarity. */
TARGET static inline void NAMED(find_violations)(WORDS positive, WORDS negative, WORDS *last_positive,
                                                 WORDS *too_positive, WORDS *too_negative)
{
    WORDS only_negative = negative & ~positive;
    WORDS was_positive = NAMED(flag_before)(positive, only_negative, last_positive);
    *too_positive = positive & (was_positive | negative);
    *too_negative = only_negative & ~was_positive;
}

TARGET static inline WORDS NAMED(decode_word)(NAMED(decoding) *line, WORDS positive, WORDS negative)
{
    WORDS too_positive, too_negative;
    NAMED(find_violations)(positive, negative, &line->positive, &too_positive, &too_negative);
    WORDS marks = positive | negative, violations = too_positive | too_negative;
    WORDS was_too_positive = NAMED(flag_before)(too_positive, too_negative, &line->violation_positive);

    WORDS one_ago = FOLLOW(marks, line->marks, 1), two_ago = FOLLOW(marks, line->marks, 2);
    WORDS three_ago = FOLLOW(marks, line->marks, 3), four_ago = FOLLOW(marks, line->marks, 4);
    WORDS ends = violations & ~(positive & negative) & ~(one_ago | two_ago);
    WORDS ones = marks & ~ends;
    WORDS bits = FOLLOW(ones, line->ones, 4) & ~FOLLOW(ends, line->ends, 1);

    line->violations |= violations;
    line->bipolar_violations += NAMED(count_bits)(violations & ~ends);
    line->code_violations += NAMED(count_bits)((too_positive & was_too_positive) | (too_negative & ~was_too_positive));
    line->excess_zeros += NAMED(count_bits)(four_ago & ~(marks | one_ago | two_ago | three_ago));
    line->marks = marks;
    line->ones = ones;
    line->ends = ends;
    return bits;
}

/*
 * The last zero of each 0000, counted from the last 1 or the last 0000. In a run of fourths that is the first and every
 * fourth after it: those whose place is the first's, modulo 4. Adding 1 at a run's first bit turns the run to 0 and
 * leaves the other runs alone: so the sums tell each bit the two bits of its run's first place, inverted.
 */
TARGET static inline WORDS NAMED(substitution_ends)(NAMED(encoding) *line, WORDS ones)
{
    const uint64_t odd = 0xAAAAAAAAAAAAAAAAull, upper = 0xCCCCCCCCCCCCCCCCull;
    WORDS fourths = ~(ones | FOLLOW(ones, line->ones, 1) | FOLLOW(ones, line->ones, 2) | FOLLOW(ones, line->ones, 3));
    WORDS first = fourths & ~FOLLOW(fourths, line->fourths, 1);
    WORDS low = fourths + (first & odd) + line->phase_low;
    WORDS high = fourths + (first & upper) + line->phase_high;
    line->phase_low = (fourths & ~low) >> 63;
    line->phase_high = (fourths & ~high) >> 63;
    line->fourths = fourths;
    line->ones = ones;
    return fourths & (low ^ odd) & (high ^ upper);
}

/* A parity of everything up to each bit; *parity, 0 or 1, is that before the word and then after it. */
TARGET static inline WORDS NAMED(parity_up_to)(WORDS bits, WORDS *parity)
{
    WORDS up_to = NAMED(prefix_parity)(bits) ^ -*parity;
    *parity = up_to >> 63;
    return up_to;
}

/* 000V where the ones since the last V are odd, else B00V, with B of V's polarity; V alternate. */
TARGET static inline void NAMED(encode_word)(NAMED(encoding) *line, WORDS ones, WORDS *positive, WORDS *negative)
{
    WORDS ends = NAMED(substitution_ends)(line, ones);
    WORDS parity = NAMED(parity_up_to)(ones, &line->parity);
    WORDS end_positive = NAMED(parity_up_to)(ends, &line->end_positive);
    WORDS odd = parity ^ NAMED(flag_before)(ends & parity, ends & ~parity, &line->parity_at_end);
    WORDS is_positive = end_positive ^ (odd & ~ends);
    WORDS now_positive = (ones | ends) & is_positive, now_negative = (ones | ends) & ~is_positive;
    WORDS fill_positive = ends & ~odd & end_positive, fill_negative = ends & ~odd & ~end_positive;

    *positive = FOLLOW(now_positive, line->positive, 4) | FOLLOW(fill_positive, line->fill_positive, 1);
    *negative = FOLLOW(now_negative, line->negative, 4) | FOLLOW(fill_negative, line->fill_negative, 1);
    line->positive = now_positive;
    line->negative = now_negative;
    line->fill_positive = fill_positive;
    line->fill_negative = fill_negative;
}

/* A line's `carried` holds of each word before what the next one looks back to (the latest bits), and the flags. */
TARGET static inline void NAMED(decoding_load)(NAMED(decoding) *line, const decode_job *jobs)
{
    uint64_t carried[LINES];
    for (unsigned k = 0; k < LINES; k++)
        carried[k] = jobs[k].decoder->carried;
    WORDS words;
    memcpy(&words, carried, sizeof words);
    *line = (NAMED(decoding)){.marks = words, .ones = words << 4, .ends = words << 8};
    line->positive = words & 1;
    line->violation_positive = words >> 1 & 1;
}

TARGET static inline void NAMED(decoding_save)(const NAMED(decoding) *line, decode_job *jobs)
{
    const uint64_t latest = 1ull << 63, latest_four = 0xFull << 60;
    WORDS carried = (line->marks & latest_four) | (line->ones & latest_four) >> 4 | (line->ends & latest) >> 8 |
                    line->violation_positive << 1 | line->positive;
    uint64_t of_line[5][LINES];
    memcpy(of_line[0], &carried, sizeof carried);
    memcpy(of_line[1], &line->violations, sizeof carried);
    memcpy(of_line[2], &line->bipolar_violations, sizeof carried);
    memcpy(of_line[3], &line->code_violations, sizeof carried);
    memcpy(of_line[4], &line->excess_zeros, sizeof carried);
    for (unsigned k = 0; k < LINES; k++) {
        jobs[k].decoder->carried = of_line[0][k];
        jobs[k].violated |= of_line[1][k] != 0;
        jobs[k].decoder->counters.bipolar_violations += of_line[2][k];
        jobs[k].decoder->counters.code_violations += of_line[3][k];
        jobs[k].decoder->counters.excess_zeros += of_line[4][k];
    }
}

/* Decodes the words from `first` up to `end`, CHUNK at a time, of LINES lines. */
TARGET static void NAMED(decode)(decode_job *jobs, unsigned first, unsigned end)
{
    const uint8_t *positive[LINES], *negative[LINES];
    uint8_t *bits[LINES];
    NAMED(decoding) line;
    for (unsigned k = 0; k < LINES; k++) {
        positive[k] = jobs[k].marks->positive;
        negative[k] = jobs[k].marks->negative;
        bits[k] = jobs[k].bits;
    }
    NAMED(decoding_load)(&line, jobs);
    for (unsigned word = first; word < end; word += CHUNK) {
        WORDS now_positive[CHUNK], now_negative[CHUNK], now_bits[CHUNK];
        NAMED(load_octets)(positive, word, now_positive);
        NAMED(load_octets)(negative, word, now_negative);
        for (unsigned k = 0; k < CHUNK; k++)
            now_bits[k] = NAMED(decode_word)(&line, now_positive[k], now_negative[k]);
        NAMED(store_octets)(bits, word, now_bits);
    }
    NAMED(decoding_save)(&line, jobs);
}

TARGET static inline void NAMED(encoding_load)(NAMED(encoding) *line, const encode_job *jobs)
{
    uint64_t carried[LINES];
    for (unsigned k = 0; k < LINES; k++)
        carried[k] = jobs[k].encoder->carried;
    WORDS words;
    memcpy(&words, carried, sizeof words);
    *line = (NAMED(encoding)){.ones = words, .positive = words << 4, .negative = words << 8};
    line->fill_positive = words << 12;
    line->fill_negative = words << 13;
    line->fourths = words << 14;
    line->phase_low = words & 1;
    line->phase_high = words >> 1 & 1;
    line->parity = words >> 2 & 1;
    line->parity_at_end = words >> 3 & 1;
    line->end_positive = words >> 4 & 1;
}

TARGET static inline void NAMED(encoding_save)(const NAMED(encoding) *line, const encode_job *jobs)
{
    const uint64_t latest = 1ull << 63, latest_four = 0xFull << 60;
    WORDS carried = (line->ones & latest_four) | (line->positive & latest_four) >> 4 |
                    (line->negative & latest_four) >> 8 | (line->fill_positive & latest) >> 12 |
                    (line->fill_negative & latest) >> 13 | (line->fourths & latest) >> 14 | line->end_positive << 4 |
                    line->parity_at_end << 3 | line->parity << 2 | line->phase_high << 1 | line->phase_low;
    uint64_t of_line[LINES];
    memcpy(of_line, &carried, sizeof carried);
    for (unsigned k = 0; k < LINES; k++)
        jobs[k].encoder->carried = of_line[k];
}

/* Encodes a block of LINES lines. */
TARGET static void NAMED(encode)(const encode_job *jobs)
{
    const uint8_t *bits[LINES];
    uint8_t *positive[LINES], *negative[LINES];
    NAMED(encoding) line;
    for (unsigned k = 0; k < LINES; k++) {
        bits[k] = jobs[k].bits;
        positive[k] = jobs[k].marks->positive;
        negative[k] = jobs[k].marks->negative;
    }
    NAMED(encoding_load)(&line, jobs);
    for (unsigned word = 0; word < BLOCK_BITS / 64; word += CHUNK) {
        WORDS ones[CHUNK], now_positive[CHUNK], now_negative[CHUNK];
        NAMED(load_octets)(bits, word, ones);
        for (unsigned k = 0; k < CHUNK; k++)
            NAMED(encode_word)(&line, ones[k], &now_positive[k], &now_negative[k]);
        NAMED(store_octets)(positive, word, now_positive);
        NAMED(store_octets)(negative, word, now_negative);
    }
    NAMED(encoding_save)(&line, jobs);
}

#undef WORDS
#undef LINES
#undef CHUNK
#undef NAMED
#undef TARGET
#undef FOLLOW
