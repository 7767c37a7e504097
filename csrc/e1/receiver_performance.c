/* What a receiver hands to its performance counts: blocks and defects, second by second (G.826). */
#include "e1/receiver_internal.h"

/* Without CRC-4 a block of eight frames with an errored FAS is an errored block. */
void receiver_block_account(receiver *receiver)
{
    const framer_status *status = receiver->status;
    if (!receiver_multiframe_aligned(receiver) && receiver_in_service(receiver)) {
        receiver->second[NEAR_END].blocks++;
        receiver->second[NEAR_END].errored_blocks += status->fas_errors != receiver->fas_errors;
    }
    receiver->fas_errors = status->fas_errors;
    receiver->remote_alarm_frames += status->remote_alarm ? BLOCK_FRAMES : 0;
}

void receiver_defects_account(receiver *receiver)
{
    receiver->second[NEAR_END].defect |= !receiver_in_service(receiver);
    receiver->second[FAR_END].defect |= receiver->status->remote_alarm != 0;
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

const performance *receiver_performance(const receiver *receiver, performance_end end)
{
    return receiver->performance[end];
}

void receiver_reset_performance(receiver *receiver)
{
    performance_reset(receiver->performance[NEAR_END]);
    performance_reset(receiver->performance[FAR_END]);
}
