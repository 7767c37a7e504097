/* What a technician asks of a span: loopbacks, forced signals, errors on purpose, bit-error tests. */
#include "shelf/span_internal.h"

int span_maintain(span *span, unsigned maintenance, uint32_t looped_timeslots)
{
    const unsigned all = MAINTENANCE_OF_LINE | SPAN_LOOP_LINE | SPAN_LOOP_PAYLOAD;
    if (maintenance & ~all || looped_timeslots & 1)
        return ENGINE_BAD_VALUE;
    shelf_lock(span->element.shelf);
    bool possible = !(span_framed(span) && maintenance & MAINTENANCE_OF_LINE);
    if (possible) {
        if ((span->maintenance ^ maintenance) & SPAN_LOOP_LOCAL)
            elastic_store_restart(&span->transmit_store); /* it is read at another pace from now on */
        span->maintenance = maintenance;
        span->looped_timeslots = looped_timeslots;
    }
    shelf_unlock(span->element.shelf);
    return possible ? ENGINE_OK : ENGINE_FRAMED;
}

/* An error that could never be sent would wait for ever, or for a later test. */
static bool can_inject(const span *span, span_injection what)
{
    switch (what) {
    case SPAN_INJECT_VIOLATION: return span->options.line_code != LINE_CODE_NONE;
    case SPAN_INJECT_CRC: return span->options.receiver.framer.mode != FRAMING_DOUBLE_FRAME;
    case SPAN_INJECT_CAS: return span->options.receiver.cas;
    case SPAN_INJECT_TEST: return span->test_timeslots != 0;
    default: return true;
    }
}

static int inject(span *span, span_injection what, unsigned count)
{
    if (span_framed(span) && (what == SPAN_INJECT_VIOLATION || what == SPAN_INJECT_FAS || what == SPAN_INJECT_CRC))
        return ENGINE_FRAMED;
    if (!can_inject(span, what))
        return ENGINE_BAD_VALUE;
    switch (what) {
    case SPAN_INJECT_VIOLATION: span->violations.due += count; return ENGINE_OK;
    case SPAN_INJECT_FAS: framer_transmitter_inject_fas_errors(span->framer, count); return ENGINE_OK;
    case SPAN_INJECT_CRC: framer_transmitter_inject_crc_errors(span->framer, count); return ENGINE_OK;
    case SPAN_INJECT_CAS: span->cas.word_errors += count; return ENGINE_OK;
    case SPAN_INJECT_TEST: test_generator_insert_errors(&span->generator, count); return ENGINE_OK;
    default: return ENGINE_BAD_VALUE;
    }
}

int span_inject(span *span, span_injection what, unsigned count)
{
    shelf_lock(span->element.shelf);
    int result = inject(span, what, count);
    shelf_unlock(span->element.shelf);
    return result;
}

static int test_refusal(const span *span, uint32_t timeslots)
{
    if (timeslots == (uint32_t)SPAN_TEST_UNFRAMED)
        return span_framed(span) ? ENGINE_FRAMED : ENGINE_OK;
    return span_timeslots_free(span, timeslots) ? ENGINE_OK : ENGINE_BAD_TIMESLOT;
}

/* The same test anew: what is sent goes on, or the break would be found and counted as the line's. */
static void test_begin(span *span, const test_generator *generator, test_pattern pattern, uint32_t timeslots)
{
    bool same = span->test_timeslots == timeslots && span->test_pattern == pattern;
    test_sequence sequence = same ? span->generator.sequence : generator->sequence;
    span->generator = *generator;
    span->generator.sequence = sequence;
    span->test_pattern = pattern;
    span->test_timeslots = timeslots;
}

int span_test_start(span *span, test_pattern pattern, uint32_t timeslots)
{
    test_generator generator;
    test_checker checker;
    if (test_generator_init(&generator, pattern) || test_checker_init(&checker, pattern))
        return ENGINE_BAD_VALUE;
    shelf_lock(span->element.shelf);
    int result = test_refusal(span, timeslots);
    if (!result) {
        test_begin(span, &generator, pattern, timeslots);
        span->checker = checker;
    }
    shelf_unlock(span->element.shelf);
    return result;
}

int span_test_stop(span *span)
{
    shelf_lock(span->element.shelf);
    span->test_timeslots = 0;
    shelf_unlock(span->element.shelf);
    return ENGINE_OK;
}

int span_test_read(span *span, test_generator *generator, test_checker *checker)
{
    shelf_lock(span->element.shelf);
    *generator = span->generator;
    *checker = span->checker;
    shelf_unlock(span->element.shelf);
    return ENGINE_OK;
}
