/* What a receiver hands to its performance counts: blocks and defects, second by second (G.826). */
#include "e1/receiver_internal.h"

enum { DEGRADED_BLOCKS = 50 /* 5 % of a second's: bit errors of some 2.5 in 10^5, which people hear */ };

/* Without CRC-4 a block of eight frames with an errored FAS is an errored block. */
void receiver_block_account(receiver *receiver)
{
    const framer_status *status = receiver->status;
    if (!receiver_multiframe_aligned(receiver) && receiver_in_service(receiver)) {
        receiver->second[NEAR_END].blocks++;
        receiver->second[NEAR_END].errored_blocks += status->fas_errors != receiver->fas_errors;
    }
    receiver->fas_errors = status->fas_errors;
}

void receiver_defects_account(receiver *receiver)
{
    bool in_service = receiver_in_service(receiver);
    performance_second *second = receiver->second;
    if (in_service && !receiver->was_in_service && !receiver->first_second_over)
        second[NEAR_END].defect = false;
    receiver->was_in_service |= in_service;
    second[NEAR_END].defect |= !in_service;
    second[FAR_END].defect |= in_service && receiver->status->remote_alarm;
}

/* Begins a second; what the framer has counted so far belongs to those before. */
static void second_begin(receiver *receiver)
{
    const framer_status *status = receiver->status;
    receiver->crc_blocks = status->crc_blocks;
    receiver->crc_errors = status->crc_errors;
    receiver->e_bit_errors = status->e_bit_errors;
    receiver->second[NEAR_END] = receiver->second[FAR_END] = (performance_second){0};
}

/* What the framer has counted since the second began. */
static void second_complete(receiver *receiver)
{
    const framer_status *status = receiver->status;
    performance_second *near = &receiver->second[NEAR_END], *far = &receiver->second[FAR_END];
    uint32_t blocks = (uint32_t)(status->crc_blocks - receiver->crc_blocks);
    near->blocks += blocks;
    near->errored_blocks += (uint32_t)(status->crc_errors - receiver->crc_errors);
    far->blocks += blocks;
    far->errored_blocks += (uint32_t)(status->e_bit_errors - receiver->e_bit_errors);
}

static void second_put(receiver *receiver)
{
    performance_put_second(receiver->performance[NEAR_END], &receiver->second[NEAR_END]);
    if (receiver->second[NEAR_END].defect)
        performance_pass_second(receiver->performance[FAR_END]);
    else
        performance_put_second(receiver->performance[FAR_END], &receiver->second[FAR_END]);
}

/* A second with a defect is not said to have errors: the defect's own events say enough. */
static unsigned ailments_of(const receiver *receiver)
{
    const performance *performance = receiver->performance[NEAR_END];
    const performance_second *near = &receiver->second[NEAR_END], *far = &receiver->second[FAR_END];
    unsigned ailments = performance_unavailable(performance) ? SECOND_UNAVAILABLE : 0;
    if (near->defect)
        return ailments;
    ailments |= performance_is_severe(performance, near) ? SECOND_SEVERE : 0;
    return ailments | (far->errored_blocks >= DEGRADED_BLOCKS ? SECOND_FAR_ERRORS : 0);
}

unsigned receiver_ailments(const receiver *receiver)
{
    return receiver->ailments;
}

void receiver_end_second(receiver *receiver)
{
    second_complete(receiver);
    if (receiver->counting) {
        second_put(receiver);
        receiver->ailments = ailments_of(receiver);
    }
    receiver->counting |= receiver->was_in_service;
    receiver->first_second_over = true;
    second_begin(receiver);
}

const performance *receiver_performance(const receiver *receiver, performance_end end)
{
    return receiver->performance[end];
}

void receiver_reset_performance(receiver *receiver)
{
    performance_reset(receiver->performance[NEAR_END]);
    performance_reset(receiver->performance[FAR_END]);
    second_begin(receiver);
}
