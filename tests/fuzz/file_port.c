/*
 * The file port under a fuzzer. The first octets choose the options and how often the file is repeated in itself; the
 * rest is the file. It is replayed and recorded again at once: what comes out must be what is in the file.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ports/file_port.h"

enum { FUZZ_RUNS = 4000 }; /* each writes a file several times over */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* A file in memory; *path names it. */
static int file_new(const char *name, char path[32])
{
    int descriptor = memfd_create(name, MFD_CLOEXEC);
    must(descriptor >= 0, "a file in memory");
    snprintf(path, 32, "/proc/self/fd/%d", descriptor);
    return descriptor;
}

static void write_whole(int descriptor, const uint8_t *octets, size_t count)
{
    must(write(descriptor, octets, count) == (ssize_t)count, "the file is written");
}

/* What the file's octet number `at` is, however often it is repeated; all ones where it is over. */
static uint8_t octet_at(const uint8_t *data, size_t size, unsigned copies, bool repeat, size_t at)
{
    return !repeat && at >= size * copies ? 0xFF : data[at % size];
}

static void replay(port *port, const uint8_t *data, size_t size, unsigned copies, bool repeat, unsigned blocks)
{
    for (unsigned block = 0; block < blocks; block++) {
        line_block line;
        port_status status;
        port->operations->receive(port, &line);
        must(line.bit_count == BLOCK_BITS, "a millisecond");
        for (unsigned k = 0; k < LINE_BLOCK_OCTETS; k++)
            must(line.positive[k] == octet_at(data, size, copies, repeat, block * LINE_BLOCK_OCTETS + k), "octets");
        port->operations->transmit(port, &line);
        port->operations->read_status(port, &status);
        bool ended = !repeat && (block + 1) * (size_t)LINE_BLOCK_OCTETS > size * copies;
        must(status.alarms == (ended ? PORT_SIGNAL_LOST : 0), "the signal is lost where the file ends");
    }
}

static void recorded_check(int descriptor, const uint8_t *data, size_t size, unsigned copies, bool repeat,
                           unsigned blocks)
{
    uint8_t octet;
    must(lseek(descriptor, 0, SEEK_END) == (off_t)(blocks * LINE_BLOCK_OCTETS), "whole milliseconds");
    for (size_t at = 0; at < blocks * (size_t)LINE_BLOCK_OCTETS; at += 251) {
        must(pread(descriptor, &octet, 1, (off_t)at) == 1, "the recording is read");
        must(octet == octet_at(data, size, copies, repeat, at), "the recording is the replay");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    bool repeat = data[0] & 1;
    unsigned copies = data[0] / 2 + 1u, blocks = data[1] * 2u;
    char replay_path[32], record_path[32], error[FILE_PORT_ERROR_OCTETS];
    int replayed = file_new("replay", replay_path), recorded = file_new("record", record_path);
    for (unsigned copy = 0; copy < copies; copy++)
        write_whole(replayed, data + 2, size - 2);
    file_port_options options = {replay_path, record_path, repeat};
    port *port = file_port_open(&options, error);
    must(port != NULL, "the file is opened");
    replay(port, data + 2, size - 2, copies, repeat, blocks);
    must(file_port_finish(port, error) == 0, "the recording is finished");
    recorded_check(recorded, data + 2, size - 2, copies, repeat, blocks);
    port->operations->free(port);
    close(replayed);
    close(recorded);
    return 0;
}
