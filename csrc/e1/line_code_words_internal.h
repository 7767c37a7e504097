/*
 * HDB3 on one or more lines abreast, 64 bit times of each at once. line_code.c includes this once for each CPU level:
 *   WORDS          an integer type or a vector of uint64_t, one line a lane, bit 0 the earliest
 *   LINES          how many lines that is
 *   CHUNK          how many words of each are loaded and stored together
 *   NAMED(noun)    the name of a function or type at this level
 *   TARGET         how functions are compiled for it
 *   FOLLOW(now, before, k)   bits as they stood k bit times ago; `before` is the word before `now`
 *   LOGIC(function, a, b, c) one of the bitwise functions of three operands in line_code.c
 * and the functions load_octets, store_octets, sign (of a word: 0 or all ones), parity_up_to, count_bits and any, all of
 * them NAMED. A flag carried from word to word is 0 or all ones.
 */

typedef struct {
    WORDS marks;                  /* the word before: places with a mark in either plane */
    WORDS ends;                   /* ... marks that end a substitution */
    WORDS not_positive;           /* flag: the last mark was not positive */
    WORDS violation_not_positive; /* flag: nor was the last violation */
} NAMED(decoding);

typedef struct {
    WORDS violations; /* places of all violations in the block, words upon one another */
    WORDS bipolar_violations, code_violations, excess_zeros;
} NAMED(counting);

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
 * Follows a flag that some bits change, to what `to` has there. The carries of an adder do it: a carry is made where both
 * summands are 1, dies where both are 0 and travels on where one is, so the summands are `to` and, where nothing
 * changes, its opposite: ~(changes ^ to) = -1 - (changes ^ to). *unset is the flag's opposite before the word and then
 * after it: a set flag is the carry that makes good for that -1. In the sum, a bit of `changes` shows the flag as it
 * stood before that bit, a bit between them its opposite.
 */
