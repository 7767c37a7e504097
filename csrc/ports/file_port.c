/* The `file:` back end. Files are read and written in chunks of a quarter of a second, so that few blocks touch a disk. */
#include "ports/file_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK_OCTETS = 65536,
    ALL_ONES = 0xFF, /* an ended file is played on as AIS */
    FILE_MODE = 0666,
};

typedef struct {
    int descriptor; /* -1: no file, or done with */
    char *path;
    uint32_t fill;  /* octets in the chunk */
    uint32_t at;    /* replay: of these, replayed */
    uint8_t chunk[CHUNK_OCTETS];
} chunked_file;

typedef struct {
    port port;
    bool repeat;
    bool replay_ended; /* the last block was not, or not wholly, from the file */
    chunked_file replay, record;
    uint64_t written_octets; /* of the recording, in its file */
    uint64_t lost_octets;    /* of what was to be recorded */
    uint64_t underruns;
    file_port_statistics statistics;
} file_port;

static void file_close(chunked_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

static void replay_fail(file_port *made, int error)
{
    made->statistics.replay_error = error;
    file_close(&made->replay);
}

static ssize_t read_on(int descriptor, uint8_t *octets, size_t octet_count)
{
    ssize_t count;
    do
        count = read(descriptor, octets, octet_count);
    while (count < 0 && errno == EINTR);
    return count;
}

/* The file's end: from the start again, or done with. */
static void replay_end(file_port *made)
{
    if (!made->repeat || lseek(made->replay.descriptor, 0, SEEK_SET) < 0)
        file_close(&made->replay);
}

/* Reads the next chunk; false: there is no more. A file that is empty by now is done with after its second try. */
static bool chunk_read(file_port *made)
{
    chunked_file *file = &made->replay;
    for (unsigned attempt = 0; attempt < 2 && file->descriptor >= 0; attempt++) {
        ssize_t octets = read_on(file->descriptor, file->chunk, CHUNK_OCTETS);
        if (octets > 0) {
            file->fill = (uint32_t)octets;
            file->at = 0;
            return true;
        }
        if (octets < 0)
            replay_fail(made, errno);
        else
            replay_end(made);
    }
    file_close(file);
    return false;
}

/* Copies the file's next octets; returns how many there were. */
static uint32_t replay_copy(file_port *made, uint8_t *octets, uint32_t wanted)
{
    chunked_file *file = &made->replay;
    uint32_t done = 0;
    while (done < wanted && (file->at < file->fill || chunk_read(made))) {
        uint32_t part = file->fill - file->at < wanted - done ? file->fill - file->at : wanted - done;
        memcpy(octets + done, file->chunk + file->at, part);
        file->at += part;
        done += part;
    }
    made->statistics.replayed_octets += done;
    return done;
}

static void file_receive(port *port, line_block *block)
{
    file_port *made = (file_port *)port;
    uint32_t octets = replay_copy(made, block->positive, LINE_BLOCK_OCTETS);
    memset(block->positive + octets, ALL_ONES, sizeof block->positive - octets);
    memset(block->negative, 0, sizeof block->negative);
    block->bit_count = BLOCK_BITS;
    made->replay_ended = octets < LINE_BLOCK_OCTETS;
    made->underruns += octets == 0;
}

static unsigned file_blocks_wanted(port *port)
{
    (void)port;
    return 1;
}

static ssize_t write_on(int descriptor, const uint8_t *octets, size_t octet_count)
{
    ssize_t count;
    do
        count = write(descriptor, octets, octet_count);
    while (count < 0 && errno == EINTR);
    return count;
}

/* The recording ends here, with what is in its file; the rest is lost. */
static void record_fail(file_port *made, int error)
{
    made->statistics.record_error = error;
    made->lost_octets += made->statistics.recorded_octets - made->written_octets;
    made->statistics.recorded_octets = made->written_octets;
    made->record.fill = 0;
    file_close(&made->record);
}

static void chunk_write(file_port *made)
{
    chunked_file *file = &made->record;
    for (uint32_t done = 0; done < file->fill;) {
        ssize_t octets = write_on(file->descriptor, file->chunk + done, file->fill - done);
        if (octets <= 0) {
            record_fail(made, octets < 0 ? errno : ENOSPC);
            return;
        }
        done += (uint32_t)octets;
        made->written_octets += (uint64_t)octets;
    }
    file->fill = 0;
}

/* Adds octets to the chunk, and chunks to the file as they fill; returns how many the recording still took. */
static uint32_t record_copy(file_port *made, const uint8_t *octets, uint32_t octet_count)
{
    chunked_file *file = &made->record;
    uint32_t done = 0;
    while (done < octet_count && file->descriptor >= 0) {
        uint32_t room = CHUNK_OCTETS - file->fill;
        uint32_t part = room < octet_count - done ? room : octet_count - done;
        memcpy(file->chunk + file->fill, octets + done, part);
        file->fill += part;
        done += part;
        made->statistics.recorded_octets += part;
        if (file->fill == CHUNK_OCTETS)
            chunk_write(made);
    }
    return done;
}

static void file_transmit(port *port, const line_block *block)
{
    file_port *made = (file_port *)port;
    uint32_t octets = block->bit_count / 8, taken = record_copy(made, block->positive, octets);
    /* Not where there is nothing to record to, nor after the recording was finished. */
    if (made->statistics.record_error)
        made->lost_octets += octets - taken;
}

static void file_read_status(port *port, port_status *status)
{
    const file_port *made = (const file_port *)port;
    *status = (port_status){
        .alarms = made->replay_ended ? PORT_SIGNAL_LOST : 0,
        .underruns = made->underruns,
        .overruns = (made->lost_octets + LINE_BLOCK_OCTETS - 1) / LINE_BLOCK_OCTETS,
    };
}

static void record_finish(file_port *made)
{
    if (made->record.descriptor < 0)
        return;
    chunk_write(made);
    /* Some file systems tell only here that there was no room. */
    if (made->record.descriptor >= 0 && close(made->record.descriptor))
        made->statistics.record_error = errno;
    made->record.descriptor = -1;
}

static void file_free(port *port)
{
    file_port *made = (file_port *)port;
    record_finish(made);
    file_close(&made->replay);
    free(made->replay.path);
    free(made->record.path);
    free(made);
}

static const port_operations operations = {
    .kind = PORT_LINE,
    .real_time = false,
    .receive = file_receive,
    .blocks_wanted = file_blocks_wanted,
    .transmit = file_transmit,
    .read_status = file_read_status,
    .free = file_free,
};

/* Says what was wrong with which file; returns false. */
static bool path_fail(char *error, const char *path, const char *why)
{
    snprintf(error, FILE_PORT_ERROR_OCTETS, "%.120s: %s", path, why);
    return false;
}

static bool file_open(chunked_file *file, const char *path, int flags, struct stat *found, char *error)
{
    if (!(file->path = strdup(path)))
        return path_fail(error, path, "out of memory");
    /* O_NONBLOCK: a pipe must be refused below, not waited for here. */
    file->descriptor = open(path, flags | O_NONBLOCK | O_CLOEXEC, FILE_MODE);
    if (file->descriptor < 0 || fstat(file->descriptor, found))
        return path_fail(error, path, strerror(errno));
    if (S_ISDIR(found->st_mode))
        return path_fail(error, path, "Is a directory");
    return S_ISREG(found->st_mode) || path_fail(error, path, "not a regular file");
}

static bool files_open(file_port *made, const file_port_options *options, char *error)
{
    struct stat replayed = {0}, recorded = {0};
    if (options->replay_path) {
        if (!file_open(&made->replay, options->replay_path, O_RDONLY, &replayed, error))
            return false;
        if (replayed.st_size == 0)
            return path_fail(error, options->replay_path, "empty: there is nothing to replay");
    }
    if (!options->record_path)
        return true;
    if (!file_open(&made->record, options->record_path, O_WRONLY | O_CREAT, &recorded, error))
        return false;
    if (options->replay_path && replayed.st_dev == recorded.st_dev && replayed.st_ino == recorded.st_ino)
        return path_fail(error, options->record_path, "cannot be replayed and recorded at once");
    if (recorded.st_size == 0)
        return true;
    /* A file's name may come from whoever configures a port: nothing that exists is lost by it. */
    if (!options->overwrite)
        return path_fail(error, options->record_path, "exists and is not empty: record to another file, or move it");
    return ftruncate(made->record.descriptor, 0) == 0 || path_fail(error, options->record_path, strerror(errno));
}

port *file_port_open(const file_port_options *options, char error[FILE_PORT_ERROR_OCTETS])
{
    file_port *made = calloc(1, sizeof *made);
    if (!made) {
        snprintf(error, FILE_PORT_ERROR_OCTETS, "file: out of memory");
        return NULL;
    }
    made->port.operations = &operations;
    made->repeat = options->repeat;
    made->replay_ended = !options->replay_path;
    made->replay.descriptor = made->record.descriptor = -1;
    if (files_open(made, options, error))
        return &made->port;
    file_free(&made->port);
    return NULL;
}

int file_port_finish(port *port, char error[FILE_PORT_ERROR_OCTETS])
{
    file_port *made = (file_port *)port;
    record_finish(made);
    if (!made->statistics.record_error)
        return 0;
    path_fail(error, made->record.path, strerror(made->statistics.record_error));
    return -1;
}

void file_port_read_statistics(port *port, file_port_statistics *statistics)
{
    *statistics = ((const file_port *)port)->statistics;
}

bool file_port_is(const port *port)
{
    return port->operations == &operations;
}
