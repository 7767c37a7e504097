/* The `file:` back end: what a span receives is replayed from a file, what it sends is recorded to another. */
#ifndef TRUNKSHELF_FILE_PORT_H
#define TRUNKSHELF_FILE_PORT_H

#include "ports/port.h"

enum { FILE_PORT_ERROR_OCTETS = 200 };

/* Files hold the uncoded bits of a 2 048 kbit/s line, most significant first, nothing else. */
typedef struct {
    const char *replay_path; /* NULL: nothing is received */
    const char *record_path; /* made; one that exists must be empty; NULL: what is sent goes nowhere */
    bool repeat;             /* the replay begins again where it ends, without a gap */
    bool overwrite;          /* a recording that exists is emptied instead of refused */
} file_port_options;

typedef struct {
    uint64_t replayed_octets;
    uint64_t recorded_octets; /* those that wait to be written are included */
    int32_t replay_error;     /* errno of the read that ended the replay early; 0 = none */
    int32_t record_error;     /* errno of the write that ended the recording; 0 = none */
} file_port_statistics;

/* Regular files only, and not one and the same. NULL with one line of what was wrong in `error`. */
port *file_port_open(const file_port_options *options, char error[FILE_PORT_ERROR_OCTETS]);

/*
 * Writes what still waits and closes the recording. Returns 0, or -1 with one line in `error` if any of it could not be
 * written, now or earlier: the file then ends with the last octet for which there was room, and status.overruns counts
 * the rest. Freeing the port does the same unheard.
 *
 * This and file_port_read_statistics take no lock: call them only while the shelf is not running, or has ended real
 * time, if a span has the port.
 */
int file_port_finish(port *port, char error[FILE_PORT_ERROR_OCTETS]);

void file_port_read_statistics(port *port, file_port_statistics *statistics);

/* True if the port is one of these. */
bool file_port_is(const port *port);

#endif
