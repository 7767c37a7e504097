/*
 * Test patterns of O.150: a generator, and a checker that synchronises by itself.
 *
 * A pattern obeys s[i] = s[i - stages] + s[i - tap] modulo 2. Squaring its polynomial six times gives
 * s[i] = s[i - 64 stages] + s[i - 64 tap]: the same rule holds for whole 64-bit words, `stages` and `tap` words back.
 * So `ahead` holds `stages` words, and one exclusive-or a word makes the next ones in place.
 *
 * The checker knows the pattern by that rule too: 64 bits each of which follows from those before it are the pattern,
 * at whatever phase, unless all are zero. In synchronisation the same run of bits with another phase than the reference
 * is the out-of-phase condition that O.150 4.2 b asks for.
 */
#include "e1/bit_error_test.h"

#include <string.h>

enum {
    RUN_OCTETS = 8,         /* octets that must follow from those before them: by chance once in 2^64 */
    LOSS_WINDOW_MIN = 512,  /* a slip, found within 96 bits, must not look like a loss first */
};

static uint64_t stages_mask(const test_sequence *sequence)
{
    return (1ull << sequence->stages) - 1;
}

/* One step of the register of O.150 clause 5; the output is the last stage. */
static uint64_t register_step(const test_sequence *sequence, uint64_t stages)
{
    uint64_t feedback = (stages >> (sequence->stages - 1) ^ stages >> (sequence->tap - 1)) & 1;
    return (stages << 1 | feedback) & stages_mask(sequence);
}

/* Bits to come: first those in the register, oldest (last stage) first, then what follows from them. */
static void sequence_start(test_sequence *sequence, uint64_t stages)
{
    uint8_t *octets = (uint8_t *)sequence->ahead;
    for (size_t i = 0; i < sequence->stages * sizeof(uint64_t); i++) {
        unsigned octet = 0;
        for (unsigned bit = 0; bit < 8; bit++) {
            octet = octet << 1 | (stages >> (sequence->stages - 1) & 1);
            stages = register_step(sequence, stages);
        }
        octets[i] = (uint8_t)(sequence->inverted ? ~octet : octet);
    }
    sequence->used = 0;
}

static int sequence_init(test_sequence *sequence, test_pattern pattern)
{
    static const struct {
        uint8_t tap;
        bool inverted;
    } patterns[] = {
        [TEST_PATTERN_2E9] = {5, false},   [TEST_PATTERN_2E11] = {9, false}, [TEST_PATTERN_2E15] = {14, true},
        [TEST_PATTERN_2E20] = {3, false},  [TEST_PATTERN_2E23] = {18, true},
    };
    if ((unsigned)pattern >= sizeof patterns / sizeof *patterns || !patterns[pattern].tap)
        return -1;
    *sequence = (test_sequence){
        .stages = pattern, .tap = patterns[pattern].tap, .inverted = patterns[pattern].inverted};
    sequence_start(sequence, stages_mask(sequence));
    return 0;
}

/* The words after those in `ahead`, in their place: each from the words `stages` and `tap` before it. */
static void sequence_refill(test_sequence *sequence)
{
    uint64_t *ahead = sequence->ahead, inversion = sequence->inverted ? ~0ull : 0;
    size_t stages = sequence->stages, tap = sequence->tap;
    for (size_t i = 0; i < tap; i++)
        ahead[i] ^= ahead[i + stages - tap] ^ inversion;
    for (size_t i = tap; i < stages; i++)
        ahead[i] ^= ahead[i - tap] ^ inversion;
    sequence->used = 0;
}

/* The next octets that are ready, at least one; how many, at most `wanted`, goes to *count. */
static const uint8_t *sequence_next(test_sequence *sequence, size_t wanted, size_t *count)
{
    size_t made = sequence->stages * sizeof(uint64_t);
    if (sequence->used == made)
        sequence_refill(sequence);
    size_t ready = made - sequence->used;
    *count = wanted < ready ? wanted : ready;
    const uint8_t *octets = (const uint8_t *)sequence->ahead + sequence->used;
    sequence->used += (uint32_t)*count;
    return octets;
}

int test_generator_init(test_generator *generator, test_pattern pattern)
{
    *generator = (test_generator){0};
    return sequence_init(&generator->sequence, pattern);
}