TARGET static inline WORDS NAMED(flag_sum)(WORDS changes, WORDS to, WORDS *unset)
{
    WORDS sum = (to - (changes ^ to)) + *unset;
    *unset = NAMED(sign)(LOGIC(CHOOSE_NOT, changes, to, sum));
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

TARGET static inline WORDS NAMED(decode_word)(NAMED(decoding) *lines, NAMED(counting) *counted, WORDS positive,
                                              WORDS negative)
{
    WORDS violations = NAMED(find_violations)(positive, negative, &lines->not_positive);
    WORDS sum = NAMED(flag_sum)(violations, positive, &lines->violation_not_positive);
    WORDS marks = positive | negative;
    WORDS one_ago = FOLLOW(marks, lines->marks, 1), two_ago = FOLLOW(marks, lines->marks, 2);
    WORDS three_ago = FOLLOW(marks, lines->marks, 3), four_ago = FOLLOW(marks, lines->marks, 4);
    WORDS ends = LOGIC(FIRST_ONLY, LOGIC(NOT_BOTH, violations, positive, negative), one_ago, two_ago);
    WORDS bits = LOGIC(FIRST_ONLY, four_ago, FOLLOW(ends, lines->ends, 4), FOLLOW(ends, lines->ends, 1));

    WORDS excess = LOGIC(FIRST_ONLY, four_ago, LOGIC(ANY, marks, one_ago, two_ago), three_ago);
    counted->bipolar_violations += NAMED(count_bits)(violations & ~ends);
    counted->code_violations += NAMED(count_bits)(LOGIC(FIRST_IF_SAME, violations, positive, sum));
    counted->excess_zeros += NAMED(count_bits)(excess);
    counted->violations |= violations;
    lines->marks = marks;
    lines->ends = ends;
    return bits;
}

/*
 * The same for lines on which there is nothing to count: every violation ends a substitution, they alternate, no place
 * has marks in both planes, and four spaces never come in succession. Wherever that is not so, *suspect is not 0.
 * *pairs are the places of the word before with a mark there or right before. (As violations alternate, their flag's
 * opposite after the word is the sum's last bit, whether a violation stands there or not.)
 */
TARGET static inline WORDS NAMED(decode_healthy_word)(NAMED(decoding) *lines, WORDS positive, WORDS negative,
                                                      WORDS *pairs, WORDS *suspect)
{
    WORDS ends = NAMED(find_violations)(positive, negative, &lines->not_positive);
    WORDS sum = (positive - (ends ^ positive)) + lines->violation_not_positive;
    WORDS marks = positive | negative, ones = marks & ~ends;
    WORDS now_pairs = marks | FOLLOW(marks, lines->marks, 1);
    WORDS bits = FOLLOW(ones, lines->marks & ~lines->ends, 4) & ~FOLLOW(ends, lines->ends, 1);

    WORDS silence = LOGIC(NONE_OF, now_pairs, now_pairs, FOLLOW(now_pairs, *pairs, 2));
    WORDS code = LOGIC(FIRST_IF_SAME, ends, positive, sum);
    *suspect = LOGIC(ANY, *suspect, LOGIC(OR_BOTH, silence, ends, FOLLOW(now_pairs, *pairs, 1)),
                     LOGIC(OR_BOTH, code, positive, negative));
    *pairs = now_pairs;
    lines->violation_not_positive = NAMED(sign)(sum);
    lines->marks = marks;
    lines->ends = ends;
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
    WORDS sum = NAMED(flag_sum)(ends, parity, &line->even_at_end);
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
TARGET static inline void NAMED(decoding_load)(NAMED(decoding) *lines, line_decoder *const decoders[])
{
    uint64_t carried[LINES];
    for (unsigned k = 0; k < LINES; k++)
        carried[k] = decoders[k]->carried;
    WORDS words;
    memcpy(&words, carried, sizeof words);
    lines->marks = words;
    lines->ends = words << 4;
    lines->not_positive = (words & 1) - 1;
    lines->violation_not_positive = (words >> 1 & 1) - 1;
}

TARGET static inline void NAMED(decoding_count)(const NAMED(counting) *counted, line_decoder *const decoders[])
{
    uint64_t bipolar[LINES], code[LINES], excess[LINES];
    memcpy(bipolar, &counted->bipolar_violations, sizeof bipolar);
    memcpy(code, &counted->code_violations, sizeof code);
    memcpy(excess, &counted->excess_zeros, sizeof excess);
    for (unsigned k = 0; k < LINES; k++) {
        decoders[k]->counters.bipolar_violations += bipolar[k];
        decoders[k]->counters.code_violations += code[k];
        decoders[k]->counters.excess_zeros += excess[k];
    }
}

TARGET static inline void NAMED(decoding_save)(const NAMED(decoding) *lines, line_decoder *const decoders[])
{
    const uint64_t latest_four = 0xFull << 60;
    WORDS words = (lines->marks & latest_four) | (lines->ends & latest_four) >> 4 |
                  (~lines->violation_not_positive & 2) | (~lines->not_positive & 1);
    uint64_t carried[LINES];
    memcpy(carried, &words, sizeof carried);
    for (unsigned k = 0; k < LINES; k++)
        decoders[k]->carried = carried[k];
}

/* Decodes a chunk of the lines from `first` on and counts what there is to count. */
TARGET static NOT_INLINE void NAMED(decode_counting)(decode_batch *batch, unsigned first, unsigned word,
                                                     NAMED(decoding) *lines)
{
    WORDS positive[CHUNK], negative[CHUNK], bits[CHUNK], violations;
    NAMED(counting) counted = {0};
    NAMED(load_octets)(&batch->marks[first], POSITIVE + 8 * word, positive);
    NAMED(load_octets)(&batch->marks[first], NEGATIVE + 8 * word, negative);
    for (unsigned k = 0; k < CHUNK; k++)
        bits[k] = NAMED(decode_word)(lines, &counted, positive[k], negative[k]);
    NAMED(store_octets)(&batch->bits[first], 8 * word, bits);
    NAMED(decoding_count)(&counted, &batch->decoders[first]);
    if (batch->all_seen)
        return;
    memcpy(&violations, &batch->violations[first], sizeof violations);
    violations |= counted.violations;
    memcpy(&batch->violations[first], &violations, sizeof violations);
}

/* A chunk of the marks of two groups: the planes of the first, then those of the second. */
typedef struct {
    WORDS planes[4][CHUNK];
} NAMED(marks_chunk);

TARGET static inline void NAMED(load_plane)(const decode_batch *batch, unsigned first, unsigned octet, unsigned plane,
                                            NAMED(marks_chunk) *to)
{
    NAMED(load_octets)(&batch->marks[first + plane / 2 * LINES], (plane % 2 ? NEGATIVE : POSITIVE) + octet,
                       to->planes[plane]);
}

/*
 * Decodes a chunk of two healthy groups abreast and loads the one after it: a word waits for the carries of the word
 * before, meanwhile there are the other group and the loads to work on. False, and nothing done, if they are not
 * healthy.
 */
TARGET static inline bool NAMED(decode_healthy)(decode_batch *batch, unsigned first, unsigned octet,
                                                const NAMED(marks_chunk) *marks, NAMED(marks_chunk) *ahead,
                                                NAMED(decoding) lines[2])
{
    WORDS bits[CHUNK], bits_2[CHUNK];
    NAMED(decoding) now = lines[0], now_2 = lines[1];
    WORDS pairs = now.marks | now.marks << 1, pairs_2 = now_2.marks | now_2.marks << 1;
    WORDS suspect = pairs ^ pairs, suspect_2 = suspect;
#pragma GCC unroll 4 /* else `ahead` gets in the way of keeping the state in registers */
    for (unsigned k = 0; k < CHUNK; k++) {
        bits[k] = NAMED(decode_healthy_word)(&now, marks->planes[0][k], marks->planes[1][k], &pairs, &suspect);
        bits_2[k] = NAMED(decode_healthy_word)(&now_2, marks->planes[2][k], marks->planes[3][k], &pairs_2, &suspect_2);
        NAMED(load_plane)(batch, first, octet + 8 * CHUNK, k, ahead);
    }
    if (NAMED(any)(suspect | suspect_2))
        return false;
    NAMED(store_octets)(&batch->bits[first], octet, bits);
    NAMED(store_octets)(&batch->bits[first + LINES], octet, bits_2);
    lines[0] = now;
    lines[1] = now_2;
    return true;
}

/* Decodes `words` words, a whole number of chunks, of two groups that are healthy for the most part. */
TARGET static inline void NAMED(decode_pair)(decode_batch *batch, unsigned first, unsigned words,
                                             NAMED(decoding) lines[2])
{
    NAMED(marks_chunk) marks, ahead;
    for (unsigned plane = 0; plane < 4; plane++)
        NAMED(load_plane)(batch, first, 0, plane, &marks);
    for (unsigned word = 0; word < words; word += CHUNK) {
        if (!NAMED(decode_healthy)(batch, first, 8 * word, &marks, &ahead, lines)) {
            NAMED(decode_counting)(batch, first, word, &lines[0]);
            NAMED(decode_counting)(batch, first + LINES, word, &lines[1]);
        }
        marks = ahead;
    }
}

/* Decodes `words` words, a whole number of chunks, of an even number of groups. */
TARGET static inline void NAMED(decode)(decode_batch *batch, unsigned groups, unsigned words)
{
    for (unsigned first = 0; first < groups * LINES; first += 2 * LINES) {
        NAMED(decoding) lines[2];
        NAMED(decoding_load)(&lines[0], &batch->decoders[first]);
        NAMED(decoding_load)(&lines[1], &batch->decoders[first + LINES]);
        if (batch->all_seen)
            NAMED(decode_pair)(batch, first, words, lines);
        else
            for (unsigned word = 0; word < words; word += CHUNK) {
                NAMED(decode_counting)(batch, first, word, &lines[0]);
                NAMED(decode_counting)(batch, first + LINES, word, &lines[1]);
            }
        NAMED(decoding_save)(&lines[0], &batch->decoders[first]);
        NAMED(decoding_save)(&lines[1], &batch->decoders[first + LINES]);
    }
}

TARGET static inline void NAMED(encoding_load)(NAMED(encoding) *lines, line_encoder *const encoders[])
{
    uint64_t carried[LINES];
    for (unsigned k = 0; k < LINES; k++)
        carried[k] = encoders[k]->carried;
    WORDS words;
    memcpy(&words, carried, sizeof words);
    lines->ones = words;
    lines->positive = words << 4;
    lines->negative = words << 8;
    lines->fill_positive = words << 12;
    lines->fill_negative = words << 13;
    lines->fourths = words << 14;
    lines->phase_low = -(words & 1);
    lines->phase_high = -(words >> 1 & 1);
    lines->parity = -(words >> 2 & 1);
    lines->even_at_end = (words >> 3 & 1) - 1;
    lines->end_positive = -(words >> 4 & 1);
}

TARGET static inline void NAMED(encoding_save)(const NAMED(encoding) *lines, line_encoder *const encoders[])
{
    const uint64_t latest = 1ull << 63, latest_four = 0xFull << 60;
    WORDS words = (lines->ones & latest_four) | (lines->positive & latest_four) >> 4 |
                  (lines->negative & latest_four) >> 8 | (lines->fill_positive & latest) >> 12 |
                  (lines->fill_negative & latest) >> 13 | (lines->fourths & latest) >> 14 |
                  (lines->end_positive & 16) | (~lines->even_at_end & 8) | (lines->parity & 4) |
                  (lines->phase_high & 2) | (lines->phase_low & 1);
    uint64_t carried[LINES];
    memcpy(carried, &words, sizeof carried);
    for (unsigned k = 0; k < LINES; k++)
        encoders[k]->carried = carried[k];
}

/* Encodes a chunk of two groups abreast. */
TARGET static inline void NAMED(encode_chunk)(encode_batch *batch, unsigned first, unsigned word,
                                              NAMED(encoding) lines[2])
{
    WORDS ones[CHUNK], positive[CHUNK], negative[CHUNK], ones_2[CHUNK], positive_2[CHUNK], negative_2[CHUNK];
    NAMED(load_octets)(&batch->bits[first], 8 * word, ones);
    NAMED(load_octets)(&batch->bits[first + LINES], 8 * word, ones_2);
#pragma GCC unroll 4
    for (unsigned k = 0; k < CHUNK; k++) {
        NAMED(encode_word)(&lines[0], ones[k], &positive[k], &negative[k]);
        NAMED(encode_word)(&lines[1], ones_2[k], &positive_2[k], &negative_2[k]);
    }
    NAMED(store_octets)(&batch->marks[first], POSITIVE + 8 * word, positive);
    NAMED(store_octets)(&batch->marks[first], NEGATIVE + 8 * word, negative);
    NAMED(store_octets)(&batch->marks[first + LINES], POSITIVE + 8 * word, positive_2);
    NAMED(store_octets)(&batch->marks[first + LINES], NEGATIVE + 8 * word, negative_2);
}

/* Encodes a block on `groups` times LINES lines, two groups at a time. */
TARGET static inline void NAMED(encode)(encode_batch *batch, unsigned groups)
{
    NAMED(encoding) lines[LINES_MAX / LINES];
    for (unsigned group = 0; group < groups; group++)
        NAMED(encoding_load)(&lines[group], &batch->encoders[group * LINES]);
    for (unsigned word = 0; word < BLOCK_BITS / 64; word += CHUNK)
        for (unsigned group = 0; group < groups; group += 2)
            NAMED(encode_chunk)(batch, group * LINES, word, &lines[group]);
    for (unsigned group = 0; group < groups; group++)
        NAMED(encoding_save)(&lines[group], &batch->encoders[group * LINES]);
}

#undef WORDS
#undef LINES
#undef CHUNK
#undef NAMED
#undef TARGET
#undef LOGIC
#undef FOLLOW
