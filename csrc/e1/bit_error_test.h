/* Bit-error test with the pseudo-random patterns of O.150, on a span, a bundle of timeslots, or one timeslot. */
#ifndef TRUNKSHELF_BIT_ERROR_TEST_H
#define TRUNKSHELF_BIT_ERROR_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number is the stages of the shift register; its period is 2^stages - 1 bits (O.150 05/96 clause 5). */
typedef enum {
    TEST_PATTERN_2E9 = 9,    /* x^9+x^5+1 (O.150 5.1; O.153) */
    TEST_PATTERN_2E11 = 11,  /* x^11+x^9+1 (O.150 5.2; O.152, O.153) */
    TEST_PATTERN_2E15 = 15,  /* x^15+x^14+1, inverted (O.150 5.3; O.151: 2 048 kbit/s) */
    TEST_PATTERN_2E20 = 20,  /* x^20+x^3+1 (O.150 5.4; O.153), not the zero-suppressed one of 5.5 for 1 544 kbit/s */
    TEST_PATTERN_2E23 = 23,  /* x^23+x^18+1, inverted (O.150 5.6; O.151) */
} test_pattern;

enum {
    TEST_SEQUENCE_WORDS = 23,      /* most stages of a pattern */
    TEST_LOSS_WINDOW_BITS = 1024,  /* a checker's own window; see test_checker */
    TEST_LOSS_PERCENT = 20,        /* errors that end synchronisation (O.150 4.2 a) */
    TEST_SLIP_BITS_MAX = 512,      /* farther away a phase is another test's, not a slip: two frames of a span */
};

/* A pattern running. */
typedef struct {
    uint32_t stages, tap;                 /* x^stages + x^tap + 1 */
    uint32_t inverted;                    /* the line carries the register's output inverted */
    uint32_t used;                        /* octets of `ahead` that have been taken */
    uint64_t ahead[TEST_SEQUENCE_WORDS];  /* the next 64 x stages bits, as octets in the order they travel */
} test_sequence;

/* Sends the pattern, with errors on demand. */
typedef struct {
    uint64_t bits;            /* sent */
    uint64_t errors;          /* inserted */
    uint32_t errors_due;      /* single errors still to be inserted, one an octet */
    uint32_t error_interval;  /* also each so many-th bit is an error; 0 = none; set it at any time */
    test_sequence sequence;
} test_generator;

/*
 * Compares what arrives with a free-running reference. The reference is loaded from the line when 64 bits in succession
 * are the pattern, so that it comes by itself from any phase. While synchronised a line error counts once.
 */
typedef struct {
    bool synchronised;
    uint64_t bits;              /* compared, while synchronised */
    uint64_t errors;            /* of them wrong */
    uint64_t errored_octets;    /* octets put in with an error, while synchronised */
    uint64_t sync_losses;       /* by error ratio, or the pattern went on at a far phase */
    uint64_t bit_slips;         /* the pattern went on at a phase within TEST_SLIP_BITS_MAX: synchronised at once */
    uint64_t slip_errors;       /* of `errors`, those between a slip or jump and its discovery: not the line's */
    int32_t last_slip_bits;     /* > 0: so many bits were left out; < 0: so many repeated or put in */
    uint32_t loss_window_bits;  /* TEST_LOSS_PERCENT of so many bits end synchronisation; O.150 4.2 a takes those of 1 s.
                                   Init sets TEST_LOSS_WINDOW_BITS; at least 512 */
    uint32_t window_left;       /* bits until the window ends */
    uint32_t window_errors;     /* in it */
    uint32_t run;               /* octets in succession that follow from the bits before them, up to 8 */
    uint64_t received;          /* last 64 bits, not inverted */
    uint64_t difference;        /* of them from the reference */
    uint64_t errors_before;     /* `errors` when eight octets were last without one */
    test_sequence sequence;
} test_checker;

/* 0, or -1 for a pattern that is none of test_pattern. Patterns begin with the register all ones (O.150 5.1). */
int test_generator_init(test_generator *generator, test_pattern pattern);
int test_checker_init(test_checker *checker, test_pattern pattern);

/* The next octets, most significant bit first on the line. */
void test_generator_take(test_generator *generator, uint8_t *octets, size_t count);
/* Inserts `count` single bit errors more, one an octet, from the next octet on. */
void test_generator_insert_errors(test_generator *generator, uint32_t count);

/* Compares octets in the order they travel; how they are split over calls changes nothing. */
void test_checker_put(test_checker *checker, const uint8_t *octets, size_t count);

/* Nothing arrives: synchronisation is lost, if it was there. */
void test_checker_interrupt(test_checker *checker);

#endif