void test_generator_insert_errors(test_generator *generator, uint32_t count)
{
    uint32_t room = UINT32_MAX - generator->errors_due;
    generator->errors_due += count < room ? count : room;
}

/* The octet's bits in which the interval puts an error: those whose number, counted from 1, it divides. */
static unsigned interval_errors(const test_generator *generator)
{
    unsigned errors = 0;
    for (unsigned bit = 1; bit <= 8; bit++)
        if ((generator->bits + bit) % generator->error_interval == 0)
            errors |= 0x100u >> bit;
    return errors;
}

/* Also one single error that is due, in a bit that is right yet. */
static unsigned octet_errors(test_generator *generator)
{
    unsigned errors = generator->error_interval ? interval_errors(generator) : 0;
    if (!generator->errors_due || errors == 0xFF)
        return errors;
    generator->errors_due--;
    return errors | (~errors & (errors + 1));
}

/* How many octets there are before one that gets an error, at most `wanted`. */
static size_t octets_right(const test_generator *generator, size_t wanted)
{
    if (generator->errors_due)
        return 0;
    if (!generator->error_interval)
        return wanted;
    uint64_t bits = generator->error_interval - 1 - generator->bits % generator->error_interval;
    return bits / 8 < wanted ? (size_t)(bits / 8) : wanted;
}

static void copy_octets(test_generator *generator, uint8_t *octets, size_t count)
{
    generator->bits += 8 * (uint64_t)count;
    while (count) {
        size_t part;
        const uint8_t *ahead = sequence_next(&generator->sequence, count, &part);
        memcpy(octets, ahead, part);
        octets += part;
        count -= part;
    }
}

void test_generator_take(test_generator *generator, uint8_t *octets, size_t count)
{
    for (size_t done = 0; done < count; done++) {
        size_t right = octets_right(generator, count - done);
        copy_octets(generator, octets + done, right);
        done += right;
        if (done == count)
            return;
        unsigned errors = octet_errors(generator);
        copy_octets(generator, octets + done, 1);
        octets[done] ^= (uint8_t)errors;
        generator->errors += (unsigned)__builtin_popcount(errors);
    }
}

int test_checker_init(test_checker *checker, test_pattern pattern)
{
    *checker = (test_checker){.loss_window_bits = TEST_LOSS_WINDOW_BITS};
    return sequence_init(&checker->sequence, pattern);
}

static uint32_t window_bits(const test_checker *checker)
{
    return checker->loss_window_bits < LOSS_WINDOW_MIN ? LOSS_WINDOW_MIN : checker->loss_window_bits;
}

/* Takes the octet into `received`, and sees whether each of its bits follows from those before it. */
static void received_put(test_checker *checker, uint8_t octet)
{
    uint64_t received = checker->received << 8 | (uint8_t)(checker->sequence.inverted ? ~octet : octet);
    uint64_t wrong = received ^ received >> checker->sequence.stages ^ received >> checker->sequence.tap;
    checker->received = received;
    if (wrong & 0xFF)
        checker->run = 0;
    else if (checker->run < RUN_OCTETS)
        checker->run++;
}

/* All zeros obey the rule and are no pattern; otherwise the rule allows no 64 zeros in succession. */
static bool pattern_seen(const test_checker *checker)
{
    return checker->run == RUN_OCTETS && checker->received;
}

/* The reference goes on from the received bits. */
static void synchronise(test_checker *checker)
{
    uint64_t stages = checker->received & stages_mask(&checker->sequence);
    for (unsigned bit = 0; bit < checker->sequence.stages; bit++)
        stages = register_step(&checker->sequence, stages);
    sequence_start(&checker->sequence, stages);
    checker->synchronised = true;
    checker->difference = 0;
    checker->errors_before = checker->errors;
    checker->window_errors = 0;
    checker->window_left = window_bits(checker);
}

/* By how many bits the line is ahead of the reference; 0 when it is not near. */
static int32_t slip_bits(const test_checker *checker)
{
    uint64_t mask = stages_mask(&checker->sequence);
    uint64_t line = checker->received & mask, reference = (checker->received ^ checker->difference) & mask;
    uint64_t later_line = line, later_reference = reference;
    for (int32_t bits = 1; bits <= TEST_SLIP_BITS_MAX; bits++) {
        later_line = register_step(&checker->sequence, later_line);
        later_reference = register_step(&checker->sequence, later_reference);
        if (later_reference == line)
            return bits;
        if (later_line == reference)
            return -bits;
    }
    return 0;
}

