/* A port: where a span's line goes in and out. One table of operations a back end; nothing else differs. */
#ifndef TRUNKSHELF_PORT_H
#define TRUNKSHELF_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/block.h"
#include "base/port_status.h"

typedef struct port port;

typedef enum {
    PORT_LINE = 1,   /* carries the bits of the line: our framer frames them (line:, satop:, file:) */
    PORT_FRAMED = 2, /* an adaptor frames the line and hands timeslots over (e1d:, dahdi:) */
} port_kind;

typedef struct {
    port_kind kind;
    bool real_time; /* tied to the outside world: its shelf cannot run in virtual time */

    /*
     * PORT_LINE. `receive` fills in what came in the last millisecond: bit_count is 0 or a multiple of 64, at most
     * LINE_BLOCK_BITS_MAX. `blocks_wanted` says how many times `transmit` is to be called this millisecond, 0 to 2:
     * a line that runs faster or slower than the shelf takes a block more or less now and then. `transmit` sends
     * a block: BLOCK_BITS, but in a line loopback and on a tap whatever `receive` of another port has brought.
     */
    void (*receive)(port *port, line_block *block);
    unsigned (*blocks_wanted)(port *port);
    /* Bits sent that the line has not yet carried away, where the back end knows them to the bit; else NULL. */
    unsigned (*backlog_bits)(port *port);
    void (*transmit)(port *port, const line_block *block);

    /*
     * PORT_FRAMED. `receive_frames` gives the next eight frames, or returns false when eight are not there yet; it is
     * called at most twice a millisecond, after `read_status`: alarms are taken in whether or not frames come. `blocks_wanted` as above; `transmit_frames` sends eight frames
     * (timeslot 0 is the adaptor's own).
     */
    bool (*receive_frames)(port *port, stream_block *block);
    void (*transmit_frames)(port *port, const stream_block *block);
    /* Bits abcd where the adaptor handles timeslot 16 itself (NULL: they travel in timeslot 16). */
    void (*receive_cas)(port *port, uint8_t abcd[32]);
    void (*transmit_cas)(port *port, const uint8_t abcd[32]);
    /* Sends Sa4-Sa8 from now on, Sa4 most significant of five (NULL: the adaptor cannot). */
    void (*set_sa_bits)(port *port, unsigned sa_bits);

    void (*read_status)(port *port, port_status *status);
    void (*free)(port *port);
} port_operations;

/* Back ends put this first in their own struct. All operations are called with the shelf's lock held, from the
 * shelf's thread in real time: they never block. */
struct port {
    const port_operations *operations;
};

#endif
