/* What a receiver is made of; shared by the files that make it up. */
#ifndef TRUNKSHELF_RECEIVER_INTERNAL_H
#define TRUNKSHELF_RECEIVER_INTERNAL_H

#include "e1/cas.h"
#include "e1/receiver.h"

enum {
    MULTIFRAME_FRAMES = 16,
    EVENTS = 512,
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
    uint64_t fault_bit;                            /* of the line, at which it was last seen to be out of order */
    bool was_in_service, counting; /* ever; seconds go to `performance` */
    bool first_second_over;
    unsigned ailments;                             /* second_ailment bits of the second just over */
    bool signal_lost;
    uint32_t adaptor_alarms;
    uint64_t adaptor_ais_frames;
    uint32_t abcd_ms[FRAME_TIMESLOTS];             /* that the abcd an adaptor reads has stood, up to the debounce */
    framer_status adaptor;                         /* what stands for the framer's status where an adaptor frames */
    line_event event[EVENTS];
    unsigned event_count;
    uint64_t events_dropped;
};

/* Notes an event at a bit of the line. */
void receiver_tell(receiver *receiver, line_event_kind kind, unsigned timeslot, uint32_t value, uint64_t bit);

void receiver_signal_lost_set(receiver *receiver, bool lost, uint64_t bit);

/* Timeslot 16 of eight frames, or, out of service, none. */
void receiver_cas_run(receiver *receiver, const stream_block *block);

/* Eight frames have come; what ails the line now. */
void receiver_block_account(receiver *receiver);
void receiver_defects_account(receiver *receiver);

#endif