/* The line is the pattern at another phase (O.150 4.2 b). */
static void change_phase(test_checker *checker)
{
    int32_t bits = slip_bits(checker);
    if (bits) {
        checker->bit_slips++;
        checker->last_slip_bits = bits;
    } else {
        checker->sync_losses++;
    }
    checker->slip_errors += checker->errors - checker->errors_before;
    synchronise(checker);
}

/* O.150 4.2 a. As soon as the errors are enough, whatever the rest of the window may bring. */
static bool window_lost(const test_checker *checker)
{
    return (uint64_t)checker->window_errors * 100 >= (uint64_t)window_bits(checker) * TEST_LOSS_PERCENT;
}

/* By no more than a window. */
static void window_advance(test_checker *checker, uint32_t bits)
{
    if (checker->window_left > bits) {
        checker->window_left -= bits;
    } else {
        checker->window_left += window_bits(checker) - bits;
        checker->window_errors = 0;
    }
}

static void lose(test_checker *checker)
{
    checker->sync_losses++;
    checker->synchronised = false;
}

void test_checker_interrupt(test_checker *checker)
{
    if (checker->synchronised)
        lose(checker);
    checker->run = 0;
}

static void count_octet(test_checker *checker, uint8_t difference)
{
    unsigned errors = (unsigned)__builtin_popcount(difference);
    checker->difference = checker->difference << 8 | difference;
    checker->bits += 8;
    checker->errors += errors;
    checker->errored_octets += difference != 0;
    checker->window_errors += errors;
}

/* False when the reference does not go on. */
static bool compare_octet(test_checker *checker, uint8_t octet, uint8_t expected)
{
    received_put(checker, octet);
    count_octet(checker, octet ^ expected);
    if (!checker->difference) {
        checker->errors_before = checker->errors;
    } else if (pattern_seen(checker)) {
        change_phase(checker);
        return false;
    }
    if (window_lost(checker)) {
        lose(checker);
        return false;
    }
    window_advance(checker, 8);
    return true;
}

static uint64_t load_word(const uint8_t *octets)
{
    uint64_t word;
    memcpy(&word, octets, sizeof word);
    return word;
}

static uint64_t load_travelling(const uint8_t *octets)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < sizeof word; i++)
        word = word << 8 | octets[i];
    return word;
}

/* How many octets, a multiple of eight, are as expected. */
static size_t octets_equal(const uint8_t *octets, const uint8_t *expected, size_t count)
{
    size_t done = 0;
    while (count - done >= 8 && load_word(octets + done) == load_word(expected + done))
        done += 8;
    return done;
}

/* Nothing to do but to count for octets that are as expected when the eight before them were too. */
static size_t skip_equal(test_checker *checker, const uint8_t *octets, const uint8_t *expected, size_t count)
{
    if (checker->difference)
        return 0;
    size_t window_octets = window_bits(checker) / 8;
    size_t equal = octets_equal(octets, expected, count < window_octets ? count : window_octets);
    if (!equal)
        return 0;
    uint64_t last = load_travelling(octets + equal - 8);
    checker->received = checker->sequence.inverted ? ~last : last;
    checker->run = RUN_OCTETS;
    checker->bits += 8 * (uint64_t)equal;
    window_advance(checker, (uint32_t)(8 * equal));
    return equal;
}

/* Compares up to `count` octets, as many as are ready of the reference and while it goes on; how many there were. */
static size_t compare(test_checker *checker, const uint8_t *octets, size_t count)
{
    size_t part, done = 0;
    const uint8_t *expected = sequence_next(&checker->sequence, count, &part);
    for (bool goes_on = true; goes_on && done < part;) {
        size_t equal = skip_equal(checker, octets + done, expected + done, part - done);
        done += equal;
        if (equal)
            continue;
        goes_on = compare_octet(checker, octets[done], expected[done]);
        done++;
    }
    return done;
}

static void search_octet(test_checker *checker, uint8_t octet)
{
    received_put(checker, octet);
    if (pattern_seen(checker))
        synchronise(checker);
}

void test_checker_put(test_checker *checker, const uint8_t *octets, size_t count)
{
    size_t done = 0;
    while (done < count) {
        if (checker->synchronised)
            done += compare(checker, octets + done, count - done);
        else
            search_octet(checker, octets[done++]);
    }
}
