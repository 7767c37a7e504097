/* A span's life: made, plugged in, restarted, unplugged. */
#include <stdlib.h>
#include <string.h>

#include "shelf/span_internal.h"

enum {
    ONE_FRAME = 1,
    SLACK_FRAMES_MAX = 16,                      /* more and the elastic store might not hold it */
    FRAMER_WAITING_BITS_MAX = BLOCK_BITS - 1,   /* not yet eight frames */
    LINE_BACKLOG_BITS_MAX = 2 * BLOCK_BITS - 1, /* with more, a port wants no block */
};

span_options span_options_default(framing_mode mode)
{
    return (span_options){
        .receiver = receiver_options_default(mode), .line_code = LINE_CODE_HDB3, .slack_frames = ONE_FRAME};
}

/* What a span has on the heap besides its ports and links. */
typedef struct {
    receiver *receiver;
    framer_transmitter *framer;
} span_parts;

static void parts_free(span_parts parts)
{
    receiver_free(parts.receiver);
    framer_transmitter_free(parts.framer);
}

static bool parts_make(const span_options *options, span_parts *made)
{
    *made = (span_parts){receiver_new(&options->receiver),
                         framer_transmitter_new((framing_mode)options->receiver.framer.mode)};
    if (made->receiver && made->framer)
        return true;
    parts_free(*made);
    return false;
}

static span_parts parts_of(const span *span)
{
    return (span_parts){span->receiver, span->framer};
}

static void span_free(element *element)
{
    span *span = (struct span *)element;
    if (span->port)
        span->port->operations->free(span->port);
    if (span->tap)
        span->tap->operations->free(span->tap);
    span_hdlc_free(span);
    parts_free(parts_of(span));
    free(span);
}

/* Spans receive and send all together (span_receive.c, span_transmit.c). */
static const element_operations operations = {.free = span_free};

/* Room in the bank first, so that what the shelf has adopted is never only half there. */
static bool bank_reserve(shelf *shelf)
{
    span_bank *bank = &shelf->spans;
    shelf_lock(shelf);
    struct span **grown = realloc(bank->span, (bank->count + 1) * sizeof *grown);
    bank->span = grown ? grown : bank->span;
    shelf_unlock(shelf);
    return grown != NULL;
}

static bool adopted(shelf *shelf, span *span)
{
    if (!bank_reserve(shelf) || shelf_adopt(shelf, &span->element, &operations, 1))
        return false;
    shelf_lock(shelf);
    shelf->spans.span[shelf->spans.count++] = span;
    shelf_unlock(shelf);
    return true;
}

/* Everything that lasts one life only, as it begins one. */
static void life_begin(span *span, const span_options *options, span_parts parts)
{
    span->options = *options;
    span->receiver = parts.receiver;
    span->framer = parts.framer;
    span->blocks = span->second_blocks = 0;
    span->ailments = 0;
    span->violations_before = span->underruns_before = 0;
    span->in_service = false;
    span->maintenance = span->looped_timeslots = span->test_timeslots = 0;
    span->violations = (violation_injector){0};
    span->generator = (test_generator){0};
    span->checker = (test_checker){0};
    span->cas.word_errors = 0;
    span->marks_in.bit_count = 0;
    line_decoder_init(&span->decoder, (line_code)options->line_code);
    line_encoder_init(&span->encoder, (line_code)options->line_code);
    elastic_store_init(&span->receive_store, options->slack_frames, FRAMER_WAITING_BITS_MAX);
    elastic_store_init(&span->transmit_store, options->slack_frames, LINE_BACKLOG_BITS_MAX);
}

static bool options_valid(const span_options *options)
{
    return options->slack_frames >= 1 && options->slack_frames <= SLACK_FRAMES_MAX;
}

span *shelf_add_span(shelf *shelf, const span_options *options, uint32_t *object)
{
    span_parts parts;
    span *made = options_valid(options) ? aligned_alloc(CACHE_LINE_OCTETS, sizeof *made) : NULL;
    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    if (!parts_make(options, &parts)) {
        free(made);
        return NULL;
    }
    made->attached = SHELF_IDLE_STREAM;
    cas_transmitter_init(&made->cas);
    life_begin(made, options, parts);
    if (!adopted(shelf, made)) {
        span_free(&made->element);
        return NULL;
    }
    *object = made->element.object;
    return made;
}

