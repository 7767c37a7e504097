/* Line state, framer, signalling and performance put together; their changes become one list of events. */
#include "e1/receiver.h"

#include <stdlib.h>
#include <string.h>

#include "e1/cas.h"

enum {
    MULTIFRAME_FRAMES = 16,
    EVENTS = 512,
    SEVERE_BLOCKS = 300,   /* 30 % of a second's 1 000 (G.826 3.2.2) */
    CAS_DEBOUNCE = 2,      /* multiframes */
    ADAPTOR_ALARMS = PORT_SIGNAL_LOST | PORT_AIS | PORT_FRAME_LOST,
};

struct receiver {
    receiver_options options;
    framer_receiver *framer;
    const framer_status *status; /* the framer's; where an adaptor frames, `adaptor` */
    line_state line;
    cas_receiver cas;
    performance *performance[2];
    performance_second second[2];
    uint64_t crc_blocks, crc_errors, e_bit_errors; /* as the second began */
    uint64_t fas_errors;                           /* as the block began */
    uint64_t remote_alarm_frames;
    bool signal_lost;
    uint32_t adaptor_alarms;
    framer_status adaptor;                         /* what stands for the framer's status where an adaptor frames */
    line_event event[EVENTS];
    unsigned event_count;
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
static void tell(receiver *receiver, line_event_kind kind, unsigned timeslot, uint32_t value, uint64_t bit)
{
    if (receiver->event_count < EVENTS)
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

const uint8_t *receiver_abcd(const receiver *receiver)
{
    return receiver->cas.abcd;
}

unsigned receiver_bits_waiting(const receiver *receiver)
{
    return receiver->status == &receiver->adaptor ? 0 : framer_receiver_bits_waiting(receiver->framer);
}

bool receiver_take_errored(receiver *receiver, unsigned half)
{
    return framer_receiver_take_errored(receiver->framer, half);
}

const performance *receiver_performance(const receiver *receiver, performance_end end)
{
    return receiver->performance[end];
}

void receiver_reset_performance(receiver *receiver)
{
    performance_reset(receiver->performance[NEAR_END]);
    performance_reset(receiver->performance[FAR_END]);
}

static void signal_lost_set(receiver *receiver, bool lost, uint64_t bit)
{
    if (lost == receiver->signal_lost)
        return;
    receiver->signal_lost = lost;
    tell(receiver, LINE_SIGNAL_LOST, 0, lost, bit);
}

void receiver_set_signal_lost(receiver *receiver, bool lost)
{
    signal_lost_set(receiver, lost, receiver->status->bits);
}

static void line_state_told(receiver *receiver, const line_state_event *events, unsigned count)
{
    for (unsigned k = 0; k < count; k++)
        if (events[k].alarm == LINE_STATE_LOS)
            signal_lost_set(receiver, events[k].raised, events[k].bit);
        else
            tell(receiver, LINE_AIS, 0, events[k].raised, events[k].bit);
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
    tell(receiver, kinds[event->kind], code ? event->value >> 4 : 0, code ? event->value & 0xF : event->value,
         event->bit);
    if (event->kind == FRAMER_ALIGNED && line_state_frame_found(&receiver->line))
        tell(receiver, LINE_AIS, 0, 0, event->bit);
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
        tell(receiver, LINE_CAS_BITS, timeslot, receiver->cas.abcd[timeslot], cas_bit(receiver, k));
    }
}

static void cas_state_tell(receiver *receiver, unsigned changes, unsigned k)
{
    if (changes & CAS_NOW_LOST)
        tell(receiver, LINE_CAS_LOST, CAS_TIMESLOT, 0, cas_bit(receiver, k));
    if (changes & CAS_NOW_ALIGNED)
        tell(receiver, LINE_CAS_ALIGNED, CAS_TIMESLOT, 0, cas_bit(receiver, k));
    if (changes & CAS_REMOTE_ALARM_CHANGED)
        tell(receiver, LINE_CAS_REMOTE_ALARM, CAS_TIMESLOT, receiver->cas.remote_alarm, cas_bit(receiver, k));
}

/* All but abcd is decided in frame 0 of the multiframe: which of the eight that was follows from what comes next. */
static void cas_run(receiver *receiver, const stream_block *block)
{
    if (!receiver_in_service(receiver)) {
        cas_state_tell(receiver, cas_receiver_interrupt(&receiver->cas), BLOCK_FRAMES - 1);
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

/* Without CRC-4 a block of eight frames with an errored FAS is an errored block. */
static void block_account(receiver *receiver)
{
    const framer_status *status = receiver->status;
    if (!receiver_multiframe_aligned(receiver) && receiver_in_service(receiver)) {
        receiver->second[NEAR_END].blocks++;
        receiver->second[NEAR_END].errored_blocks += status->fas_errors != receiver->fas_errors;
    }
    receiver->fas_errors = status->fas_errors;
    receiver->remote_alarm_frames += status->remote_alarm ? BLOCK_FRAMES : 0;
}

static void defects_account(receiver *receiver)
{
    receiver->second[NEAR_END].defect |= !receiver_in_service(receiver);
    receiver->second[FAR_END].defect |= receiver->status->remote_alarm != 0;
}

/* Frames that were taken off the line. */
static void block_taken(receiver *receiver, stream_block *block)
{
    block_account(receiver);
    if (!receiver_in_service(receiver))
        memset(block, 0xFF, sizeof *block);
}

bool receiver_take(receiver *receiver, stream_block *block)
{
    bool taken = framer_receiver_take(receiver->framer, block);
    framer_events_tell(receiver);
    defects_account(receiver);
    if (taken)
        block_taken(receiver, block);
    if (receiver->options.cas && (taken || !receiver_in_service(receiver)))
        cas_run(receiver, block);
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

static void adaptor_alarms_tell(receiver *receiver, uint32_t alarms)
{
    framer_status *status = &receiver->adaptor;
    bool framed = !(alarms & ADAPTOR_ALARMS), was_framed = status->in_service;
    uint32_t changed = alarms ^ receiver->adaptor_alarms;
    receiver->adaptor_alarms = alarms;
    signal_lost_set(receiver, alarms & PORT_SIGNAL_LOST, status->bits);
    if (changed & PORT_AIS)
        tell(receiver, LINE_AIS, 0, (alarms & PORT_AIS) != 0, status->bits);
    if (framed != was_framed)
        tell(receiver, framed ? LINE_FRAME_ALIGNED : LINE_ALIGNMENT_LOST, 0, 0, status->bits);
    if (changed & PORT_REMOTE_ALARM)
        tell(receiver, LINE_REMOTE_ALARM, 0, (alarms & PORT_REMOTE_ALARM) != 0, status->bits);
    status->in_service = framed;
    status->alignment = !framed                           ? ALIGNMENT_SEARCHING
                        : alarms & PORT_MULTIFRAME_LOST ? ALIGNMENT_BASIC
                                                        : ALIGNMENT_MULTIFRAME;
    status->remote_alarm = (alarms & PORT_REMOTE_ALARM) != 0;
    status->alignment_losses += was_framed && !framed;
}

static void adaptor_counters_take(framer_status *status, const port_status *adaptor)
{
    status->bits += BLOCK_BITS;
    status->frames += BLOCK_FRAMES;
    status->fas_errors = adaptor->fas_errors;
    status->crc_errors = adaptor->crc_errors;
    status->e_bit_errors = adaptor->e_bit_errors;
    status->crc_blocks += status->alignment == ALIGNMENT_MULTIFRAME;
}

void receiver_put_frames(receiver *receiver, stream_block *block, const port_status *adaptor)
{
    framer_status *status = &receiver->adaptor;
    receiver->status = status;
    adaptor_alarms_tell(receiver, adaptor->alarms);
    adaptor_counters_take(status, adaptor);
    if (adaptor->sa_bits != status->sa_bits)
        tell(receiver, LINE_SA_BITS, 0, adaptor->sa_bits, status->bits);
    status->sa_bits = adaptor->sa_bits;
    block_account(receiver);
    defects_account(receiver);
    if (!receiver_in_service(receiver))
        memset(block, 0xFF, sizeof *block);
    if (receiver->options.cas)
        cas_run(receiver, block);
}

void receiver_put_abcd(receiver *receiver, const uint8_t abcd[32])
{
    uint32_t changed = 0;
    for (unsigned timeslot = 1; timeslot < FRAME_TIMESLOTS; timeslot++)
        if (timeslot != CAS_TIMESLOT && abcd[timeslot] != receiver->cas.abcd[timeslot])
            changed |= 1u << timeslot;
    memcpy(receiver->cas.abcd, abcd, sizeof receiver->cas.abcd);
    cas_state_tell(receiver, receiver->cas.aligned ? 0 : CAS_NOW_ALIGNED, 0);
    receiver->cas.aligned = true;
    for (; changed; changed &= changed - 1) {
        unsigned timeslot = (unsigned)__builtin_ctz(changed);
        tell(receiver, LINE_CAS_BITS, timeslot, abcd[timeslot], receiver->status->bits);
    }
}

void receiver_end_second(receiver *receiver)
{
    const framer_status *status = receiver->status;
    uint32_t blocks = (uint32_t)(status->crc_blocks - receiver->crc_blocks);
    receiver->second[NEAR_END].blocks += blocks;
    receiver->second[NEAR_END].errored_blocks += (uint32_t)(status->crc_errors - receiver->crc_errors);
    receiver->second[FAR_END].blocks += blocks;
    receiver->second[FAR_END].errored_blocks += (uint32_t)(status->e_bit_errors - receiver->e_bit_errors);
    receiver->crc_blocks = status->crc_blocks;
    receiver->crc_errors = status->crc_errors;
    receiver->e_bit_errors = status->e_bit_errors;
    for (unsigned end = 0; end < 2; end++) {
        performance_put_second(receiver->performance[end], &receiver->second[end]);
        receiver->second[end] = (performance_second){0};
    }
}

void receiver_read_status(const receiver *receiver, receiver_status *status)
{
    *status = (receiver_status){
        .framer = *receiver->status,
        .ais_frames = receiver->line.ais_periods * 2,
        .remote_alarm_frames = receiver->remote_alarm_frames,
        .cas_word_errors = receiver->cas.word_errors,
        .cas_losses = receiver->cas.losses,
        .signal_lost = receiver->signal_lost,
        .ais = receiver->line.ais || receiver->adaptor_alarms & PORT_AIS,
        .in_service = receiver_in_service(receiver),
        .cas_aligned = receiver->cas.aligned,
        .cas_remote_alarm = receiver->cas.remote_alarm,
        .unavailable = {performance_unavailable(receiver->performance[NEAR_END]),
                        performance_unavailable(receiver->performance[FAR_END])},
    };
}
