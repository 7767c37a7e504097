/*
 * HDB3 on one or more lines abreast, 64 bit times of each at once. line_code.c includes this once for each CPU level:
 *   WORDS          an integer type or a vector of uint64_t, one line a lane, bit 0 the earliest
 *   LINES          how many lines that is
 *   CHUNK          how many words of each are loaded and stored together
 *   NAMED(noun)    the name of a function or type at this level
 *   TARGET         how functions are compiled for it
 *   FOLLOW(now, before, k)   bits as they stood k bit times ago; `before` is the word before `now`
 *   LOGIC(function, a, b, c) one of the bitwise functions of three operands in line_code.c
 * and the functions load_octets, store_octets, sign (of a word: 0 or all ones), parity_up_to, count_bits, and
 * worth_counting (whether to look for bits at all), all of them NAMED. A flag carried from word to word is 0 or all
 * ones.
 */

typedef struct {
    WORDS marks;                  /* the word before: places with a mark in either plane */
    WORDS ends;                   /* ... marks that end a substitution */
    WORDS not_positive;           /* flag: the last mark was not positive */
    WORDS violation_not_positive; /* flag: nor was the last violation */
    WORDS violations;             /* places of all violations in the block, words upon one another */
    WORDS bipolar_violations, code_violations, excess_zeros; /* counted in the block */
} NAMED(decoding);

typedef struct {
    WORDS ones;                         /* the word before: bits that are 1 */
    WORDS fourths;                      /* ... zeros that three zeros precede */
    WORDS positive, negative;           /* ... marks but for those that begin a substitution */
    WORDS fill_positive, fill_negative; /* ... ends of substitutions that begin with a mark */
    WORDS phase_low, phase_high;        /* flags: place, modulo 4, of the first of a run of fourths that goes on */
    WORDS parity;                       /* flag: of all ones so far */
    WORDS even_at_end;                  /* flag: they were even at the last substitution's end */
    WORDS end_positive;                 /* flag: that ended with a positive mark */
} NAMED(encoding);

/*
 * Follows a flag that some bits change: to `set` (part of `changes`) or else to clear. The carries of an adder do it: a
 * carry is made where both summands are 1, dies where both are 0 and travels on where one is, so the summands are `set`
 * and ~clear = -1 - (changes - set). *unset is the flag's opposite before the word and then after it: a set flag is the
 * carry that makes good for that -1. In the sum, a bit of `changes` shows the flag as it stood before that bit, a bit
 * between them its opposite.
 */
TARGET static inline WORDS NAMED(flag_sum)(WORDS changes, WORDS set, WORDS *unset)
{
    WORDS sum = (set - (changes - set)) + *unset;
    *unset = NAMED(sign)(LOGIC(CHOOSE_NOT, changes, set, sum));
    return sum;
}

/*
 * Violations: marks of the polarity of the mark before. Both planes at one place are a mark of the positive polarity
 * and a violation whatever came before.
 */
TARGET static inline WORDS NAMED(find_violations)(WORDS positive, WORDS negative, WORDS *last_not_positive)
{
    WORDS sum = NAMED(flag_sum)(positive | negative, positive, last_not_positive);
    return LOGIC(VIOLATION, positive, negative, sum);
}

