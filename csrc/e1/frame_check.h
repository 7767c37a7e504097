/* The frame check sequences of HDLC (ISO/IEC 13239 4.2.5; Q.921 2.7). */
#ifndef TRUNKSHELF_FRAME_CHECK_H
#define TRUNKSHELF_FRAME_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* x^16+x^12+x^5+1, preset to ones, complemented: sent after the octets, least significant octet first. */
uint32_t frame_check_16(const uint8_t *octets, size_t count);

/* The same of x^32+x^26+x^23+x^22+x^16+x^12+x^11+x^10+x^8+x^7+x^5+x^4+x^2+x+1. */
uint32_t frame_check_32(const uint8_t *octets, size_t count);

#endif
