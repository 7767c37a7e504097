/* From a violation on, the planes change places. */
#include "ports/violation.h"

static bool bit_get(const uint8_t *plane, unsigned bit)
{
    return plane[bit / 8] >> (7 - bit % 8) & 1;
}

static bool mark_at(const line_block *marks, unsigned bit)
{
    return (marks->positive[bit / 8] | marks->negative[bit / 8]) >> (7 - bit % 8) & 1;
}

static void bit_put(uint8_t *plane, unsigned bit, bool value)
{
    uint8_t mask = (uint8_t)(0x80 >> bit % 8);
    plane[bit / 8] = (uint8_t)(value ? plane[bit / 8] | mask : plane[bit / 8] & ~mask);
}

static void bit_exchange(line_block *marks, unsigned bit)
{
    bool positive = bit_get(marks->positive, bit);
    bit_put(marks->positive, bit, bit_get(marks->negative, bit));
    bit_put(marks->negative, bit, positive);
}

__attribute__((noinline)) /* seldom called, and a vector loop: inlined, it burdens what is called always */
static void planes_exchange(line_block *marks)
{
    for (unsigned octet = 0; octet < marks->bit_count / 8; octet++) {
        uint8_t positive = marks->positive[octet];
        marks->positive[octet] = marks->negative[octet];
        marks->negative[octet] = positive;
    }
}

__attribute__((noinline)) /* likewise */
static void violations_make(violation_injector *injector, line_block *marks)
{
    for (unsigned bit = 0; bit < marks->bit_count; bit++) {
        bool mark = mark_at(marks, bit);
        if (mark && injector->mark_before && injector->due) {
            injector->inverted = !injector->inverted;
            injector->due--;
            injector->made++;
        }
        if (injector->inverted)
            bit_exchange(marks, bit);
        injector->mark_before = mark;
    }
}

void violation_injector_run(violation_injector *injector, line_block *marks)
{
    if (marks->bit_count == 0)
        return;
    if (injector->due) {
        violations_make(injector, marks);
        return;
    }
    if (injector->inverted)
        planes_exchange(marks);
    injector->mark_before = mark_at(marks, marks->bit_count - 1);
}
