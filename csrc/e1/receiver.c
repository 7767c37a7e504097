/* Line state, framer, signalling and performance put together; their changes become one list of events. */
#include <stdlib.h>
#include <string.h>

#include "e1/receiver_internal.h"

enum {
    SEVERE_BLOCKS = 300,   /* 30 % of a second's 1 000 (G.826 3.2.2) */
    CAS_DEBOUNCE = 2,      /* multiframes */
};

receiver_options receiver_options_default(framing_mode mode)
{
    return (receiver_options){.framer = framer_options_default(mode),
                              .line = line_state_options_default(LINE_STATE_G775),
                              .performance = {.severe_blocks = SEVERE_BLOCKS},
                              .cas_debounce = CAS_DEBOUNCE,
                              .cas = true};
}

receiver *receiver_new(const receiver_options *options)
{
    receiver *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->options = *options;
    made->counting = options->whole_recording;
    made->framer = framer_receiver_new(options->framer);
    made->status = made->framer ? framer_receiver_status(made->framer) : NULL;
    line_state_init(&made->line, options->line);
    cas_receiver_init(&made->cas, options->cas_debounce);
    for (unsigned end = 0; end < 2; end++)
        made->performance[end] = performance_new(options->performance);
    if (made->framer && made->performance[NEAR_END] && made->performance[FAR_END])
        return made;
    receiver_free(made);
    return NULL;
}

void receiver_free(receiver *receiver)
{
    if (!receiver)
        return;
    framer_receiver_free(receiver->framer);
    performance_free(receiver->performance[NEAR_END]);
    performance_free(receiver->performance[FAR_END]);
    free(receiver);
}

/* A full list keeps what came first: a line that brings more changes a millisecond is beyond telling. */
void receiver_tell(receiver *receiver, line_event_kind kind, unsigned timeslot, uint32_t value, uint64_t bit)
{
    if (kind == LINE_SIGNAL_LOST || kind == LINE_AIS || kind == LINE_ALIGNMENT_LOST)
        receiver->fault_bit = bit;
    if (receiver->event_count == EVENTS) {
        receiver->events_dropped++;
        return;
    }
    receiver->event[receiver->event_count++] =
        (line_event){.bit = bit, .kind = (uint16_t)kind, .timeslot = (uint16_t)timeslot, .value = value};
}

unsigned receiver_events(receiver *receiver, line_event *events, unsigned count)
{
    if (count > receiver->event_count)
        count = receiver->event_count;
    if (count == 0) /* as nearly always */
        return 0;
    memcpy(events, receiver->event, count * sizeof *events);
    receiver->event_count -= count;
    memmove(receiver->event, receiver->event + count, receiver->event_count * sizeof *events);
    return count;
}

bool receiver_in_service(const receiver *receiver)
{
    return receiver->status->in_service && !receiver->signal_lost && !receiver->line.ais;
}

uint64_t receiver_bits(const receiver *receiver)
{
    return receiver->status->bits;
}

bool receiver_multiframe_aligned(const receiver *receiver)
{
    return receiver->status->alignment == ALIGNMENT_MULTIFRAME;
}

bool receiver_cas_aligned(const receiver *receiver)
{
    return receiver->cas.aligned;
}

unsigned receiver_bits_waiting(const receiver *receiver)
{
    return receiver->status == &receiver->adaptor ? 0 : framer_receiver_bits_waiting(receiver->framer);
}

bool receiver_take_errored(receiver *receiver, unsigned half)
{
    return framer_receiver_take_errored(receiver->framer, half);
}

void receiver_signal_lost_set(receiver *receiver, bool lost, uint64_t bit)
{
    if (lost == receiver->signal_lost)
        return;
    receiver->signal_lost = lost;
    receiver_tell(receiver, LINE_SIGNAL_LOST, 0, lost, bit);
}

void receiver_set_signal_lost(receiver *receiver, bool lost)
{
    receiver_signal_lost_set(receiver, lost, receiver->status->bits);
}

static void line_state_told(receiver *receiver, const line_state_event *events, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        if (events[k].alarm == LINE_STATE_LOS)
            receiver_signal_lost_set(receiver, events[k].raised, events[k].bit);
        else
            receiver_tell(receiver, LINE_AIS, 0, events[k].raised, events[k].bit);
}

void receiver_put_marks(receiver *receiver, const line_block *marks)
{
    line_state_event events[LINE_STATE_EVENTS_MAX];
    line_state_told(receiver, events, line_state_put_marks(&receiver->line, marks, events));
}

static void framer_event_tell(receiver *receiver, const framer_event *event)
{
    static const uint16_t kinds[] = {
        [FRAMER_ALIGNED] = LINE_FRAME_ALIGNED,   [FRAMER_MULTIFRAME] = LINE_MULTIFRAME_ALIGNED,
        [FRAMER_LOST] = LINE_ALIGNMENT_LOST,     [FRAMER_CRC_ERROR] = LINE_CRC_ERROR,
        [FRAMER_E_BIT] = LINE_E_BIT,             [FRAMER_FAS_ERROR] = LINE_FAS_ERROR,
        [FRAMER_REMOTE_ALARM] = LINE_REMOTE_ALARM, [FRAMER_NON_CRC] = LINE_NON_CRC,
        [FRAMER_SA_BITS] = LINE_SA_BITS,         [FRAMER_SA_CODE] = LINE_SA_CODE,
    };
    bool error = event->kind == FRAMER_CRC_ERROR || event->kind == FRAMER_E_BIT || event->kind == FRAMER_FAS_ERROR;
    if (error && !receiver->options.tell_errors)
        return;
    bool code = event->kind == FRAMER_SA_CODE;
    receiver_tell(receiver, kinds[event->kind], code ? event->value >> 4 : 0, code ? event->value & 0xF : event->value,
         event->bit);
    if (event->kind == FRAMER_ALIGNED && line_state_frame_found(&receiver->line))
        receiver_tell(receiver, LINE_AIS, 0, 0, event->bit);
}