TARGET static inline WORDS NAMED(decode_word)(NAMED(decoding) *line, WORDS positive, WORDS negative)
{
    WORDS violations = NAMED(find_violations)(positive, negative, &line->not_positive);
    WORDS violation_sum = NAMED(flag_sum)(violations, violations & positive, &line->violation_not_positive);
    WORDS marks = positive | negative;
    WORDS one_ago = FOLLOW(marks, line->marks, 1), two_ago = FOLLOW(marks, line->marks, 2);
    WORDS three_ago = FOLLOW(marks, line->marks, 3), four_ago = FOLLOW(marks, line->marks, 4);
    WORDS ends = LOGIC(FIRST_ONLY, LOGIC(NOT_BOTH, violations, positive, negative), one_ago, two_ago);
    WORDS lately = LOGIC(ANY, marks, one_ago, two_ago);

    WORDS bipolar = violations & ~ends;
    WORDS code = LOGIC(FIRST_IF_SAME, violations, positive, violation_sum);
    WORDS excess = LOGIC(FIRST_ONLY, four_ago, lately, three_ago);
    if (NAMED(worth_counting)(LOGIC(ANY, bipolar, code, excess))) {
        line->bipolar_violations += NAMED(count_bits)(bipolar);
        line->code_violations += NAMED(count_bits)(code);
        line->excess_zeros += NAMED(count_bits)(excess);
    }
    WORDS bits = LOGIC(FIRST_ONLY, four_ago, FOLLOW(ends, line->ends, 4), FOLLOW(ends, line->ends, 1));
    line->violations |= violations;
    line->marks = marks;
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
    const WORDS odd = (WORDS){0} + 0xAAAAAAAAAAAAAAAAull, upper = (WORDS){0} + 0xCCCCCCCCCCCCCCCCull;
    WORDS lately = LOGIC(ANY, ones, FOLLOW(ones, line->ones, 1), FOLLOW(ones, line->ones, 2));
    WORDS fourths = LOGIC(NONE_OF, lately, FOLLOW(ones, line->ones, 3), ones);
    WORDS first = fourths & ~FOLLOW(fourths, line->fourths, 1);
    WORDS low = fourths + (first & odd) - line->phase_low;
    WORDS high = fourths + (first & upper) - line->phase_high;
    line->phase_low = NAMED(sign)(fourths & ~low);
    line->phase_high = NAMED(sign)(fourths & ~high);
    line->fourths = fourths;
    line->ones = ones;
    return LOGIC(FIRST_IF_OTHER, LOGIC(FIRST_IF_OTHER, fourths, low, odd), high, upper);
}

/* 000V where the ones since the last V are odd, else B00V, with B of V's polarity; V alternate. */
TARGET static inline void NAMED(encode_word)(NAMED(encoding) *line, WORDS ones, WORDS *positive, WORDS *negative)
{
    WORDS ends = NAMED(substitution_ends)(line, ones);
    WORDS parity = NAMED(parity_up_to)(ones, &line->parity);
    WORDS end_positive = NAMED(parity_up_to)(ends, &line->end_positive);
    WORDS sum = NAMED(flag_sum)(ends, ends & parity, &line->even_at_end);
    WORDS filled = LOGIC(FIRST_IF_SAME, ends, parity, sum);
    WORDS is_positive = LOGIC(CHOOSE, ends, end_positive, LOGIC(EVEN, parity, sum, end_positive));
    WORDS now_positive = (ones | ends) & is_positive, now_negative = (ones | ends) & ~is_positive;
    WORDS fill_positive = filled & end_positive, fill_negative = filled & ~end_positive;

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
    *line = (NAMED(decoding)){.marks = words, .ends = words << 4};
    line->not_positive = (words & 1) - 1;
    line->violation_not_positive = (words >> 1 & 1) - 1;
}

TARGET static inline void NAMED(decoding_save)(const NAMED(decoding) *line, decode_job *jobs)
{
    const uint64_t latest_four = 0xFull << 60;
    WORDS carried = (line->marks & latest_four) | (line->ends & latest_four) >> 4 |
                    (~line->violation_not_positive & 2) | (~line->not_positive & 1);
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
    line->phase_low = -(words & 1);
    line->phase_high = -(words >> 1 & 1);
    line->parity = -(words >> 2 & 1);
    line->even_at_end = (words >> 3 & 1) - 1;
    line->end_positive = -(words >> 4 & 1);
}

TARGET static inline void NAMED(encoding_save)(const NAMED(encoding) *line, const encode_job *jobs)
{
    const uint64_t latest = 1ull << 63, latest_four = 0xFull << 60;
    WORDS carried = (line->ones & latest_four) | (line->positive & latest_four) >> 4 |
                    (line->negative & latest_four) >> 8 | (line->fill_positive & latest) >> 12 |
                    (line->fill_negative & latest) >> 13 | (line->fourths & latest) >> 14 | (line->end_positive & 16) |
                    (~line->even_at_end & 8) | (line->parity & 4) | (line->phase_high & 2) | (line->phase_low & 1);
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
#undef LOGIC
#undef FOLLOW
