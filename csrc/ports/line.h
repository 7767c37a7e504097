/* A line: the `line:` back end, two ports of one shelf joined back to back. */
#ifndef TRUNKSHELF_LINE_H
#define TRUNKSHELF_LINE_H

#include "ports/port.h"

/*
 * Makes both ends. What one sends the other receives a block later plus delay_bits (0-65535), which sets the
 * bit phase at which frames arrive. Returns 0, or -1 without memory. Each end is freed by its own operation.
 */
int line_new(unsigned delay_bits_a_to_b, unsigned delay_bits_b_to_a, port **end_a, port **end_b);

#endif