/* What carries marks cannot carry bits, and the other way round. */
static bool fits_port(const span *span, const span_options *options)
{
    bool coded = options->line_code != LINE_CODE_NONE;
    if (!span->port || span_framed(span))
        return true;
    return coded == (line_is(span->port) && span->options.line_code != LINE_CODE_NONE);
}

/* A new life, with the lock held; gives back what the old one leaves. A clock that follows the span sees its bits begin
 * anew, which is no measurement to it. */
static span_parts life_change(span *span, const span_options *options, span_parts parts, uint64_t *since_ns)
{
    span_parts old = parts_of(span);
    span_hdlc_free(span);
    span->links = 0;
    life_begin(span, options, parts);
    *since_ns = span->element.shelf->now_ns;
    return old;
}

int span_restart(span *span, const span_options *options, uint64_t *since_ns)
{
    shelf *shelf = span->element.shelf;
    span_parts parts;
    if (!options_valid(options))
        return ENGINE_BAD_VALUE;
    if (!parts_make(options, &parts))
        return ENGINE_NO_MEMORY;
    shelf_lock(shelf);
    int result = fits_port(span, options) ? ENGINE_OK : ENGINE_CODED;
    if (!result)
        parts = life_change(span, options, parts, since_ns);
    shelf_unlock(shelf);
    parts_free(parts);
    return result;
}

static bool any_real_time(const shelf *shelf)
{
    for (unsigned k = 0; k < shelf->spans.count; k++) {
        const port *port = shelf->spans.span[k]->port;
        if (port && port->operations->real_time)
            return true;
    }
    return false;
}

int span_unplug(span *span, uint64_t *since_ns)
{
    shelf *shelf = span->element.shelf;
    span_parts parts;
    if (!parts_make(&span->options, &parts))
        return ENGINE_NO_MEMORY;
    shelf_lock(shelf);
    int result = span->port ? ENGINE_OK : ENGINE_NO_PORT;
    if (!result) {
        parts = life_change(span, &span->options, parts, since_ns);
        span->port->operations->free(span->port);
        span->port = NULL;
        if (shelf->clock_source == span)
            shelf_clock_hold(shelf);
        shelf->real_time_only = any_real_time(shelf);
    }
    shelf_unlock(shelf);
    parts_free(parts);
    return result;
}

/* Why the span cannot have this port; 0 if it can. */
static int plug_refusal(const span *span, const port *port)
{
    bool framed = port->operations->kind == PORT_FRAMED;
    if (span->port)
        return ENGINE_JOINED;
    if (!framed && span->options.line_code != LINE_CODE_NONE)
        return ENGINE_CODED;
    return framed && span->maintenance & MAINTENANCE_OF_LINE ? ENGINE_FRAMED : ENGINE_OK;
}

int span_plug(span *span, port *port)
{
    shelf *shelf = span->element.shelf;
    shelf_lock(shelf);
    int result = plug_refusal(span, port);
    if (!result) {
        span->port = port;
        shelf->real_time_only |= port->operations->real_time;
    }
    shelf_unlock(shelf);
    return result;
}

int span_tap(span *span, port *port)
{
    shelf_lock(span->element.shelf);
    bool taken = span->tap != NULL;
    if (!taken)
        span->tap = port;
    shelf_unlock(span->element.shelf);
    return taken ? ENGINE_JOINED : ENGINE_OK;
}

int span_join(span *end_a, span *end_b, const line_options *options)
{
    shelf *shelf = end_a->element.shelf;
    line_options complete = *options;
    if (end_a == end_b || end_b->element.shelf != shelf || end_a->options.line_code != end_b->options.line_code)
        return ENGINE_BAD_VALUE;
    complete.coded = end_a->options.line_code != LINE_CODE_NONE;
    complete.steer_ppb = &shelf->steer_ppb;
    shelf_lock(shelf);
    int result = ENGINE_JOINED;
    if (!end_a->port && !end_b->port)
        result = line_new(&complete, &end_a->port, &end_b->port) ? ENGINE_BAD_VALUE : ENGINE_OK;
    shelf_unlock(shelf);
    return result;
}