static void framer_events_tell(receiver *receiver)
{
    framer_event events[64];
    while (receiver->status->events_waiting) {
        unsigned count = framer_receiver_events(receiver->framer, events, 64);
        for (unsigned k = 0; k < count; k++)
            framer_event_tell(receiver, &events[k]);
    }
}

uint8_t *receiver_room(receiver *receiver)
{
    return framer_receiver_room(receiver->framer);
}

void receiver_put(receiver *receiver, const uint8_t *bits, unsigned bit_count)
{
    line_state_event events[LINE_STATE_EVENTS_MAX];
    line_state_told(receiver, events, line_state_put_bits(&receiver->line, bits, bit_count, events));
    framer_receiver_put(receiver->framer, bits, bit_count);
    framer_events_tell(receiver);
}

/* Where timeslot 16 of the k-th of the eight frames taken last had been received. */
static uint64_t cas_bit(const receiver *receiver, unsigned k)
{
    uint64_t block = receiver->status->bits - receiver_bits_waiting(receiver) - BLOCK_BITS;
    return block + k * FRAME_BITS + 8 * (CAS_TIMESLOT + 1);
}

static void cas_bits_tell(receiver *receiver, uint32_t changed, unsigned first_frame)
{
    for (; changed; changed &= changed - 1) {
        unsigned timeslot = (unsigned)__builtin_ctz(changed), k = (timeslot - first_frame) % MULTIFRAME_FRAMES;
        receiver_tell(receiver, LINE_CAS_BITS, timeslot, receiver->cas.abcd[timeslot], cas_bit(receiver, k));
    }
}

static void cas_state_tell(receiver *receiver, unsigned changes, unsigned k)
{
    if (changes & CAS_NOW_LOST)
        receiver_tell(receiver, LINE_CAS_LOST, CAS_TIMESLOT, 0, cas_bit(receiver, k));
    if (changes & CAS_NOW_ALIGNED)
        receiver_tell(receiver, LINE_CAS_ALIGNED, CAS_TIMESLOT, 0, cas_bit(receiver, k));
    if (changes & CAS_REMOTE_ALARM_CHANGED)
        receiver_tell(receiver, LINE_CAS_REMOTE_ALARM, CAS_TIMESLOT, receiver->cas.remote_alarm, cas_bit(receiver, k));
}

/* All but abcd is decided in frame 0 of the multiframe: which of the eight that was follows from what comes next. */
void receiver_cas_run(receiver *receiver, const stream_block *block)
{
    if (!receiver_in_service(receiver)) {
        if (cas_receiver_interrupt(&receiver->cas))
            receiver_tell(receiver, LINE_CAS_LOST, CAS_TIMESLOT, 0, receiver->fault_bit);
        return;
    }
    uint32_t changed = 0;
    unsigned first_frame = receiver->cas.frame;
    unsigned changes = cas_receive(&receiver->cas, block->octet[CAS_TIMESLOT], &changed);
    if (!(changes | changed))
        return;
    bool found = changes & CAS_NOW_ALIGNED;
    unsigned k = (found ? 8u - receiver->cas.frame : 0u - first_frame) % MULTIFRAME_FRAMES;
    cas_state_tell(receiver, changes, k);
    cas_bits_tell(receiver, changed, found ? MULTIFRAME_FRAMES - k : first_frame);
}

/* Frames that were taken off the line. */
static void block_taken(receiver *receiver, stream_block *block)
{
    receiver_block_account(receiver);
    if (!receiver_in_service(receiver))
        memset(block, 0xFF, sizeof *block);
}

bool receiver_take(receiver *receiver, stream_block *block)
{
    bool taken = framer_receiver_take(receiver->framer, block);
    framer_events_tell(receiver);
    receiver_defects_account(receiver);
    if (taken)
        block_taken(receiver, block);
    if (receiver->options.cas && (taken || !receiver_in_service(receiver)))
        receiver_cas_run(receiver, block);
    return taken;
}

void receiver_put_last(receiver *receiver, const uint8_t *bits, unsigned bit_count)
{
    framer_receiver_put(receiver->framer, bits, bit_count);
    framer_events_tell(receiver);
}

unsigned receiver_take_last(receiver *receiver, stream_block *block)
{
    unsigned frames = framer_receiver_take_last(receiver->framer, block);
    framer_events_tell(receiver);
    if (frames)
        block_taken(receiver, block);
    return frames;
}

void receiver_read_status(const receiver *receiver, receiver_status *status)
{
    *status = (receiver_status){
        .framer = *receiver->status,
        .ais_frames = receiver->line.ais_periods * 2 + receiver->adaptor_ais_frames,
        .remote_alarm_frames = receiver->status->remote_alarm_frames,
        .cas_word_errors = receiver->cas.word_errors,
        .cas_losses = receiver->cas.losses,
        .events_dropped = receiver->status->events_dropped + receiver->events_dropped,
        .signal_lost = receiver->signal_lost,
        .ais = receiver->line.ais || receiver->adaptor_alarms & PORT_AIS,
        .in_service = receiver_in_service(receiver),
        .cas_aligned = receiver->cas.aligned,
        .cas_remote_alarm = receiver->cas.remote_alarm,
        .unavailable = {performance_unavailable(receiver->performance[NEAR_END]),
                        performance_unavailable(receiver->performance[FAR_END])},
    };
}
