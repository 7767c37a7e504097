/* A receiver behind an adaptor that frames the line itself: what the adaptor says of the line, frames, signalling. */
#include <string.h>

#include "e1/receiver_internal.h"

enum {
    ADAPTOR_ALARMS = PORT_SIGNAL_LOST | PORT_AIS | PORT_FRAME_LOST,
    MULTIFRAME_MS = 2, /* of timeslot 16 */
};

static uint32_t alignment_by(uint32_t alarms)
{
    if (alarms & ADAPTOR_ALARMS)
        return ALIGNMENT_SEARCHING;
    return alarms & PORT_MULTIFRAME_LOST ? ALIGNMENT_BASIC : ALIGNMENT_MULTIFRAME;
}

/* Without frames there is no bit A: a remote alarm that stood is cleared (ETS 300 417: the defect goes with the frames). */
static void remote_alarm_set(receiver *receiver, bool raised)
{
    framer_status *status = &receiver->adaptor;
    if (raised != (status->remote_alarm != 0))
        receiver_tell(receiver, LINE_REMOTE_ALARM, 0, raised, status->bits);
    status->remote_alarm = raised;
}

static void alarms_tell(receiver *receiver, uint32_t alarms)
{
    framer_status *status = &receiver->adaptor;
    bool framed = !(alarms & ADAPTOR_ALARMS), was_framed = status->in_service;
    uint32_t changed = alarms ^ receiver->adaptor_alarms;
    receiver->adaptor_alarms = alarms;
    receiver_signal_lost_set(receiver, alarms & PORT_SIGNAL_LOST, status->bits);
    if (changed & PORT_AIS)
        receiver_tell(receiver, LINE_AIS, 0, (alarms & PORT_AIS) != 0, status->bits);
    if (framed != was_framed)
        receiver_tell(receiver, framed ? LINE_FRAME_ALIGNED : LINE_ALIGNMENT_LOST, 0, 0, status->bits);
    status->in_service = framed;
    status->alignment = alignment_by(alarms);
    status->alignment_losses += was_framed && !framed;
    remote_alarm_set(receiver, framed && alarms & PORT_REMOTE_ALARM);
}

static void sa_bits_set(receiver *receiver, uint32_t sa_bits)
{
    framer_status *status = &receiver->adaptor;
    if (sa_bits != status->sa_bits)
        receiver_tell(receiver, LINE_SA_BITS, 0, sa_bits, status->bits);
    status->sa_bits = sa_bits;
}

/* Signalling goes with the frames, whoever reads timeslot 16. */
static void cas_interrupt(receiver *receiver)
{
    if (cas_receiver_interrupt(&receiver->cas))
        receiver_tell(receiver, LINE_CAS_LOST, CAS_TIMESLOT, 0, receiver->status->bits);
}

void receiver_put_alarms(receiver *receiver, const port_status *adaptor)
{
    framer_status *status = &receiver->adaptor;
    receiver->status = status;
    alarms_tell(receiver, adaptor->alarms);
    sa_bits_set(receiver, adaptor->sa_bits);
    status->fas_errors = adaptor->fas_errors;
    status->crc_errors = adaptor->crc_errors;
    status->e_bit_errors = adaptor->e_bit_errors;
    receiver_defects_account(receiver);
    if (!receiver_in_service(receiver))
        cas_interrupt(receiver);
}

void receiver_put_frames(receiver *receiver, stream_block *block, bool cas_in_frames)
{
    framer_status *status = &receiver->adaptor;
    status->bits += BLOCK_BITS;
    status->frames += BLOCK_FRAMES;
    status->crc_blocks += status->alignment == ALIGNMENT_MULTIFRAME;
    status->remote_alarm_frames += status->remote_alarm ? BLOCK_FRAMES : 0;
    receiver->adaptor_ais_frames += receiver->adaptor_alarms & PORT_AIS ? BLOCK_FRAMES : 0;
    receiver_block_account(receiver);
    if (!receiver_in_service(receiver))
        memset(block, 0xFF, sizeof *block);
    else if (receiver->options.cas && cas_in_frames)
        receiver_cas_run(receiver, block);
}

static void cas_begin(receiver *receiver)
{
    if (receiver->cas.aligned)
        return;
    receiver->cas.aligned = true;
    memset(receiver->abcd_ms, 0, sizeof receiver->abcd_ms);
    receiver_tell(receiver, LINE_CAS_ALIGNED, CAS_TIMESLOT, 0, receiver->status->bits);
}

/* A change counts once it has stood as long as in timeslot 16 it would have come `debounce` times. */
static void abcd_put(receiver *receiver, unsigned timeslot, uint8_t abcd)
{
    cas_receiver *cas = &receiver->cas;
    if (abcd != cas->seen[timeslot]) {
        cas->seen[timeslot] = abcd;
        receiver->abcd_ms[timeslot] = 0;
    }
    if (receiver->abcd_ms[timeslot] < MULTIFRAME_MS * cas->debounce)
        receiver->abcd_ms[timeslot]++;
    if (receiver->abcd_ms[timeslot] < MULTIFRAME_MS * cas->debounce || abcd == cas->abcd[timeslot])
        return;
    cas->abcd[timeslot] = abcd;
    receiver_tell(receiver, LINE_CAS_BITS, timeslot, abcd, receiver->status->bits);
}

void receiver_put_abcd(receiver *receiver, const uint8_t abcd[FRAME_TIMESLOTS])
{
    if (!receiver->options.cas || !receiver_in_service(receiver))
        return;
    cas_begin(receiver);
    for (unsigned timeslot = 1; timeslot < FRAME_TIMESLOTS; timeslot++)
        if (timeslot != CAS_TIMESLOT)
            abcd_put(receiver, timeslot, abcd[timeslot]);
}
